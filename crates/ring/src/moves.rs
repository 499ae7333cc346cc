//! Moves users to the servers where they belong.

use std::collections::BTreeSet;

use longmem_core::{Scope, UserName};
use longmem_postgres::{MoveStep, MovedUserReport, PostgresStore, UserPlace};
use longmem_store::{KeptValues, Result, StoreError, Turns};

use crate::at_once;
use crate::locate::{Located, OUTSIDE, locate};
use crate::ring::Ring;
use crate::state::RingState;
use crate::store::RingStore;

/// The name of a value that nobody keeps: deleting it locks a user, and does nothing.
const NO_VALUE: &str = "ring-lock";

/// Hears of the steps of a move; an error of it ends the move.
pub type MoveHome<'a> = dyn Fn(MoveStep) -> Result<()> + Sync + 'a;

/// What moving a user to its home came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovedHome {
    /// The user was there.
    WasThere,
    /// The user moved.
    Moved {
        /// The name of the server that the user was on.
        from: String,
        /// The name of the server that the user is on now.
        to: String,
        /// What the move did.
        report: MovedUserReport,
    },
}

impl RingStore {
    /// Moves a user to the server where the user belongs, while others read and write. Whatever ends it
    /// before its end, the user is on one of the two servers, and the same again finishes it.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`]; [`StoreError::Unreachable`] if one of the two servers does not answer;
    /// the errors of `step`.
    pub fn move_home(&self, user: &UserName, step: &MoveHome<'_>) -> Result<MovedHome> {
        loop {
            self.of_user(user, |store| store.check_names(&Scope::of(user.clone())))?;
            let ring = self.ring();
            let Located::At(from) = locate(&ring, user)? else { continue };
            let home = ring.home(user);
            if from.name == home.name {
                return Ok(MovedHome::WasThere);
            }
            // By an older list the user would be moved away from home.
            if let Err(error) = home.is_of_this_list() {
                self.read_again(&ring, error)?;
                continue;
            }
            let moved = home.any(|to| {
                from.any(|store| store.move_user(user, &from.name, (&home.name, to), step))
            });
            match moved {
                // Somebody else moved the user meanwhile.
                Err(StoreError::NotHere(_)) => {}
                Err(error) => return Err(error),
                Ok(report) => {
                    self.remember(&ring, user, home);
                    let (from, to) = (from.name.clone(), home.name.clone());
                    return Ok(MovedHome::Moved { from, to, report });
                }
            }
        }
    }

    /// Finishes moves that ended before their end, as far as the users are whole on their new servers.
    /// Until then no list of users and no queue shows these.
    ///
    /// # Errors
    /// Those of reading any server.
    pub(crate) fn finish_moves(&self) -> Result<()> {
        let ring = self.ring();
        let marked = at_once::all(&ring.members, |member| member.any(PostgresStore::marked_users))?;
        for (member, marked) in ring.members.iter().zip(marked) {
            for (user, place) in marked {
                let UserPlace::ArrivingFrom { server, number } = &place else { continue };
                let from = ring.named(server).ok_or_else(|| StoreError::RingMismatch {
                    place: member.place.clone(),
                    reason: OUTSIDE.to_owned(),
                })?;
                let at_from = from.any(|store| store.user_place(&user))?;
                if place.completes(&member.name, server, &at_from) {
                    member.any(|store| store.finish_arriving(&user, server, *number))?;
                }
            }
        }
        Ok(())
    }

    /// Removes what moves and deletions left of users who are elsewhere or nowhere, and notes which leaving
    /// servers have no users any more, so that they can be taken out of the file. Returns the names of
    /// these.
    ///
    /// # Errors
    /// Those of reading and writing any server.
    pub fn clean_up(&self) -> Result<BTreeSet<String>> {
        self.finish_moves()?;
        let ring = self.ring();
        let marked = at_once::all(&ring.members, |member| member.any(PostgresStore::marked_users))?;
        for (member, marked) in ring.members.iter().zip(marked) {
            for (user, mark) in marked {
                clear(&ring, member, &user, &mark)?;
            }
        }
        let is_empty = at_once::all(&ring.members, |member| {
            let is_empty = |store: &PostgresStore| {
                Ok(store.user_names()?.is_empty() && store.marked_users()?.is_empty())
            };
            Ok(member.leaving && member.any(is_empty)?)
        })?;
        let empty = ring.members.iter().zip(is_empty).filter(|(_, is_empty)| *is_empty);
        let emptied: BTreeSet<String> = empty.map(|(member, _)| member.name.clone()).collect();
        let state = self.ask_first(RingState::read)?;
        let state = RingState { emptied: emptied.clone(), ..state };
        ring.members.iter().try_for_each(|member| state.keep(member))?;
        Ok(emptied)
    }
}

/// Removes a mark of a user who is on another server for certain, or on none.
fn clear(
    ring: &Ring,
    member: &crate::member::Member,
    user: &UserName,
    mark: &UserPlace,
) -> Result<()> {
    let Located::At(at) = locate(ring, user)? else { return Ok(()) };
    if at.name == member.name {
        return Ok(());
    }
    if matches!(mark, UserPlace::ArrivingFrom { server, .. } if *server == at.name) {
        // The copy may be that of a move which goes on. This waits for its end, after which the user
        // is elsewhere, or the copy is of no use.
        let waited = at.required(|store| store.keep_value(Some(user), NO_VALUE, None));
        match waited {
            Err(StoreError::NotHere(_)) => return Ok(()),
            waited => waited?,
        }
    }
    member.any(|store| store.clear_traces(user, mark))?;
    Ok(())
}
