//! Recalls of one client after the other.

use std::sync::Arc;

use longmem_core::{Scope, UserName};
use longmem_memory::{Memory, RecallRequest};

use super::StoreBench;
use crate::{BenchError, Figure, RECALLED, Stopwatch, made_up_questions, timed, user};

/// Whose memory is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecallOf {
    /// Those of all users, one after the other.
    Everybody,
    /// The large one alone.
    LargeUser,
}

/// Who asks what.
pub(super) type Asked = (UserName, String);

impl StoreBench<'_> {
    /// What is asked, again and again: a question of each user in turn. Nothing if there is nobody of whom
    /// to ask it.
    pub(super) fn asked(&self, of: RecallOf) -> Vec<Asked> {
        match (of, self.extent.large_user()) {
            (RecallOf::Everybody, _) => {
                let questions = made_up_questions(self.extent.passages).into_iter().enumerate();
                questions.map(|(at, text)| (user(at % self.extent.users), text)).collect()
            }
            (RecallOf::LargeUser, Some(user)) => made_up_questions(self.extent.one_user)
                .into_iter()
                .map(|text| (user.clone(), text))
                .collect(),
            (RecallOf::LargeUser, None) => Vec::new(),
        }
    }

    /// Recalls of users whom this process has answered before, to the same questions.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn warm(&self, of: RecallOf, stopwatch: &Stopwatch) -> Result<Figure, BenchError> {
        let asked = self.asked(of);
        stopwatch.warm_up(&asked, |asked| recall(&self.memory, asked))?;
        stopwatch.latency(&asked, |asked| timed(|| recall(&self.memory, asked)))
    }

    /// The first recall of a user by a process that has read other rows of the store before.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn cold(&self, of: RecallOf, stopwatch: &Stopwatch) -> Result<Figure, BenchError> {
        stopwatch.latency(&self.asked(of), |asked| {
            let memory = (self.open)(self.questions.clone())?;
            memory.serving_model()?;
            timed(|| recall(&memory, asked))
        })
    }

    /// Opening the store and recalling for the first time.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn opening(&self, stopwatch: &Stopwatch) -> Result<Figure, BenchError> {
        stopwatch.latency(&self.asked(RecallOf::Everybody), |asked| {
            let embedder = Arc::clone(&self.questions);
            timed(|| recall(&(self.open)(embedder)?, asked))
        })
    }

    /// How often a recall does something that `count` has counted so far, by a memory that was opened with
    /// the [embedder](StoreBench::embedder) of this bench and has answered the same before.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn counted(
        &self,
        memory: &Memory,
        of: RecallOf,
        things: &'static str,
        count: &dyn Fn() -> u64,
        stopwatch: &Stopwatch,
    ) -> Result<Figure, BenchError> {
        let asked = self.asked(of);
        stopwatch.warm_up(&asked, |asked| recall(memory, asked))?;
        let before = count();
        for asked in &asked {
            stopwatch.check()?;
            recall(memory, asked)?;
        }
        let each = (count() - before) as f64 / asked.len().max(1) as f64;
        Ok(Figure::Count { each, of: things })
    }
}

/// A recall as a conversation makes it.
pub(super) fn recall(memory: &Memory, (user, question): &Asked) -> Result<(), BenchError> {
    let mut request = RecallRequest::new(Scope::of(user.clone()), question);
    request.limit = RECALLED;
    // Every question brings results, however little it has to do with them.
    request.threshold = 0.0;
    memory.recall(&request)?;
    Ok(())
}
