//! Which block was put behind which question, so that it is put there again whenever a client sends that
//! question as a part of its history.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hashlink::LruCache;
use longmem_core::{FactId, Timestamp, TurnId, UserName};
use longmem_memory::Epoch;

use super::conversation::PrefixHash;

/// Questions of a user.
const QUESTIONS: usize = 4_096;

/// Bytes of the blocks of all users.
const BYTES: usize = 64 << 20;

/// Bytes that a question without a block takes.
const BYTES_OF_NONE: usize = 256;

/// How long a block is kept after it was last used; a provider keeps nothing that long.
const KEPT_FOR: Duration = Duration::from_hours(6);

/// What was put behind a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The block; empty if nothing was put there.
    pub(super) text: String,
    /// What it costs, in estimated tokens.
    pub(super) tokens: usize,
    /// The turns that stand in it.
    pub(super) turns: Vec<TurnId>,
    /// The facts that stand in it.
    pub(super) facts: Vec<FactId>,
}

/// What was put behind which question of whom.
#[derive(Debug)]
pub(super) struct Blocks(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    /// Who asked last comes last.
    users: LruCache<UserName, Questions>,
    bytes: usize,
    /// Bytes at most.
    most: usize,
}

/// The one that was used last comes last.
type Questions = LruCache<PrefixHash, KeptBlock>;

#[derive(Debug)]
struct KeptBlock {
    block: Arc<Block>,
    /// The user's epoch when it was made; none if that was not known.
    epoch: Option<Epoch>,
    last_used: Timestamp,
}

/// When something is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// The time.
    pub(super) now: Timestamp,
    /// The user's epoch, which changes when something of theirs is deleted or changed; none if it cannot be read.
    pub(super) epoch: Option<Epoch>,
}

impl Default for Blocks {
    fn default() -> Self {
        Self::of(BYTES)
    }
}

impl Blocks {
    /// Keeps so many bytes.
    fn of(most: usize) -> Self {
        Self(Mutex::new(Kept { users: LruCache::new_unbounded(), bytes: 0, most }))
    }

    /// What was put behind a question of a user's; none if that is not known, or if something of the user was
    /// deleted or changed since: it might stand in the block.
    pub(super) fn get(
        &self,
        user: &UserName,
        question: PrefixHash,
        moment: Moment,
    ) -> Option<Arc<Block>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(user, question, moment)
    }

    /// Keeps what is put behind a question of a user's, and returns it. If another request was faster, that is
    /// what the other one put there.
    pub(super) fn keep(
        &self,
        user: &UserName,
        question: PrefixHash,
        block: Block,
        moment: Moment,
    ) -> Arc<Block> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = kept.get(user, question, moment) {
            return block;
        }
        let block = Arc::new(block);
        kept.insert(user, question, Arc::clone(&block), moment);
        block
    }

    /// Number of users of whom something is kept.
    #[cfg(test)]
    fn users(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).users.len()
    }
}

impl Kept {
    fn get(&mut self, user: &UserName, question: PrefixHash, moment: Moment) -> Option<Arc<Block>> {
        let questions = self.users.get_mut(user)?;
        let kept = questions.get_mut(&question)?;
        // Of one that was made in no known epoch nobody knows what was deleted since.
        let is_of_epoch = moment.epoch.is_none_or(|now| kept.epoch == Some(now));
        if !is_of_epoch && !kept.block.text.is_empty() {
            self.bytes -= size(&kept.block);
            questions.remove(&question);
            return None;
        }
        kept.last_used = moment.now;
        Some(Arc::clone(&kept.block))
    }

    fn insert(&mut self, user: &UserName, question: PrefixHash, block: Arc<Block>, moment: Moment) {
        let Moment { now, epoch } = moment;
        self.bytes += size(&block);
        if !self.users.contains_key(user) {
            self.users.insert(user.clone(), LruCache::new_unbounded());
        }
        let questions = self.users.get_mut(user).expect("it was put there");
        questions.insert(question, KeptBlock { block, epoch, last_used: now });
        if questions.len() > QUESTIONS {
            self.bytes -= forget_one(questions);
        }
        // Of whoever asked last it goes last.
        while let Some((_, questions)) = self.users.iter_mut().next() {
            let is_old = |time: Timestamp| now.duration_since(time).unsigned_abs() > KEPT_FOR;
            let oldest = questions.iter().next().map(|(_, kept)| kept.last_used);
            match oldest {
                None => drop(self.users.remove_lru()),
                Some(time) if is_old(time) || self.bytes > self.most => {
                    self.bytes -= forget_one(questions);
                }
                Some(_) => break,
            }
        }
    }
}

/// Forgets the question that was longest not used; returns the bytes that are free now.
fn forget_one(questions: &mut Questions) -> usize {
    questions.remove_lru().map_or(0, |(_, kept)| size(&kept.block))
}

fn size(block: &Block) -> usize {
    BYTES_OF_NONE + block.text.len() + 8 * (block.turns.len() + block.facts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block { text: text.to_owned(), ..Block::default() }
    }

    fn hash(number: usize) -> PrefixHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        PrefixHash(bytes)
    }

    fn user(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    fn at(hour: i64) -> Moment {
        let now = Timestamp::from_second(hour * 3_600).unwrap();
        Moment { now, epoch: Some(Epoch(7)) }
    }

    #[test]
    fn a_block_is_of_one_user_and_the_first_one_stays() {
        let blocks = Blocks::default();
        assert_eq!(blocks.keep(&user("ana"), hash(1), block("first"), at(0)).text, "first");
        assert_eq!(blocks.keep(&user("ana"), hash(1), block("second"), at(0)).text, "first");
        assert_eq!(blocks.get(&user("ana"), hash(1), at(1)).unwrap().text, "first");
        assert!(blocks.get(&user("bo"), hash(1), at(1)).is_none());
        assert!(blocks.get(&user("ana"), hash(2), at(1)).is_none());
    }

    #[test]
    fn a_block_that_may_hold_what_was_deleted_is_gone() {
        let (blocks, ana) = (Blocks::default(), user("ana"));
        blocks.keep(&ana, hash(1), block("a quote"), at(0));
        blocks.keep(&ana, hash(2), block(""), at(0));
        let unknown = Moment { epoch: None, ..at(0) };
        assert!(blocks.get(&ana, hash(1), unknown).is_some());
        let later = Moment { epoch: Some(Epoch(8)), ..at(0) };
        assert!(blocks.get(&ana, hash(1), later).is_none());
        assert!(blocks.get(&ana, hash(1), at(0)).is_none());
        // That nothing stood there stays.
        assert_eq!(blocks.get(&ana, hash(2), later).unwrap().text, "");
        blocks.keep(&ana, hash(1), block("another"), later);
        assert_eq!(blocks.get(&ana, hash(1), later).unwrap().text, "another");
        blocks.keep(&ana, hash(3), block("made when the store was slow"), unknown);
        assert!(blocks.get(&ana, hash(3), unknown).is_some());
        assert!(blocks.get(&ana, hash(3), later).is_none());
    }

    #[test]
    fn what_was_used_last_stays_longest() {
        let blocks = Blocks::default();
        for number in 0..QUESTIONS {
            blocks.keep(&user("ana"), hash(number), block("x"), at(0));
        }
        assert!(blocks.get(&user("ana"), hash(0), at(0)).is_some());
        blocks.keep(&user("ana"), hash(QUESTIONS), block("x"), at(0));
        assert!(blocks.get(&user("ana"), hash(0), at(0)).is_some());
        assert!(blocks.get(&user("ana"), hash(1), at(0)).is_none());
        // Seven hours later nothing of it is left.
        blocks.keep(&user("bo"), hash(0), block("x"), at(7));
        assert!(blocks.get(&user("ana"), hash(2), at(7)).is_none());
        assert_eq!(blocks.users(), 1);
    }

    #[test]
    fn all_users_together_have_an_end() {
        let blocks = Blocks::of(3 * (BYTES_OF_NONE + 100));
        let text = "x".repeat(100);
        blocks.keep(&user("ana"), hash(1), block(&text), at(0));
        blocks.keep(&user("ana"), hash(2), block(&text), at(0));
        blocks.keep(&user("bo"), hash(1), block(&text), at(0));
        blocks.keep(&user("bo"), hash(2), block(&text), at(0));
        assert!(blocks.get(&user("ana"), hash(1), at(0)).is_none());
        assert!(blocks.get(&user("ana"), hash(2), at(0)).is_some());
        assert!(blocks.get(&user("bo"), hash(1), at(0)).is_some());
    }
}
