//! How long a recall and a prompt take on a store.

use std::sync::Arc;
use std::time::Instant;

use longmem_chat::{AssembleInput, TokenBudget, assemble};
use longmem_core::{EstimatedTokens, Scope, SessionName, TextEmbedder, UserName};
use longmem_memory::{Channels, Memory, RESULTS_WITH_NEIGHBOURS, Recall, RecallRequest};
use longmem_sqlite::{IfMissing, SqliteStore};

use crate::failure::Failure;
use crate::output::grouped;
use longmem::SystemClock;

use super::machine::resident_bytes;
use super::report::{Figure, Group, Row};
use super::stopwatch::{Stopwatch, timed};

/// Results of a recall.
const TOP: usize = 10;

/// Turns that a conversation recalls for a prompt.
const FOR_A_PROMPT: usize = 50;

/// Turns of the session that go into a prompt.
const RECENT: usize = 40;

/// Words of a turn that make a question about it.
const WORDS: usize = 12;

/// What is measured.
pub(super) struct Subject {
    pub(super) memory: Memory,
    pub(super) embedder: Arc<dyn TextEmbedder>,
    pub(super) user: UserName,
    /// What the store is, for the title.
    pub(super) name: String,
    pub(super) questions: Vec<String>,
    pub(super) budget: usize,
}

impl Subject {
    /// Measures search, the whole recall, a cold start and a prompt.
    ///
    /// # Errors
    /// Those of the memory; [`Failure::Interrupted`].
    pub(super) fn measure(&self, stopwatch: &Stopwatch) -> Result<Vec<Group>, Failure> {
        stopwatch.warm_up(&self.questions, |question| {
            self.recall(&self.memory, question, Channels::Both).map(drop)
        })?;
        let searched = |channels: Channels| {
            stopwatch.latency(&self.questions, |question| {
                Ok(self.recall(&self.memory, question, channels)?.timings.channels)
            })
        };
        let search = vec![
            Row::new("search by meaning", searched(Channels::Meaning)?),
            Row::new("search by words", searched(Channels::Words)?),
            Row::new("search by both", searched(Channels::Both)?),
            Row::new("whole recall, model included", self.whole(stopwatch)?),
        ];
        let rest = vec![
            Row::new("open the file, first search", self.cold(stopwatch)?),
            Row::new(
                format!("a prompt of {} tokens", grouped(self.budget as u64)),
                self.prompt(stopwatch)?,
            ),
        ];
        let file = Figure::Size { bytes: self.memory.stats()?.file_bytes };
        let resident = resident_bytes().map(|bytes| Figure::Size { bytes });
        let space = std::iter::once(("file", file))
            .chain(resident.map(|figure| ("memory of this process, model included", figure)));
        let group = |what: &str, rows| Group { title: format!("{}: {what}", self.name), rows };
        Ok(vec![
            group(&format!("recall of {TOP}"), search),
            group("start and context", rest),
            group("space", space.map(|(name, figure)| Row::new(name, figure)).collect()),
        ])
    }

    fn recall(
        &self,
        memory: &Memory,
        question: &str,
        channels: Channels,
    ) -> Result<Recall, Failure> {
        let mut request = RecallRequest::new(Scope::of(self.user.clone()), question);
        request.limit = TOP;
        request.channels = channels;
        request.threshold = 0.0;
        Ok(memory.recall(&request)?)
    }

    fn whole(&self, stopwatch: &Stopwatch) -> Result<Figure, Failure> {
        stopwatch.latency(&self.questions, |question| {
            timed(|| self.recall(&self.memory, question, Channels::Both))
        })
    }

    /// From opening the file to the first answer, with the model at hand.
    fn cold(&self, stopwatch: &Stopwatch) -> Result<Figure, Failure> {
        let path = self.memory.place();
        stopwatch.latency(&self.questions, |question| {
            let began = Instant::now();
            let store = SqliteStore::open(&path, IfMissing::Fail)?;
            let memory =
                Memory::new(Arc::new(store), Arc::clone(&self.embedder), Arc::new(SystemClock));
            let recall = self.recall(&memory, question, Channels::Both)?;
            Ok(began.elapsed().saturating_sub(recall.timings.embedding))
        })
    }

    /// Putting together what was recalled and the session's last turns.
    fn prompt(&self, stopwatch: &Stopwatch) -> Result<Figure, Failure> {
        let mut request = RecallRequest::new(Scope::of(self.user.clone()), &self.questions[0]);
        request.limit = FOR_A_PROMPT;
        request.with_neighbours = RESULTS_WITH_NEIGHBOURS;
        request.threshold = 0.0;
        let recalled = self.memory.recall(&request)?.results;
        let sessions = self.memory.sessions(&self.user)?;
        let recent = match sessions.first() {
            Some(session) => self.memory.recent(&self.user, &session.session, RECENT)?,
            None => Vec::new(),
        };
        let budget = TokenBudget::new(self.budget);
        let mut input = AssembleInput::new(&self.questions[0], self.memory.now(), budget);
        input.recalled = &recalled;
        input.recent = &recent;
        stopwatch.latency(&self.questions, |_| timed(|| Ok(assemble(&input, &EstimatedTokens)?)))
    }
}

/// Questions about a memory: the beginnings of turns from all over it.
///
/// # Errors
/// Those of the store.
pub(super) fn questions_about(memory: &Memory, user: &UserName) -> Result<Vec<String>, Failure> {
    let sessions: Vec<SessionName> =
        memory.sessions(user)?.into_iter().map(|session| session.session).collect();
    let mut questions = Vec::new();
    for session in sessions.iter().step_by(sessions.len() / 40 + 1) {
        for turn in memory.recent(user, session, 1)? {
            let words: Vec<&str> = turn.text.split_whitespace().take(WORDS).collect();
            questions.push(words.join(" "));
        }
    }
    Ok(questions)
}
