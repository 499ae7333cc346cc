//! Looks through folders for transcripts.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::WatchSettings;
use super::WatchedFolder;
use super::exclusion::is_excluded;

/// By what it shows that a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    bytes: u64,
    modified: SystemTime,
}

impl FileState {
    /// The present state of a file; none if there is no such file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path)
            .ok()
            .filter(Metadata::is_file)
            .map(|file| Self::from_metadata(&file))
    }

    fn from_metadata(file: &Metadata) -> Self {
        // Where a system keeps no such time, the size tells.
        let modified = file.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Self { bytes: file.len(), modified }
    }
}

/// What there is at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    /// The folders and files that are watched and exist, by their real paths.
    pub(super) there: Vec<WatchedFolder>,
    /// Those that do not exist, as they were named.
    pub(super) missing: Vec<PathBuf>,
    /// The transcripts, by their paths.
    pub(super) files: BTreeMap<PathBuf, FileState>,
}

/// Looks through everything that is watched. What cannot be read is as if it were not there: it is looked
/// for again.
pub(super) fn scan(settings: &WatchSettings) -> Scan {
    let mut scan = Scan::default();
    for folder in &settings.folders {
        let Some(folder) = folder.resolved() else {
            scan.missing.push(folder.path().to_owned());
            continue;
        };
        let mut add = |path: PathBuf, file: &Metadata| {
            if folder.admits(&path) && !is_excluded(&path, &settings.exclude) {
                scan.files.insert(path, FileState::from_metadata(file));
            }
        };
        match std::fs::metadata(folder.path()) {
            Ok(file) if file.is_file() => add(folder.path().to_owned(), &file),
            _ => walk(folder.path(), folder.depth(), &mut add),
        }
        scan.there.push(folder);
    }
    scan
}

/// Hands over the files of a folder and of those below it, so many levels deep. Links are not followed:
/// they lead out of what was named, or to what is found anyway.
fn walk(folder: &Path, depth: usize, add: &mut impl FnMut(PathBuf, &Metadata)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth > 0 {
            walk(&entry.path(), depth - 1, add);
        } else if kind.is_file()
            && let Ok(file) = entry.metadata()
        {
            add(entry.path(), &file);
        }
    }
}
