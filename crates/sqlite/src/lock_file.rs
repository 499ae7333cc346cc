//! A lock that one process has at a time, as a file that is there while it is held.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;

use longmem_core::private_files::{is_at, open_options};

/// A lock that is held. The system releases it when the process ends, however it ends; the file of a
/// process that was killed is taken over by the next.
pub(crate) struct LockFile {
    path: PathBuf,
    file: File,
}

impl LockFile {
    /// Takes the lock. Returns none if another process has it and it is not to be waited for.
    pub(crate) fn hold(path: PathBuf, wait: bool) -> io::Result<Option<Self>> {
        loop {
            let mut options = open_options(&path);
            let file = options.write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if wait => file.lock()?,
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever held it deleted the file that was opened here; the next process locks a new one.
            if is_at(&file, &path)? {
                return Ok(Some(Self { path, file }));
            }
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Only the holder deletes the file, and before the lock is released, so that whoever waits
        // for it notices. Where open files cannot be told from others, it stays.
        if cfg!(unix) && matches!(is_at(&self.file, &self.path), Ok(true)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_has_it_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = LockFile::hold(path.clone(), false).unwrap().unwrap();
        assert!(LockFile::hold(path.clone(), false).unwrap().is_none());
        drop(first);
        assert!(!cfg!(unix) || !path.exists());
        // Many that wait, each of which deletes the file that the others have opened.
        let (inside, rounds) = (AtomicU32::new(0), 40);
        std::thread::scope(|threads| {
            for _ in 0..6 {
                threads.spawn(|| {
                    for _ in 0..rounds {
                        let lock = LockFile::hold(path.clone(), true).unwrap();
                        assert_eq!(
                            inside.fetch_add(1, Ordering::SeqCst),
                            0,
                            "somebody else has it"
                        );
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(!cfg!(unix) || !path.exists());
    }
}
