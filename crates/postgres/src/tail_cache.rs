//! Keeps in memory the lists of words that were asked for, and the newest turns' words.
//!
//! Only a fold writes lists, so what is kept of them holds as long as the user's epoch and the last
//! folded turn stay; the tail behind that turn only grows.

use std::collections::HashMap;
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

/// Blocks of one word's list.
pub(crate) type Blocks = Arc<Vec<(i64, Vec<u8>)>>;

/// Lists by their words.
pub(crate) type WordLists = HashMap<String, Blocks>;

/// What is in memory of one user.
#[derive(Clone)]
pub(crate) struct UserWords {
    epoch: Epoch,
    folded_turn: TurnId,
    lists: Arc<WordLists>,
    tail: Arc<NewLists>,
    /// The newest turn in the tail, or the last folded one.
    tail_through: TurnId,
    bytes: usize,
}

impl UserWords {
    fn new(epoch: Epoch, folded_turn: TurnId) -> Self {
        Self {
            epoch,
            folded_turn,
            lists: Arc::default(),
            tail: Arc::default(),
            tail_through: folded_turn,
            bytes: 0,
        }
    }

    /// Adds what was read. Afterwards the tail goes up to the newest turn.
    pub(crate) fn take_up(
        &mut self,
        tail: &[Row],
        lists: WordLists,
        last_turn: Option<TurnId>,
    ) -> Result<(), Failure> {
        for row in tail {
            let (entry, words) = tail_turn(row)?;
            self.bytes += row.try_get::<_, &[u8]>(5)?.len() * 2;
            Arc::make_mut(&mut self.tail).add_turn(&entry, &words);
        }
        self.tail_through = last_turn.map_or(self.tail_through, |last| last.max(self.tail_through));
        if !lists.is_empty() {
            let kept = Arc::make_mut(&mut self.lists);
            for (word, blocks) in lists {
                let entries = blocks.iter().map(|(_, entries)| entries.len() + 64);
                self.bytes += word.len() + 128 + entries.sum::<usize>();
                kept.insert(word, blocks);
            }
        }
        Ok(())
    }

    /// The newest turns' lists.
    pub(crate) fn tail(&self) -> &NewLists {
        &self.tail
    }

    /// The newest turn whose words are in the tail.
    pub(crate) fn tail_through(&self) -> TurnId {
        self.tail_through
    }

    /// Whether a word's list is in memory; one that nobody wrote has an empty one.
    pub(crate) fn has_list(&self, word: &str) -> bool {
        self.lists.contains_key(word)
    }

    /// The blocks of a word's list.
    pub(crate) fn list(&self, word: &str) -> &[(i64, Vec<u8>)] {
        self.lists.get(word).map_or(&[], |blocks| blocks)
    }
}

/// What is in memory, by user; those who asked last come last.
#[derive(Default)]
pub(crate) struct WordCache(Mutex<LinkedHashMap<UserNumber, UserWords>>);

impl WordCache {
    /// What is in memory of a user and true in the state that a search reads.
    pub(crate) fn of(
        &self,
        user: UserNumber,
        (epoch, folded_turn): (Epoch, TurnId),
        last_turn: Option<TurnId>,
    ) -> UserWords {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = users.get(&user).filter(|kept| {
            (kept.epoch, kept.folded_turn) == (epoch, folded_turn)
                && Some(kept.tail_through) <= last_turn.max(Some(folded_turn))
        });
        kept.cloned().unwrap_or_else(|| UserWords::new(epoch, folded_turn))
    }

    /// Keeps what a search knows of a user, unless another one brought more of the same state meanwhile.
    pub(crate) fn keep(&self, user: UserNumber, mut words: UserWords) {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = users.remove(&user)
            && kept.epoch == words.epoch
            && (kept.folded_turn, kept.tail_through, kept.lists.len())
                >= (words.folded_turn, words.tail_through, words.lists.len())
        {
            users.insert(user, kept);
            return;
        }
        if words.bytes > MAX_BYTES {
            words.lists = Arc::default();
        }
        users.insert(user, words);
        let mut bytes: usize = users.values().map(|words| words.bytes).sum();
        while bytes > MAX_BYTES && users.len() > 1 {
            bytes -= users.pop_front().map_or(0, |(_, dropped)| dropped.bytes);
        }
    }
}
