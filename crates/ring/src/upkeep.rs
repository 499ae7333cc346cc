//! Counts and checks all servers.

use std::collections::BTreeMap;
use std::path::Path;

use longmem_core::UserName;
use longmem_core::private_files::IfExists;
use longmem_postgres::UserPlace;
use longmem_store::{Result, StoreError, StoreLock, StoreStats, Upkeep, UserStats};

use crate::at_once;
use crate::ring_place;
use crate::store::RingStore;

impl Upkeep for RingStore {
    fn stats(&self) -> Result<StoreStats> {
        self.finish_moves()?;
        let ring = self.ring();
        let of_servers = at_once::all(&ring.members, |member| member.required(Upkeep::stats))?;
        Ok(of_servers.into_iter().fold(StoreStats::default(), sum))
    }

    fn users(&self) -> Result<Vec<UserStats>> {
        self.finish_moves()?;
        let ring = self.ring();
        let of_servers = at_once::all(&ring.members, |member| member.required(Upkeep::users))?;
        let mut users: Vec<UserStats> = of_servers.into_iter().flatten().collect();
        users.sort_by(|one, other| one.user.cmp(&other.user));
        // One who moved while the servers were asked one after the other may be on two answers.
        users.dedup_by(|one, other| one.user == other.user);
        Ok(users)
    }

    fn check(&self, problem: &mut dyn FnMut(String)) -> Result<()> {
        self.finish_moves()?;
        let ring = self.ring();
        for member in &ring.members {
            let mut named = |said: String| problem(format!("server \"{}\": {said}", member.name));
            member.required(|store| store.check(&mut named))?;
        }
        let mut servers_of: BTreeMap<UserName, Vec<&str>> = BTreeMap::new();
        for member in &ring.members {
            for user in member.any(longmem_postgres::PostgresStore::user_names)? {
                servers_of.entry(user).or_default().push(&member.name);
            }
        }
        for (user, servers) in servers_of.iter().filter(|(_, servers)| servers.len() > 1) {
            // A move while they were asked is no problem.
            let are_there = ring.members.iter().filter(|member| servers.contains(&&*member.name));
            let places: Vec<UserPlace> = are_there
                .map(|member| member.any(|store| store.user_place(user)))
                .collect::<Result<_>>()?;
            if places.iter().filter(|place| **place == UserPlace::Here).count() > 1 {
                problem(format!("user \"{user}\" is on several servers: {}", servers.join(", ")));
            }
        }
        Ok(())
    }

    fn backup(
        &self,
        _to: &Path,
        _if_exists: IfExists,
        _stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        Err(StoreError::Unsupported {
            place: self.place(),
            what: "be copied to a file",
            instead:
                "PostgreSQL copies each server by itself at one moment: pg_dump on every one of \
                      them, while no user is being moved."
                    .to_owned(),
        })
    }

    fn lock_watching(&self, user: &UserName) -> Result<Option<StoreLock>> {
        self.of_user(user, |store| store.lock_watching(user))
    }

    fn place(&self) -> String {
        ring_place(self.file())
    }

    /// Whether any server is: those that are not keep only their own users waiting.
    fn is_there(&self) -> bool {
        let ring = self.ring();
        ring.answering_first()
            .any(|member| member.required(|store| Ok(store.is_there())).unwrap_or(false))
    }
}

/// The counts of two servers, which have no user in common.
fn sum(one: StoreStats, other: StoreStats) -> StoreStats {
    StoreStats {
        users: one.users + other.users,
        sessions: one.sessions + other.sessions,
        turns: one.turns + other.turns,
        passages: one.passages + other.passages,
        vectors: one.vectors + other.vectors,
        turns_without_vectors: one.turns_without_vectors + other.turns_without_vectors,
        truncated_tokens: one.truncated_tokens + other.truncated_tokens,
        file_bytes: one.file_bytes + other.file_bytes,
        unused_bytes: one.unused_bytes + other.unused_bytes,
    }
}
