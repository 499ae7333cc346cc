//! What stands in for a language model and for the clock in a replay.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use longmem_chat::{
    Anthropic, Completion, OnText, Provider, ProviderError, Request, StopReason, Usage, async_trait,
};
use longmem_core::Clock;
use serde_json::Value;

/// A language model that gives the recorded answer, and keeps the request in the form in which it
/// would be sent.
#[derive(Default)]
pub(super) struct RecordedModel {
    answer: Mutex<String>,
    request: Mutex<Value>,
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecordedModel {
    /// Sets the next answer. Where nobody answered, it is three points, since a model that says
    /// nothing is an error.
    pub(super) fn set_answer(&self, answer: &str) {
        let answer = if answer.trim().is_empty() { "…" } else { answer };
        answer.clone_into(&mut locked(&self.answer));
    }

    /// Takes the last request, a body of the Messages API.
    pub(super) fn take_request(&self) -> Value {
        locked(&self.request).take()
    }
}

#[async_trait]
impl Provider for RecordedModel {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let text = locked(&self.answer).clone();
        let body = serde_json::from_str(&Anthropic::request_body(request));
        *locked(&self.request) = body.expect("a request's body is JSON");
        on_text(&text);
        let (stop_reason, usage) = (StopReason::EndTurn, Usage::default());
        Ok(Completion { text, thought: false, stop_reason, usage, model: request.model.clone() })
    }
}

/// A clock that shows the time that it was set to.
#[derive(Default)]
pub(super) struct SettableClock(Mutex<Timestamp>);

impl SettableClock {
    pub(super) fn set(&self, now: Timestamp) {
        *locked(&self.0) = now;
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Timestamp {
        *locked(&self.0)
    }
}
