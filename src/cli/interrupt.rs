//! Ctrl-C as a flag that long work checks between two steps.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by the first Ctrl-C. The second ends the process at once, which is safe: writes are transactions.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

/// Whether Ctrl-C was pressed since somebody listens for it: for what works below those who do.
static PRESSED: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C was pressed, which ends waiting for a server that does not answer.
pub(crate) fn was_pressed() -> bool {
    PRESSED.load(Ordering::Relaxed)
}

impl Interrupt {
    /// Starts to listen for Ctrl-C.
    pub(crate) fn listen() -> io::Result<Self> {
        let flag = Self(Arc::new(AtomicBool::new(false)));
        let seen = flag.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Registered here, not in the thread: a Ctrl-C in the meantime would end the process at once.
        let mut pressed = {
            let _runtime = runtime.enter();
            ctrl_c()?
        };
        std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
            runtime.block_on(async {
                while pressed.recv().await.is_some() {
                    PRESSED.store(true, Ordering::Relaxed);
                    if seen.0.swap(true, Ordering::Relaxed) {
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

    /// Tells work that reports its progress whether to stop.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        if self.happened() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// A writer that fails once Ctrl-C was pressed.
    pub(crate) fn stops<W: Write>(&self, writer: W) -> StoppedWriter<W> {
        StoppedWriter { writer, interrupt: self.clone() }
    }
}

#[cfg(unix)]
fn ctrl_c() -> io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(windows)]
fn ctrl_c() -> io::Result<tokio::signal::windows::CtrlC> {
    tokio::signal::windows::ctrl_c()
}

/// See [`Interrupt::stops`].
pub(crate) struct StoppedWriter<W> {
    writer: W,
    interrupt: Interrupt,
}

impl<W> StoppedWriter<W> {
    pub(crate) fn into_inner(self) -> W {
        self.writer
    }
}

impl<W: Write> Write for StoppedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.interrupt.happened() {
            return Err(io::Error::other("interrupted"));
        }
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
