//! Gives every turn its vectors, and can be stopped and resumed at any moment.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use longmem_core::{Embedding, UserName};
use longmem_store::{EmbeddedTurn, IndexShare, QueuedTurn, StoreLock};
use longmem_text::{has_words, without_names};
use rayon::prelude::*;

use crate::{Memory, MemoryError};

/// How to index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexOptions {
    /// Make all vectors anew: also when the store's were made by another model, which serves
    /// until the new ones are complete.
    pub reembed: bool,
}

/// Turns that [`Memory::catch_up`] embeds on the way to a recall, so that what was just said is found
/// by its meaning: some hundred milliseconds at most. More wait for [`Memory::index`].
pub const CATCH_UP_TURNS: u64 = 32;

/// What an index run tells while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexEvent {
    /// Other processes are indexing all that waits in the same store; this one waits for them, and says so
    /// now and then where it can.
    Waiting,
    /// So far it is.
    Progress(IndexProgress),
}

/// Is told what happens, and says whether to go on.
type Seen<'a> = dyn FnMut(IndexEvent) -> ControlFlow<()> + 'a;

/// How far an index run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexProgress {
    /// Turns that have their vectors since this run began.
    pub turns: u64,
    /// Turns that had none when it began.
    pub total_turns: u64,
    /// Passages embedded since this run began.
    pub passages: u64,
}

/// What an index run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexReport {
    /// Turns that got vectors, or hold nothing to embed.
    pub turns: u64,
    /// Passages that were embedded for them.
    pub passages: u64,
    /// Passages that were not embedded, because they hold no words: base64, keys, columns of numbers.
    /// They are kept as text.
    pub wordless_passages: u64,
    /// Turns that still wait: 0 unless the run was stopped or others wrote meanwhile.
    pub remaining: u64,
    /// Whether a new model took over.
    pub replaced_model: bool,
}

impl IndexReport {
    /// Of a run that was stopped before it began.
    fn stopped(remaining: u64) -> Self {
        Self { turns: 0, passages: 0, wordless_passages: 0, remaining, replaced_model: false }
    }
}

/// What [`Memory::catch_up`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaughtUp {
    /// Every turn of the user has its vectors now.
    Complete,
    /// This many of the user's turns have none: too many to embed on the way, or another process is at it.
    Behind(u64),
}

/// What one batch stored: turns that got vectors, passages embedded, and passages without words.
pub(crate) struct Stored {
    pub(crate) turns: u64,
    pub(crate) passages: u64,
    pub(crate) wordless_passages: u64,
}

/// Turns claimed of the queue at once.
const TURNS_PER_CLAIM: usize = 512;

/// How often it is looked whether there is something to do again, where others have claimed all that
/// waits.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Bytes of text that are embedded and stored together, but for a longer turn: enough to sort by length
/// well, few enough that progress is seen each second or two, and that stopping loses little work.
const BYTES_PER_BATCH: usize = 32 << 10;

/// Cuts turns into batches of about [`BYTES_PER_BATCH`], each with at least one turn.
fn batches(mut turns: &[QueuedTurn]) -> impl Iterator<Item = &[QueuedTurn]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = turns.iter().take_while(|turn| {
            bytes += turn.text.len();
            bytes <= BYTES_PER_BATCH
        });
        let count = fitting.count().max(1).min(turns.len());
        let (batch, rest) = turns.split_at(count);
        turns = rest;
        (!batch.is_empty()).then_some(batch)
    })
}

impl Memory {
    /// Embeds every turn that has no vectors, oldest first, but for passages without words (see
    /// [`IndexReport::wordless_passages`]), and tells `see` after each batch how far
    /// it is; `Break` stops there. What is stored stays, so another run goes on where this one stopped,
    /// and no turn is embedded twice. Others may read and write meanwhile. Where the store lets several
    /// processes index, each takes what waits of some users, until nothing waits any more; otherwise waits
    /// while another one is indexing the same store. With `reembed`, one indexes at a time in any store.
    ///
    /// # Errors
    /// [`StoreError::OtherModel`](crate::StoreError::OtherModel) if the store's vectors were made
    /// by another model and `reembed` is not set; [`MemoryError::Embed`]; [`MemoryError::Store`];
    /// [`MemoryError::PartlyDone`] where turns got their vectors before.
    pub fn index(
        &self,
        options: IndexOptions,
        see: &mut Seen<'_>,
    ) -> Result<IndexReport, MemoryError> {
        let share = if options.reembed { IndexShare::Alone } else { IndexShare::WithOthers };
        let mut lock = self.store.lock_index(share, false)?;
        if lock.is_none() && see(IndexEvent::Waiting).is_continue() {
            lock = self.store.lock_index(share, true)?;
        }
        let Some(lock) = lock else { return Ok(IndexReport::stopped(self.waiting(None)?)) };
        let model = self.embedder.model();
        if options.reembed && self.store.serving_model()?.as_ref() == Some(model) {
            self.store.requeue_all()?;
        }
        self.store.begin_indexing(model, options.reembed)?;
        let mut wait = |see: &mut Seen<'_>| {
            let flow = see(IndexEvent::Waiting);
            if flow.is_continue() {
                std::thread::sleep(LOOK_EVERY);
            }
            flow
        };
        self.drain_queue(&lock, None, &mut wait, see)
    }

    /// Indexes what waits of one user if it is at most [`CATCH_UP_TURNS`] and nobody else is at it:
    /// cheap enough to do before a recall, so that what was just said is found by its meaning. In a
    /// store that cannot be written now, what waits goes on waiting.
    ///
    /// # Errors
    /// [`MemoryError::Embed`]; [`MemoryError::Store`].
    pub fn catch_up(&self, user: &UserName) -> Result<CaughtUp, MemoryError> {
        self.catch_up_while(user, &mut |_| ControlFlow::Continue(()))
    }

    /// Catches up as [`Memory::catch_up`] does until `see` breaks off, which it is asked after each
    /// batch.
    pub(crate) fn catch_up_while(
        &self,
        user: &UserName,
        see: &mut Seen<'_>,
    ) -> Result<CaughtUp, MemoryError> {
        let waiting = self.waiting(Some(user))?;
        if waiting == 0 {
            return Ok(CaughtUp::Complete);
        }
        let model = self.embedder.model();
        let other_model = self.store.serving_model()?.is_some_and(|serving| serving != *model);
        if waiting > CATCH_UP_TURNS || other_model {
            return Ok(CaughtUp::Behind(waiting));
        }
        match self.catch_up_with(user, waiting, see) {
            Err(error) if error.is_unavailable() => Ok(CaughtUp::Behind(self.waiting(Some(user))?)),
            caught_up => caught_up,
        }
    }

    fn catch_up_with(
        &self,
        user: &UserName,
        waiting: u64,
        see: &mut Seen<'_>,
    ) -> Result<CaughtUp, MemoryError> {
        let Some(lock) = self.store.lock_index(IndexShare::WithOthers, false)? else {
            return Ok(CaughtUp::Behind(waiting));
        };
        self.store.begin_indexing(self.embedder.model(), false)?;
        let report = self.drain_queue(&lock, Some(user), &mut |_| ControlFlow::Break(()), see)?;
        Ok(if report.remaining == 0 {
            CaughtUp::Complete
        } else {
            CaughtUp::Behind(report.remaining)
        })
    }

    /// Embeds what waits, round by round over all users, until nothing is left that this run could store.
    /// `wait` is asked when others have claimed all that waits.
    fn drain_queue(
        &self,
        _lock: &StoreLock,
        user: Option<&UserName>,
        wait: &mut dyn FnMut(&mut Seen<'_>) -> ControlFlow<()>,
        see: &mut Seen<'_>,
    ) -> Result<IndexReport, MemoryError> {
        let total_turns = self.waiting(user)?;
        let mut done = IndexProgress { turns: 0, total_turns, passages: 0 };
        let mut wordless_passages = 0;
        let mut last: Option<QueuedTurn> = None;
        let mut done_before_round = 0;
        let mut flow = see(IndexEvent::Progress(done));
        while flow.is_continue() {
            let claim = self.store.claim_queued(user, last.as_ref(), TURNS_PER_CLAIM)?;
            if claim.turns.is_empty() {
                // What others had claimed may be free again, and something new may wait.
                let began_anew = last.take().is_none();
                if began_anew && claim.others_at_it {
                    flow = wait(see);
                } else if began_anew || done.turns == done_before_round {
                    break;
                }
                done_before_round = done.turns;
                continue;
            }
            for batch in batches(&claim.turns) {
                let stored =
                    self.embed_and_store(batch).map_err(|error| error.after(done.turns))?;
                done.turns += stored.turns;
                done.passages += stored.passages;
                wordless_passages += stored.wordless_passages;
                done.total_turns = done.total_turns.max(done.turns);
                flow = see(IndexEvent::Progress(done));
                if flow.is_break() {
                    break;
                }
            }
            last = claim.turns.into_iter().next_back();
        }
        let replaced_model = self.store.finish_replacing()?;
        Ok(IndexReport {
            turns: done.turns,
            passages: done.passages,
            wordless_passages,
            remaining: self.waiting(user)?,
            replaced_model,
        })
    }

    /// Embeds turns and stores their vectors in one transaction, but for those that were deleted
    /// meanwhile.
    pub(crate) fn embed_and_store(&self, queued: &[QueuedTurn]) -> Result<Stored, MemoryError> {
        let truncated_before = self.embedder.truncated_tokens();
        let mut spans = queued
            .par_iter()
            .map(|turn| self.embedder.passages(&turn.text))
            .collect::<Result<Vec<_>, _>>()
            .map_err(MemoryError::Embed)?;
        let all: usize = spans.iter().map(Vec::len).sum();
        for (turn, spans) in queued.iter().zip(&mut spans) {
            spans.retain(|span| has_words(&turn.text[span.start..span.end]));
        }
        let speakers = self.speakers_of(queued)?;
        let texts: Vec<String> = queued
            .iter()
            .zip(&spans)
            .flat_map(|(turn, spans)| {
                spans.iter().map(|span| {
                    without_names(&turn.text[span.start..span.end], &speakers[&turn.user])
                })
            })
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut vectors = self.embed_passages(&texts)?.into_iter();
        let truncated = self.embedder.truncated_tokens() - truncated_before;
        let embedded: Vec<EmbeddedTurn> = queued
            .iter()
            .zip(spans)
            .map(|(turn, spans)| EmbeddedTurn {
                user: turn.user.clone(),
                turn: turn.turn,
                passages: spans.into_iter().zip(&mut vectors).collect(),
            })
            .collect();
        let turns = self.store.write_vectors(self.embedder.model(), &embedded, truncated)?;
        let passages = texts.len();
        Ok(Stored { turns, passages: passages as u64, wordless_passages: (all - passages) as u64 })
    }

    /// Embeds passages, one vector each as wide as the model says.
    pub(crate) fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, MemoryError> {
        let vectors = self.embedder.embed_passages(texts).map_err(MemoryError::Embed)?;
        self.checked_vectors(texts.len(), vectors)
    }

    /// Checks what the embedder gave for so many texts.
    pub(crate) fn checked_vectors(
        &self,
        expected: usize,
        vectors: Vec<Embedding>,
    ) -> Result<Vec<Embedding>, MemoryError> {
        let actual = vectors.len();
        if actual != expected {
            return Err(MemoryError::WrongCount { expected, actual });
        }
        vectors.iter().try_for_each(|vector| self.embedder.model().check_width(vector))?;
        Ok(vectors)
    }

    /// The names of everybody who speaks, for each user of a batch.
    fn speakers_of(
        &self,
        queued: &[QueuedTurn],
    ) -> Result<HashMap<UserName, Vec<String>>, MemoryError> {
        let mut speakers = HashMap::new();
        for turn in queued {
            if !speakers.contains_key(&turn.user) {
                speakers.insert(turn.user.clone(), self.store.overview(&turn.user)?.speakers);
            }
        }
        Ok(speakers)
    }
}
