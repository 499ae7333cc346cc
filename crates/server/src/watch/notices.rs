//! The system's notices of changes.

use std::path::{Path, PathBuf};

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Notices that wait to be read; more than these are lost, and all folders are looked through instead.
const MOST_WAITING: usize = 1024;

/// Tells of changes below folders, as far as the system does.
pub(super) struct Notices {
    watcher: Option<RecommendedWatcher>,
    /// What is watched, each with what stood there when that began.
    watched: Vec<(PathBuf, Option<Identity>)>,
    receiver: mpsc::Receiver<Notice>,
    /// Kept, so that waiting for notices goes on where there is no watcher.
    _sender: mpsc::Sender<Notice>,
}

/// Something that changed.
pub(super) enum Notice {
    /// A file may have changed.
    Changed(PathBuf),
    /// A file or folder is no more what it was: it was deleted, moved or replaced.
    Gone(PathBuf),
    /// Notices may be lost.
    Lost,
}

impl Notices {
    /// Begins to listen; also says why the system does not tell of changes, if it does not.
    pub(super) fn listen() -> (Self, Option<notify::Error>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let to = sender.clone();
        let listening = notify::recommended_watcher(move |event| tell(&to, event));
        let (watcher, error) = match listening {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(error)),
        };
        (Self { watcher, watched: Vec::new(), receiver, _sender: sender }, error)
    }

    /// Listens to changes below a folder from now on, if it did not do so before.
    pub(super) fn add(&mut self, folder: &Path) -> notify::Result<()> {
        let is_watched = self.watched.iter().any(|(watched, _)| watched == folder);
        let Some(watcher) = self.watcher.as_mut().filter(|_| !is_watched) else { return Ok(()) };
        let identity = identity(folder);
        watcher.watch(folder, RecursiveMode::Recursive)?;
        self.watched.push((folder.to_owned(), identity));
        Ok(())
    }

    /// Listens no more to folders that are gone, and to those in whose place another one stands: one
    /// that is made again is another one.
    pub(super) fn retain(&mut self, is_there: impl Fn(&Path) -> bool) {
        let Some(watcher) = &mut self.watcher else { return };
        self.watched.retain(|(folder, was)| {
            let stays = is_there(folder) && identity(folder) == *was;
            if !stays {
                // What is gone is not watched any more, whatever this says.
                let _ = watcher.unwatch(folder);
            }
            stays
        });
    }

    /// Listens no more to a folder or file that is not what it was.
    pub(super) fn forget(&mut self, folder: &Path) {
        self.retain(|watched| watched != folder);
    }

    /// Waits for the next notice.
    pub(super) async fn next(&mut self) -> Notice {
        self.receiver.recv().await.unwrap_or(Notice::Lost)
    }

    /// The next notice, if there is one already.
    pub(super) fn waiting(&mut self) -> Option<Notice> {
        self.receiver.try_recv().ok()
    }
}

/// By what a file or folder is told from another one of the same name.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere what was deleted is told of by its notice alone.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// Hands on what changed.
fn tell(to: &mpsc::Sender<Notice>, event: notify::Result<Event>) {
    match event {
        // Reading a file changes nothing.
        Ok(event) if event.kind.is_access() => {}
        Ok(event) if !event.need_rescan() => {
            let is_gone =
                matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
            let notice = if is_gone { Notice::Gone } else { Notice::Changed };
            for path in event.paths {
                // Whoever is full hears of all files soon.
                let _ = to.try_send(notice(path));
            }
        }
        _ => {
            let _ = to.try_send(Notice::Lost);
        }
    }
}
