//! Finds the server that has a user.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use longmem_core::UserName;
use longmem_postgres::UserPlace;
use longmem_store::{Moving, Result, StoreError};

use crate::at_once;
use crate::joining::take_keys;
use crate::member::Member;
use crate::ring::Ring;

/// How often marks that say nothing are looked at before they count as left over.
const LOOKS: u32 = 4;

/// Time between two looks, in which a move goes from one step to the next.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// What a server says which knows of a move from or to one that is not in the list.
pub(crate) const OUTSIDE: &str = "a user moved between it and a server that the file does not list";

/// Where a user is.
pub(crate) enum Located {
    /// On this server.
    At(Arc<Member>),
    /// On none: the user's home is ready to make the user.
    Nowhere,
}

/// Asks all servers for a user, and finishes what a move left to be finished.
///
/// # Errors
/// [`StoreError::Unreachable`] if a server that does not answer may have the user;
/// [`StoreError::RingMismatch`] if the user went to a server that is not in this list, or came from one.
pub(crate) fn locate(ring: &Ring, user: &UserName) -> Result<Located> {
    let mut looks = 0;
    loop {
        let seen = match look(ring, user)? {
            Seen::Here(place) => return Ok(Located::At(Arc::clone(&ring.members[place]))),
            Seen::All(seen) => seen,
        };
        let names: Vec<&str> = ring.members.iter().map(|member| member.name.as_str()).collect();
        let places: Vec<Option<&UserPlace>> =
            seen.iter().map(|seen| seen.as_ref().ok().map(|seen| &seen.place)).collect();
        let decided = decide(&names, &places);
        if let Decided::Arrived { at, from, number } = decided {
            let member = &ring.members[at];
            member.any(|store| store.finish_arriving(user, names[from], number))?;
            return Ok(Located::At(Arc::clone(member)));
        }
        if let Decided::Outside(at) = decided {
            return Err(StoreError::RingMismatch {
                place: ring.members[at].place.clone(),
                reason: OUTSIDE.to_owned(),
            });
        }
        looks += 1;
        if matches!(decided, Decided::Nowhere) || looks == LOOKS {
            let seen = seen.into_iter().collect::<Result<Vec<_>>>()?;
            make_ready(ring, user, &seen)?;
            return Ok(Located::Nowhere);
        }
        sleep(BETWEEN_LOOKS);
    }
}

/// What a server says of a user.
struct SeenAt {
    place: UserPlace,
    /// Whether it knows turns that the user forgot.
    has_forgotten: bool,
}

/// What the servers say of a user.
enum Seen {
    /// The first one that has the user; others are not waited for.
    Here(usize),
    /// All of them, none of which has the user for certain.
    All(Vec<Result<SeenAt>>),
}

fn look(ring: &Ring, user: &UserName) -> Result<Seen> {
    let asked = user.clone();
    let answers = at_once::as_they_come(&ring.members, move |member| {
        member.any(|store| {
            let place = store.user_place(&asked)?;
            let is_here = place == UserPlace::Here;
            let has_forgotten = !is_here && store.has_forgotten_turns(&asked)?;
            Ok(SeenAt { place, has_forgotten })
        })
    })?;
    let mut seen: Vec<Option<Result<SeenAt>>> = ring.members.iter().map(|_| None).collect();
    for (place, answer) in answers {
        if matches!(&answer, Ok(seen) if seen.place == UserPlace::Here) {
            return Ok(Seen::Here(place));
        }
        seen[place] = Some(answer);
    }
    let all = seen.into_iter().map(|seen| seen.unwrap_or(Err(StoreError::Stopped)));
    Ok(Seen::All(all.collect()))
}

/// What follows from what the servers say of a user whom none has for certain.
#[derive(Debug, PartialEq, Eq)]
enum Decided {
    /// The server at one place has the user, who came from that at the other one.
    Arrived { at: usize, from: usize, number: i64 },
    /// The server at this place names one that is not in the list.
    Outside(usize),
    /// No server has the user.
    Nowhere,
    /// Marks say something else in a moment, or are left over.
    Unsettled,
}

/// Decides by the names of the servers, and what those that answered say.
fn decide(names: &[&str], places: &[Option<&UserPlace>]) -> Decided {
    let place_of = |name: &str| names.iter().position(|known| *known == name);
    for (at, place) in places.iter().enumerate() {
        let Some(place @ UserPlace::ArrivingFrom { server, number }) = place else { continue };
        let Some(from) = place_of(server) else { continue };
        if places[from].is_some_and(|at_from| place.completes(names[at], server, at_from)) {
            return Decided::Arrived { at, from, number: *number };
        }
    }
    for (at, place) in places.iter().enumerate() {
        if let Some(UserPlace::ArrivingFrom { server, .. } | UserPlace::MovedTo { server, .. }) =
            place
            && place_of(server).is_none()
        {
            return Decided::Outside(at);
        }
    }
    let has_mark = places.iter().flatten().any(|place| **place != UserPlace::Absent);
    if has_mark { Decided::Unsettled } else { Decided::Nowhere }
}

/// Removes what is left of a user whom no server has, and lets the user's home know what the user forgot on
/// others, so that an import does not bring it back.
fn make_ready(ring: &Ring, user: &UserName, seen: &[SeenAt]) -> Result<()> {
    let home = ring.home(user);
    for (member, seen) in ring.members.iter().zip(seen) {
        if seen.place != UserPlace::Absent {
            member.any(|store| store.clear_traces(user, &seen.place))?;
        }
        if seen.has_forgotten && member.name != home.name {
            let mut keys = member.any(|store| store.forgotten_keys(Some(user)))?;
            // Those of nobody in particular are on all servers.
            keys.keys.retain(|(whose, _)| whose.is_some());
            home.any(|store| take_keys(store, &keys, &home.name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["a", "b", "c"];

    #[test]
    fn what_servers_say_decides_where_a_user_is() {
        let absent = UserPlace::Absent;
        let moved = |to: &str| UserPlace::MovedTo { server: to.to_owned(), number: 7 };
        let arriving = |from: &str| UserPlace::ArrivingFrom { server: from.to_owned(), number: 7 };
        let (to_b, to_c, to_d) = (moved("b"), moved("c"), moved("d"));
        let (from_a, from_d) = (arriving("a"), arriving("d"));
        let arrived = Decided::Arrived { at: 1, from: 0, number: 7 };
        for (places, expected) in [
            ([Some(&absent), Some(&absent), Some(&absent)], Decided::Nowhere),
            ([Some(&absent), None, Some(&absent)], Decided::Nowhere),
            ([Some(&to_b), Some(&from_a), None], arrived),
            ([Some(&to_c), Some(&from_a), Some(&absent)], Decided::Unsettled),
            ([Some(&absent), Some(&from_a), Some(&absent)], Decided::Unsettled),
            ([Some(&to_b), Some(&absent), Some(&absent)], Decided::Unsettled),
            ([Some(&to_d), Some(&absent), Some(&absent)], Decided::Outside(0)),
            ([Some(&absent), Some(&from_d), None], Decided::Outside(1)),
        ] {
            assert_eq!(decide(&NAMES, &places), expected, "{places:?}");
        }
    }
}
