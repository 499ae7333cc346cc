//! `longmem install`: connects coding agents with memory, and takes the connection out again.

mod agents;
mod change;
mod claude_code;
mod diff;
mod entries;
mod json_file;
mod json_text;
mod places;
mod program;
mod toml_file;

#[cfg(test)]
mod tests;

use std::process::Command;

use longmem::{Folders, environment};
use longmem_core::ErrorCode;
use longmem_embed::Manifest;

use self::change::Change;
use self::entries::Entries;
use self::program::Program;
use crate::agent_folders::Agent;
use crate::arguments::{GlobalArguments, InstallArguments, InstallClient, InstallScope};
use crate::compose;
use crate::failure::Failure;
use crate::given::Given;
use crate::output::Output;

/// Cursor's folder in a project, and in the home folder.
const CURSOR: &str = ".cursor";

/// What is done to connect an agent, or to take the connection out.
#[derive(Default)]
struct Plan {
    /// Files that change.
    changes: Vec<Change>,
    /// Commands of the agent's own that are run then.
    commands: Vec<AgentCommand>,
    /// What a person has to know or do.
    notes: Vec<String>,
}

/// A command of an agent's own.
struct AgentCommand {
    words: Vec<String>,
    /// Whether it may fail, because what it takes out may not be there.
    may_fail: bool,
}

impl AgentCommand {
    fn line(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|word| program::quoted(word)).collect();
        words.join(" ")
    }
}

/// Connects an agent, or takes the connection out.
///
/// # Errors
/// [`Failure`] if a file cannot be read as what it should be, or cannot be written: then it stays as it was.
pub(super) fn run(
    arguments: &InstallArguments,
    global: &GlobalArguments,
    given: &Given,
    output: Output,
) -> Result<(), Failure> {
    let folders = Folders::of_this_user()?;
    let program = Program::of_this_process(given)?;
    let entries = Entries { program, http: arguments.http };
    let plan = plan(arguments, &folders, &entries)?;
    if arguments.dry_run {
        return show(&plan, output);
    }
    for done in change::make_all(&plan.changes)? {
        output.line(done)?;
    }
    for command in &plan.commands {
        run_command(command, output)?;
    }
    if plan.changes.iter().all(Change::changes_nothing) && plan.commands.is_empty() {
        output.line("nothing to change")?;
    }
    for note in &plan.notes {
        output.note(note);
    }
    if !arguments.remove {
        note_missing_model(global, output)?;
    }
    Ok(())
}

fn plan(
    arguments: &InstallArguments,
    folders: &Folders,
    entries: &Entries,
) -> Result<Plan, Failure> {
    let InstallArguments { client, remove, scope, .. } = *arguments;
    let in_project = |name: &str| Ok::<_, Failure>(std::env::current_dir()?.join(name));
    let folder_of = |agent: Agent| match scope {
        InstallScope::User => {
            Ok(agent.own_folder(environment::read(agent.variable()).as_deref(), &folders.home))
        }
        InstallScope::Project => in_project(agent.folder_name()),
    };
    match client {
        InstallClient::ClaudeCode => claude_code::plan(entries, folders, scope, remove),
        InstallClient::Codex => agents::codex(entries, &folder_of(Agent::Codex)?, remove),
        InstallClient::Gemini => agents::gemini(entries, &folder_of(Agent::GeminiCli)?, remove),
        InstallClient::Cursor => {
            let folder = match scope {
                InstallScope::User => folders.home.join(CURSOR),
                InstallScope::Project => in_project(CURSOR)?,
            };
            agents::cursor(entries, &folder, remove)
        }
    }
}

/// Shows what would be done.
fn show(plan: &Plan, output: Output) -> Result<(), Failure> {
    for change in &plan.changes {
        if !change.changes_nothing() {
            output.line_as_it_is(&change.diff())?;
        }
    }
    for command in &plan.commands {
        output.line(format!("would run: {}", command.line()))?;
    }
    if plan.changes.iter().all(Change::changes_nothing) && plan.commands.is_empty() {
        output.line("nothing would change")?;
    }
    Ok(())
}

fn run_command(command: &AgentCommand, output: Output) -> Result<(), Failure> {
    let (name, arguments) = command.words.split_first().expect("a command has a name");
    let result = Command::new(name).args(arguments).output()?;
    if result.status.success() || command.may_fail {
        output.note(format!("ran: {}", command.line()));
        return Ok(());
    }
    let said = [result.stdout, result.stderr].concat();
    Err(Failure::refused(
        ErrorCode::FileFailed,
        format!("{} failed: {}", command.line(), String::from_utf8_lossy(&said).trim()),
        "Run it yourself once what it says is mended.",
    ))
}

/// Says so if the embedding model is not on this machine: hooks fetch nothing.
fn note_missing_model(global: &GlobalArguments, output: Output) -> Result<(), Failure> {
    let settings = compose::settings(global)?;
    let is_there =
        settings.options.model.locate(&Manifest::all_minilm_l6_v2(), &mut |_| {}).is_ok();
    if !is_there {
        output.note(
            "The embedding model is not on this machine yet, so memory is found by words only: \
             longmem model fetch",
        );
    }
    Ok(())
}
