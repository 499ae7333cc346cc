//! What was measured, as it is printed and as JSON.

use std::time::Duration;

use serde::Serialize;

use super::machine::Machine;

/// All that a run measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    pub(super) machine: Machine,
    pub(super) groups: Vec<Group>,
    /// For each query of `bench search`, the numbers of the nearest vectors, from 0, best first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nearest: Option<Vec<Vec<u64>>>,
}

/// Figures of one kind, whose bars may be compared.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

/// One thing that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) figure: Figure,
}

impl Row {
    pub(super) fn new(name: impl Into<String>, figure: Figure) -> Self {
        Self { name: name.into(), figure }
    }
}

/// How long something takes, how much of it is done in a second, or how large it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Figure {
    /// Milliseconds of single calls: half of them took no longer than `p50_ms`.
    Latency { p50_ms: f64, p95_ms: f64, calls: usize },
    /// Things a second.
    Rate { per_second: f64, of: &'static str, tokens_per_second: Option<f64> },
    /// A size on disk or in memory.
    Size { bytes: u64 },
}

impl Figure {
    /// Percentiles by nearest rank; all zero if nothing was timed.
    pub(super) fn latency(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Self::Latency { p50_ms: rank(50), p95_ms: rank(95), calls: times.len() }
    }

    /// So many things a second.
    pub(super) fn rate(per_second: f64, of: &'static str) -> Self {
        Self::Rate { per_second, of, tokens_per_second: None }
    }

    /// The number that its bar shows.
    pub(super) fn length(&self) -> f64 {
        match self {
            Self::Latency { p50_ms, .. } => *p50_ms,
            Self::Rate { per_second, .. } => *per_second,
            Self::Size { bytes } => *bytes as f64,
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
        assert_eq!(times(1..=100), Figure::Latency { p50_ms: 50.0, p95_ms: 95.0, calls: 100 });
        assert_eq!(times(1..=3), Figure::Latency { p50_ms: 2.0, p95_ms: 3.0, calls: 3 });
        assert_eq!(Figure::latency(vec![]), Figure::Latency { p50_ms: 0.0, p95_ms: 0.0, calls: 0 });
    }
}
