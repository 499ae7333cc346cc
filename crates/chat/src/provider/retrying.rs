//! Asking again after a passing failure.

use std::time::Duration;

use async_trait::async_trait;

use super::{Completion, OnText, Provider, ProviderError, Request};

/// Number of times that a request is sent again.
const MAX_RETRIES: u32 = 2;

/// Delay before the first retry; it doubles each time.
const FIRST_DELAY: Duration = Duration::from_millis(500);

/// Longest delay of our own choosing.
const MAX_DELAY: Duration = Duration::from_secs(8);

/// Longest delay that a server may ask for. If it asks for more, its error is the answer.
const MAX_ADVISED_DELAY: Duration = Duration::from_mins(1);

/// A provider that asks again after a passing failure, as long as no text has come: twice, after
/// half a second and after one, or when the server says, if that is within a minute.
#[derive(Debug)]
pub struct Retrying<P> {
    provider: P,
}

impl<P> Retrying<P> {
    /// Wraps a provider.
    pub fn new(provider: P) -> Self {
        Self { provider }
    }
}

#[async_trait]
impl<P: Provider> Provider for Retrying<P> {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let mut retries = 0;
        loop {
            let error = match self.provider.complete(request, on_text).await {
                Ok(completion) => return Ok(completion),
                Err(error) => error,
            };
            let Some(delay) = delay(&error, retries) else { return Err(error) };
            tokio::time::sleep(delay).await;
            retries += 1;
        }
    }

    async fn window(&self, model: &str) -> Option<usize> {
        self.provider.window(model).await
    }

    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        self.provider.count_tokens(request).await
    }
}

/// How long to wait before asking again; none if the request should not be sent again. `retries` is
/// the number of times that it was.
fn delay(error: &ProviderError, retries: u32) -> Option<Duration> {
    if !error.is_transient() || retries >= MAX_RETRIES {
        return None;
    }
    if let Some(advised) = error.retry_after() {
        return (advised <= MAX_ADVISED_DELAY).then_some(advised);
    }
    let doubled = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(retries));
    // Shorter by up to a quarter, so that many clients do not come back at the same moment.
    Some(doubled.min(MAX_DELAY).mul_f64(1.0 - fastrand::f64() / 4.0))
}
