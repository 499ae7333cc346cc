//! What many measurements say: percentiles, and the range that chance allows.

use serde::Serialize;

/// The range that holds the middle 95 % of a mean's values when the questions are drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5 % of the means are below.
    pub low: f64,
    /// 2.5 % of the means are above.
    pub high: f64,
}

/// Number of samples that are drawn for an interval.
const RESAMPLES: usize = 1000;

/// The seed of the samples. Its value does not matter, but it has to stay the same for intervals to
/// stay the same.
const SEED: u64 = 6;

/// The 95 % interval of the mean by bootstrap: a thousand samples of the same size are drawn from
/// the values, with repetition. Rounded to six decimals, and the same for the same values; none
/// without values.
pub fn bootstrap(values: &[f64]) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = values.iter().map(|_| values[random.usize(..values.len())]);
            (drawn.sum::<f64>() / values.len() as f64 * 1e6).round() / 1e6
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Some(Interval { low: percentile(&means, 2.5), high: percentile(&means, 97.5) })
}

/// The smallest value that is at least as great as `percent` of all values (nearest rank).
///
/// # Panics
/// If there are no values. They must be in ascending order.
pub fn percentile(ascending: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * ascending.len() as f64).ceil() as usize;
    ascending[rank.clamp(1, ascending.len()) - 1]
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact or rounded")]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_hand() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(percentile(&values, 50.0), 10.0);
        assert_eq!(percentile(&values, 95.0), 19.0);
        assert_eq!(percentile(&values, 99.0), 20.0);
        assert_eq!(percentile(&values, 0.0), 1.0);
        assert_eq!(percentile(&[7.0], 50.0), 7.0);
    }

    #[test]
    fn the_interval_is_as_wide_as_the_standard_error_says() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let interval = bootstrap(&values).unwrap();
        // The standard error is 0.5 / √400 = 0.025.
        assert!((interval.low - (0.5 - 1.96 * 0.025)).abs() < 0.01, "{interval:?}");
        assert!((interval.high - (0.5 + 1.96 * 0.025)).abs() < 0.01, "{interval:?}");
        assert_eq!(bootstrap(&values), Some(interval));
        assert_eq!(bootstrap(&[1.0, 1.0]), Some(Interval { low: 1.0, high: 1.0 }));
        assert_eq!(bootstrap(&[]), None);
    }
}
