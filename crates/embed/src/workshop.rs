//! The folder that a download is made in, beside the place where it is wanted.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::stamps;
use crate::{EmbedderError, FetchEvent, Manifest};

/// A locked folder for one download: `.fetch` inside the model's folder, so that finished files
/// can be renamed into place.
#[derive(Debug)]
pub(crate) struct Workshop {
    folder: PathBuf,
    /// Held open, because the lock ends when it is closed: also when the process is killed.
    _lock: std::fs::File,
}

impl Workshop {
    /// Waits until no other process downloads to the same place.
    pub(crate) fn open(
        destination: &Path,
        on_event: &mut dyn FnMut(FetchEvent<'_>),
    ) -> Result<Self, EmbedderError> {
        let folder = destination.join(".fetch");
        fs::create_dir_all(&folder)?;
        let lock = fs::File::create(folder.join("lock"))?.into_parts().0;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                on_event(FetchEvent::Waiting);
                lock.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Self { folder, _lock: lock })
    }

    /// A folder of this workshop that is kept when a download is cut off, so that it can be
    /// continued.
    pub(crate) fn bench(&self, name: &str) -> Result<PathBuf, EmbedderError> {
        let bench = self.folder.join(name);
        fs::create_dir_all(&bench)?;
        Ok(bench)
    }

    /// A folder of this workshop, emptied.
    pub(crate) fn cleared_bench(&self, name: &str) -> Result<PathBuf, EmbedderError> {
        self.clear(name)?;
        self.bench(name)
    }

    /// Where a source puts the finished files, under the names in the manifest.
    pub(crate) fn finished(&self) -> Result<PathBuf, EmbedderError> {
        self.bench("finished")
    }

    /// Checks the finished files, then renames them to where they are wanted; a wrong file stops
    /// everything before the first is renamed. Clears the workshop either way.
    pub(crate) fn publish(
        &self,
        manifest: &Manifest,
        destination: &Path,
    ) -> Result<(), EmbedderError> {
        let finished = self.finished()?;
        let checked: Result<Vec<_>, _> =
            manifest.files.iter().map(|file| stamps::check_anew(&finished, file)).collect();
        let published = checked.and_then(|paths| {
            for (path, file) in paths.iter().zip(manifest.files.iter()) {
                fs::rename(path, destination.join(&file.name))?;
            }
            Ok(())
        });
        for bench in ["finished", "hub", "pip"] {
            self.clear(bench)?;
        }
        published
    }

    fn clear(&self, name: &str) -> Result<(), EmbedderError> {
        let bench = self.folder.join(name);
        if bench.exists() {
            fs::remove_dir_all(bench)?;
        }
        Ok(())
    }
}
