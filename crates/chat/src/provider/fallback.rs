//! Asking another model.

use async_trait::async_trait;

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

#[async_trait]
impl<P: Provider> Provider for Fallback<P> {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let mut answer = self.provider.complete(request, on_text).await;
        for model in &self.models {
            if !calls_for_another_model(&answer) {
                break;
            }
            let request = Request { model: model.clone(), ..request.clone() };
            answer = self.provider.complete(&request, on_text).await;
        }
        answer
    }

    async fn window(&self, model: &str) -> Option<usize> {
        self.provider.window(model).await
    }

    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        self.provider.count_tokens(request).await
    }
}

fn calls_for_another_model(answer: &Result<Completion, ProviderError>) -> bool {
    match answer {
        Ok(completion) => {
            completion.text.is_empty()
                && matches!(completion.stop_reason, StopReason::Refusal { .. })
        }
        Err(error) => error.is_overloaded(),
    }
}
