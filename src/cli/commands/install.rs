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

use std::io;
use std::process::Command;

use longmem::{Folders, environment};
use longmem_core::ErrorCode;
use longmem_embed::Manifest;
use longmem_wire as wire;

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
    /// Whether the agent's program is there; if not, a person runs it.
    can_run: bool,
}

impl AgentCommand {
    fn line(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|word| program::quoted(word)).collect();
        words.join(" ")
    }

    fn told(&self, dry_run: bool) -> wire::AgentCommand {
        wire::AgentCommand { command: self.line(), ran: self.can_run && !dry_run }
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
    let files = plan.changes.iter().filter(|change| !change.changes_nothing());
    let told = wire::Installation {
        client: arguments.client.as_str().to_owned(),
        scope: arguments.scope.as_str().to_owned(),
        remove: arguments.remove,
        dry_run: arguments.dry_run,
        files: files.map(Change::told).collect(),
        commands: plan.commands.iter().map(|command| command.told(arguments.dry_run)).collect(),
        notes: plan.notes,
    };
    if !arguments.dry_run {
        change::make_all(&plan.changes)?;
        for command in plan.commands.iter().filter(|command| command.can_run) {
            run_command(command)?;
        }
    }
    if output.json {
        output.document(&told)?;
    } else {
        tell(&told, output)?;
    }
    if !arguments.remove && !arguments.dry_run {
        note_missing_model(global, output)?;
    }
    Ok(())
}

/// Tells a person what was done, or would be.
fn tell(told: &wire::Installation, output: Output) -> io::Result<()> {
    for wire::FileChange { file, deleted, copy, diff } in &told.files {
        if told.dry_run {
            output.line_as_it_is(&format!("{file}\n{diff}"))?;
            continue;
        }
        let done = if *deleted { "deleted" } else { "wrote" };
        let copy = copy.as_ref().map(|copy| format!(" (as it was: {copy})")).unwrap_or_default();
        output.line(format!("{done} {file}{copy}"))?;
    }
    for wire::AgentCommand { command, ran } in &told.commands {
        if *ran {
            output.note(format!("ran: {command}"));
        } else if told.dry_run {
            output.line(format!("would run: {command}"))?;
        }
    }
    if told.files.is_empty() && told.commands.is_empty() {
        output.line(if told.dry_run { "nothing would change" } else { "nothing to change" })?;
    }
    for note in &told.notes {
        output.note(note);
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

fn run_command(command: &AgentCommand) -> Result<(), Failure> {
    let (name, arguments) = command.words.split_first().expect("a command has a name");
    let result = Command::new(name).args(arguments).output()?;
    if result.status.success() || command.may_fail {
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
