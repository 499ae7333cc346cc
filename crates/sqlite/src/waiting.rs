//! Waits for another process that uses the store.

use std::cell::Cell;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::open::BUSY_TIMEOUT;

/// How long it is waited before somebody is told of it.
const SILENCE: Duration = Duration::from_millis(1_500);

/// How long it is waited before each attempt, in milliseconds; the last one holds for all others.
const PAUSES: [u64; 9] = [1, 2, 5, 10, 15, 20, 25, 50, 100];

static TOLD: OnceLock<fn()> = OnceLock::new();

thread_local! {
    /// Since when this thread waits.
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether somebody was told of that.
    static HAS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Has `told` called in any thread of this process that has waited for another process for a second and a half:
/// a store in use is waited for in silence for 20 seconds otherwise. The first one named stays.
pub fn on_long_wait(told: fn()) {
    let _ = TOLD.set(told);
}

/// Pauses before attempt number `attempt` to take a lock; false when it was waited long enough. SQLite asks it
/// for each lock anew, from 0.
pub(crate) fn goes_on(attempt: i32) -> bool {
    let now = Instant::now();
    if attempt == 0 {
        SINCE.set(Some(now));
        HAS_TOLD.set(false);
    }
    let waited = now.duration_since(SINCE.get().unwrap_or(now));
    let Some(pause) = pause(usize::try_from(attempt).unwrap_or_default(), waited) else {
        return false;
    };
    if waited + pause >= SILENCE
        && !HAS_TOLD.replace(true)
        && let Some(told) = TOLD.get()
    {
        told();
    }
    sleep(pause);
    true
}

/// How long is paused before an attempt, if it was waited for so long; none when that is long enough.
fn pause(attempt: usize, waited: Duration) -> Option<Duration> {
    let left = BUSY_TIMEOUT.checked_sub(waited).filter(|left| !left.is_zero())?;
    let usual = Duration::from_millis(PAUSES[attempt.min(PAUSES.len() - 1)]);
    Some(usual.min(left))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static TOLD_TIMES: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn somebody_is_told_once_of_a_long_wait() {
        on_long_wait(|| {
            TOLD_TIMES.fetch_add(1, Ordering::SeqCst);
        });
        let (mut attempt, begun) = (0, Instant::now());
        while begun.elapsed() < SILENCE + Duration::from_millis(200) {
            assert!(goes_on(attempt));
            attempt += 1;
        }
        assert_eq!(TOLD_TIMES.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn it_is_waited_for_twenty_seconds_and_no_longer() {
        let (mut attempt, mut waited) = (0, Duration::ZERO);
        while let Some(pause) = pause(attempt, waited) {
            (attempt, waited) = (attempt + 1, waited + pause);
        }
        assert_eq!(waited, BUSY_TIMEOUT);
        assert!((200..300).contains(&attempt), "{attempt}");
    }
}
