//! Keeps in memory what searches of the users who asked last need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::UserName;

use crate::cached_user::CachedUser;

/// Bytes kept for all users together; beyond it the users who asked longest ago are dropped.
const MAX_BYTES: usize = 1 << 30;

/// What is in memory, by user.
pub(crate) struct UserCache {
    users: Mutex<Users>,
    max_bytes: usize,
}

#[derive(Default)]
struct Users {
    slots: HashMap<UserName, Slot>,
    /// Grows with each use of any user.
    uses: u64,
}

#[derive(Default)]
struct Slot {
    user: CachedUser,
    /// Grows with each change of `user`.
    version: u64,
    /// Held by the one search that reads a user of whom nothing is known yet.
    loading: Arc<Mutex<()>>,
    used: u64,
    bytes: usize,
}

/// A user as it was taken from the cache.
pub(crate) struct Taken {
    pub(crate) user: CachedUser,
    version: u64,
    loading: Arc<Mutex<()>>,
}

impl Taken {
    /// Says whether nothing of the user is in memory.
    pub(crate) fn is_cold(&self) -> bool {
        self.user.state.is_none()
    }

    /// What the one search that reads a cold user holds; others that want the same user wait for it
    /// and then find it in memory.
    pub(crate) fn loading(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.loading)
    }
}

impl Default for UserCache {
    fn default() -> Self {
        Self { users: Mutex::default(), max_bytes: MAX_BYTES }
    }
}

impl UserCache {
    /// A user's part; empty if nothing of the user is in memory.
    pub(crate) fn take(&self, name: &UserName) -> Taken {
        let mut users = self.locked();
        users.uses += 1;
        let used = users.uses;
        if !users.slots.contains_key(name) {
            users.slots.insert(name.clone(), Slot::default());
        }
        let slot = users.slots.get_mut(name).expect("it is there, or was just inserted");
        slot.used = used;
        Taken { user: slot.user.clone(), version: slot.version, loading: Arc::clone(&slot.loading) }
    }

    /// Puts a user's part in the place of the one that was taken. If another search changed it
    /// meanwhile, that change stays: it may know of a deletion that this one did not see.
    pub(crate) fn put(&self, name: &UserName, taken: &mut Taken, user: CachedUser) {
        let mut users = self.locked();
        let Some(slot) = users.slots.get_mut(name) else { return };
        if slot.version == taken.version {
            slot.version += 1;
            taken.version = slot.version;
            slot.user = user;
        }
        // Words and windows are kept also where another search put something newer.
        slot.bytes = slot.user.bytes();
        users.drop_oldest_beyond(self.max_bytes);
    }

    /// Drops a user's part.
    pub(crate) fn drop_user(&self, name: &UserName) {
        self.locked().slots.remove(name);
    }

    fn locked(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Users {
    fn drop_oldest_beyond(&mut self, max_bytes: usize) {
        let mut bytes: usize = self.slots.values().map(|slot| slot.bytes).sum();
        while bytes > max_bytes && self.slots.len() > 1 {
            let oldest = self.slots.iter().min_by_key(|(_, slot)| slot.used);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { return };
            bytes -= self.slots.remove(&name).map_or(0, |slot| slot.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Role, TurnId};

    use super::*;
    use crate::lists::TurnEntry;
    use crate::source::{Epoch, SessionNumber, UserState};
    use crate::turn_table::TurnTable;

    fn name(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    /// A user with so many turns, who was read at an epoch.
    fn user(turns: i64, epoch: i64) -> CachedUser {
        let entry = |turn| TurnEntry {
            turn: TurnId(turn),
            session: SessionNumber(1),
            role: Role::User,
            note: false,
            time_ms: 0,
            words: 1,
        };
        let mut table = TurnTable::default();
        table.grow(&(1..=turns).map(entry).collect::<Vec<_>>());
        let state = UserState { epoch: Epoch(epoch), last_turn: Some(TurnId(turns)) };
        let mut user = CachedUser::default();
        (user.state, user.table) = (Some(state), Arc::new(table));
        user
    }

    #[test]
    fn a_change_that_came_meanwhile_stays() {
        let cache = UserCache::default();
        let ana = name("ana");
        let (mut earlier, mut later) = (cache.take(&ana), cache.take(&ana));
        cache.put(&ana, &mut later, user(2, 7));
        cache.put(&ana, &mut earlier, user(9, 3));
        assert_eq!(cache.take(&ana).user.table.len(), 2, "a forgotten turn came back");
    }

    #[test]
    fn the_users_who_asked_longest_ago_are_dropped_beyond_the_limit() {
        let one = user(1000, 1).bytes();
        let cache = UserCache { max_bytes: 2 * one, ..UserCache::default() };
        for who in ["ana", "bob", "ana", "eve"] {
            let mut taken = cache.take(&name(who));
            cache.put(&name(who), &mut taken, user(1000, 1));
        }
        let kept = |who| !cache.take(&name(who)).is_cold();
        assert_eq!(["ana", "eve", "bob"].map(kept), [true, true, false]);
    }

    #[test]
    fn a_user_larger_than_the_limit_is_kept_alone() {
        let cache = UserCache { max_bytes: 10, ..UserCache::default() };
        let mut taken = cache.take(&name("ana"));
        cache.put(&name("ana"), &mut taken, user(1000, 1));
        assert!(!cache.take(&name("ana")).is_cold());
    }
}
