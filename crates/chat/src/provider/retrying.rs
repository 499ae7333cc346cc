//! Asking again after a passing failure.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::BoxFuture;

use super::{Completion, OnText, Provider, ProviderError, Request};

/// How often and after how long a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many times after the first; 2 by default.
    pub retries: u32,
    /// The first delay, doubled each time; half a second by default.
    pub first_delay: Duration,
    /// The longest delay of our own choosing; 8 seconds by default.
    pub longest_delay: Duration,
    /// The longest delay that a server may ask for; if it asks for more, its error is the answer.
    /// One minute by default.
    pub longest_advised: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 2,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(8),
            longest_advised: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// How long to wait before asking again, if that makes sense; `retries` is how often it has
    /// been done, `random` between 0 and 1.
    ///
    /// The delay doubles each time and is shortened by up to a quarter, so that many clients do not
    /// come back at once; a server's own advice is taken as it is.
    fn delay(&self, error: &ProviderError, retries: u32, random: f64) -> Option<Duration> {
        if !error.is_transient() || retries >= self.retries {
            return None;
        }
        if let Some(advised) = error.retry_after() {
            return (advised <= self.longest_advised).then_some(advised);
        }
        let doubled = self.first_delay.saturating_mul(2_u32.saturating_pow(retries));
        Some(doubled.min(self.longest_delay).mul_f64(1.0 - random / 4.0))
    }
}

/// A provider that asks again after a passing failure, as long as no text has come.
#[derive(Debug)]
pub struct Retrying<P> {
    provider: P,
    policy: RetryPolicy,
    random: Mutex<Rng>,
}

impl<P> Retrying<P> {
    /// Wraps a provider; `random` spreads the delays.
    pub fn new(provider: P, policy: RetryPolicy, random: Rng) -> Self {
        Self { provider, policy, random: Mutex::new(random) }
    }
}

impl<P: Provider> Provider for Retrying<P> {
    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: OnText<'a>,
    ) -> BoxFuture<'a, Result<Completion, ProviderError>> {
        Box::pin(async move {
            let mut retries = 0;
            loop {
                let error = match self.provider.complete(request, on_text).await {
                    Ok(completion) => return Ok(completion),
                    Err(error) => error,
                };
                let random = self.random.lock().unwrap_or_else(PoisonError::into_inner).f64();
                let Some(delay) = self.policy.delay(&error, retries, random) else {
                    return Err(error);
                };
                tokio::time::sleep(delay).await;
                retries += 1;
            }
        })
    }
}
