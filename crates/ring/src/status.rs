//! What there is to know of a ring's servers.

use longmem_core::UserName;
use longmem_store::{Result, Upkeep};

use crate::at_once;
use crate::store::RingStore;

/// The servers of a ring, as they are now.
#[derive(Debug)]
pub struct RingStatus {
    /// The generation of the list.
    pub generation: i64,
    /// The servers, in the order of their names.
    pub servers: Vec<MemberStatus>,
    /// The users of servers that answer who belong to another server, in the order of their names.
    pub away: Vec<AwayUser>,
}

/// A server of a ring.
#[derive(Debug)]
pub struct MemberStatus {
    /// Its name in the ring.
    pub name: String,
    /// Where it is, without account and password.
    pub place: String,
    /// Whether its users belong elsewhere.
    pub leaving: bool,
    /// What it holds; why it cannot say.
    pub counts: Result<MemberCounts>,
}

/// What a server of a ring holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberCounts {
    /// Number of users.
    pub users: u64,
    /// Number of messages.
    pub turns: u64,
    /// Number of users of whom a move that was broken off left a mark.
    pub marks: u64,
}

/// A user who belongs to another server than the user is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AwayUser {
    /// Who it is.
    pub user: UserName,
    /// The name of the server that the user is on.
    pub at: String,
    /// The name of the server that the user belongs to.
    pub home: String,
}

impl RingStore {
    /// What each server holds, and who is not where they belong. A server that does not answer keeps nobody
    /// from hearing of the others.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn status(&self) -> Result<RingStatus> {
        let ring = self.ring();
        let said = at_once::each(&ring.members, |member| {
            member.any(|store| {
                let (stats, names) = (store.stats()?, store.user_names()?);
                let marks = store.marked_users()?.len() as u64;
                Ok((MemberCounts { users: names.len() as u64, turns: stats.turns, marks }, names))
            })
        })?;
        let (mut servers, mut away) = (Vec::new(), Vec::new());
        for (member, said) in ring.members.iter().zip(said) {
            let counts = said.map(|(counts, names)| {
                away.extend(names.into_iter().filter_map(|user| {
                    let home = ring.home(&user).name.clone();
                    let at = member.name.clone();
                    (home != at).then_some(AwayUser { user, at, home })
                }));
                counts
            });
            let (name, place) = (member.name.clone(), member.place.clone());
            servers.push(MemberStatus { name, place, leaving: member.leaving, counts });
        }
        away.sort_unstable();
        Ok(RingStatus { generation: ring.generation, servers, away })
    }

    /// The users who are not where they belong, in the order of their names.
    ///
    /// # Errors
    /// Those of reading any server.
    pub fn away(&self) -> Result<Vec<AwayUser>> {
        self.finish_moves()?;
        let status = self.status()?;
        status.servers.into_iter().try_for_each(|server| server.counts.map(drop))?;
        Ok(status.away)
    }
}
