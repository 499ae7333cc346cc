//! A sign of life between a message and the first word of its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;
use longmem_chat::{
    Completion, Conversation, OnText, Provider, ProviderError, Request, async_trait,
};

use crate::output::Output;
use crate::progress_bar;
use crate::sanitize::for_terminal;

/// How long an answer may take before a sign is shown: a quick one does not flicker.
pub(super) const QUICK: Duration = Duration::from_millis(400);

/// A sign on the terminal that something happens; it is gone before the first word.
pub(super) struct WaitingSign {
    output: Output,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is being done.
    words: String,
    /// The sign, while it is shown.
    shown: Option<ProgressBar>,
    /// Whether a message waits for its first word.
    waits: bool,
}

impl WaitingSign {
    /// The sign of a conversation, which says when its model is asked.
    pub(super) fn of(conversation: &mut Conversation, output: Output) -> Arc<Self> {
        let sign = Arc::new(Self { output, state: Mutex::default() });
        if let Some(model) = &mut conversation.model {
            let words = format!("waiting for {}…", for_terminal(&model.name));
            let (provider, sign) = (Arc::clone(&model.provider), Arc::clone(&sign));
            model.provider = Arc::new(Announcing { provider, words, sign });
        }
        sign
    }

    /// A message begins to wait.
    pub(super) fn begin(&self) {
        self.change(|state| {
            "recalling…".clone_into(&mut state.words);
            state.waits = true;
        });
    }

    /// Shows the sign, if the message still waits.
    pub(super) fn show(&self) {
        self.change(|state| {
            if state.waits && state.shown.is_none() {
                state.shown = Some(progress_bar::sign(self.output, &state.words));
            }
        });
    }

    /// Takes the sign away: the first word has come, or nothing will.
    pub(super) fn end(&self) {
        self.change(|state| {
            state.waits = false;
            if let Some(shown) = state.shown.take() {
                shown.finish_and_clear();
            }
        });
    }

    fn say(&self, words: &str) {
        self.change(|state| {
            words.clone_into(&mut state.words);
            if let Some(shown) = &state.shown {
                shown.set_message(words.to_owned());
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A provider that says on the sign when it is asked.
struct Announcing {
    provider: Arc<dyn Provider>,
    words: String,
    sign: Arc<WaitingSign>,
}

#[async_trait]
impl Provider for Announcing {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        self.sign.say(&self.words);
        self.provider.complete(request, on_text).await
    }

    async fn window(&self, model: &str) -> Option<usize> {
        self.provider.window(model).await
    }

    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        self.provider.count_tokens(request).await
    }
}
