//! Vectors: every server has the same models, and the queue goes through the servers one after the other.

use longmem_core::{EmbeddingModel, UserName};
use longmem_store::{
    Claim, EmbeddedTurn, IndexShare, QueuedTurn, Result, StoreError, StoreLock, Upkeep, Vectors,
};

use crate::at_once;
use crate::member::Member;
use crate::ring::Ring;
use crate::store::RingStore;

impl Vectors for RingStore {
    fn serving_model(&self) -> Result<Option<EmbeddingModel>> {
        self.ask_first(Vectors::serving_model)
    }

    fn begin_indexing(&self, model: &EmbeddingModel, replace: bool) -> Result<()> {
        let ring = self.ring();
        let begun = at_once::each(&ring.members, |member| {
            member.required(|store| store.begin_indexing(model, replace))
        })?;
        // Unless vectors are to be made anew, a server that does not answer now is asked the next time.
        let begun: Vec<Result<()>> =
            begun.into_iter().map(|begun| self.named_as_whole(begun)).collect();
        if replace { begun.into_iter().collect() } else { of_those_that_answer(begun).map(drop) }
    }

    fn requeue_all(&self) -> Result<()> {
        let ring = self.ring();
        at_once::all(&ring.members, |member| member.required(Vectors::requeue_all)).map(drop)
    }

    fn waiting(&self, user: Option<&UserName>) -> Result<u64> {
        if let Some(user) = user {
            return self.of_user(user, |store| store.waiting(Some(user)));
        }
        self.finish_moves()?;
        let ring = self.ring();
        let waiting =
            at_once::all(&ring.members, |member| member.required(|store| store.waiting(None)))?;
        Ok(waiting.into_iter().sum())
    }

    fn queued_turns(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Vec<QueuedTurn>> {
        if let Some(user) = user {
            return self.of_user(user, |store| store.queued_turns(Some(user), after, limit));
        }
        let ring = self.ring();
        let mut turns = Vec::new();
        for (member, after) in self.behind(&ring, after) {
            let rest = limit - turns.len();
            if rest == 0 {
                break;
            }
            turns.extend(member.required(|store| store.queued_turns(None, after, rest))?);
        }
        Ok(turns)
    }

    fn claim_queued(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Claim> {
        if let Some(user) = user {
            return self.of_user(user, |store| store.claim_queued(Some(user), after, limit));
        }
        let ring = self.ring();
        let mut claimed = Claim { turns: Vec::new(), right: None, others_at_it: false };
        let (mut rights, mut silent) = (Vec::new(), None);
        for (member, after) in self.behind(&ring, after) {
            let rest = limit - claimed.turns.len();
            if rest == 0 {
                break;
            }
            match member.required(|store| store.claim_queued(None, after, rest)) {
                Ok(more) => {
                    claimed.turns.extend(more.turns);
                    claimed.others_at_it |= more.others_at_it;
                    rights.extend(more.right);
                }
                // The users of the other servers get their vectors meanwhile.
                Err(error @ StoreError::Unreachable { .. }) => silent = silent.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = silent.filter(|_| claimed.turns.is_empty()) {
            return Err(error);
        }
        claimed.others_at_it &= claimed.turns.is_empty();
        claimed.right = (!rights.is_empty()).then(|| StoreLock::new(rights));
        Ok(claimed)
    }

    fn write_vectors(
        &self,
        model: &EmbeddingModel,
        turns: &[EmbeddedTurn],
        truncated_tokens: u64,
    ) -> Result<u64> {
        let (mut stored, mut truncated) = (0, truncated_tokens);
        for of_user in turns.chunk_by(|one, next| one.user == next.user) {
            let user = &of_user[0].user;
            let write = |store: &longmem_postgres::PostgresStore| {
                store.write_vectors(model, of_user, std::mem::take(&mut truncated))
            };
            stored += self.of_user(user, write)?;
        }
        Ok(stored)
    }

    fn finish_replacing(&self) -> Result<bool> {
        let ring = self.ring();
        let waiting =
            at_once::each(&ring.members, |member| member.required(|store| store.waiting(None)))?;
        for waiting in waiting {
            match waiting {
                Ok(0) => {}
                // The old vectors serve on everywhere until all servers have all new ones.
                Ok(_) | Err(StoreError::Unreachable { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        let finished =
            at_once::all(&ring.members, |member| member.required(Vectors::finish_replacing))?;
        Ok(finished.into_iter().any(|finished| finished))
    }

    fn lock_index(&self, share: IndexShare, wait: bool) -> Result<Option<StoreLock>> {
        let ring = self.ring();
        let mut locks = Vec::with_capacity(ring.members.len());
        let mut silent = None;
        // All take them in the order of the names, so that no two wait for each other.
        for member in &ring.members {
            match member.required(|store| store.lock_index(share, wait)) {
                Ok(Some(lock)) => locks.push(lock),
                Ok(None) => return Ok(None),
                Err(error @ StoreError::Unreachable { .. }) if share == IndexShare::WithOthers => {
                    silent = silent.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        match silent.filter(|_| locks.is_empty()) {
            Some(error) => Err(error),
            None => Ok(Some(StoreLock::new(locks))),
        }
    }
}

impl RingStore {
    /// The servers on which a queue goes on behind a turn, the first one with that turn.
    fn behind<'a>(
        &self,
        ring: &'a Ring,
        after: Option<&'a QueuedTurn>,
    ) -> impl Iterator<Item = (&'a Member, Option<&'a QueuedTurn>)> {
        let at = after.map(|after| self.likely_name(ring, &after.user));
        let begun =
            move |member: &&std::sync::Arc<Member>| at.as_ref().is_none_or(|at| member.name >= *at);
        let members = ring.members.iter().filter(begun).enumerate();
        members.map(move |(place, member)| (&**member, after.filter(|_| place == 0)))
    }

    /// The same with the whole ring in the place of a server whose vectors are another model's, as all are.
    fn named_as_whole<T>(&self, answer: Result<T>) -> Result<T> {
        answer.map_err(|error| match error {
            StoreError::OtherModel { stored, given, .. } => {
                StoreError::OtherModel { place: self.place(), stored, given }
            }
            other => other,
        })
    }

    /// What the first server says that answers.
    pub(crate) fn ask_first<T>(
        &self,
        ask: impl Fn(&longmem_postgres::PostgresStore) -> Result<T>,
    ) -> Result<T> {
        let ring = self.ring();
        let mut silent = None;
        for member in ring.answering_first() {
            match member.required(&ask) {
                Err(error @ StoreError::Unreachable { .. }) => silent = silent.or(Some(error)),
                answer => return answer,
            }
        }
        Err(silent.expect("a ring has a server"))
    }
}

/// The answers of the servers that answer.
///
/// # Errors
/// If none does; what else is wrong with one.
fn of_those_that_answer<T>(answers: Vec<Result<T>>) -> Result<Vec<T>> {
    let (mut given, mut silent) = (Vec::new(), None);
    for answer in answers {
        match answer {
            Ok(answer) => given.push(answer),
            Err(error @ StoreError::Unreachable { .. }) => silent = silent.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match silent.filter(|_| given.is_empty()) {
        Some(error) => Err(error),
        None => Ok(given),
    }
}
