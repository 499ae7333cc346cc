//! What could not be stored, kept in a file until it can be.
//!
//! There is one file for each store and user, in JSON Lines: one turn a line, appended and on disk
//! before anything else happens. Every turn bears its source key already, so storing it a second
//! time changes nothing: a crash between storing a turn and taking it out of the file is harmless,
//! and so are two processes that store it at once. Lines stay in order, and leave the file from its
//! beginning. For an encrypted store each line is encrypted, with a key made of the store's; lines that
//! cannot be read, with this key or at all, are put aside and not lost.

mod line;
mod new_key;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use longmem_core::private_files::{make_folder, open_options};
use longmem_core::{NewTurn, StoreKey, UserName};
use longmem_memory::{Memory, NotedInstruction};
use sha2::{Digest, Sha256};

use self::line::{LineFormat, StoreTag};
pub use self::new_key::{Keep, write_with_key};
use crate::ChatError;

/// How long storing may take by default before a turn goes to the spool: as long as a person waits
/// without wondering.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the names of the files end in.
const EXTENSION: &str = "jsonl";

/// The turns of one user that wait for one store.
#[derive(Debug, Clone)]
pub struct Spool {
    path: PathBuf,
    /// The name of the file in which turns of the same user and store may still wait, under another name
    /// of the store.
    former: Option<String>,
    patience: Duration,
    format: LineFormat,
}

/// A spool that nobody else stores from, until this is dropped: whoever forgets holds it, so that what
/// waited is forgotten too, and nothing that was read before is stored after. Turns may still be added.
#[derive(Debug)]
pub struct HeldSpool {
    spool: Spool,
    /// None where there is no folder of spools, so that nothing waits.
    _lock: Option<File>,
}

/// What was stored of a spool.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StoredLater {
    /// Number of turns that were stored, or were there already.
    pub turns: usize,
    /// Number of lines that could not be read, and are kept beside the spool: a crash had cut them off, or
    /// they were encrypted with another key.
    pub unreadable: usize,
    /// The standing instructions in them that became facts.
    pub noted: Vec<NotedInstruction>,
}

impl HeldSpool {
    /// Stores all that waits, in order, and takes it out of the spool. Turns that were forgotten
    /// meanwhile stay forgotten. With `learns`, their sessions may be learned from, and standing
    /// instructions in them become facts.
    ///
    /// # Errors
    /// [`ChatError::Spool`]; [`ChatError::Memory`] if the store cannot be written. Then they still
    /// wait.
    pub fn store_into(
        &self,
        memory: &Memory,
        user: &UserName,
        learns: bool,
    ) -> Result<StoredLater, ChatError> {
        let spooled = self.spool.read()?;
        if spooled.bytes.is_empty() {
            return Ok(StoredLater::default());
        }
        let stored = memory.import_turns(user, &spooled.turns, false)?;
        let mut noted = Vec::new();
        for (turn, stored) in spooled.turns.iter().zip(stored).filter(|_| learns) {
            let Some(stored) = stored else { continue };
            memory.learn_from(user, &turn.session)?;
            noted.extend(memory.note_instructions(user, stored.id, turn)?);
        }
        self.spool.take_out(&spooled)?;
        Ok(StoredLater { turns: spooled.turns.len(), unreadable: spooled.unreadable, noted })
    }

    /// Deletes the lines that could not be read and were kept beside the spool, for whoever forgets all
    /// of a user: what the user said may stand in them.
    ///
    /// # Errors
    /// [`ChatError::Spool`] if there are some and they cannot be deleted.
    pub fn delete_unreadable(&self) -> Result<(), ChatError> {
        for spool in self.spool.former().iter().chain([&self.spool]) {
            spool
                .delete_unreadable()
                .map_err(|source| ChatError::Spool { path: spool.unreadable_path(), source })?;
        }
        Ok(())
    }
}

/// What a spool holds at one moment.
#[derive(Debug, Default)]
pub(crate) struct Spooled {
    /// The turns, in the order in which they were said.
    pub(crate) turns: Vec<NewTurn>,
    /// Number of lines that could not be read: the end of one that a crash cut off, a line that was
    /// encrypted with another key, or another program's doing.
    pub(crate) unreadable: usize,
    /// The bytes that all of them were read from.
    bytes: Vec<u8>,
}

impl Spool {
    /// The spool in a folder for what a user says and a store should hold. The store is named by
    /// its place ([`Memory::place`](longmem_memory::Memory::place)), which should be the same for
    /// every process: an absolute path, or an address. Nothing is made or read yet.
    ///
    /// The file's name is a digest of both names, so that no name can lead out of the folder.
    pub fn new(folder: &Path, place: &str, user: &UserName) -> Self {
        Self::of_file(folder, Self::file_of(place, user), StoreTag::of(place))
    }

    /// The same spool, which takes over what waits in the same folder for another name of the store.
    #[must_use]
    pub fn with_former_place(mut self, place: &str, user: &UserName) -> Self {
        self.former = Some(Self::file_of(place, user)).filter(|former| *former != self.format.file);
        self
    }

    fn file_of(place: &str, user: &UserName) -> String {
        let mut digest = Sha256::new();
        digest.update(place);
        digest.update([0]);
        digest.update(user.as_str());
        let digest = digest.finalize();
        let name = digest.iter().take(16).fold(0, |name, byte| name << 8 | u128::from(*byte));
        format!("{name:032x}")
    }

    fn of_file(folder: &Path, file: String, store: StoreTag) -> Self {
        let path = folder.join(format!("{file}.{EXTENSION}"));
        let format = LineFormat { key: None, store, file };
        Self { path, former: None, patience: PATIENCE, format }
    }

    /// The same spool, whose lines are encrypted with this key; they are plain without one, as by default.
    /// Plain lines are read with a key, too, and encrypted when the next one is added.
    #[must_use]
    pub fn with_key(mut self, key: Option<StoreKey>) -> Self {
        self.format.key = key;
        self
    }

    /// The same spool, which takes what cannot be stored within `patience`; 5 seconds by default.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The file, which exists only while something waits in it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the lines that could not be read, which exists only if there were some.
    pub fn unreadable_path(&self) -> PathBuf {
        self.path.with_extension("unreadable")
    }

    /// Counts the turns that wait.
    ///
    /// # Errors
    /// [`ChatError::Spool`].
    pub fn count(&self) -> Result<usize, ChatError> {
        Ok(self.read()?.turns.len())
    }

    /// Waits until nobody else stores what waits, and keeps others from it until the result is dropped.
    ///
    /// # Errors
    /// [`ChatError::Spool`].
    pub fn hold(&self) -> Result<HeldSpool, ChatError> {
        let lock = if self.folder().exists() {
            Some(self.lock("storing").map_err(|source| self.error(source))?)
        } else {
            None
        };
        Ok(HeldSpool { spool: self.clone(), _lock: lock })
    }

    /// How long storing may take before a turn goes to the spool.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Whether something waits.
    pub fn is_waiting(&self) -> bool {
        self.path.exists() || self.former().is_some_and(|former| former.path.exists())
    }

    /// Appends a turn; when this returns it is on disk.
    ///
    /// # Errors
    /// [`ChatError::Spool`].
    ///
    /// # Panics
    /// If the turn has no source key.
    pub fn append(&self, turn: &NewTurn) -> Result<(), ChatError> {
        self.append_line(self.format.write(turn)).map_err(|source| self.error(source))
    }

    /// Reads what waits.
    ///
    /// # Errors
    /// [`ChatError::Spool`].
    pub(crate) fn read(&self) -> Result<Spooled, ChatError> {
        let mut spooled = Spooled::default();
        let bytes =
            self.take_over().and_then(|()| self.bytes()).map_err(|source| self.error(source))?;
        for line in lines(&bytes) {
            match self.format.read(line) {
                Some(read) => spooled.turns.push(read.turn),
                None => spooled.unreadable += 1,
            }
        }
        spooled.bytes = bytes;
        Ok(spooled)
    }

    /// Takes out the lines that were read, as far as they are still there; later ones stay. Those that
    /// could not be read are put into a file beside it.
    ///
    /// # Errors
    /// [`ChatError::Spool`].
    pub(crate) fn take_out(&self, read: &Spooled) -> Result<(), ChatError> {
        self.take_out_bytes(&read.bytes).map_err(|source| self.error(source))
    }

    fn append_line(&self, line: Vec<u8>) -> io::Result<()> {
        self.take_over()?;
        let _lock = self.lock("lock")?;
        self.encrypt_plain_lines()?;
        self.append_bytes(line)
    }

    /// Moves what waits under the store's other name behind what waits here. Who dies on the way
    /// leaves turns in both files, which are stored once.
    fn take_over(&self) -> io::Result<()> {
        let Some(former) = self.former().filter(Self::is_waiting) else { return Ok(()) };
        let _locks = (former.lock("lock")?, self.lock("lock")?);
        let bytes = former.bytes()?;
        if bytes.is_empty() {
            return Ok(());
        }
        // An encrypted line is bound to its file.
        let lines = lines(&bytes).map(|line| match former.format.read(line) {
            Some(read) => self.format.write(&read.turn),
            None => [line, b"\n"].concat(),
        });
        self.append_bytes(lines.collect::<Vec<_>>().concat())?;
        delete(&former.path)
    }

    /// The spool under the store's other name.
    fn former(&self) -> Option<Self> {
        let former = self.former.clone()?;
        let spool = Self::of_file(self.folder(), former, self.format.store.clone());
        Some(spool.with_key(self.format.key.clone()))
    }

    /// Appends whole lines, which are on disk when this returns.
    fn append_bytes(&self, mut bytes: Vec<u8>) -> io::Result<()> {
        let mut file =
            open_options(&self.path).read(true).append(true).create(true).open(&self.path)?;
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            // A crash cut the line before off; this one must not become a part of it.
            if last != *b"\n" {
                bytes.insert(0, b'\n');
            }
        }
        file.write_all(&bytes)?;
        file.sync_all()
    }

    /// Writes the lines again that are from before there was a key.
    fn encrypt_plain_lines(&self) -> io::Result<()> {
        if self.format.key.is_none() {
            return Ok(());
        }
        let bytes = self.bytes()?;
        let plain = |line: &[u8]| self.format.read(line).filter(|read| !read.was_sealed);
        if lines(&bytes).all(|line| plain(line).is_none()) {
            return Ok(());
        }
        let again = lines(&bytes).map(|line| match plain(line) {
            Some(read) => self.format.write(&read.turn),
            None => [line, b"\n"].concat(),
        });
        self.replace(&again.collect::<Vec<_>>().concat())
    }

    fn take_out_bytes(&self, read: &[u8]) -> io::Result<()> {
        let _lock = self.lock("lock")?;
        let now = self.bytes()?;
        // Another process may have stored the first lines and taken them out meanwhile, so the file
        // begins with some end of what was read, from a line's start on.
        let line_ends = read.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let line_starts = std::iter::once(0).chain(line_ends.map(|(end, _)| end + 1));
        let mut ends_of_read =
            line_starts.map(|start| &read[start..]).filter(|lines| !lines.is_empty());
        let Some(rest) = ends_of_read.find_map(|lines| now.strip_prefix(lines)) else {
            return Ok(());
        };
        self.put_aside(&now[..now.len() - rest.len()])?;
        if !rest.is_empty() {
            return self.replace(rest);
        }
        delete(&self.path)
    }

    /// Keeps the lines that cannot be read: somebody may have the key, or mend them.
    fn put_aside(&self, taken: &[u8]) -> io::Result<()> {
        let unreadable: Vec<&[u8]> =
            lines(taken).filter(|line| self.format.read(line).is_none()).collect();
        if unreadable.is_empty() {
            return Ok(());
        }
        let path = self.unreadable_path();
        let mut file = open_options(&path).append(true).create(true).open(path)?;
        for line in unreadable {
            file.write_all(&[line, b"\n"].concat())?;
        }
        file.sync_all()
    }

    fn delete_unreadable(&self) -> io::Result<()> {
        let path = self.unreadable_path();
        if !path.exists() {
            return Ok(());
        }
        let _lock = self.lock("lock")?;
        delete(&path)
    }

    /// Puts a file with these bytes into the place of this one, whole or not at all.
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let mut next = tempfile::NamedTempFile::new_in(self.folder())?;
        next.write_all(bytes)?;
        next.as_file().sync_all()?;
        let gone = open_options(&self.path).write(true).open(&self.path)?;
        let gone_bytes = gone.metadata()?.len();
        next.persist(&self.path)?;
        overwrite(&gone, gone_bytes as usize)
    }

    /// The file's bytes; none if there is no file.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            bytes => bytes,
        }
    }

    /// Keeps other processes from doing the same, until the result is dropped: `lock` is held by whoever
    /// changes the file, `storing` by whoever stores what waits.
    fn lock(&self, extension: &str) -> io::Result<File> {
        make_folder(self.folder())?;
        let path = self.path.with_extension(extension);
        let lock = open_options(&path).write(true).create(true).open(path)?;
        lock.lock()?;
        Ok(lock)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    fn error(&self, source: io::Error) -> ChatError {
        ChatError::Spool { path: self.path.clone(), source }
    }
}

/// Deletes a file, and what stands in it from the disk.
fn delete(path: &Path) -> io::Result<()> {
    let gone = open_options(path).write(true).open(path)?;
    let bytes = gone.metadata()?.len();
    fs::remove_file(path)?;
    overwrite(&gone, bytes as usize)
}

/// Writes zeros over a file that nobody can open any more, so that what was said in it is not left on
/// the disk.
fn overwrite(mut gone: &File, bytes: usize) -> io::Result<()> {
    gone.write_all(&vec![0; bytes])?;
    gone.sync_all()
}

/// The lines of a file, without their ends and without empty ones.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests;
