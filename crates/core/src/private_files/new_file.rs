//! A file that appears under its name only when it is whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{folder_of, open_options};

/// What to do when a file of that name is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    /// Fail, and leave it as it is.
    Fail,
    /// Put the new file into its place once that is whole.
    Replace,
}

/// A private file that is being written.
///
/// Until [`NewFile::finish`] it stands beside its place as `NAME.partial`, locked, and dropping it
/// deletes it. What a killed process left under that name is replaced.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    partial: PathBuf,
    if_exists: IfExists,
    file: File,
}

impl NewFile {
    /// Begins an empty file.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if a file is there that must stay, or
    /// anything that is no plain file; [`WouldBlock`](io::ErrorKind::WouldBlock) while another
    /// process writes the same; and those of the system.
    pub fn begin(path: &Path, if_exists: IfExists) -> io::Result<Self> {
        if let Ok(there) = fs::symlink_metadata(path)
            && (if_exists == IfExists::Fail || !there.is_file())
        {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let mut partial = name.to_owned();
        partial.push(".partial");
        let partial = folder_of(path).join(partial);
        let file = begun(&partial)?;
        Ok(Self { path: path.to_owned(), partial, if_exists, file })
    }

    /// Where it stands until it is finished.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Gives the file its name, when all of it is on disk.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if another process made such a file
    /// meanwhile; and those of the system. Nothing is left then.
    pub fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        match self.if_exists {
            IfExists::Replace => fs::rename(&self.partial, &self.path)?,
            IfExists::Fail => name_anew(&self.partial, &self.path)?,
        }
        sync_folder(&folder_of(&self.path))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After `finish` the name is free, and may be another process's already.
        if matches!(is_at(&self.file, &self.partial), Ok(true)) {
            // What stays is replaced next time.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Makes a partial file anew, unless another process is writing one.
fn begun(partial: &Path) -> io::Result<File> {
    loop {
        let made = open_options(partial).write(true).create_new(true).open(partial);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            // Another process may take it for a leftover before it is locked.
            Ok(file) if is_free(&file)? && is_at(&file, partial)? => return Ok(file),
            Ok(_) => return Err(io::ErrorKind::WouldBlock.into()),
        }
        match delete_leftover(partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
}

/// Deletes the partial file of a process that died.
fn delete_leftover(partial: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(partial)?.is_file() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let leftover = File::open(partial)?;
    if !is_free(&leftover)? {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    if is_at(&leftover, partial)? { fs::remove_file(partial) } else { Ok(()) }
}

/// Locks a partial file; false if another process holds it. Windows would lock out SQLite, which opens
/// the file for itself.
fn is_free(file: &File) -> io::Result<bool> {
    if cfg!(windows) {
        return Ok(true);
    }
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether an open file is still what the path names.
///
/// # Errors
/// Those of the system.
#[cfg(unix)]
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an open file is still what the path names: here an open file keeps its name.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Renames a file to a name that nothing has.
fn name_anew(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no links; a file that appears in this instant is lost there.
        Err(_) if fs::symlink_metadata(to).is_err() => fs::rename(from, to),
        Err(error) => Err(error),
        Ok(()) => fs::remove_file(from),
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut file = NewFile::begin(&path, IfExists::Fail).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(names(folder.path()), ["x.partial"]);
        file.finish().unwrap();
        assert_eq!(names(folder.path()), ["x"]);
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn what_is_given_up_leaves_nothing_and_what_was_killed_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        drop(NewFile::begin(&path, IfExists::Fail).unwrap());
        assert!(names(folder.path()).is_empty());
        fs::write(folder.path().join("x.partial"), "left by a process that was killed").unwrap();
        let mut file = NewFile::begin(&path, IfExists::Fail).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["x"]);
    }

    #[test]
    fn what_is_there_is_replaced_only_on_request_and_only_by_a_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "old").unwrap();
        let refused = NewFile::begin(&path, IfExists::Fail).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        let mut file = NewFile::begin(&path, IfExists::Replace).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // A file that came meanwhile stays.
        let other = folder.path().join("y");
        let file = NewFile::begin(&other, IfExists::Fail).unwrap();
        fs::write(&other, "came first").unwrap();
        assert_eq!(file.finish().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&other).unwrap(), b"came first");
        assert_eq!(names(folder.path()), ["x", "y"]);
    }

    #[test]
    fn one_process_at_a_time_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let _first = NewFile::begin(&path, IfExists::Fail).unwrap();
        let second = NewFile::begin(&path, IfExists::Fail).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn only_a_plain_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let mut others = vec![inner];
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink("/dev/null", &link).unwrap();
            others.extend([link, PathBuf::from("/dev/null")]);
        }
        for other in others {
            let refused = NewFile::begin(&other, IfExists::Replace).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists, "{}", other.display());
        }
    }
}
