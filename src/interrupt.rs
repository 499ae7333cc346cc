//! Ctrl-C as a flag that long work looks at between two steps.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by the first Ctrl-C; the second ends the process at once, which harms nothing either.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to listen.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let flag = Self(Arc::new(AtomicBool::new(false)));
        let seen = flag.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if seen.0.swap(true, Ordering::Relaxed) {
                        // Asked for twice, and nothing on disk is ever half done.
                        std::process::exit(130);
                    }
                }
            });
        })?;
        Ok(flag)
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The same as an answer to a progress report.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        if self.happened() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
