//! Keeps in memory the newest turns' words, which stand in no list yet, of the users who asked last.
//!
//! Only a fold empties the tail, so what is kept of it holds as long as the user's epoch and the last
//! folded turn stay; behind that turn it only grows. Lists are not kept: the searcher keeps them decoded.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LinkedHashMap;
use longmem_core::TurnId;
use longmem_search::{Epoch, NewLists};
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::lists::tail_turn;
use crate::user_number::UserNumber;

/// Bytes that are kept of all users together; beyond it those who asked longest ago are dropped.
const MAX_BYTES: usize = 64 << 20;

/// The lists of a user's newest turns.
#[derive(Clone)]
pub(crate) struct Tail {
    epoch: Epoch,
    folded_turn: TurnId,
    lists: Arc<NewLists>,
    /// The newest turn in it, or the last folded one.
    through: TurnId,
    bytes: usize,
}

impl Tail {
    fn new(epoch: Epoch, folded_turn: TurnId) -> Self {
        Self { epoch, folded_turn, lists: Arc::default(), through: folded_turn, bytes: 0 }
    }

    /// Adds the turns that were read, up to the newest one.
    pub(crate) fn take_up(
        &mut self,
        rows: &[Row],
        last_turn: Option<TurnId>,
    ) -> Result<(), Failure> {
        for row in rows {
            let (entry, words) = tail_turn(row)?;
            self.bytes += row.try_get::<_, &[u8]>(5)?.len() * 2;
            Arc::make_mut(&mut self.lists).add_turn(&entry, &words);
        }
        self.through = last_turn.map_or(self.through, |last| last.max(self.through));
        Ok(())
    }

    pub(crate) fn lists(&self) -> &NewLists {
        &self.lists
    }

    /// The turn after which it is to be read on.
    pub(crate) fn through(&self) -> TurnId {
        self.through
    }
}

/// What is in memory, by user; those who asked last come last.
#[derive(Default)]
pub(crate) struct TailCache(Mutex<LinkedHashMap<UserNumber, Tail>>);

impl TailCache {
    /// What is in memory of a user and true in the state that a search reads.
    pub(crate) fn of(
        &self,
        user: UserNumber,
        (epoch, folded_turn): (Epoch, TurnId),
        last_turn: Option<TurnId>,
    ) -> Tail {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = users.get(&user).filter(|kept| {
            (kept.epoch, kept.folded_turn) == (epoch, folded_turn)
                && Some(kept.through) <= last_turn.max(Some(folded_turn))
        });
        kept.cloned().unwrap_or_else(|| Tail::new(epoch, folded_turn))
    }

    /// Keeps what a search read of a user, unless another one brought more of the same state meanwhile.
    pub(crate) fn keep(&self, user: UserNumber, tail: Tail) {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = match users.remove(&user) {
            Some(kept)
                if kept.epoch == tail.epoch
                    && (kept.folded_turn, kept.through) >= (tail.folded_turn, tail.through) =>
            {
                kept
            }
            _ => tail,
        };
        users.insert(user, newest);
        let mut bytes: usize = users.values().map(|tail| tail.bytes).sum();
        while bytes > MAX_BYTES && users.len() > 1 {
            bytes -= users.pop_front().map_or(0, |(_, dropped)| dropped.bytes);
        }
    }
}
