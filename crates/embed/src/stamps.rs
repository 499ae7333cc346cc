//! Remembers which files were checked, so that a start need not hash 91 MB.
//!
//! A stamp guards against a file that was damaged or exchanged by accident: one whose size or time
//! of change differs is hashed again. It does not guard against somebody who can write to the
//! folder; `longmem model verify` hashes whatever the stamps say.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{EmbedderError, ManifestFile};

/// What was known about a file when it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    modified_ns: u64,
    sha256: String,
}

/// The sums of files, kept in one file for all folders, also those that cannot be written to.
#[derive(Debug)]
pub(crate) struct Stamps {
    kept_in: PathBuf,
    stamps: BTreeMap<PathBuf, Stamp>,
}

impl Stamps {
    /// Reads the stamps; a file that is absent or unreadable counts as empty.
    pub(crate) fn load(kept_in: PathBuf) -> Self {
        let stamps = fs::read(&kept_in)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { kept_in, stamps }
    }

    /// Checks one file of a folder against the manifest.
    pub(crate) fn check(
        &mut self,
        folder: &Path,
        expected: &ManifestFile,
    ) -> Result<PathBuf, EmbedderError> {
        let path = existing_file(folder, expected)?;
        let sha256 = self.sum_of(&path)?;
        compare_sum(path, expected, sha256)
    }

    fn sum_of(&mut self, path: &Path) -> io::Result<String> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (size, modified_ns) = (metadata.len(), modified.as_nanos() as u64);
        let key = std::path::absolute(path)?;
        if let Some(stamp) = self.stamps.get(&key)
            && (stamp.size, stamp.modified_ns) == (size, modified_ns)
        {
            return Ok(stamp.sha256.clone());
        }
        let sha256 = hash(path)?;
        self.stamps.insert(key, Stamp { size, modified_ns, sha256: sha256.clone() });
        self.save();
        Ok(sha256)
    }

    /// Writes the stamps. That can fail, for instance in a read-only folder; then the next start
    /// hashes again, which costs time and harms nothing.
    fn save(&self) {
        let Ok(json) = serde_json::to_vec_pretty(&self.stamps) else { return };
        let Some(folder) = self.kept_in.parent() else { return };
        // Renamed into place, because another process may read it at any moment.
        let temporary = self.kept_in.with_extension(format!("{}.tmp", std::process::id()));
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&temporary, json))
            .and_then(|()| fs::rename(&temporary, &self.kept_in));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
    }
}

/// Checks one file of a folder against the manifest, hashing it whatever the stamps say.
pub(crate) fn check_anew(folder: &Path, expected: &ManifestFile) -> Result<PathBuf, EmbedderError> {
    let path = existing_file(folder, expected)?;
    let sha256 = hash(&path)?;
    compare_sum(path, expected, sha256)
}

fn existing_file(folder: &Path, expected: &ManifestFile) -> Result<PathBuf, EmbedderError> {
    let path = folder.join(&expected.name);
    let actual = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {
            let (folder, file) = (folder.to_owned(), expected.name.clone());
            return Err(EmbedderError::MissingFile { folder, file });
        }
    };
    if actual != expected.size {
        return Err(EmbedderError::WrongSize { path, expected: expected.size, actual });
    }
    Ok(path)
}

fn compare_sum(
    path: PathBuf,
    expected: &ManifestFile,
    actual: String,
) -> Result<PathBuf, EmbedderError> {
    if actual != expected.sha256 {
        return Err(EmbedderError::WrongSum { path, expected: expected.sha256.clone(), actual });
    }
    Ok(path)
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn abc() -> ManifestFile {
        ManifestFile {
            name: "weights".to_owned(),
            size: 3,
            // FIPS 180-2, appendix B.1.
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
        }
    }

    #[test]
    fn a_file_is_trusted_until_its_time_of_change_differs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        let kept_in = folder.path().join("stamps/verified.json");
        fs::write(&path, "abc").unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let set_time =
            |time| fs::File::options().append(true).open(&path).unwrap().set_modified(time);
        set_time(changed).unwrap();
        Stamps::load(kept_in.clone()).check(folder.path(), &abc()).unwrap();

        fs::write(&path, "abd").unwrap();
        set_time(changed).unwrap();
        // Size and time are as they were: the stamp answers, and only a check anew sees it.
        Stamps::load(kept_in.clone()).check(folder.path(), &abc()).unwrap();
        let error = check_anew(folder.path(), &abc()).unwrap_err();
        assert!(matches!(error, EmbedderError::WrongSum { .. }), "{error}");

        set_time(changed + Duration::from_micros(1)).unwrap();
        let error = Stamps::load(kept_in).check(folder.path(), &abc()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("ba7816bf") && message.contains("a52d159f"), "{message}");
    }

    #[test]
    fn a_damaged_stamp_file_means_hashing_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("weights"), "abc").unwrap();
        let kept_in = folder.path().join("verified.json");
        fs::write(&kept_in, "{ not json").unwrap();
        Stamps::load(kept_in.clone()).check(folder.path(), &abc()).unwrap();
        assert_eq!(Stamps::load(kept_in).stamps.len(), 1);
    }

    #[test]
    fn absent_and_short_files_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let error = check_anew(folder.path(), &abc()).unwrap_err();
        assert!(matches!(error, EmbedderError::MissingFile { .. }), "{error}");
        fs::write(folder.path().join("weights"), "ab").unwrap();
        let error = check_anew(folder.path(), &abc()).unwrap_err();
        assert!(
            matches!(error, EmbedderError::WrongSize { expected: 3, actual: 2, .. }),
            "{error}"
        );
    }
}
