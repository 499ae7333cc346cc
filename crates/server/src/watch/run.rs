//! Watches until it is told to stop.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longmem_chat::AsyncMemory;
use longmem_memory::{MemoryError, StoreLock};
use longmem_wire::WatchEvent;
use tokio::task;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::captures::{Captured, KnownFiles, capture};
use super::changed::ChangedFiles;
use super::exclusion::is_excluded;
use super::indexing::Indexing;
use super::notices::{Notice, Notices};
use super::scan::{FileState, Scan, scan};
use super::{WatchSettings, WatchedFolder};

/// Captures what is said in the transcripts that the settings name, until `stop` is cancelled; `see`
/// hears what happens. While another process watches for the same user, it waits.
///
/// A turn is stored once, whoever else imports the same file, and however this ends: how far a file was
/// read is kept in the transaction that stores what was read of it.
///
/// # Errors
/// [`MemoryError`] if the memory cannot be opened, or can only be read. Everything that happens later is
/// told to `see`, and tried again.
pub async fn watch(
    memory: AsyncMemory,
    settings: WatchSettings,
    stop: CancellationToken,
    mut see: impl FnMut(WatchEvent) + Send,
) -> Result<(), MemoryError> {
    let Some(_right) = right_to_watch(&memory, &settings, &stop, &mut see).await? else {
        return Ok(());
    };
    let (notices, error) = Notices::listen();
    if let Some(error) = error {
        see(WatchEvent::WithoutNotices { message: error.to_string() });
    }
    let now = Instant::now();
    let watcher = Watcher {
        changed: ChangedFiles::new(settings.pace.quiet),
        indexing: Indexing::new(settings.index.then(|| now + settings.pace.index_after)),
        memory,
        settings: Arc::new(settings),
        stop,
        see,
        notices,
        folders: Vec::new(),
        known: KnownFiles::default(),
        were_there: HashSet::new(),
        failed: HashSet::new(),
        next_scan: now,
        has_started: false,
    };
    watcher.run().await;
    Ok(())
}

/// Waits for the right to watch; none if it was told to stop before.
async fn right_to_watch(
    memory: &AsyncMemory,
    settings: &WatchSettings,
    stop: &CancellationToken,
    see: &mut impl FnMut(WatchEvent),
) -> Result<Option<StoreLock>, MemoryError> {
    let mut has_told = false;
    while !stop.is_cancelled() {
        let user = settings.user.clone();
        if let Some(right) = memory.run(move |memory| memory.lock_watching(&user)).await? {
            return Ok(Some(right));
        }
        if !has_told {
            see(WatchEvent::Waiting { user: settings.user.clone() });
            has_told = true;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(settings.pace.retry) => {}
        }
    }
    Ok(None)
}

struct Watcher<See> {
    memory: AsyncMemory,
    settings: Arc<WatchSettings>,
    stop: CancellationToken,
    see: See,
    notices: Notices,
    /// What is watched and exists.
    folders: Vec<WatchedFolder>,
    known: KnownFiles,
    changed: ChangedFiles,
    indexing: Indexing,
    /// What was named and has been there at some time.
    were_there: HashSet<PathBuf>,
    /// Files of which it was told that they cannot be read.
    failed: HashSet<PathBuf>,
    next_scan: Instant,
    has_started: bool,
}

impl<See: FnMut(WatchEvent) + Send> Watcher<See> {
    async fn run(mut self) {
        while !self.stop.is_cancelled() {
            while let Some(notice) = self.notices.waiting() {
                self.take_in(notice);
            }
            let now = Instant::now();
            if now >= self.next_scan {
                self.rescan().await;
            } else if let Some(path) = self.changed.due(now).map(Path::to_owned) {
                self.changed.take(&path);
                self.read(path).await;
            } else if self.changed.next().is_none()
                && self.indexing.due().is_some_and(|due| now >= due)
            {
                let retry = self.settings.pace.retry;
                let event = self.indexing.run(&self.memory, retry, &self.stop).await;
                event.into_iter().for_each(&mut self.see);
            } else {
                self.wait().await;
            }
        }
    }

    /// Waits until something happens or is to be done.
    async fn wait(&mut self) {
        // Vectors wait for files, so while a file waits they wake nobody.
        let next = self.changed.next().or(self.indexing.due());
        let wakes = next.map_or(self.next_scan, |next| next.min(self.next_scan));
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = sleep_until(wakes) => {}
            notice = self.notices.next() => self.take_in(notice),
        }
    }

    fn take_in(&mut self, notice: Notice) {
        match notice {
            Notice::Changed(path) => {
                let admitted = self.folders.iter().any(|folder| folder.admits(&path));
                if admitted && !is_excluded(&path, &self.settings.exclude) {
                    self.changed.note(path, Instant::now());
                }
            }
            Notice::Gone(path) => {
                if self.folders.iter().any(|folder| folder.path() == path) {
                    // What stands in its place now is found by looking, and listened to anew.
                    self.notices.forget(&path);
                    self.next_scan = self.next_scan.min(Instant::now() + self.settings.pace.quiet);
                }
                // Its name may be that of another file now.
                self.take_in(Notice::Changed(path));
            }
            Notice::Lost => self.next_scan = Instant::now() + self.settings.pace.quiet,
        }
    }

    /// Looks through all folders, and listens to those that are new.
    async fn rescan(&mut self) {
        let settings = Arc::clone(&self.settings);
        // Listening comes before looking, so that nothing is missed in between.
        let there: Vec<WatchedFolder> =
            settings.folders.iter().filter_map(WatchedFolder::resolved).collect();
        self.notices.retain(|path| there.iter().any(|folder| folder.path() == path));
        for folder in &there {
            if let Err(error) = self.notices.add(folder.path())
                && !self.has_started
            {
                (self.see)(WatchEvent::WithoutNotices { message: error.to_string() });
            }
        }
        let scanned = task::spawn_blocking(move || scan(&settings)).await;
        let Scan { there, missing, files } = scanned.unwrap_or_default();
        let now = Instant::now();
        for (path, state) in &files {
            if self.known.is_changed(path, *state) {
                self.changed.read_at(path.clone(), now);
            }
        }
        self.known.retain(|path| files.contains_key(path));
        self.failed.retain(|path| files.contains_key(path));
        self.folders = there;
        // What was there may come back soon; what never was is looked for now and then.
        let pace = self.settings.pace;
        let is_away = missing.iter().any(|path| self.were_there.contains(path));
        self.next_scan = now + if is_away { pace.retry.min(pace.rescan) } else { pace.rescan };
        let named = self.settings.folders.iter().map(WatchedFolder::path);
        let there = named.filter(|path| !missing.iter().any(|missing| missing == path));
        self.were_there.extend(there.map(Path::to_owned));
        if !self.has_started {
            self.has_started = true;
            let shown = |path: &Path| path.display().to_string();
            (self.see)(WatchEvent::Started {
                user: self.settings.user.clone(),
                folders: self.folders.iter().map(|folder| shown(folder.path())).collect(),
                missing: missing.iter().map(|path| shown(path)).collect(),
            });
        }
    }

    /// Reads what is new in a file.
    async fn read(&mut self, path: PathBuf) {
        // Its state is looked at before it is read: what comes meanwhile is read the next time.
        let Some(state) = FileState::of(&path) else { return };
        if !self.known.is_changed(&path, state) {
            return;
        }
        let (user, stop, file) = (self.settings.user.clone(), self.stop.clone(), path.clone());
        let captured = self
            .memory
            .run(move |memory| {
                Ok::<_, MemoryError>(capture(memory, &user, &file, &|| stop.is_cancelled()))
            })
            .await;
        let captured = captured.unwrap_or_else(|error| {
            Captured::NotNow(WatchEvent::Failed {
                file: path.display().to_string(),
                message: longmem_wire::full_message(&error),
            })
        });
        let now = Instant::now();
        match captured {
            Captured::Read(event) => {
                self.failed.remove(&path);
                self.known.insert(path, state);
                if let Some(event) = event {
                    (self.see)(event);
                    if self.settings.index {
                        self.indexing.postpone(now + self.settings.pace.index_after);
                    }
                }
            }
            Captured::Unreadable(event) => {
                self.known.insert(path.clone(), state);
                self.tell_failure(path, event);
            }
            Captured::NotNow(event) => {
                self.changed.read_at(path.clone(), now + self.settings.pace.retry);
                self.tell_failure(path, Some(event));
            }
            Captured::Stopped => {}
        }
    }

    /// Tells once of a file that it cannot be read.
    fn tell_failure(&mut self, path: PathBuf, event: Option<WatchEvent>) {
        if let Some(event) = event
            && self.failed.insert(path)
        {
            (self.see)(event);
        }
    }
}
