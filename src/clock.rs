//! The machine's clock.

use std::time::SystemTime;

use longmem_core::{Clock, Timestamp};

/// The machine's clock. One that is set to a time that has no date of four digits is taken to stand at
/// the nearest time that has one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        nearest_timestamp(SystemTime::now())
    }
}

/// The last second: the fraction of it that [`Timestamp::MAX`] has cannot be stored in milliseconds.
fn last() -> Timestamp {
    Timestamp::from_second(Timestamp::MAX.as_second()).unwrap_or(Timestamp::MAX)
}

fn nearest_timestamp(time: SystemTime) -> Timestamp {
    let outermost = if time < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { last() };
    Timestamp::try_from(time).unwrap_or(outermost).min(last())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_is_set_to_no_date_stands_at_the_nearest() {
        let years = |years: u64| Duration::from_secs(years * 366 * 24 * 3600);
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(nearest_timestamp(epoch), Timestamp::UNIX_EPOCH);
        assert_eq!(nearest_timestamp(epoch + years(20_000)), last());
        assert_eq!(nearest_timestamp(epoch - years(20_000)), Timestamp::MIN);
        assert!(nearest_timestamp(epoch - years(100)) < Timestamp::UNIX_EPOCH);
    }
}
