//! Files that wait for their import, kept until that is done: a server that ends takes them up when it starts again.
//!
//! The file stands encrypted in a folder beside the store. What it is, and its key, stand in the store: who may read
//! the store may read the file, and nobody else. The server that has a file in hand holds a lock on it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use longmem_core::private_files::{make_folder, open_options};
use longmem_core::{Timestamp, UserName};
use longmem_memory::{Format, Memory, MemoryError};
use serde::{Deserialize, Serialize};

use super::sealed::FileKey;

/// Begins the names of the values that say what a file is; the id of its job follows.
const UPLOADS: &str = "upload/";

/// What a file is.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) user: UserName,
    pub(super) name: Option<String>,
    pub(super) format: Option<Format>,
    pub(super) again: bool,
    pub(super) arrived: Timestamp,
    /// Its length before it was encrypted.
    pub(super) bytes: u64,
    pub(super) key: FileKey,
    /// How often its import was begun.
    pub(super) begun: u32,
}

/// A new file for the import of a job, in a folder if it is to outlive the server. Without one it has no name, so that
/// nothing of it stays.
pub(super) fn new_file(folder: Option<&Path>, job: &str) -> io::Result<File> {
    let Some(folder) = folder else { return tempfile::tempfile() };
    make_folder(folder)?;
    let path = folder.join(job);
    let file = open_options(&path).read(true).write(true).create_new(true).open(&path)?;
    file.try_lock().map_err(io::Error::from)?;
    Ok(file)
}

/// Deletes the file of a job; one that is not there is deleted.
pub(super) fn delete_file(folder: Option<&Path>, job: &str) {
    if let Some(folder) = folder {
        // What stays is deleted when a server starts.
        let _ = std::fs::remove_file(folder.join(job));
    }
}

impl Upload {
    /// Notes it in the store.
    pub(super) fn keep(&self, memory: &Memory, job: &str) -> Result<(), MemoryError> {
        let bytes = serde_json::to_vec(self).expect("it is words, times and numbers");
        memory.keep_value(None, &format!("{UPLOADS}{job}"), Some(&bytes))
    }
}

/// Takes what was noted of a job out of the store.
pub(super) fn forget(memory: &Memory, job: &str) -> Result<(), MemoryError> {
    memory.keep_value(None, &format!("{UPLOADS}{job}"), None)
}

/// The files of a folder that no server has in hand, each with its job. What belongs to no job any more is deleted:
/// files that did not arrive whole, and notes whose files are gone.
pub(super) fn left_behind(
    memory: &Memory,
    folder: &Path,
) -> Result<Vec<(String, Upload, File)>, MemoryError> {
    let names = if memory.is_there() { memory.kept_names(None, UPLOADS)? } else { Vec::new() };
    let jobs: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(UPLOADS)).collect();
    let mut left = Vec::new();
    for job in &jobs {
        let kept = memory.kept_value(None, &format!("{UPLOADS}{job}"))?;
        let upload = kept.and_then(|bytes| serde_json::from_slice::<Upload>(&bytes).ok());
        match (upload, in_hand(&folder.join(job))) {
            (Some(upload), Ok(Some(file))) => left.push(((*job).to_owned(), upload, file)),
            (None, Ok(Some(_))) => forget(memory, job)?,
            (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => forget(memory, job)?,
            (_, Ok(None) | Err(_)) => {}
        }
    }
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = file.file_name();
        let is_of_a_job = name.to_str().is_some_and(|name| jobs.contains(&name));
        if !is_of_a_job && matches!(in_hand(&file.path()), Ok(Some(_))) {
            let _ = std::fs::remove_file(file.path());
        }
    }
    Ok(left)
}

/// Takes a file in hand; none if another server has it.
fn in_hand(path: &Path) -> io::Result<Option<File>> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
