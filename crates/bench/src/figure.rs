//! A measured number.

use std::time::Duration;

use serde::Serialize;

/// How long something takes, how much of it is done in a second, or how large it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Figure {
    /// Times of single calls.
    Latency {
        /// Milliseconds that half of the calls did not exceed.
        p50_ms: f64,
        /// Milliseconds that 95 % of the calls did not exceed.
        p95_ms: f64,
        /// Milliseconds that 99 % of the calls did not exceed.
        p99_ms: f64,
        /// Number of calls that were timed.
        calls: usize,
    },
    /// A speed.
    Rate {
        /// Things a second.
        per_second: f64,
        /// What the things are, in the plural.
        of: &'static str,
        /// The model's tokens a second, where the things are texts.
        tokens_per_second: Option<f64>,
    },
    /// A size on disk or in memory.
    Size {
        /// The size in bytes.
        bytes: u64,
    },
    /// How often something happens in one call, on average.
    Count {
        /// The number.
        each: f64,
        /// What is counted, in the plural.
        of: &'static str,
    },
}

impl Figure {
    /// Percentiles of times by nearest rank; all zero without times.
    pub fn latency(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Self::Latency { p50_ms: rank(50), p95_ms: rank(95), p99_ms: rank(99), calls: times.len() }
    }

    /// The number that compares it with others of its kind: the median, the rate, the
    /// bytes, or the count.
    pub fn value(&self) -> f64 {
        match self {
            Self::Latency { p50_ms, .. } => *p50_ms,
            Self::Rate { per_second, .. } => *per_second,
            Self::Size { bytes } => *bytes as f64,
            Self::Count { each, .. } => *each,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_taken() {
        let times = |milliseconds: std::ops::RangeInclusive<u64>| {
            Figure::latency(milliseconds.rev().map(Duration::from_millis).collect())
        };
        assert_eq!(
            times(1..=100),
            Figure::Latency { p50_ms: 50.0, p95_ms: 95.0, p99_ms: 99.0, calls: 100 }
        );
        assert_eq!(
            times(1..=3),
            Figure::Latency { p50_ms: 2.0, p95_ms: 3.0, p99_ms: 3.0, calls: 3 }
        );
        assert_eq!(
            Figure::latency(vec![]),
            Figure::Latency { p50_ms: 0.0, p95_ms: 0.0, p99_ms: 0.0, calls: 0 }
        );
    }
}
