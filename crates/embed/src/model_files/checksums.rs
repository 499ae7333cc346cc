//! The checksums of files that were checked before, so that a start need not hash 91 MB.
//!
//! They guard against a file that was damaged or exchanged by accident: a file whose size or time of
//! change differs is hashed again. They do not guard against somebody who can write to the folder;
//! [`ModelFiles::verify`](super::ModelFiles::verify) hashes every file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ManifestFile;
use crate::EmbedderError;

/// What was known about a file when it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KnownChecksum {
    size: u64,
    modified_ns: u64,
    sha256: String,
}

/// The checksums of files by path, remembered in one file. It holds those of all folders, because
/// some folders cannot be written to.
#[derive(Debug)]
pub(super) struct KnownChecksums {
    remembered_in: PathBuf,
    by_path: BTreeMap<PathBuf, KnownChecksum>,
}

impl KnownChecksums {
    /// Reads what is remembered; a file that is absent or unreadable counts as empty.
    pub(super) fn load(remembered_in: PathBuf) -> Self {
        let by_path = fs::read(&remembered_in)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { remembered_in, by_path }
    }

    /// Checks one file of a folder against the manifest; hashes it if its checksum is not known.
    pub(super) fn check(
        &mut self,
        folder: &Path,
        expected: &ManifestFile,
    ) -> Result<PathBuf, EmbedderError> {
        let path = existing_file(folder, expected)?;
        let sha256 = self.checksum(&path)?;
        compare_checksum(path, expected, sha256)
    }

    fn checksum(&mut self, path: &Path) -> io::Result<String> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (size, modified_ns) = (metadata.len(), modified.as_nanos() as u64);
        let key = std::path::absolute(path)?;
        if let Some(known) = self.by_path.get(&key)
            && (known.size, known.modified_ns) == (size, modified_ns)
        {
            return Ok(known.sha256.clone());
        }
        let sha256 = hash(path)?;
        self.by_path.insert(key, KnownChecksum { size, modified_ns, sha256: sha256.clone() });
        // Saving can fail, for instance in a read-only folder. Then the next start hashes again,
        // which costs time and harms nothing.
        let _ = self.save();
        Ok(sha256)
    }

    /// Replaces the file as a whole, because another process may read it at any moment.
    fn save(&self) -> io::Result<()> {
        let folder = self.remembered_in.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut replacement = tempfile::NamedTempFile::new_in(folder)?;
        replacement.write_all(&serde_json::to_vec_pretty(&self.by_path)?)?;
        replacement.persist(&self.remembered_in)?;
        Ok(())
    }
}

/// Checks one file of a folder against the manifest, hashing it whatever is remembered.
pub(super) fn check_by_hashing(
    folder: &Path,
    expected: &ManifestFile,
) -> Result<PathBuf, EmbedderError> {
    let path = existing_file(folder, expected)?;
    let sha256 = hash(&path)?;
    compare_checksum(path, expected, sha256)
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

fn compare_checksum(
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
    fn a_checked_file_is_hashed_again_only_if_its_time_of_change_differs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        let remembered_in = folder.path().join("data/verified.json");
        fs::write(&path, "abc").unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let set_time =
            |time| fs::File::options().append(true).open(&path).unwrap().set_modified(time);
        set_time(changed).unwrap();
        KnownChecksums::load(remembered_in.clone()).check(folder.path(), &abc()).unwrap();

        fs::write(&path, "abd").unwrap();
        set_time(changed).unwrap();
        // Size and time are as they were, so only hashing sees the change.
        KnownChecksums::load(remembered_in.clone()).check(folder.path(), &abc()).unwrap();
        let error = check_by_hashing(folder.path(), &abc()).unwrap_err();
        assert!(matches!(error, EmbedderError::WrongSum { .. }), "{error}");

        set_time(changed + Duration::from_micros(1)).unwrap();
        let error = KnownChecksums::load(remembered_in).check(folder.path(), &abc()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("ba7816bf") && message.contains("a52d159f"), "{message}");
    }

    #[test]
    fn a_damaged_file_of_checksums_means_hashing_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("weights"), "abc").unwrap();
        let remembered_in = folder.path().join("verified.json");
        fs::write(&remembered_in, "{ not json").unwrap();
        KnownChecksums::load(remembered_in.clone()).check(folder.path(), &abc()).unwrap();
        assert_eq!(KnownChecksums::load(remembered_in).by_path.len(), 1);
    }

    #[test]
    fn an_absent_file_and_a_short_one_have_errors_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let error = check_by_hashing(folder.path(), &abc()).unwrap_err();
        assert!(matches!(error, EmbedderError::MissingFile { .. }), "{error}");
        fs::write(folder.path().join("weights"), "ab").unwrap();
        let error = check_by_hashing(folder.path(), &abc()).unwrap_err();
        assert!(
            matches!(error, EmbedderError::WrongSize { expected: 3, actual: 2, .. }),
            "{error}"
        );
    }
}
