//! How many requests a key may send: a bucket of tokens for each.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    /// How often a second, in the long run.
    pub(crate) per_second: f64,
    /// How often at once after a pause.
    pub(crate) burst: f64,
}

/// A bucket that fills with time and that each request takes a token from.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// The buckets of all who send requests.
#[derive(Debug)]
pub(crate) struct Rates<K> {
    rate: Rate,
    buckets: Mutex<HashMap<K, Bucket>>,
}

/// Number of buckets from which on those that are full again are thrown away.
const MANY: usize = 1024;

impl<K: Hash + Eq> Rates<K> {
    /// Allows this rate to each.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long it takes until there is one.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let Rate { per_second, burst } = self.rate;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |bucket: &Bucket| {
            let more = now.saturating_duration_since(bucket.filled).as_secs_f64() * per_second;
            (bucket.tokens + more).min(burst)
        };
        if buckets.len() >= MANY {
            buckets.retain(|_, bucket| filled(bucket) < burst);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: burst, filled: now });
        *bucket = Bucket { tokens: filled(bucket), filled: now.max(bucket.filled) };
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / per_second));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds_for_each_alone() {
        let rates = Rates::new(Rate { per_second: 50.0, burst: 100.0 });
        let start = Instant::now();
        for _ in 0..100 {
            rates.take("ana", start).unwrap();
        }
        let wait = rates.take("ana", start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(20));
        rates.take("bo", start).unwrap();
        let second_later = start + Duration::from_secs(1);
        let passed = (0..200).filter(|_| rates.take("ana", second_later).is_ok()).count();
        assert_eq!(passed, 50);
    }

    #[test]
    fn buckets_that_are_full_again_are_thrown_away() {
        let rates = Rates::new(Rate { per_second: 1.0, burst: 1.0 });
        let start = Instant::now();
        for key in 0..MANY {
            rates.take(key, start).unwrap();
        }
        rates.take(MANY, start + Duration::from_secs(2)).unwrap();
        assert_eq!(rates.buckets.lock().unwrap().len(), 1);
    }
}
