//! Proves that remembering, recalling and forgetting work, on the store itself.

use longmem_core::{Role, Scope, SessionName, Timestamp, TurnId, UserName};
use longmem_store::{ForgetTarget, QueuedTurn};

use crate::{Channels, Memory, MemoryError, RecallRequest};

/// One thing that must work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanaryStep {
    /// A turn is read back as it was written.
    Stored,
    /// It is found by its words.
    FoundByWords,
    /// It is found by its meaning, with other words.
    FoundByMeaning,
    /// After forgetting, no way of reading finds it.
    Forgotten,
}

impl CanaryStep {
    /// Every step, in order.
    pub const ALL: [CanaryStep; 4] =
        [Self::Stored, Self::FoundByWords, Self::FoundByMeaning, Self::Forgotten];

    /// What happened to the turn if the step worked.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::FoundByWords => "found by words",
            Self::FoundByMeaning => "found by meaning",
            Self::Forgotten => "gone after forgetting",
        }
    }
}

const SAID: &str = "The canary sings in the coal mine every morning.";
const WORDS: &str = "canary coal mine";
const MEANING: &str = "A bird makes music underground at dawn.";

impl Memory {
    /// Writes a turn for a user of its own, recalls it by words and by meaning, deletes it, and
    /// looks whether it is gone. Returns the steps that worked. Of the turn stays what stays of every
    /// forgotten one: the hash of its key.
    ///
    /// # Errors
    /// [`MemoryError`] as it occurs on the way, the model's included.
    pub fn canary(&self) -> Result<Vec<CanaryStep>, MemoryError> {
        let (user, session) = names(self.now());
        let turn = self.new_turn(session, Role::User, SAID);
        let id = self.remember_checked(&user, std::slice::from_ref(&turn))?[0].id;
        let scope = Scope::of(user.clone());
        let observed = self.observe_canary(&scope, id);
        self.forget(&ForgetTarget::User(user.clone()))?;
        let gone = self.store.turns(&user, &[id])?.is_empty()
            && self.recent(&user, &turn.session, 1)?.is_empty()
            && self.searcher.search_words(&*self.store, &scope, WORDS, 1)?.is_empty();
        let mut worked = observed?;
        if gone {
            worked.push(CanaryStep::Forgotten);
        }
        Ok(worked)
    }

    fn observe_canary(&self, scope: &Scope, id: TurnId) -> Result<Vec<CanaryStep>, MemoryError> {
        let finds = |query: &str, channels: Channels| -> Result<bool, MemoryError> {
            let mut request = RecallRequest::new(scope.clone(), query);
            request.channels = channels;
            Ok(self.recall(&request)?.results.iter().any(|found| found.turn.id == id))
        };
        let mut worked = Vec::new();
        if self.store.turns(&scope.user, &[id])?.first().is_some_and(|turn| turn.text == SAID) {
            worked.push(CanaryStep::Stored);
        }
        if finds(WORDS, Channels::Words)? {
            worked.push(CanaryStep::FoundByWords);
        }
        if self.store.serving_model()?.is_none() {
            self.store.begin_indexing(self.embedder.model(), false)?;
        }
        let queued = QueuedTurn { turn: id, user: scope.user.clone(), text: SAID.to_owned() };
        self.embed_and_store(&[queued])?;
        if finds(MEANING, Channels::Meaning)? {
            worked.push(CanaryStep::FoundByMeaning);
        }
        Ok(worked)
    }
}

/// A user that nobody else has, since no two doctors start in one nanosecond.
fn names(now: Timestamp) -> (UserName, SessionName) {
    let user = UserName::new(format!("longmem doctor {}", now.as_nanosecond()));
    let session = SessionName::new("canary");
    (
        user.expect("it is short and has no control characters"),
        session.expect("the constant is a valid name"),
    )
}
