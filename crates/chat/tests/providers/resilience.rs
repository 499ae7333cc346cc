//! Asking again, and asking another model.

#![expect(clippy::unnecessary_wraps, reason = "outcomes of both kinds stand side by side")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use longmem_chat::{
    Api, Completion, Endpoint, Fallback, OnText, Provider, ProviderError, Request, RetryAdvice,
    Retrying, StopReason, Usage, async_trait,
};
use tokio::time::Instant;

use crate::ask;

/// A provider that gives prepared outcomes in turn, and keeps which models were asked and when.
struct Scripted {
    outcomes: Mutex<VecDeque<Result<Completion, ProviderError>>>,
    asked: Mutex<Vec<(String, Instant)>>,
}

impl Scripted {
    fn new(outcomes: impl IntoIterator<Item = Result<Completion, ProviderError>>) -> Self {
        Self { outcomes: Mutex::new(outcomes.into_iter().collect()), asked: Mutex::default() }
    }

    fn models(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(model, _)| model.clone()).collect()
    }

    /// The milliseconds between one request and the next.
    fn waits(&self) -> Vec<u128> {
        let asked = self.asked.lock().unwrap();
        asked.windows(2).map(|pair| (pair[1].1 - pair[0].1).as_millis()).collect()
    }
}

#[async_trait]
impl Provider for &Scripted {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        self.asked.lock().unwrap().push((request.model.clone(), Instant::now()));
        let outcome = self.outcomes.lock().unwrap().pop_front().expect("asked once too often");
        match &outcome {
            Ok(completion) => on_text(&completion.text),
            Err(error) => on_text(error.partial().unwrap_or_default()),
        }
        outcome
    }
}

fn completion(text: &str, stop_reason: StopReason) -> Result<Completion, ProviderError> {
    let model = "m".to_owned();
    let text = text.to_owned();
    Ok(Completion { text, thought: false, stop_reason, usage: Usage::default(), model })
}

fn good() -> Result<Completion, ProviderError> {
    completion("Yes.", StopReason::EndTurn)
}

fn endpoint() -> Endpoint {
    let base_url = "http://example.org".to_owned();
    Endpoint { api: Api::Anthropic, base_url, with_key: true }
}

fn status(status: u16, advice: RetryAdvice) -> Result<Completion, ProviderError> {
    let message = "No.".to_owned();
    Err(ProviderError::Answered { endpoint: endpoint(), status, message, request_id: None, advice })
}

fn failing(code: u16) -> Result<Completion, ProviderError> {
    status(code, RetryAdvice::default())
}

fn broken_after(partial: &str) -> Result<Completion, ProviderError> {
    let reason = "cut".to_owned();
    Err(ProviderError::Interrupted { endpoint: endpoint(), partial: partial.to_owned(), reason })
}

fn retrying(provider: &Scripted) -> Retrying<&Scripted> {
    Retrying::new(provider)
}

#[tokio::test(start_paused = true)]
async fn waits_twice_as_long_each_time_less_up_to_a_quarter() {
    let provider = Scripted::new([failing(500), broken_after(""), good()]);
    assert_eq!(ask(&retrying(&provider)).await.unwrap().text, "Yes.");
    let waits = provider.waits();
    assert!((375..=501).contains(&waits[0]) && (750..=1001).contains(&waits[1]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn gives_up_after_the_last_retry_with_the_last_error() {
    let provider = Scripted::new([failing(500), failing(529), failing(503)]);
    let error = ask(&retrying(&provider)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Answered { status: 503, .. }));
}

#[tokio::test(start_paused = true)]
async fn a_servers_advice_is_taken_as_it_is() {
    let after =
        |seconds| RetryAdvice { after: Some(Duration::from_secs(seconds)), should_retry: None };
    let provider = Scripted::new([status(429, after(30)), good()]);
    ask(&retrying(&provider)).await.unwrap();
    assert!((30_000..30_010).contains(&provider.waits()[0]), "{:?}", provider.waits());

    // Nobody waits for an hour.
    let provider = Scripted::new([status(429, after(3_600))]);
    assert!(ask(&retrying(&provider)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_server_may_forbid_or_ask_for_another_try() {
    let says = |should_retry| RetryAdvice { after: None, should_retry: Some(should_retry) };
    let provider = Scripted::new([status(500, says(false))]);
    assert!(ask(&retrying(&provider)).await.is_err());
    let provider = Scripted::new([status(400, says(true)), good()]);
    assert!(ask(&retrying(&provider)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_succeed_is_not_tried_again() {
    for outcome in [failing(400), failing(401), failing(404), broken_after("Ye")] {
        let provider = Scripted::new([outcome]);
        assert!(ask(&retrying(&provider)).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn another_model_is_asked_when_one_is_overloaded_or_refuses() {
    let refusal = || completion("", StopReason::Refusal { explanation: None });
    let provider = Scripted::new([failing(529), refusal(), failing(429), good()]);
    let models = ["medium", "large", "largest", "unused"].map(str::to_owned).to_vec();
    let completion = ask(&Fallback::new(&provider, models)).await.unwrap();
    assert_eq!(completion.text, "Yes.");
    assert_eq!(provider.models(), ["small", "medium", "large", "largest"]);
}

#[tokio::test(start_paused = true)]
async fn no_other_model_is_asked_once_text_has_come_or_for_another_error() {
    let halfway = completion("I w", StopReason::Refusal { explanation: None });
    for outcome in [halfway, failing(500), broken_after("Ye")] {
        let provider = Scripted::new([outcome]);
        let _ = ask(&Fallback::new(&provider, vec!["medium".to_owned()])).await;
        assert_eq!(provider.models(), ["small"]);
    }
}

#[tokio::test(start_paused = true)]
async fn each_model_is_retried_before_the_next_is_asked() {
    let provider = Scripted::new([failing(529), failing(529), failing(529), failing(500), good()]);
    let wrapped = Fallback::new(retrying(&provider), vec!["medium".to_owned()]);
    ask(&wrapped).await.unwrap();
    assert_eq!(provider.models(), ["small", "small", "small", "medium", "medium"]);
}
