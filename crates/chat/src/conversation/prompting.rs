//! Gathers what a prompt is made of, and makes it.

use std::time::Duration;

use longmem_core::{Recalled, Role, Scope, Timestamp, Turn, TurnId};
use longmem_memory::{
    Channels, Epoch, Memory, MemoryError, RESULTS_WITH_NEIGHBOURS, RecallRequest, StoreError,
};

use super::keeping::asked_before;
use super::{Asked, Conversation};
use crate::context::{budget_anew, continued};
use crate::learning::knowledge;
use crate::live::Thread;
use crate::{
    AssembleError, AssembleInput, ChatError, Context, DatedText, MESSAGE_TOKENS, Notice,
    TokenBudget, assemble,
};

/// No budget needs more of a session's last turns than that.
const MOST_RECENT_TURNS: usize = 2_000;

/// How long memory may take to be read while it cannot be written.
const READING_PATIENCE: Duration = Duration::from_secs(10);

/// What a prompt is made of, beside what is set for the whole conversation.
pub(super) struct Material {
    pub(super) message: String,
    pub(super) recalled: Vec<Recalled>,
    message_turn: Option<TurnId>,
    recent: Vec<Turn>,
    facts: Vec<DatedText>,
    summaries: Vec<DatedText>,
    now: Timestamp,
    epoch: Option<Epoch>,
}

impl Conversation {
    /// Reads the session's last turns and recalls for the message; without memory, from what is
    /// known in this process.
    pub(super) async fn gather(
        &self,
        asked: &Asked,
        message_turn: Option<TurnId>,
    ) -> Result<Material, ChatError> {
        let (this, owned) = (self.clone(), asked.clone());
        let work = move |memory: &Memory| this.read(memory, &owned, message_turn);
        let reading = self.memory.run(work);
        let read = if self.something_waits() {
            let late = || StoreError::File(std::io::ErrorKind::TimedOut.into());
            let read = tokio::time::timeout(READING_PATIENCE, reading).await;
            read.unwrap_or_else(|_| Err(MemoryError::from(late()).into()))
        } else {
            reading.await
        };
        match read {
            Err(ChatError::Memory(error))
                if error.is_unavailable()
                    && self.live.spool().is_some()
                    && asked.is_in_session() =>
            {
                self.live.tell(Notice::NothingRecalled { reason: error.to_string() });
                let recent = self.with_waiting(self.live.stored())?;
                let Recent { before: recent, message_turn, message, .. } =
                    Recent::of(recent, asked, message_turn)?;
                Ok(Material {
                    message,
                    recalled: Vec::new(),
                    message_turn,
                    recent,
                    facts: Vec::new(),
                    summaries: Vec::new(),
                    now: self.memory.now(),
                    epoch: None,
                })
            }
            read => read,
        }
    }

    fn read(
        &self,
        memory: &Memory,
        asked: &Asked,
        message_turn: Option<TurnId>,
    ) -> Result<Material, ChatError> {
        let stored = memory.recent(&self.user, &self.session, self.recent_limit())?;
        self.live.keep(&stored);
        let Recent { before: mut recent, message_turn, message, question, hidden } =
            Recent::of(self.with_waiting(stored)?, asked, message_turn)?;
        let known = knowledge(memory, &self.user, &self.session, &question)?;
        // What waits to be stored has a number below 0, and is newer than any summary.
        let is_open = |id: TurnId| known.stands_in_through.is_none_or(|last| id.0 < 0 || id > last);
        recent.retain(|turn| is_open(turn.id));
        Ok(Material {
            recalled: self.recall(memory, &question, hidden)?,
            epoch: Some(memory.epoch(&self.user)?),
            message,
            message_turn,
            recent,
            facts: known.facts,
            summaries: known.summaries,
            now: memory.now(),
        })
    }

    fn with_waiting(&self, mut stored: Vec<Turn>) -> Result<Vec<Turn>, MemoryError> {
        stored.extend(self.live.waiting(&self.session).map_err(StoreError::from)?);
        Ok(stored)
    }

    /// Recalls by meaning and words; by words alone once the model could not be used.
    fn recall(
        &self,
        memory: &Memory,
        question: &str,
        hidden: Vec<TurnId>,
    ) -> Result<Vec<Recalled>, MemoryError> {
        let request = RecallRequest {
            limit: self.settings.recall_limit,
            exclude: hidden,
            with_neighbours: RESULTS_WITH_NEIGHBOURS,
            time_zone: self.settings.context.time_zone.clone(),
            ..RecallRequest::new(Scope::of(self.user.clone()), question)
        };
        if !self.live.words_only() {
            // Where nothing can be stored, neither can vectors; words still find what has none.
            let caught_up =
                if self.something_waits() { Ok(()) } else { memory.catch_up(&self.user).map(drop) };
            match caught_up.and_then(|()| memory.recall(&request)) {
                Err(MemoryError::Embed(error)) => {
                    self.live.set_words_only();
                    let (reason, remedies) = (error.to_string(), error.remedies());
                    self.live.tell(Notice::WordsOnly { reason, remedies });
                }
                found => return Ok(found?.results),
            }
        }
        let by_words = RecallRequest { channels: Channels::Words, ..request };
        Ok(memory.recall(&by_words)?.results)
    }

    /// Makes the prompt within the budget: one that continues the last, where that is wanted and
    /// can be; else one made anew.
    pub(super) fn prompt(
        &self,
        asked: &Asked,
        material: &Material,
    ) -> Result<Context, AssembleError> {
        let budget = self.budget();
        let input = |budget| AssembleInput {
            system: self.settings.system.as_deref(),
            facts: &material.facts,
            summaries: &material.summaries,
            recalled: &material.recalled,
            recent: &material.recent,
            message: &material.message,
            message_turn: material.message_turn,
            now: material.now,
            budget,
            options: &self.settings.context,
        };
        if !self.settings.continued || !asked.is_in_session() {
            return assemble(&input(budget), &*self.counter);
        }
        if let Some(thread) = self.live.thread().filter(|thread| still_holds(thread, material))
            && let Some(context) =
                continued(&thread.context, thread.last, &input(budget), &*self.counter)
        {
            return Ok(context.marked_for_continuing());
        }
        let anew = assemble(&input(budget_anew(budget)), &*self.counter);
        let context = match anew {
            // A message may take all that the budget has.
            Err(AssembleError::TooLong { .. }) => assemble(&input(budget), &*self.counter)?,
            anew => anew?,
        };
        Ok(Context { budget, ..context }.marked_for_continuing())
    }

    /// Notes that a prompt was answered, for the next one to continue it.
    pub(super) fn note_answered(&self, material: Material, context: &Context) {
        let last = material.message_turn.or_else(|| material.recent.last().map(|turn| turn.id));
        let Some(last) = last.filter(|_| self.settings.continued) else { return };
        let Material { facts, epoch, .. } = material;
        let context = context.clone();
        self.live.set_thread(Some(Thread { context, last, facts, epoch }));
    }

    /// What a prompt may cost.
    pub(super) fn budget(&self) -> TokenBudget {
        let set = self.settings.budget;
        self.live.limit().map_or(set, |limit| set.min(limit))
    }

    /// More turns than the budget holds, so that trimming never depends on where reading stopped.
    fn recent_limit(&self) -> usize {
        (self.settings.budget.tokens() / MESSAGE_TOKENS).min(MOST_RECENT_TURNS)
    }
}

/// Says whether everything that a prompt was made of is still there: nothing that was deleted or
/// replaced is ever said again.
fn still_holds(thread: &Thread, material: &Material) -> bool {
    thread.epoch == material.epoch && thread.facts.iter().all(|fact| material.facts.contains(fact))
}

/// The session's turns before what is asked.
struct Recent {
    before: Vec<Turn>,
    message_turn: Option<TurnId>,
    message: String,
    /// What is recalled for.
    question: String,
    /// The message itself, and a part of an answer to it that broke off: not to be recalled.
    hidden: Vec<TurnId>,
}

impl Recent {
    fn of(
        mut recent: Vec<Turn>,
        asked: &Asked,
        message_turn: Option<TurnId>,
    ) -> Result<Self, ChatError> {
        let message = asked.message().to_owned();
        if matches!(asked, Asked::More) {
            if recent.last().is_none_or(|turn| turn.role != Role::Assistant) {
                return Err(ChatError::NothingToContinue);
            }
            let question = recent.iter().rev().find(|turn| turn.role == Role::User);
            let question = question.map_or(&message, |turn| &turn.text).clone();
            let (message_turn, hidden) = (None, Vec::new());
            return Ok(Self { before: recent, message_turn, message, question, hidden });
        }
        let message_turn = message_turn.or_else(|| asked_before(&recent, &message));
        let place = recent.iter().rposition(|turn| Some(turn.id) == message_turn);
        let cut = recent.split_off(place.unwrap_or(recent.len()));
        let hidden = cut.iter().map(|turn| turn.id).chain(message_turn).collect();
        Ok(Self { before: recent, message_turn, question: message.clone(), message, hidden })
    }
}
