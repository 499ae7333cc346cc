//! Signals that ask a server to stop.

use std::io;
use std::process;
use std::sync::Arc;

use tokio::sync::Notify;

/// Exit code of a program that was interrupted before it had ended what was under way.
const INTERRUPTED: i32 = 130;

/// Ctrl-C, and the system's request to end. The first asks for the end; the second ends the program at once,
/// which is safe: writes are transactions.
pub(crate) struct StopSignals(Arc<Notify>);

impl StopSignals {
    /// Starts to listen; called within a runtime.
    ///
    /// # Errors
    /// If the system lets nobody listen for signals.
    pub(crate) fn listen() -> io::Result<Self> {
        let asked = Arc::new(Notify::new());
        let mut sources = Sources::new()?;
        let first = Arc::clone(&asked);
        tokio::spawn(async move {
            sources.next().await;
            first.notify_one();
            sources.next().await;
            process::exit(INTERRUPTED);
        });
        Ok(Self(asked))
    }

    /// Waits for the first signal.
    pub(crate) async fn first(self) {
        self.0.notified().await;
    }
}

/// Where signals come from.
#[cfg(unix)]
struct Sources([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Sources {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let [interrupt, terminate, hang_up] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Ok(Self([signal(interrupt)?, signal(terminate)?, signal(hang_up)?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hang_up] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

/// Where signals come from.
#[cfg(not(unix))]
struct Sources;

#[cfg(not(unix))]
impl Sources {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
