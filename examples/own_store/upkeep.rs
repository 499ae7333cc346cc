//! Counts; there is nothing to check and nothing to copy.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use longmem_core::UserName;
use longmem_core::private_files::IfExists;
use longmem_store::{Result, StoreError, StoreLock, StoreStats, Turns, Upkeep, UserStats};

use super::MemoryStore;

impl Upkeep for MemoryStore {
    fn stats(&self) -> Result<StoreStats> {
        let state = self.state();
        let users = || state.users.values();
        let turns = || users().flat_map(|user| user.turns.values());
        let vectors =
            turns().flat_map(|kept| &kept.vectors).map(|made| made.passages.len() as u64).sum();
        let sessions = users().flat_map(|user| {
            user.turns.values().map(|kept| &kept.turn.session).collect::<BTreeSet<_>>()
        });
        Ok(StoreStats {
            users: state.users.len() as u64,
            sessions: sessions.count() as u64,
            turns: turns().count() as u64,
            passages: vectors,
            vectors,
            turns_without_vectors: users().map(|user| user.queue.len() as u64).sum(),
            truncated_tokens: state.truncated_tokens,
            file_bytes: 0,
            unused_bytes: 0,
        })
    }

    fn users(&self) -> Result<Vec<UserStats>> {
        let names: Vec<UserName> = self.state().users.keys().cloned().collect();
        let stats = names.into_iter().map(|user| {
            let sessions = self.sessions(&user)?;
            let turns = sessions.iter().map(|session| session.turns).sum();
            Ok(UserStats { user, sessions: sessions.len() as u64, turns })
        });
        stats.collect()
    }

    fn check(&self, _problem: &mut dyn FnMut(String)) -> Result<()> {
        Ok(())
    }

    fn backup(
        &self,
        _to: &Path,
        _if_exists: IfExists,
        _stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        let instead = "It is gone with the process; export the turns instead.".to_owned();
        Err(StoreError::Unsupported { place: self.place(), what: "be copied", instead })
    }

    fn lock_watching(&self, user: &UserName) -> Result<Option<StoreLock>> {
        Ok(self.watched.take(user))
    }

    fn place(&self) -> String {
        "memory of this process".to_owned()
    }

    fn is_there(&self) -> bool {
        true
    }
}

/// For whom one does now what one does at a time.
#[derive(Clone, Default)]
pub(crate) struct UsersAtWork(Arc<Mutex<BTreeSet<UserName>>>);

impl UsersAtWork {
    /// Takes the right for a user; none if another has it.
    pub(crate) fn take(&self, user: &UserName) -> Option<StoreLock> {
        let mut at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = at_work.insert(user.clone());
        is_free.then(|| StoreLock::new(GiveBack(Arc::clone(&self.0), user.clone())))
    }
}

/// Gives the right for a user back when it is dropped.
struct GiveBack(Arc<Mutex<BTreeSet<UserName>>>, UserName);

impl Drop for GiveBack {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}
