//! Waiting for this crate's futures where nothing is async.

use tokio::runtime::{Builder, Runtime};

use crate::ChatError;

/// Runs this crate's futures to their end on the thread that waits for them, with a network of its
/// own.
///
/// # Examples
/// ```
/// assert_eq!(longmem_chat::Blocking::new()?.run(async { 7 }), 7);
/// # Ok::<(), longmem_chat::ChatError>(())
/// ```
#[derive(Debug)]
pub struct Blocking(Runtime);

impl Blocking {
    /// Prepares the network and the clock that futures wait for.
    ///
    /// # Errors
    /// [`ChatError::NoThread`].
    pub fn new() -> Result<Self, ChatError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.map(Self).map_err(|source| ChatError::NoThread { source })
    }

    /// Runs a future to its end.
    ///
    /// # Panics
    /// If called from async code.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}
