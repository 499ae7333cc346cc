//! Files that hold the key of a store: 64 hexadecimal digits.
//!
//! It is a key and no password: opening a store takes no time then, and nobody can try the passwords that
//! people choose on a stolen copy. A password is good where the key file is kept: in a password manager, a
//! system's keyring, or an encrypted disk.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use longmem_core::private_files::{IfExists, NewFile};
use longmem_core::{Diagnose, ErrorCode, Fault, InvalidStoreKey, Remedy, StoreKey};
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes that are read of a key file; none has as many.
const BYTES_READ: u64 = 1024;

/// A key file cannot be used. What it holds is not told.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read or made.
    #[error("the key file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A new one cannot be made.
    #[error("the key file {} cannot be made: {source}", path.display())]
    NotMade {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error("the key file {} is open to others than its owner (mode {mode:04o})", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It does not hold a key.
    #[error("the key file {} does not hold a key: {reason}", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What was expected and what is there.
        reason: InvalidStoreKey,
    },
}

impl Diagnose for KeyFileError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotMade { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                ErrorCode::FileExists
            }
            Self::NotMade { .. } => ErrorCode::FileFailed,
            Self::Unreadable { .. } | Self::OpenToOthers { .. } | Self::NoKey { .. } => {
                ErrorCode::WrongSettings
            }
        }
    }

    fn fault(&self) -> Fault {
        Fault::Caller
    }

    fn remedies(&self) -> Vec<Remedy> {
        vec![match self {
            Self::Unreadable { .. } => Remedy::CheckPath,
            Self::NotMade { .. } => Remedy::NameNewFile,
            Self::OpenToOthers { path, .. } => Remedy::CloseToOthers { file: path.clone() },
            Self::NoKey { .. } => Remedy::MakeKeyFile,
        }]
    }
}

/// Reads a key file, which may be a pipe.
///
/// # Errors
/// [`KeyFileError`] if it cannot be read, others may read it, or it holds no key.
pub fn read(path: &Path) -> Result<StoreKey, KeyFileError> {
    let unreadable = |source| KeyFileError::Unreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_file() && mode & 0o077 != 0 {
            return Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode });
        }
    }
    if metadata.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_READ as usize));
    file.take(BYTES_READ).read_to_end(&mut bytes).map_err(unreadable)?;
    // What is no text becomes characters that are no digits.
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    text.parse().map_err(|reason| KeyFileError::NoKey { path: path.to_owned(), reason })
}

/// Makes a key file for its owner alone, with a key of random bytes. Nothing is ever overwritten.
///
/// # Errors
/// [`KeyFileError::NotMade`], also if the file exists.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("key");
/// let key = longmem::key_file::make(&file)?;
/// assert_eq!(longmem::key_file::read(&file)?, key);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn make(path: &Path) -> Result<StoreKey, KeyFileError> {
    let not_made = |source| KeyFileError::NotMade { path: path.to_owned(), source };
    let mut bytes = Zeroizing::new([0; StoreKey::BYTES]);
    SystemRandom::new()
        .fill(&mut *bytes)
        .map_err(|_| not_made(io::Error::other("the system has no random numbers")))?;
    let key = StoreKey::new(*bytes);
    let mut file = NewFile::begin(path, IfExists::Fail).map_err(not_made)?;
    file.write_all(key.to_hexadecimal().as_bytes()).map_err(not_made)?;
    file.write_all(b"\n").map_err(not_made)?;
    file.finish().map_err(not_made)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_an_error_that_does_not_tell_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        make(&file).unwrap();
        for (content, says) in [
            (&b"hunter2"[..], "expected 64 hexadecimal digits, found 2 and 5 other characters"),
            (b"", "found 0 and 0 other"),
            (b"\xff\xfe\x00", "found 0 and 3 other"),
            (&[b'a'; 5000], "found 1024 and 0 other"),
        ] {
            std::fs::write(&file, content).unwrap();
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("hunter2"), "{error}");
        }
        let error = read(&folder.path().join("none")).unwrap_err();
        assert!(matches!(error, KeyFileError::Unreadable { .. }), "{error}");
        assert!(matches!(
            read(folder.path()),
            Err(KeyFileError::Unreadable { .. } | KeyFileError::NoKey { .. })
        ));
    }

    #[test]
    fn a_new_key_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let key = make(&file).unwrap();
        assert!(matches!(make(&file), Err(KeyFileError::NotMade { .. })));
        assert_eq!(read(&file).unwrap(), key);
        assert_ne!(make(&folder.path().join("another")).unwrap(), key);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        make(&file).unwrap();
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        for mode in [0o644, 0o640, 0o604, 0o660] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&file).unwrap_err();
            assert!(
                matches!(error, KeyFileError::OpenToOthers { mode: found, .. } if found == mode)
            );
        }
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400)).unwrap();
        read(&file).unwrap();
    }
}
