//! Stores what a transcript has more than when it was read before.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use longmem_core::{Diagnose, Fault, UserName};
use longmem_memory::{ImportReport, ImportRequest, Memory, MemoryError, SkipReason};
use longmem_wire::{WatchEvent, full_message};

use super::WatchSettings;
use super::indexing::index_once;
use super::scan::{FileState, scan};

/// What came of reading a file.
pub(super) enum Captured {
    /// It was read, or did not change.
    Read(Option<WatchEvent>),
    /// It cannot be read as it is; it is tried again when it changes.
    Unreadable(Option<WatchEvent>),
    /// The store or the system is at fault; it is tried again soon.
    NotNow(WatchEvent),
    /// It was broken off.
    Stopped,
}

/// The files that were read, each with the state that it had then.
#[derive(Default)]
pub(super) struct KnownFiles(HashMap<PathBuf, FileState>);

impl KnownFiles {
    /// Whether a file changed since it was read.
    pub(super) fn is_changed(&self, path: &Path, state: FileState) -> bool {
        self.0.get(path) != Some(&state)
    }

    /// Notes in which state a file was read.
    pub(super) fn insert(&mut self, path: PathBuf, state: FileState) {
        self.0.insert(path, state);
    }

    /// Keeps only the files that are there still.
    pub(super) fn retain(&mut self, is_there: impl Fn(&Path) -> bool) {
        self.0.retain(|path, _| is_there(path));
    }
}

/// Reads what is new in a file and stores it. `stop` is asked now and then.
pub(super) fn capture(
    memory: &Memory,
    user: &UserName,
    path: &Path,
    stop: &dyn Fn() -> bool,
) -> Captured {
    let request = ImportRequest::new(path, user);
    let mut go_on = |_: &_| if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    match memory.import(request, &mut go_on) {
        Ok(report) if report.stopped => Captured::Stopped,
        Ok(report) => Captured::Read(captured(path, &report)),
        Err(error) => failed(path, &error),
    }
}

/// What is told of a file that was read; nothing if it brought nothing.
fn captured(path: &Path, report: &ImportReport) -> Option<WatchEvent> {
    let skipped = |reason: &SkipReason| report.read.skipped.get(reason).copied().unwrap_or(0);
    let unread = [SkipReason::TooLong, SkipReason::Malformed, SkipReason::NotUtf8];
    let unread = unread.iter().map(skipped).sum();
    (report.new_turns + report.refused_turns + unread > 0).then(|| WatchEvent::Captured {
        file: path.display().to_string(),
        new: report.new_turns,
        known: report.known_turns,
        forgotten: report.forgotten_turns,
        refused: report.refused_turns,
        unread,
    })
}

fn failed(path: &Path, error: &MemoryError) -> Captured {
    let event =
        WatchEvent::Failed { file: path.display().to_string(), message: full_message(error) };
    match error {
        // A file that is gone, or that holds nothing yet but half of its first line.
        MemoryError::Transcript(error) if error.fault() == Fault::Caller => Captured::Unreadable(
            FileState::of(path).and(Some(event)).filter(|_| !is_beginning(path)),
        ),
        MemoryError::Transcript(_) => Captured::Unreadable(Some(event)),
        _ => Captured::NotNow(event),
    }
}

/// Whether a file holds no whole line yet.
fn is_beginning(path: &Path) -> bool {
    use std::io::Read;
    let mut beginning = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(64 << 10).read_to_end(&mut beginning));
    read.is_ok() && !beginning.contains(&b'\n')
}

/// Captures what there is at this moment, without watching: each file that changed since it was read. Then
/// everything that waits for vectors gets them, if the settings say so. `stop` is asked now and then, and `see` hears what happens. It does no harm beside a process that
/// watches.
///
/// # Examples
/// ```
/// # use std::sync::Arc;
/// # use longmem_core::{FixedClock, UserName};
/// # use longmem_memory::Memory;
/// # use longmem_sqlite::{IfMissing, SqliteStore};
/// use longmem_server::{WatchSettings, WatchedFolder, capture_once};
///
/// # let folder = tempfile::tempdir()?;
/// # let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
/// # let embedder = Arc::new(longmem_test_support::WordHashEmbedder::default());
/// # let clock = Arc::new(FixedClock("2026-03-02T10:00:00Z".parse()?));
/// # let memory = Memory::new(Arc::new(store), embedder, clock);
/// let talk = folder.path().join("talk.jsonl");
/// std::fs::write(&talk, "{\"role\":\"user\",\"content\":\"I moved to Lisbon\"}\n")?;
/// let settings = WatchSettings::new(UserName::new("ana")?, vec![WatchedFolder::own(&talk)]);
/// let mut events = Vec::new();
/// capture_once(&memory, &settings, &|| false, &mut |event| events.push(event));
/// // What was captured, that it can be found by meaning, and that it is finished.
/// assert_eq!(events.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn capture_once(
    memory: &Memory,
    settings: &WatchSettings,
    stop: &dyn Fn() -> bool,
    see: &mut dyn FnMut(WatchEvent),
) {
    let (mut files, mut all_new, mut all_failed) = (0, 0, 0);
    for path in scan(settings).files.keys() {
        if stop() {
            break;
        }
        files += 1;
        match capture(memory, &settings.user, path, stop) {
            Captured::Read(event) => {
                if let Some(WatchEvent::Captured { new, .. }) = &event {
                    all_new += new;
                }
                event.into_iter().for_each(&mut *see);
            }
            Captured::Unreadable(event) => {
                all_failed += u64::from(event.is_some());
                event.into_iter().for_each(&mut *see);
            }
            Captured::NotNow(event) => {
                all_failed += 1;
                see(event);
            }
            Captured::Stopped => break,
        }
    }
    if settings.index && !stop() {
        index_once(memory, stop).into_iter().for_each(&mut *see);
    }
    see(WatchEvent::Finished { files, new: all_new, failed: all_failed });
}
