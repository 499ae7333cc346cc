//! A recall that must not take long: what is left out, and how it says so.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use longmem_core::{Embedding, Readiness, UserName, closed_words};

use crate::recall::search_of;
use crate::{Memory, MemoryError, RecallRequest};

closed_words! {
    /// Why a recall with a deadline searched by words only. New reasons may come.
    #[non_exhaustive]
    pub enum Degraded: "a reason for a recall by words only" {
        /// The embedding model is not loaded yet.
        ModelLoading = "model_loading",
        /// The embedding model could not be found, loaded or run.
        ModelMissing = "model_missing",
        /// The time was over before vectors were compared.
        Deadline = "deadline",
    }
}

/// The shortest deadline that leaves room for embedding what has no vectors yet: some hundred
/// milliseconds, and as long again for what else a recall does.
const ROOM_TO_EMBED: Duration = Duration::from_secs(1);

/// When a recall began, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeadlineClock {
    began: Instant,
    deadline: Option<Duration>,
}

impl DeadlineClock {
    /// Starts now.
    pub(crate) fn start(deadline: Option<Duration>) -> Self {
        Self { began: Instant::now(), deadline }
    }

    /// Whether what was stored without vectors may be embedded on the way.
    pub(crate) fn has_room_to_embed(self) -> bool {
        self.deadline.is_none_or(|deadline| deadline >= ROOM_TO_EMBED)
    }

    /// Whether there is time to load the model.
    pub(crate) fn waits_for_model(self) -> bool {
        self.deadline.is_none()
    }

    /// Whether this part of the time is over, from 0 to 1.
    fn is_over(self, part: f64) -> bool {
        self.deadline.is_some_and(|deadline| self.began.elapsed() >= deadline.mul_f64(part))
    }
}

impl Memory {
    /// Says how soon the embedding model can answer, without loading it or waiting for it.
    pub fn readiness(&self) -> Readiness {
        self.embedder.readiness()
    }

    /// Loads the embedding model if it is not loaded yet, so that recalls with a deadline find by
    /// meaning. It may take seconds, or fetch the model: call it beside what must not wait.
    ///
    /// # Errors
    /// [`MemoryError::Embed`] if the model cannot be found or loaded.
    pub fn warm_up(&self) -> Result<(), MemoryError> {
        self.embedder.load().map_err(MemoryError::Embed)
    }

    /// Catches up as a recall asks for it: with a deadline, only if that leaves room, for half of the
    /// time at most, and not if the model must be loaded first.
    pub(crate) fn catch_up_in_time(
        &self,
        user: &UserName,
        clock: DeadlineClock,
    ) -> Result<(), MemoryError> {
        if clock.deadline.is_none() {
            return self.catch_up(user).map(drop);
        }
        if !clock.has_room_to_embed() || self.readiness() != Readiness::Ready {
            return Ok(());
        }
        let caught_up = self.catch_up_while(user, &mut |_| {
            if clock.is_over(0.5) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match caught_up {
            Err(MemoryError::Embed(_)) => Ok(()),
            caught_up => caught_up.map(drop),
        }
    }

    /// Embeds questions. Where the model has to be loaded for that, the search reads meanwhile what it
    /// needs of the user: in a command, each takes about as long as the other.
    pub(crate) fn embed_and_read(
        &self,
        questions: &[&str],
        request: &RecallRequest,
        clock: DeadlineClock,
    ) -> Result<Result<Vec<Embedding>, Degraded>, MemoryError> {
        if self.readiness() == Readiness::Ready || !clock.waits_for_model() {
            return self.embed_in_time(questions, clock);
        }
        thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let model = self.embedder.model();
                // The search reads again what could not be read, and says why.
                let _ = self.searcher.read_ahead(&*self.store, &search_of(request), model);
            });
            let embedded = self.embed_in_time(questions, clock);
            reading.join().unwrap_or_else(|panic| resume_unwind(panic));
            embedded
        })
    }

    /// Embeds questions; with a deadline, only if that can be done in time, or says why not.
    fn embed_in_time(
        &self,
        texts: &[&str],
        clock: DeadlineClock,
    ) -> Result<Result<Vec<Embedding>, Degraded>, MemoryError> {
        if clock.waits_for_model() {
            return self.embed_queries(texts).map(Ok);
        }
        match self.readiness() {
            Readiness::Ready => {}
            Readiness::NotLoaded | Readiness::Loading => return Ok(Err(Degraded::ModelLoading)),
            Readiness::Missing | Readiness::Failed => return Ok(Err(Degraded::ModelMissing)),
        }
        if clock.is_over(1.0) {
            return Ok(Err(Degraded::Deadline));
        }
        match self.embed_queries(texts) {
            Ok(_) if clock.is_over(1.0) => Ok(Err(Degraded::Deadline)),
            Ok(vectors) => Ok(Ok(vectors)),
            Err(MemoryError::Embed(_)) => Ok(Err(Degraded::ModelMissing)),
            Err(error) => Err(error),
        }
    }
}
