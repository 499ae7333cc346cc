//! How fast a memory recalls, and how fast a prompt is made of it.

use std::time::Instant;

use longmem_chat::{AssembleInput, TokenBudget, assemble};
use longmem_core::{EstimatedTokens, Scope, UserName};
use longmem_memory::{
    Channels, Memory, MemoryError, RESULTS_WITH_NEIGHBOURS, Recall, RecallRequest,
};

use crate::history::word;
use crate::{BenchError, Figure, Stopwatch, timed};

/// Number of results of a recall.
pub const RECALLED: usize = 10;

/// Number of turns that are recalled for a prompt.
const RECALLED_FOR_A_PROMPT: usize = 50;

/// Number of a session's last turns that go into a prompt.
const RECENT_TURNS: usize = 40;

/// Number of questions that are asked of a memory.
const QUESTIONS: usize = 40;

/// Words of a turn that make a question about it.
const WORDS_PER_QUESTION: usize = 12;

/// A memory whose recall is measured.
pub struct RecallBench<'a> {
    /// The memory.
    pub memory: &'a Memory,
    /// Opens the same memory once more, as another process would.
    pub open_again: &'a dyn Fn() -> Result<Memory, MemoryError>,
    /// The user who asks.
    pub user: UserName,
    /// What is asked, at least one question.
    pub questions: Vec<String>,
    /// Tokens of a prompt, at most.
    pub budget: usize,
}

/// How long each thing takes.
#[derive(Debug, Clone, PartialEq)]
pub struct RecallFigures {
    /// Searching by meaning, without embedding the question.
    pub by_meaning: Figure,
    /// Searching by words.
    pub by_words: Figure,
    /// Searching by both.
    pub by_both: Figure,
    /// The whole recall, embedding the question included.
    pub whole: Figure,
    /// Opening the memory and searching for the first time, without embedding the question.
    pub cold: Figure,
    /// Making a prompt of what was recalled.
    pub prompt: Figure,
}

impl RecallBench<'_> {
    /// Measures everything.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Assemble`] if the budget is too small for a question;
    /// [`BenchError::Stopped`].
    pub fn measure(&self, stopwatch: &Stopwatch) -> Result<RecallFigures, BenchError> {
        stopwatch.warm_up(&self.questions, |question| {
            self.recall(self.memory, question, Channels::Both).map(drop)
        })?;
        let search = |channels: Channels| {
            stopwatch.latency(&self.questions, |question| {
                Ok(self.recall(self.memory, question, channels)?.timings.channels)
            })
        };
        Ok(RecallFigures {
            by_meaning: search(Channels::Meaning)?,
            by_words: search(Channels::Words)?,
            by_both: search(Channels::Both)?,
            whole: stopwatch.latency(&self.questions, |question| {
                timed(|| self.recall(self.memory, question, Channels::Both))
            })?,
            cold: self.cold(stopwatch)?,
            prompt: self.prompt(stopwatch)?,
        })
    }

    fn recall(
        &self,
        memory: &Memory,
        question: &str,
        channels: Channels,
    ) -> Result<Recall, BenchError> {
        let mut request = RecallRequest::new(Scope::of(self.user.clone()), question);
        request.limit = RECALLED;
        request.channels = channels;
        // Every question brings results, however little it has to do with them.
        request.threshold = 0.0;
        Ok(memory.recall(&request)?)
    }

    fn cold(&self, stopwatch: &Stopwatch) -> Result<Figure, BenchError> {
        stopwatch.latency(&self.questions, |question| {
            let began = Instant::now();
            let memory = (self.open_again)()?;
            let recall = self.recall(&memory, question, Channels::Both)?;
            Ok(began.elapsed().saturating_sub(recall.timings.embedding))
        })
    }

    fn prompt(&self, stopwatch: &Stopwatch) -> Result<Figure, BenchError> {
        let question = &self.questions[0];
        let mut request = RecallRequest::new(Scope::of(self.user.clone()), question);
        request.limit = RECALLED_FOR_A_PROMPT;
        request.with_neighbours = RESULTS_WITH_NEIGHBOURS;
        request.threshold = 0.0;
        let recalled = self.memory.recall(&request)?.results;
        let recent = match self.memory.sessions(&self.user)?.first() {
            Some(newest) => self.memory.recent(&self.user, &newest.session, RECENT_TURNS)?,
            None => Vec::new(),
        };
        let budget = TokenBudget::new(self.budget);
        let mut input = AssembleInput::new(question, self.memory.now(), budget);
        input.recalled = &recalled;
        input.recent = &recent;
        stopwatch.latency(&self.questions, |_| timed(|| Ok(assemble(&input, &EstimatedTokens)?)))
    }
}

/// Questions about a user's memory: the first words of turns from all over it.
///
/// # Errors
/// [`MemoryError::Store`].
pub fn questions_about(memory: &Memory, user: &UserName) -> Result<Vec<String>, MemoryError> {
    let sessions = memory.sessions(user)?;
    let mut questions = Vec::new();
    for session in sessions.iter().step_by(sessions.len() / QUESTIONS + 1) {
        for turn in memory.recent(user, &session.session, 1)? {
            let words: Vec<&str> = turn.text.split_whitespace().take(WORDS_PER_QUESTION).collect();
            questions.push(words.join(" "));
        }
    }
    Ok(questions)
}

/// Questions about a made-up memory of `turns` turns. As most questions do, each has a common word,
/// a less common one and two rare ones.
pub fn made_up_questions(turns: usize) -> Vec<String> {
    let question = |number: usize| {
        let ranks = [2 + number % 5, 50 + number, turns / 30 + number, turns / 3 + number];
        ranks.map(word).join(" ")
    };
    (0..QUESTIONS).map(question).collect()
}
