//! Files of stores as this process reads them itself, beside SQLite.
//!
//! POSIX locks belong to a process and a file, not to a descriptor: closing any descriptor of a file
//! drops every lock that the process has on it, those of SQLite included. Another process would then take
//! itself for the last one and delete the log under this one. So a file is opened once, and stays open
//! until all that use it here are done with it, SQLite's connections included.

use std::io;
use std::path::Path;

use fs_err::File;
use longmem_core::private_files::open_options;

/// A file that stays open as long as anything in this process uses it.
pub(crate) struct OpenFile(Shared);

impl OpenFile {
    /// Opens a file for reading, and for writing too where that is allowed; one that is open already is
    /// used again.
    ///
    /// # Errors
    /// Those of the system, if it cannot be read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Shared::open(path, Opened::open)?))
    }

    /// Opens a file as [`open`](Self::open) does, and makes an empty one for its owner if there is none.
    ///
    /// # Errors
    /// Those of the system, also if the file that is there cannot be written.
    pub(crate) fn open_or_make(path: &Path) -> io::Result<Self> {
        Ok(Self(Shared::open(path, Opened::open_or_make)?))
    }

    /// Why the file cannot be written, if so: what the system said.
    pub(crate) fn write_refusal(&self) -> Option<String> {
        self.0.with(|opened| opened.write_refusal.clone())
    }

    /// Reads bytes from a place on, as many as there are room for or fewer at the file's end.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn read_at(&self, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        use std::io::{Read, Seek, SeekFrom};
        self.0.with(|opened| {
            let mut read = Vec::with_capacity(bytes);
            let mut file = opened.file.file();
            file.seek(SeekFrom::Start(at))?;
            file.take(bytes as u64).read_to_end(&mut read)?;
            Ok(read)
        })
    }

    /// The file's length in bytes.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn length(&self) -> io::Result<u64> {
        self.0.with(|opened| Ok(opened.file.metadata()?.len()))
    }

    /// Writes zeros over all of the file, which nobody can then take for a store.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn overwrite(&self) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        self.0.with(|opened| {
            let zeros = vec![0; 1 << 20];
            let mut file = opened.file.file();
            let mut left = file.metadata()?.len();
            file.seek(SeekFrom::Start(0))?;
            while left > 0 {
                let part = left.min(zeros.len() as u64);
                file.write_all(&zeros[..part as usize])?;
                left -= part;
            }
            file.sync_all()
        })
    }
}

/// An open file.
struct Opened {
    file: File,
    write_refusal: Option<String>,
}

impl Opened {
    fn open(path: &Path) -> io::Result<Self> {
        match fs_err::OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => Ok(Self { file, write_refusal: None }),
            Err(refused) => {
                Ok(Self { file: File::open(path)?, write_refusal: Some(refused.to_string()) })
            }
        }
    }

    fn open_or_make(path: &Path) -> io::Result<Self> {
        let mut options = open_options(path);
        options.read(true).write(true).create(true).truncate(false);
        let file = File::from_parts(options.open(path)?, path);
        Ok(Self { file, write_refusal: None })
    }
}

#[cfg(unix)]
use by_identity::Shared;

/// One descriptor of a file for the whole process.
#[cfg(unix)]
mod by_identity {
    use std::collections::HashMap;
    use std::os::unix::fs::MetadataExt;
    use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

    use super::{Opened, Path, io};

    /// What tells a file from every other one: its device and number there.
    type Identity = (u64, u64);

    /// The open files. Opening and closing happen while this is locked, so that nobody takes locks between
    /// the last use of a file and its closing.
    static OPEN: LazyLock<Mutex<HashMap<Identity, Entry>>> = LazyLock::new(Mutex::default);

    struct Entry {
        opened: Opened,
        /// Descriptors that were opened although there was one: the path named another file an instant
        /// before.
        spare: Vec<Opened>,
        uses: usize,
    }

    pub(super) struct Shared(Identity);

    impl Shared {
        pub(super) fn open(
            path: &Path,
            descriptor: fn(&Path) -> io::Result<Opened>,
        ) -> io::Result<Self> {
            let mut open = locked();
            let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
            let named = fs_err::metadata(path).map(identity);
            if let Ok(named) = named
                && let Some(entry) = open.get_mut(&named)
            {
                entry.uses += 1;
                return Ok(Self(named));
            }
            let opened = descriptor(path)?;
            let found = identity(opened.file.metadata()?);
            if let Some(entry) = open.get_mut(&found) {
                entry.uses += 1;
                entry.spare.push(opened);
            } else {
                open.insert(found, Entry { opened, spare: Vec::new(), uses: 1 });
            }
            Ok(Self(found))
        }

        pub(super) fn with<T>(&self, work: impl FnOnce(&Opened) -> T) -> T {
            let open = locked();
            work(&open.get(&self.0).expect("a file that is in use is open").opened)
        }
    }

    impl Drop for Shared {
        fn drop(&mut self) {
            let mut open = locked();
            if let Some(entry) = open.get_mut(&self.0) {
                entry.uses -= 1;
                if entry.uses == 0 {
                    open.remove(&self.0);
                }
            }
        }
    }

    fn locked() -> MutexGuard<'static, HashMap<Identity, Entry>> {
        OPEN.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Other systems keep the locks of each descriptor apart.
#[cfg(not(unix))]
struct Shared(std::sync::Mutex<Opened>);

#[cfg(not(unix))]
impl Shared {
    fn open(path: &Path, descriptor: fn(&Path) -> io::Result<Opened>) -> io::Result<Self> {
        Ok(Self(std::sync::Mutex::new(descriptor(path)?)))
    }

    fn with<T>(&self, work: impl FnOnce(&Opened) -> T) -> T {
        work(&self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}
