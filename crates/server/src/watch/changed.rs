//! Files that changed, until they are quiet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

/// A file that changes all the time is read after so many times the quiet that is waited for otherwise.
const MOST_WAITS: u32 = 10;

/// Files that changed, each with when it is to be read.
pub(super) struct ChangedFiles {
    quiet: Duration,
    files: HashMap<PathBuf, Change>,
}

#[derive(Debug, Clone, Copy)]
struct Change {
    /// When it is read if nothing more happens.
    due: Instant,
    /// When it is read at the latest.
    latest: Instant,
}

impl ChangedFiles {
    /// None yet; a file is to be quiet for so long.
    pub(super) fn new(quiet: Duration) -> Self {
        Self { quiet, files: HashMap::new() }
    }

    /// Notes that a file changed just now.
    pub(super) fn note(&mut self, path: PathBuf, now: Instant) {
        let latest = now + self.quiet * MOST_WAITS;
        let change = self.files.entry(path).or_insert(Change { due: now, latest });
        change.due = (now + self.quiet).min(change.latest);
    }

    /// Notes that a file is to be read at a time, unless it is read sooner.
    pub(super) fn read_at(&mut self, path: PathBuf, due: Instant) {
        self.files.entry(path).or_insert(Change { due, latest: due });
    }

    /// The file that is due for longest.
    pub(super) fn due(&self, now: Instant) -> Option<&Path> {
        let (path, change) = self.files.iter().min_by_key(|(_, change)| change.due)?;
        (change.due <= now).then_some(path)
    }

    /// When the next file is due; none if none changed.
    pub(super) fn next(&self) -> Option<Instant> {
        self.files.values().map(|change| change.due).min()
    }

    /// Takes a file off, since it is read now.
    pub(super) fn take(&mut self, path: &Path) {
        self.files.remove(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_due_when_it_is_quiet_or_never_is() {
        let began = Instant::now();
        let at = |milliseconds| began + Duration::from_millis(milliseconds);
        let mut changed = ChangedFiles::new(Duration::from_millis(500));
        assert_eq!(changed.next(), None);
        changed.note("a".into(), at(0));
        changed.note("a".into(), at(300));
        assert_eq!((changed.due(at(700)), changed.next()), (None, Some(at(800))));
        changed.note("b".into(), at(400));
        assert_eq!(changed.due(at(1000)), Some(Path::new("a")));
        changed.take(Path::new("a"));
        assert_eq!(changed.due(at(1000)), Some(Path::new("b")));
        changed.take(Path::new("b"));
        for step in 0..60 {
            changed.note("busy".into(), at(step * 100));
            assert_eq!(changed.due(at(step * 100)).is_some(), step >= 50, "{step}");
        }
    }
}
