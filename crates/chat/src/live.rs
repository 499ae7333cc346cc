//! What a conversation keeps in mind from one message to the next.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use longmem_core::{NewTurn, Remedy, SessionName, SourceKey, Turn, TurnId};
use longmem_memory::Epoch;

use crate::spool::{Spool, Spooled};
use crate::{Context, DatedText, TokenBudget};

/// What a conversation keeps in mind: the last prompt, which the next one continues; the session's
/// last turns, for when memory cannot be read; a spool, for when it cannot be written; and what a
/// person should be told. Clones share it.
///
/// Without a spool, what cannot be stored is an error.
#[derive(Clone)]
pub struct LiveSession {
    state: Arc<Mutex<State>>,
    spool: Option<Spool>,
    patience: Option<Duration>,
}

struct State {
    thread: Option<Thread>,
    stored: Vec<Turn>,
    notices: Vec<Notice>,
    /// What a prompt may cost since one was too long for the model.
    limit: Option<TokenBudget>,
    /// Whether the embedding model could not be used; nobody wants to wait for that twice.
    words_only: bool,
    random: Rng,
}

/// A prompt that was answered, and what must still be so for the next one to continue it.
#[derive(Clone)]
pub(crate) struct Thread {
    pub(crate) context: Context,
    /// The session's last turn in it.
    pub(crate) last: TurnId,
    /// The facts that it could hold.
    pub(crate) facts: Vec<DatedText>,
    /// How often something of the user's had been deleted.
    pub(crate) epoch: Option<Epoch>,
}

/// Something that a person should be told beside the answer: the talk goes on, in another way than
/// it should.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Memory could not be written; what was said waits in the spool.
    Spooled {
        /// Why.
        reason: String,
    },
    /// What waited in the spool is in memory now.
    StoredLater {
        /// How many turns.
        turns: usize,
        /// Lines of the spool that were no turns: a crash had cut them off.
        unreadable: usize,
    },
    /// Memory could not be read; the prompt holds what was said in this session only.
    NothingRecalled {
        /// Why.
        reason: String,
    },
    /// The embedding model cannot be used; what was recalled was found by its words alone.
    WordsOnly {
        /// Why.
        reason: String,
        /// What would help.
        remedies: Vec<Remedy>,
    },
    /// The model's window was too small for the prompt; a smaller one was sent.
    MadeSmaller {
        /// The budget of the smaller prompt.
        budget: TokenBudget,
    },
    /// The answer broke off; what came of it is stored, marked as broken off.
    KeptPart,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spooled { reason } => {
                write!(f, "{reason}; what is said here is kept aside and stored later")
            }
            Self::StoredLater { turns, unreadable } => {
                let s = if *turns == 1 { "" } else { "s" };
                write!(
                    f,
                    "{turns} turn{s} that had been kept aside {} stored now",
                    if *turns == 1 { "is" } else { "are" }
                )?;
                match unreadable {
                    0 => Ok(()),
                    lines => write!(f, "; {lines} lines were cut off and are lost"),
                }
            }
            Self::NothingRecalled { reason } => {
                write!(f, "{reason}; only what was said in this session is known")
            }
            Self::WordsOnly { reason, .. } => {
                write!(f, "memory was searched by words only: {reason}")
            }
            Self::MadeSmaller { budget } => {
                write!(
                    f,
                    "the model's window is too small for the prompt; {budget} tokens were sent"
                )
            }
            Self::KeptPart => {
                f.write_str("what came of the answer is stored, marked as broken off")
            }
        }
    }
}

impl LiveSession {
    /// Nothing yet; `random` names turns, so that none is ever stored twice.
    pub fn new(random: Rng) -> Self {
        let state = State {
            thread: None,
            stored: Vec::new(),
            notices: Vec::new(),
            limit: None,
            words_only: false,
            random,
        };
        Self { state: Arc::new(Mutex::new(state)), spool: None, patience: None }
    }

    /// Keeps what cannot be stored within `patience` in a spool.
    #[must_use]
    pub fn with_spool(self, spool: Spool, patience: Duration) -> Self {
        Self { spool: Some(spool), patience: Some(patience), ..self }
    }

    /// Takes what a person should be told since this was asked last.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.state().notices)
    }

    pub(crate) fn tell(&self, notice: Notice) {
        let mut state = self.state();
        if !state.notices.contains(&notice) {
            state.notices.push(notice);
        }
    }

    pub(crate) fn spool(&self) -> Option<&Spool> {
        self.spool.as_ref()
    }

    /// How long storing may take before what was said is spooled; for ever without a spool.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.patience
    }

    /// A name for a turn that no other has.
    pub(crate) fn new_key(&self) -> SourceKey {
        let random = &mut self.state().random;
        SourceKey(format!("said:{:016x}{:016x}", random.u64(..), random.u64(..)))
    }

    pub(crate) fn thread(&self) -> Option<Thread> {
        self.state().thread.clone()
    }

    pub(crate) fn set_thread(&self, thread: Option<Thread>) {
        self.state().thread = thread;
    }

    /// Keeps the session's last turns as memory has them.
    pub(crate) fn keep(&self, stored: &[Turn]) {
        stored.clone_into(&mut self.state().stored);
    }

    /// Keeps one more turn that memory has now.
    pub(crate) fn keep_more(&self, stored: Turn) {
        self.state().stored.push(stored);
    }

    pub(crate) fn limit(&self) -> Option<TokenBudget> {
        self.state().limit
    }

    pub(crate) fn set_limit(&self, limit: TokenBudget) {
        self.state().limit = Some(limit);
    }

    pub(crate) fn words_only(&self) -> bool {
        self.state().words_only
    }

    pub(crate) fn set_words_only(&self) {
        self.state().words_only = true;
    }

    /// The session's last turns as far as they are known without memory, oldest first.
    pub(crate) fn stored(&self) -> Vec<Turn> {
        self.state().stored.clone()
    }

    /// The session's turns that wait in the spool.
    pub(crate) fn waiting(&self, session: &SessionName) -> std::io::Result<Vec<Turn>> {
        let Spooled { turns, .. } =
            self.spool.as_ref().map(Spool::read).transpose()?.unwrap_or_default();
        Ok(turns.iter().filter(|turn| turn.session == *session).map(waiting_turn).collect())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn that waits, as a prompt takes it; its number is below zero, and its own until it is
/// stored.
pub(crate) fn waiting_turn(turn: &NewTurn) -> Turn {
    let key = turn.source_key.as_ref().map_or("", |key| &key.0);
    // FNV-1a: no two turns of a session meet in 63 bits.
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    stored_turn(turn, TurnId(-1 - (hash >> 1) as i64))
}

/// A turn under the number that it was given.
pub(crate) fn stored_turn(turn: &NewTurn, id: TurnId) -> Turn {
    Turn {
        id,
        session: turn.session.clone(),
        session_title: None,
        role: turn.role,
        speaker: None,
        time: turn.time,
        text: turn.text.clone(),
    }
}
