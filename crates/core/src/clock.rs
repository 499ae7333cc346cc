//! Where the time comes from.

use jiff::Timestamp;

/// Tells the time, so that no library reads it from the machine by itself.
///
/// # Examples
/// ```
/// use longmem_core::{Clock, FixedClock};
///
/// let clock = FixedClock("2026-03-02T10:00:00Z".parse()?);
/// assert_eq!(clock.now().to_string(), "2026-03-02T10:00:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Clock: Send + Sync {
    /// Returns the present moment.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still, for tests and for "as of" questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
