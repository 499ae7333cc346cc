//! What could not be stored, kept in a file until it can be.
//!
//! One file for each store and user, JSON Lines, one turn a line, appended and on disk before
//! anything else happens. A turn bears its source key already, so storing it again changes
//! nothing: a crash between storing and taking it out of the file is harmless, and what is stored
//! twice at once is stored once. Lines stay in order, and leave the file from its beginning.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err::{File, OpenOptions};
use jiff::Timestamp;
use longmem_core::{NewTurn, Role, SessionName, SourceKey, UserName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The turns of one user that wait for one store.
#[derive(Debug, Clone)]
pub struct Spool {
    path: PathBuf,
}

/// What a spool holds at one moment.
#[derive(Debug, Default)]
pub(crate) struct Spooled {
    /// The turns, in the order in which they were said.
    pub(crate) turns: Vec<NewTurn>,
    /// Lines that are no turns: the end of one that a crash cut off, or another program's doing.
    pub(crate) unreadable: usize,
    /// The bytes that they were read from.
    bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    session: SessionName,
    role: Role,
    text: String,
    time: Timestamp,
    key: SourceKey,
}

impl Spool {
    /// The spool in a folder for what is said by a user and belongs into a store, whose path should
    /// be absolute. Nothing is made or read yet.
    ///
    /// The file's name is a digest of both names, so that no name can lead out of the folder.
    pub fn new(folder: &Path, store: &Path, user: &UserName) -> Self {
        let mut digest = Sha256::new();
        digest.update(store.as_os_str().as_encoded_bytes());
        digest.update([0]);
        digest.update(user.as_str());
        let digest = digest.finalize();
        let name = digest.iter().take(16).fold(0, |name, byte| name << 8 | u128::from(*byte));
        Self { path: folder.join(format!("{name:032x}.jsonl")) }
    }

    /// The file, which exists only while something waits in it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether something waits.
    pub(crate) fn is_waiting(&self) -> bool {
        self.path.exists()
    }

    /// Appends a turn; when this returns it is on disk.
    ///
    /// # Panics
    /// If the turn has no source key.
    pub(crate) fn append(&self, turn: &NewTurn) -> io::Result<()> {
        let line = Line {
            session: turn.session.clone(),
            role: turn.role,
            text: turn.text.clone(),
            time: turn.time,
            key: turn.source_key.clone().expect("only turns with a key are spooled"),
        };
        let mut bytes = serde_json::to_vec(&line).map_err(io::Error::from)?;
        bytes.push(b'\n');
        let _lock = self.lock()?;
        let mut file =
            private(OpenOptions::new().read(true).append(true).create(true)).open(&self.path)?;
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            // The line before was cut off by a crash; it must not swallow this one.
            if last != *b"\n" {
                bytes.insert(0, b'\n');
            }
        }
        file.write_all(&bytes)?;
        file.sync_all()
    }

    /// Reads what waits.
    pub(crate) fn read(&self) -> io::Result<Spooled> {
        let bytes = match fs_err::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Spooled::default()),
            bytes => bytes?,
        };
        let mut spooled = Spooled::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice::<Line>(line) {
                Ok(Line { session, role, text, time, key }) => spooled.turns.push(NewTurn {
                    session,
                    session_title: None,
                    role,
                    speaker: None,
                    text,
                    time,
                    source_key: Some(key),
                }),
                Err(_) => spooled.unreadable += 1,
            }
        }
        spooled.bytes = bytes;
        Ok(spooled)
    }

    /// Takes out what was read and is still there; what came since stays. Somebody else may have
    /// stored the first of it and taken it out meanwhile.
    pub(crate) fn take_out(&self, read: &Spooled) -> io::Result<()> {
        let _lock = self.lock()?;
        let now = match fs_err::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            bytes => bytes?,
        };
        let line_ends = read.bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let line_starts = std::iter::once(0).chain(line_ends.map(|(end, _)| end + 1));
        let mut still_there =
            line_starts.map(|start| &read.bytes[start..]).filter(|lines| !lines.is_empty());
        match still_there.find_map(|lines| now.strip_prefix(lines)) {
            None => Ok(()),
            Some([]) => fs_err::remove_file(&self.path),
            Some(rest) => {
                let next = self.path.with_extension("next");
                let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
                    .open(&next)?;
                file.write_all(rest)?;
                file.sync_all()?;
                fs_err::rename(&next, &self.path)
            }
        }
    }

    /// Keeps other processes from changing the file, until it is dropped.
    fn lock(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            private_folder(folder)?;
        }
        let lock = private(OpenOptions::new().write(true).create(true))
            .open(self.path.with_extension("lock"))?;
        lock.file().lock()?;
        Ok(lock)
    }
}

/// Files that only their owner may read: they hold what was said.
fn private(options: &mut OpenOptions) -> &OpenOptions {
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    fn turn(key: &str, text: &str) -> NewTurn {
        NewTurn {
            session: SessionName::new("to\"day\\").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            text: text.to_owned(),
            time: "2026-03-02T10:00:00.123456Z".parse().unwrap(),
            source_key: Some(SourceKey(key.to_owned())),
        }
    }

    fn spool(folder: &tempfile::TempDir) -> Spool {
        Spool::new(&folder.path().join("spool"), Path::new("/m.db"), &user("ana"))
    }

    #[test]
    fn turns_come_back_in_order_with_every_character() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder);
        assert!(!spool.is_waiting());
        assert_eq!(spool.read().unwrap().turns, []);
        let turns = [turn("1", "a\n{\"b\": \"é\u{0}\u{2028}\"}\r"), turn("2", "\u{1b}[31m")];
        for turn in &turns {
            spool.append(turn).unwrap();
        }
        let read = spool.read().unwrap();
        assert_eq!((read.turns.as_slice(), read.unreadable), (turns.as_slice(), 0));
        assert_eq!(fs_err::read_to_string(spool.path()).unwrap().lines().count(), 2);
    }

    #[test]
    fn what_came_while_the_rest_was_stored_stays() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder);
        spool.append(&turn("1", "first")).unwrap();
        let read = spool.read().unwrap();
        spool.append(&turn("2", "second")).unwrap();
        spool.take_out(&read).unwrap();
        assert_eq!(spool.read().unwrap().turns, [turn("2", "second")]);
        // Another process that read the same takes nothing more out.
        spool.take_out(&read).unwrap();
        let read = spool.read().unwrap();
        assert_eq!(read.turns, [turn("2", "second")]);
        spool.take_out(&read).unwrap();
        spool.take_out(&read).unwrap();
        assert!(!spool.is_waiting());
    }

    #[test]
    fn what_somebody_else_took_out_in_part_is_taken_out_whole() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder);
        spool.append(&turn("1", "first")).unwrap();
        let read_by_another = spool.read().unwrap();
        spool.append(&turn("2", "second")).unwrap();
        let read = spool.read().unwrap();
        spool.append(&turn("3", "third")).unwrap();
        spool.take_out(&read_by_another).unwrap();
        spool.take_out(&read).unwrap();
        assert_eq!(spool.read().unwrap().turns, [turn("3", "third")]);
        spool.take_out(&read_by_another).unwrap();
        assert_eq!(spool.read().unwrap().turns, [turn("3", "third")]);
    }

    #[test]
    fn a_line_that_a_crash_cut_off_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder);
        spool.append(&turn("1", "first")).unwrap();
        let mut file = OpenOptions::new().append(true).open(spool.path()).unwrap();
        file.write_all(b"{\"session\":\"today\",\"ro").unwrap();
        spool.append(&turn("2", "second")).unwrap();
        let read = spool.read().unwrap();
        assert_eq!(read.turns, [turn("1", "first"), turn("2", "second")]);
        assert_eq!(read.unreadable, 1);
    }

    #[test]
    fn every_store_and_user_has_a_file_of_its_own_in_the_folder() {
        let folder = Path::new("/spool");
        let names = [("/m.db", "ana"), ("/m.db", "../../bob"), ("/n.db", "ana"), ("/m.dba", "na")];
        let paths: std::collections::HashSet<PathBuf> = names
            .iter()
            .map(|(store, name)| Spool::new(folder, Path::new(store), &user(name)).path)
            .collect();
        assert_eq!(paths.len(), 4);
        assert!(paths.iter().all(|path| path.parent() == Some(folder)), "{paths:?}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let spool = spool(&folder);
        spool.append(&turn("1", "secret")).unwrap();
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(spool.path()), 0o600);
        assert_eq!(mode(spool.path().parent().unwrap()), 0o700);
    }
}
