//! Gathers what a prompt is made of.

use std::time::Duration;

use longmem_core::{Remedy, Role, Scope, Timestamp, TurnId};
use longmem_memory::{
    Channels, Epoch, Memory, MemoryError, RESULTS_WITH_NEIGHBOURS, Recall, RecallRequest,
};

use super::session_turns::SessionTurns;
use super::{Asked, Conversation, RECALLED_TURNS};
use crate::context::TurnRef;
use crate::learning::knowledge;
use crate::{ChatError, DatedText, MESSAGE_TOKENS, Notice};

/// Number of a session's last turns that are read at most; no budget holds more.
const MAX_RECENT_TURNS: usize = 2_000;

/// How long reading memory may take while it cannot be written.
const READING_PATIENCE: Duration = Duration::from_secs(10);

/// What a prompt is made of, besides the settings of the conversation.
pub(super) struct PromptInputs {
    pub(super) message: String,
    /// The message's turn; none outside a session, and for the rest of an answer.
    pub(super) message_turn: Option<TurnRef>,
    /// The session's last turns before the message.
    pub(super) turns: SessionTurns,
    /// What was recalled for the message.
    pub(super) recall: Recall,
    /// The user's standing instructions, newest first.
    pub(super) wishes: Vec<DatedText>,
    /// What else is known, in the order in which it goes into a prompt.
    pub(super) facts: Vec<DatedText>,
    pub(super) summaries: Vec<DatedText>,
    pub(super) now: Timestamp,
    /// The user's epoch; none if memory could not be read.
    pub(super) epoch: Option<Epoch>,
}

impl Conversation {
    /// Reads the session's last turns and recalls for the message: nothing if the best is less likely
    /// than `threshold` to be of use. While memory cannot be read, it makes do with the turns that this
    /// process knows.
    pub(super) async fn gather(
        &self,
        asked: &Asked,
        message_turn: Option<TurnRef>,
        threshold: f32,
    ) -> Result<PromptInputs, ChatError> {
        let (this, owned, turn) = (self.clone(), asked.clone(), message_turn.clone());
        let reading =
            self.memory.run(move |memory: &Memory| this.read(memory, &owned, turn, threshold));
        let read = if self.something_waits() {
            let late = |_| Err(ChatError::Late { patience: READING_PATIENCE });
            tokio::time::timeout(READING_PATIENCE, reading).await.unwrap_or_else(late)
        } else {
            reading.await
        };
        match read {
            Err(error)
                if error.is_unavailable() && self.spool.is_some() && asked.is_in_session() =>
            {
                self.live.push_notice(Notice::NothingRecalled { reason: error.to_string() });
                self.inputs_without_memory(asked, message_turn)
            }
            read => read,
        }
    }

    fn read(
        &self,
        memory: &Memory,
        asked: &Asked,
        message_turn: Option<TurnRef>,
        threshold: f32,
    ) -> Result<PromptInputs, ChatError> {
        let stored = memory.recent(&self.user, &self.session, self.recent_limit())?;
        self.live.set_stored(&stored);
        let turns = SessionTurns { stored, waiting: self.waiting_turns()? };
        let Lead { message, message_turn, mut turns, question, hidden } =
            Lead::of(turns, asked, message_turn)?;
        let mut recall = self.recall(memory, &question, hidden.clone(), threshold)?;
        // What was noted of the message itself answers it no more than the message does.
        let is_hidden = |turn: Option<TurnId>| turn.is_some_and(|turn| hidden.contains(&turn));
        recall.facts.retain(|found| !is_hidden(found.fact.turn));
        let known = knowledge(memory, &self.user, &self.session, &recall.facts)?;
        // A summary stands in for the turns of the session's beginning.
        let summed_up = known.stands_in_through;
        turns.stored.retain(|turn| Some(turn.id) > summed_up);
        Ok(PromptInputs {
            recall,
            epoch: Some(memory.epoch(&self.user)?),
            message,
            message_turn,
            turns,
            wishes: known.wishes,
            facts: known.facts,
            summaries: known.summaries,
            now: memory.now(),
        })
    }

    fn inputs_without_memory(
        &self,
        asked: &Asked,
        message_turn: Option<TurnRef>,
    ) -> Result<PromptInputs, ChatError> {
        let turns = SessionTurns { stored: self.live.stored(), waiting: self.waiting_turns()? };
        let Lead { message, message_turn, turns, .. } = Lead::of(turns, asked, message_turn)?;
        Ok(PromptInputs {
            message,
            message_turn,
            turns,
            recall: Recall::default(),
            wishes: Vec::new(),
            facts: Vec::new(),
            summaries: Vec::new(),
            now: self.memory.now(),
            epoch: None,
        })
    }

    /// Recalls by meaning and words; by words alone once the embedding model could not be used.
    fn recall(
        &self,
        memory: &Memory,
        question: &str,
        hidden: Vec<TurnId>,
        threshold: f32,
    ) -> Result<Recall, MemoryError> {
        let request = RecallRequest {
            limit: RECALLED_TURNS,
            exclude: hidden,
            threshold,
            with_neighbours: RESULTS_WITH_NEIGHBOURS,
            time_zone: self.settings.time_zone.clone(),
            ..RecallRequest::new(Scope::of(self.user.clone()), question)
        };
        if !self.live.limits().words_only {
            // Where nothing can be stored, vectors cannot either; words still find what has none.
            let caught_up =
                if self.something_waits() { Ok(()) } else { memory.catch_up(&self.user).map(drop) };
            match caught_up.and_then(|()| memory.recall(&request)) {
                Ok(recall) => {
                    if let Some(other) = &recall.other_model {
                        self.live.limit_to_words();
                        let made_by = format!("{}@{}", other.name, other.revision);
                        let reason = format!("the store's vectors were made by {made_by}");
                        let remedies = vec![Remedy::ReplaceModel];
                        self.live.push_notice(Notice::WordsOnly { reason, remedies });
                    }
                    return Ok(recall);
                }
                Err(MemoryError::Embed(error)) => {
                    self.live.limit_to_words();
                    let (reason, remedies) = (error.to_string(), error.remedies());
                    self.live.push_notice(Notice::WordsOnly { reason, remedies });
                }
                recall => return recall,
            }
        }
        let by_words = RecallRequest { channels: Channels::Words, ..request };
        memory.recall(&by_words)
    }

    /// Number of the session's turns that are read: more than the budget holds, so that trimming
    /// never depends on where reading stopped.
    fn recent_limit(&self) -> usize {
        (self.settings.budget.tokens() / MESSAGE_TOKENS).min(MAX_RECENT_TURNS)
    }
}

/// The session up to the message that is asked.
struct Lead {
    message: String,
    message_turn: Option<TurnRef>,
    /// The session's turns before the message.
    turns: SessionTurns,
    /// The text that turns are recalled for.
    question: String,
    /// Turns that must not be recalled: the message itself, and a part of an answer to it.
    hidden: Vec<TurnId>,
}

impl Lead {
    fn of(
        mut turns: SessionTurns,
        asked: &Asked,
        message_turn: Option<TurnRef>,
    ) -> Result<Self, ChatError> {
        let message = asked.message().to_owned();
        if matches!(asked, Asked::More) {
            // The answer stays in front of the request to go on, and its question is recalled for.
            if turns.newest_first().next().is_none_or(|(role, _)| role != Role::Assistant) {
                return Err(ChatError::NothingToContinue);
            }
            let question = turns.newest_first().find(|(role, _)| *role == Role::User);
            let question = question.map_or_else(|| message.clone(), |(_, text)| text.to_owned());
            return Ok(Self { message, message_turn: None, turns, question, hidden: Vec::new() });
        }
        let message_turn = message_turn.or_else(|| turns.unanswered(&message));
        let mut hidden: Vec<TurnId> =
            message_turn.as_ref().and_then(TurnRef::stored).into_iter().collect();
        if let Some(message_turn) = &message_turn {
            hidden.extend(turns.remove_from(message_turn));
        }
        let question = asked.question().to_owned();
        Ok(Self { message, message_turn, turns, question, hidden })
    }
}
