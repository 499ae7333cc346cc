//! The system's notices of changes.

use std::path::{Path, PathBuf};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Notices that wait to be read; more than these are lost, and all folders are looked through instead.
const MOST_WAITING: usize = 1024;

/// Tells of changes below folders, as far as the system does.
pub(super) struct Notices {
    watcher: Option<RecommendedWatcher>,
    /// What is watched.
    watched: Vec<PathBuf>,
    receiver: mpsc::Receiver<Notice>,
    /// Kept, so that waiting for notices goes on where there is no watcher.
    _sender: mpsc::Sender<Notice>,
}

/// Something that changed.
pub(super) enum Notice {
    /// A file may have changed.
    Changed(PathBuf),
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
        let is_watched = self.watched.iter().any(|watched| watched == folder);
        let Some(watcher) = self.watcher.as_mut().filter(|_| !is_watched) else { return Ok(()) };
        watcher.watch(folder, RecursiveMode::Recursive)?;
        self.watched.push(folder.to_owned());
        Ok(())
    }

    /// Listens no more to folders that are gone: one that is made again is another one.
    pub(super) fn retain(&mut self, is_there: impl Fn(&Path) -> bool) {
        let Some(watcher) = &mut self.watcher else { return };
        self.watched.retain(|folder| {
            let stays = is_there(folder);
            if !stays {
                // What is gone is not watched any more, whatever this says.
                let _ = watcher.unwatch(folder);
            }
            stays
        });
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

/// Hands on what changed.
fn tell(to: &mpsc::Sender<Notice>, event: notify::Result<Event>) {
    match event {
        // Reading a file changes nothing.
        Ok(event) if event.kind.is_access() => {}
        Ok(event) if !event.need_rescan() => {
            for path in event.paths {
                // Whoever is full hears of all files soon.
                let _ = to.try_send(Notice::Changed(path));
            }
        }
        _ => {
            let _ = to.try_send(Notice::Lost);
        }
    }
}
