//! Encrypts what waits for a store with another key, in two steps around the store's own change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use longmem_core::{NewTurn, StoreKey, UserName};

use super::line::{LineFormat, StoreTag};
use super::{EXTENSION, Spool, lines};
use crate::{ChatError, SpoolSettings};

/// Which lines stay when a store gets another key.
///
/// Before the store itself is changed, each turn is written with both keys: whoever dies in between leaves
/// a spool that can be read with the key that the store has, whichever that is. Turns bear a source key, so
/// nothing is stored twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The old lines, and the same with the new key: before the store is changed.
    Both,
    /// What the new key reads: after the store was changed.
    New,
    /// What the old key reads: if the store could not be changed.
    Old,
}

/// Writes the turns of all users that wait for a store with another key than that of `settings`, or plain
/// without one. Lines that neither key reads stay as they are.
///
/// `users` are those whom the store knows: lines of versions that did not name the store are found by them.
///
/// # Errors
/// [`ChatError::Spool`] with the file that cannot be read or written; those before it are changed.
pub fn write_with_key(
    settings: &SpoolSettings,
    new: Option<&StoreKey>,
    users: &[UserName],
    keep: Keep,
) -> Result<(), ChatError> {
    let folder_failed = |source| ChatError::Spool { path: settings.folder.clone(), source };
    let stores: Vec<StoreTag> = std::iter::once(&settings.place)
        .chain(&settings.former_place)
        .map(|place| StoreTag::of(place))
        .collect();
    for path in files(&settings.folder).map_err(folder_failed)? {
        let Some(file) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let old = Spool::of_file(&settings.folder, file.to_owned(), stores[0].clone())
            .with_key(settings.key.clone());
        let of_a_known_user = users.iter().any(|user| {
            let spool = settings.of(user);
            spool.format.file == file || spool.former.as_deref() == Some(file)
        });
        let change = || {
            let _lock = old.lock("lock")?;
            let bytes = old.bytes()?;
            let names_store =
                |line: &[u8]| StoreTag::of_line(line).is_some_and(|tag| stores.contains(&tag));
            if !of_a_known_user && !lines(&bytes).any(names_store) {
                return Ok(());
            }
            let changed = with_key(&bytes, &old.format, new, keep);
            if changed == bytes { Ok(()) } else { old.replace(&changed) }
        };
        change().map_err(|source| old.error(source))?;
    }
    Ok(())
}

/// What a line is, seen from both keys.
enum Line {
    Old(NewTurn),
    New(NewTurn),
    Unreadable,
}

/// A file's content with the lines of the keys that stay.
fn with_key(bytes: &[u8], old: &LineFormat, new: Option<&StoreKey>, keep: Keep) -> Vec<u8> {
    let new = LineFormat { key: new.cloned(), ..old.clone() };
    let read = |line: &[u8]| match (new.read(line), old.read(line)) {
        // A plain line is one of the new ones only where new lines are plain.
        (Some(read), _) if read.was_sealed || new.key.is_none() => Line::New(read.turn),
        (_, Some(read)) | (Some(read), None) => Line::Old(read.turn),
        (None, None) => Line::Unreadable,
    };
    let lines: Vec<(&[u8], Line)> = lines(bytes).map(|line| (line, read(line))).collect();
    let has_new = |turn: &NewTurn| {
        lines.iter().any(|(_, line)| matches!(line, Line::New(there) if same(there, turn)))
    };
    let has_old = |turn: &NewTurn| {
        lines.iter().any(|(_, line)| matches!(line, Line::Old(there) if same(there, turn)))
    };
    let mut changed = Vec::new();
    for (bytes, line) in &lines {
        let stays = match (line, keep) {
            (Line::Unreadable, _) | (Line::New(_), Keep::Both | Keep::New) => true,
            (Line::Old(_), keep) => keep != Keep::New,
            (Line::New(turn), Keep::Old) => !has_old(turn),
        };
        if stays {
            changed.extend_from_slice(bytes);
            changed.push(b'\n');
        }
        if let Line::Old(turn) = line
            && keep != Keep::Old
            && !has_new(turn)
        {
            changed.extend(new.write(turn));
        }
    }
    changed
}

fn same(one: &NewTurn, other: &NewTurn) -> bool {
    one.source_key == other.source_key
}

/// The spools in a folder; none if there is no folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    Ok(files)
}
