//! What a conversation keeps in mind from one message to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::Turn;
use longmem_memory::{Epoch, NotedInstruction};
use tokio::sync::watch;

use super::window::WindowShares;
use crate::context::TurnRef;
use crate::{Context, DatedText, Notice, TokenBudget};

/// What a conversation keeps in mind, shared by its clones. Nothing of it outlives the process.
#[derive(Clone, Default)]
pub(super) struct LiveState {
    state: Arc<Mutex<State>>,
    /// Tells who gives an answer that it is to be broken off.
    breaks: Arc<watch::Sender<()>>,
}

/// Five things that live for different times.
#[derive(Default)]
struct State {
    /// The prompt that was answered last: until the next one is answered, or it turns out that no
    /// prompt can continue it.
    answered: Option<AnsweredPrompt>,
    /// The session's last turns as memory has them, for when it cannot be read: until it is read
    /// again.
    stored: Vec<Turn>,
    /// What a person should know: until somebody takes it.
    notices: Vec<Notice>,
    /// The standing instructions that were noted: until somebody takes them.
    noted: Vec<NotedInstruction>,
    /// What the models turned out to be unable to do: until the conversation ends.
    limits: ModelLimits,
}

/// What the models turned out to be unable to do; trying again would only take time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ModelLimits {
    /// The most that a prompt may cost, since one was too long for the language model.
    pub(super) budget: Option<TokenBudget>,
    /// The most tokens that an answer may have, since the language model's window has no more room.
    pub(super) max_tokens: Option<u32>,
    /// Whether the server was asked for the language model's window.
    pub(super) asked_for_window: bool,
    /// Whether the embedding model could not be used.
    pub(super) words_only: bool,
}

/// A prompt that was answered, and what must still be so for the next one to continue it.
#[derive(Clone)]
pub(super) struct AnsweredPrompt {
    pub(super) context: Context,
    /// The session's last turn in it.
    pub(super) last: TurnRef,
    /// The standing instructions that it could hold.
    pub(super) wishes: Vec<DatedText>,
    /// The other facts that it could hold.
    pub(super) facts: Vec<DatedText>,
    /// The user's epoch when it was made, which changes when something is deleted; none if memory
    /// could not be read.
    pub(super) epoch: Option<Epoch>,
}

/// Waits for an answer to be broken off.
#[derive(Clone)]
pub(super) struct Breaks(watch::Receiver<()>);

impl Breaks {
    /// Does a piece of work; none if the answer is broken off meanwhile, or was before.
    pub(super) async fn unless_broken_off<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut breaks = self.0.clone();
        tokio::select! {
            biased;
            done = work => Some(done),
            Ok(()) = breaks.changed() => None,
        }
    }
}

impl LiveState {
    pub(super) fn answered(&self) -> Option<AnsweredPrompt> {
        self.state().answered.clone()
    }

    pub(super) fn set_answered(&self, prompt: Option<AnsweredPrompt>) {
        self.state().answered = prompt;
    }

    /// The session's last turns as far as they are known without memory, oldest first.
    pub(super) fn stored(&self) -> Vec<Turn> {
        self.state().stored.clone()
    }

    /// Keeps the session's last turns as memory has them.
    pub(super) fn set_stored(&self, stored: &[Turn]) {
        stored.clone_into(&mut self.state().stored);
    }

    /// Keeps one more turn that memory has now.
    pub(super) fn push_stored(&self, turn: Turn) {
        self.state().stored.push(turn);
    }

    /// Keeps a notice, once however often it comes before it is taken.
    pub(super) fn push_notice(&self, notice: Notice) {
        let mut state = self.state();
        if !state.notices.contains(&notice) {
            state.notices.push(notice);
        }
    }

    pub(super) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.state().notices)
    }

    pub(super) fn push_noted(&self, noted: Vec<NotedInstruction>) {
        self.state().noted.extend(noted);
    }

    pub(super) fn take_noted(&self) -> Vec<NotedInstruction> {
        std::mem::take(&mut self.state().noted)
    }

    pub(super) fn limits(&self) -> ModelLimits {
        self.state().limits
    }

    pub(super) fn limit_to(&self, shares: WindowShares) {
        let limits = &mut self.state().limits;
        limits.budget = Some(shares.budget);
        limits.max_tokens = Some(shares.max_tokens);
    }

    /// Notes that the server is asked for the window; returns whether it was asked before.
    pub(super) fn ask_for_window(&self) -> bool {
        std::mem::replace(&mut self.state().limits.asked_for_window, true)
    }

    pub(super) fn limit_to_words(&self) {
        self.state().limits.words_only = true;
    }

    /// Breaks off the answers that are being given.
    pub(super) fn break_off(&self) {
        self.breaks.send_replace(());
    }

    /// Watches for an answer that begins now to be broken off.
    pub(super) fn breaks(&self) -> Breaks {
        Breaks(self.breaks.subscribe())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
