//! Asking another model.

use futures_util::future::BoxFuture;

use super::{Completion, OnText, Provider, ProviderError, Request, StopReason};

/// A provider that asks other models, one after the other, when one is overloaded, is asked too
/// often, or refuses before its first word.
#[derive(Debug)]
pub struct Fallback<P> {
    provider: P,
    models: Vec<String>,
}

impl<P> Fallback<P> {
    /// Wraps a provider; `models` are asked in this order, after the one in the request.
    pub fn new(provider: P, models: Vec<String>) -> Self {
        Self { provider, models }
    }
}

impl<P: Provider> Provider for Fallback<P> {
    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: OnText<'a>,
    ) -> BoxFuture<'a, Result<Completion, ProviderError>> {
        Box::pin(async move {
            let mut answer = self.provider.complete(request, on_text).await;
            for model in &self.models {
                if !wants_another(&answer) {
                    break;
                }
                let request = Request { model: model.clone(), ..request.clone() };
                answer = self.provider.complete(&request, on_text).await;
            }
            answer
        })
    }
}

fn wants_another(answer: &Result<Completion, ProviderError>) -> bool {
    match answer {
        Ok(completion) => {
            completion.text.is_empty()
                && matches!(completion.stop_reason, StopReason::Refusal { .. })
        }
        Err(error) => error.is_overloaded(),
    }
}
