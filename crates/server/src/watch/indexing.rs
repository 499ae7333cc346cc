//! Makes vectors of what was captured, a few seconds at a time.

use std::ops::ControlFlow;
use std::time::Duration;

use longmem_chat::AsyncMemory;
use longmem_memory::{IndexEvent, IndexOptions, Memory, MemoryError};
use longmem_wire::{WatchEvent, full_message};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long vectors are made before files are looked at again.
const SLICE: Duration = Duration::from_secs(3);

/// How long it takes until making vectors is tried again after it failed: the model may have to be
/// fetched, and nobody wants that each minute.
const AFTER_FAILURE: Duration = Duration::from_mins(10);

/// When vectors are to be made, and what came of it so far.
pub(super) struct Indexing {
    /// When they are made; none if nothing waits, as far as is known.
    due: Option<Instant>,
    /// Nothing is tried before this time.
    not_before: Instant,
    /// Turns that got vectors since that was told last.
    turns: u64,
}

impl Indexing {
    /// What was stored before and has no vectors gets them at this time; never if there is none.
    pub(super) fn new(due: Option<Instant>) -> Self {
        Self { due, not_before: Instant::now(), turns: 0 }
    }

    /// Makes vectors at this time and not sooner.
    pub(super) fn postpone(&mut self, due: Instant) {
        self.due = Some(due.max(self.not_before));
    }

    /// When vectors are to be made.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Makes vectors for a few seconds.
    pub(super) async fn run(
        &mut self,
        memory: &AsyncMemory,
        retry: Duration,
        stop: &CancellationToken,
    ) -> Option<WatchEvent> {
        self.due = None;
        let (stop, ends) = (stop.clone(), Instant::now() + SLICE);
        let see = move |event| match event {
            // Somebody else is at it.
            IndexEvent::Waiting => ControlFlow::Break(()),
            IndexEvent::Progress(_) if stop.is_cancelled() || Instant::now() >= ends => {
                ControlFlow::Break(())
            }
            IndexEvent::Progress(_) => ControlFlow::Continue(()),
        };
        let indexed = memory
            .run(move |memory| {
                let mut see = see;
                memory.index(IndexOptions::default(), &mut see)
            })
            .await;
        match indexed {
            Ok(report) => {
                self.turns += report.turns;
                if report.remaining > 0 {
                    let wait = if report.turns > 0 { Duration::ZERO } else { retry };
                    self.postpone(Instant::now() + wait);
                    return None;
                }
                let turns = std::mem::take(&mut self.turns);
                (turns > 0).then_some(WatchEvent::Indexed { turns, remaining: report.remaining })
            }
            Err(error) => {
                let unavailable = error.is_unavailable();
                let wait = if unavailable { retry } else { AFTER_FAILURE };
                self.not_before = Instant::now() + wait;
                self.due = unavailable.then_some(self.not_before);
                Some(WatchEvent::NotIndexed { message: message_of(&error) })
            }
        }
    }
}

/// Makes the vectors of everything that waits for them, unless somebody else is at it; says what came of it.
pub(super) fn index_once(memory: &Memory, stop: &dyn Fn() -> bool) -> Option<WatchEvent> {
    let index = || {
        // With nothing to do, the model is not even loaded.
        if memory.waiting(None)? == 0 {
            return Ok(None);
        }
        let mut see = |event| match event {
            IndexEvent::Progress(_) if !stop() => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        };
        memory.index(IndexOptions::default(), &mut see).map(Some)
    };
    match index() {
        Ok(report) => report
            .filter(|report| report.turns > 0)
            .map(|report| WatchEvent::Indexed { turns: report.turns, remaining: report.remaining }),
        Err(error) => Some(WatchEvent::NotIndexed { message: message_of(&error) }),
    }
}

fn message_of(error: &MemoryError) -> String {
    full_message(error)
}
