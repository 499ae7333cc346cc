//! `longmem export`: turns, facts and summaries as JSON Lines.

use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::Path;

use longmem::IfMissing;
use longmem_core::Scope;
use longmem_core::private_files::{make_folder, open_options};
use longmem_memory::{Derived, FactsAt, Memory, MemoryError};

use longmem_wire as wire;

use crate::arguments::ExportArguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::new_file;
use crate::output::{Output, counted};
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::{compose, render, waiting};

pub(super) fn run(
    arguments: ExportArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let users = if arguments.all_users {
        memory.users()?.into_iter().map(|stats| stats.user).collect()
    } else {
        vec![settings.user.clone()]
    };
    for user in &users {
        // What cannot be stored now is not in the export, which is made all the same.
        if waiting::store(&memory, user, settings, output).is_err() {
            waiting::warn(user, settings, output);
        }
    }
    let scopes = if arguments.all_users {
        users.into_iter().map(Scope::of).collect()
    } else {
        vec![super::scope(arguments.scope, &memory, settings)?]
    };
    scopes.iter().try_for_each(|scope| memory.check_names(scope))?;
    if let Some(folder) = &arguments.markdown {
        return pages(folder, &scopes[0], &memory, output);
    }
    let report = match &arguments.output {
        Some(path) => {
            let interrupt = Interrupt::listen()?;
            let file = new_file::begin(path, arguments.force, settings)?;
            let mut out = BufWriter::new(interrupt.stops(file));
            let report = memory.export_all(&scopes, &mut out);
            if interrupt.happened() {
                let left = "nothing was exported, and no file was left";
                return Err(Failure::Interrupted(left.to_owned()));
            }
            let report = report?;
            let out = out.into_inner().map_err(|error| MemoryError::Output(error.into_error()))?;
            out.into_inner().finish().map_err(|error| Failure::new_file(path, error))?;
            report
        }
        None => {
            let mut out = output.json_lines();
            let report = memory.export_all(&scopes, &mut out)?;
            out.flush().map_err(MemoryError::Output)?;
            report
        }
    };
    if settings.key_file.is_some() {
        output.note("the store is encrypted; what was exported is not");
    }
    if let Some(path) = &arguments.output {
        wire::note_copy(&memory, path);
    }
    let derived = Derived { facts: report.facts, summaries: report.summaries };
    let what = render::contents(report.turns, derived);
    let whose = match scopes.as_slice() {
        [one] => for_terminal(one.user.as_str()),
        all => counted(all.len() as u64, "user"),
    };
    output.note(format!("exported {what} of {whose}"));
    Ok(())
}

/// Writes a page for each session in scope, and one of facts where the whole user is asked for.
fn pages(folder: &Path, scope: &Scope, memory: &Memory, output: Output) -> Result<(), Failure> {
    make_private_folder(folder).map_err(|error| Failure::new_file(folder, error))?;
    let user = &scope.user;
    let summaries = memory.session_summaries(user)?;
    let (mut taken, mut count) = (HashSet::new(), 0);
    let write = |name: &str, page: &str| -> Result<(), Failure> {
        let path = folder.join(name);
        let mut options = open_options(&path);
        let file = options.write(true).create_new(true).open(&path);
        file.and_then(|mut file| file.write_all(page.as_bytes()))
            .map_err(|error| Failure::new_file(&path, error))
    };
    for session in memory.sessions(user)? {
        if !scope.sessions.is_empty() && !scope.sessions.contains(&session.session) {
            continue;
        }
        let mut turns = memory.session_turns(user, &session.session, None, None)?;
        turns.retain(|turn| scope.admits_role(turn.role) && scope.admits_time(turn.time));
        if turns.is_empty() {
            continue;
        }
        // A summary tells of all turns, and not only of those that are asked for.
        let is_whole = turns.len() as u64 == session.turns;
        let summary = summaries.get(&session.session).filter(|_| is_whole);
        let page = render::session_page(&session, summary.map(String::as_str), &turns);
        write(&render::file_name(&session, &mut taken), &page)?;
        count += 1;
    }
    let facts = memory.facts(user, FactsAt::Ever)?;
    if scope.is_whole_user() && !facts.is_empty() {
        write("facts.md", &render::facts_page(&facts))?;
    }
    wire::note_copy(memory, folder);
    let sessions = counted(count, "session");
    output.note(for_terminal(&format!("wrote {sessions} of {user} to {}", folder.display())));
    Ok(())
}

/// Makes a folder that is not there yet, for its owner alone.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    make_folder(folder)
}
