//! `longmem key`: makes a key, and encrypts the store with another one.

use std::collections::BTreeSet;
use std::io::{IsTerminal, stdin};
use std::path::Path;
use std::sync::Arc;

use longmem::{Longmem, Options, change_key, key_file};
use longmem_core::{ErrorCode, UserName};
use longmem_memory::StoreError;
use longmem_sqlite::SqliteStore;
use longmem_wire as wire;

use crate::arguments::{KeyAction, KeyArguments};
use crate::failure::Failure;
use crate::output::Output;
use crate::prompt_history::PromptHistory;
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::{compose, waiting};

pub(super) fn run(
    arguments: KeyArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    match arguments.action {
        KeyAction::New { file } => new(&file, output),
        KeyAction::Rotate { file, decrypt, yes } => {
            debug_assert_eq!(file.is_none(), decrypt, "the arguments exclude each other");
            rotate(file.as_deref(), yes, settings, output)
        }
    }
}

fn new(path: &Path, output: Output) -> Result<(), Failure> {
    key_file::make(path)?;
    let file = path.display().to_string();
    if output.json {
        return Ok(output.document(&wire::KeyMade { file })?);
    }
    output.line(format!("Made a key in {}", for_terminal(&file)))?;
    output.note("keep a copy of it elsewhere: without it, nobody can read what it encrypts");
    Ok(())
}

/// Encrypts with the key in a file; without one, makes the store plain.
fn rotate(
    file: Option<&Path>,
    yes: bool,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let instead = "What is encrypted on the disks of a server is the server's business.";
    let store = settings.options.place.only_file("be encrypted with a key", instead)?;
    if !store.exists() {
        return Err(StoreError::Missing(store.display().to_string()).into());
    }
    let new = file.map(key_file::read).transpose()?;
    let mut options = settings.options.clone();
    if !SqliteStore::is_plain(store)? {
        options.key = compose::key(settings)?;
    } else if new.is_none() {
        let message = format!("{} is not encrypted", store.display());
        let hint = "Nothing needs to be done.";
        return Err(Failure::refused(ErrorCode::NotEncrypted, message, hint));
    }
    if new.is_none() && !yes {
        confirm()?;
    }
    change_key(&options, new.as_ref())?;
    options.key = new;
    let copies = look_for_the_rest(options, settings, output);
    let store = store.display().to_string();
    if output.json {
        return Ok(output.document(&wire::KeyRotated { store, encrypted: file.is_some() })?);
    }
    let shown = for_terminal(&store);
    match file {
        Some(file) => {
            let file = file.display().to_string();
            let file = for_terminal(&file);
            output.line(format!("{shown} is encrypted with the key in {file}"))?;
            output.note(format!(
                "name it from now on: --key-file, LONGMEM_KEY_FILE, or key_file = \"{file}\" in config.toml"
            ));
        }
        None => {
            output.line(format!("{shown} is not encrypted any more"))?;
            output.note("leave --key-file, LONGMEM_KEY_FILE and key_file out from now on");
        }
    }
    output.note("copies that were made before stay as they are; flash memory and snapshots of the file system may keep old bytes");
    for copy in copies {
        output.note(for_terminal(&format!("  {}", copy.file.display())));
    }
    Ok(())
}

/// Deletes what was typed in talks, where the store is encrypted now, and says what else stays in plain words
/// beside it. Returns the copies that are known of.
fn look_for_the_rest(options: Options, settings: &Settings, output: Output) -> Vec<wire::MadeCopy> {
    let talk = options.talk_settings();
    let is_encrypted = options.key.is_some();
    let memory = match Longmem::open(options) {
        Ok(opened) => Arc::clone(opened.memory()),
        Err(error) => {
            output.warn(for_terminal(&format!(
                "what is kept beside the store was not looked at: {error}"
            )));
            return Vec::new();
        }
    };
    let mut users: BTreeSet<UserName> =
        memory.users().into_iter().flatten().map(|stats| stats.user).collect();
    users.insert(settings.user.clone());
    for user in users.iter().filter(|_| is_encrypted) {
        let history = PromptHistory::of(&talk, user);
        if let Some(Err(error)) = history.map(|history| history.delete()) {
            output.warn(format!("what was typed in talks could not be deleted: {error}"));
        }
        waiting::warn_of_unreadable(user, settings, output);
    }
    wire::known_copies(&memory)
}

/// Asks the person at the terminal; without a terminal, it needs `--yes`.
fn confirm() -> Result<(), Failure> {
    let refused = || {
        let hint = "Add --yes to make the store plain without being asked.";
        Failure::refused(ErrorCode::NotConfirmed, "the store is still encrypted", hint)
    };
    if !stdin().is_terminal() {
        return Err(refused());
    }
    Output { json: false, quiet: false }
        .note("Write everything in the store to the disk without encryption? [y/N]");
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") { Ok(()) } else { Err(refused()) }
}
