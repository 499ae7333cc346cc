//! Who sent wrong keys lately.

use std::time::{Duration, Instant};

use super::{Rate, Rates};
use crate::peer::PeerName;

/// Wrong keys that somebody may send in a minute.
const A_MINUTE: f64 = 5.0;

/// Counts the wrong keys of each peer. A right key is served whatever the peer sent before: programs on one
/// machine have one address, and one with an old key must not lock out the others. Keys cannot be guessed
/// anyway; this keeps guesses from costing anything.
#[derive(Debug)]
pub(crate) struct Failures(Rates<PeerName>);

impl Default for Failures {
    fn default() -> Self {
        Self(Rates::new(Rate { per_second: A_MINUTE / 60.0, burst: A_MINUTE }))
    }
}

impl Failures {
    /// Counts a wrong key.
    ///
    /// # Errors
    /// How long the peer has to wait, if it sent too many.
    pub(crate) fn count(&self, peer: PeerName, now: Instant) -> Result<(), Duration> {
        self.0.take(peer, now)
    }
}
