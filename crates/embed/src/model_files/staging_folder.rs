//! The locked folder in which a download is made.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::checksums::check_by_hashing;
use super::{FetchEvent, Manifest};
use crate::EmbedderError;

/// A locked folder for one download: `.fetch` inside the model's folder, so that finished files
/// can be renamed into place.
#[derive(Debug)]
pub(super) struct StagingFolder {
    path: PathBuf,
    /// Held open, because closing the file ends the lock; that happens also when the process is
    /// killed.
    _lock: std::fs::File,
}

impl StagingFolder {
    /// Waits until no other process downloads to the same place.
    pub(super) fn lock(
        destination: &Path,
        on_event: &mut dyn FnMut(FetchEvent<'_>),
    ) -> Result<Self, EmbedderError> {
        let path = destination.join(".fetch");
        fs::create_dir_all(&path)?;
        let lock = fs::File::create(path.join("lock"))?.into_parts().0;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                on_event(FetchEvent::Waiting);
                lock.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Self { path, _lock: lock })
    }

    /// A folder in here that is kept when a download is cut off, so that it can be continued.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, EmbedderError> {
        let folder = self.path.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A folder in here, emptied.
    pub(super) fn empty_folder(&self, name: &str) -> Result<PathBuf, EmbedderError> {
        self.remove(name)?;
        self.folder(name)
    }

    /// Where a source puts the finished files, under the names in the manifest.
    pub(super) fn finished(&self) -> Result<PathBuf, EmbedderError> {
        self.folder("finished")
    }

    /// Checks the finished files, then renames them to where they are wanted. A wrong file stops
    /// everything before the first is renamed. Removes what is in here either way.
    pub(super) fn publish(
        &self,
        manifest: &Manifest,
        destination: &Path,
    ) -> Result<(), EmbedderError> {
        let finished = self.finished()?;
        let checked: Result<Vec<_>, _> =
            manifest.files.iter().map(|file| check_by_hashing(&finished, file)).collect();
        let published = checked.and_then(|paths| {
            for (path, file) in paths.iter().zip(manifest.files.iter()) {
                fs::rename(path, destination.join(&file.name))?;
            }
            Ok(())
        });
        for folder in ["finished", "hub", "pip"] {
            self.remove(folder)?;
        }
        published
    }

    fn remove(&self, name: &str) -> Result<(), EmbedderError> {
        let folder = self.path.join(name);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        Ok(())
    }
}
