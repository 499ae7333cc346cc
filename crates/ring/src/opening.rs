//! Opens a ring: asks its servers what they know of it, and tells them a newer list.

use std::collections::BTreeSet;
use std::path::Path;

use longmem_postgres::{RingRecord, RingServer};
use longmem_store::{Result, StoreError};

use crate::at_once;
use crate::joining;
use crate::member::{Connect, Introduction};
use crate::ring::Ring;
use crate::state::RingState;
use crate::{RingFile, ring_place};

/// What opening a ring came to.
pub(crate) struct Opened {
    pub(crate) ring: Ring,
    /// Whether none of its servers had tables.
    pub(crate) is_new: bool,
}

/// Reads the list and opens its servers, those again that `former` has opened already. A server that does
/// not answer is opened when it is needed, unless the list is new to the servers.
pub(crate) fn open(
    file: &Path,
    connect: &Connect,
    create: bool,
    former: Option<&Ring>,
) -> Result<Opened> {
    let list = RingFile::read(file)?;
    let ring = Ring::new(&list, connect, former)?;
    let mut said = at_once::each(&ring.members, |member| member.introduce(false))?;
    let is_new = said.iter().all(|said| matches!(said, Err(StoreError::Missing(_))));
    if may_make(&ring, &said, create) {
        for (member, said) in ring.members.iter().zip(&mut said) {
            if matches!(said, Err(StoreError::Missing(_))) {
                *said = member.introduce(true);
            }
        }
    }
    let invalid = |reason| StoreError::InvalidRing { place: ring_place(file), reason };
    let is_ring = said.iter().flatten().any(|said| said.record.is_some());
    let mut introduced = Vec::with_capacity(said.len());
    let mut silent = None;
    for (member, said) in ring.members.iter().zip(said) {
        match said {
            Err(StoreError::Missing(place)) if is_ring => {
                return Err(invalid(format!(
                    "server \"{}\" ({place}) has no tables, though it belongs to the ring; bring its \
                     database back, or raise the generation in the file to begin with an empty one",
                    member.name
                )));
            }
            Ok(said) => introduced.push(Some(said)),
            Err(error @ StoreError::Unreachable { .. }) => {
                silent.get_or_insert(error);
                introduced.push(None);
            }
            Err(error) => return Err(error),
        }
    }
    let judged = judge(&ring, &introduced).map_err(invalid)?;
    match (judged, silent) {
        (Judged::Known, silent) => match silent {
            Some(error) if introduced.iter().all(Option::is_none) => return Err(error),
            _ => {}
        },
        (Judged::New { .. }, Some(error)) => return Err(error),
        (Judged::New { joining, emptied }, None) => {
            joining::join(&ring, &joining)?;
            let known = introduced.into_iter().flatten().flat_map(|said| said.state.slots);
            let slots = joining::divide_numbers(&ring, known.collect())?;
            tell(&ring, &joining, &RingState { complete: ring.generation, emptied, slots })?;
        }
    }
    Ok(Opened { ring, is_new })
}

/// Whether tables are made where a server has none: in a new ring if that is asked for, and on a server that
/// comes into a ring; not on one that was in it, which must have lost them.
fn may_make(ring: &Ring, said: &[Result<Introduction>], create: bool) -> bool {
    let mut known = said.iter().flatten().filter(|said| said.record.is_some()).peekable();
    match known.peek() {
        None => create,
        Some(_) => known.all(|said| said.state.complete < ring.generation),
    }
}

/// Has every server keep the list: those that are new to the ring first, since a list that is on the others
/// says that these are in it.
fn tell(ring: &Ring, joining: &[usize], state: &RingState) -> Result<()> {
    let is_joining = |place: &usize| joining.contains(place);
    let (first, then): (Vec<usize>, Vec<usize>) = (0..ring.members.len()).partition(is_joining);
    for place in first.into_iter().chain(then) {
        let member = &ring.members[place];
        member.any(|store| store.set_ring(member.record()))?;
    }
    ring.members.iter().try_for_each(|member| state.keep(member))
}

/// What the list of a file is to the servers.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    /// They know it, as far as they answer.
    Known,
    /// It is new to some.
    New {
        /// The places of those that are new to the ring.
        joining: Vec<usize>,
        /// Servers that are leaving and have no users any more.
        emptied: BTreeSet<String>,
    },
}

/// Judges by what the servers that answered know of the ring.
///
/// # Errors
/// What is wrong, and what to do about it, in words.
fn judge(ring: &Ring, introduced: &[Option<Introduction>]) -> std::result::Result<Judged, String> {
    let answered = || {
        ring.members
            .iter()
            .zip(introduced)
            .filter_map(|(member, said)| said.as_ref().map(|said| (member, said)))
    };
    let records = || {
        answered().filter_map(|(member, said)| said.record.as_ref().map(|record| (member, record)))
    };
    for (member, record) in records() {
        if record.this_server != member.name {
            return Err(format!(
                "{} is called \"{}\" in the ring, and \"{}\" in the file; a name never changes",
                member.place, record.this_server, member.name
            ));
        }
    }
    let newest = records().map(|(_, record)| record).max_by_key(|record| record.generation);
    let complete = answered().map(|(_, said)| said.state.complete).max().unwrap_or(0);
    let emptied: BTreeSet<String> =
        answered().flat_map(|(_, said)| said.state.emptied.iter().cloned()).collect();
    let stored = newest.map_or(0, |newest| newest.generation);
    if stored > ring.generation {
        return Err(format!(
            "the file lists the servers of generation {}, and they know generation {stored}; use \
             the newer file",
            ring.generation
        ));
    }
    if stored == ring.generation {
        same_list(ring, records())?;
        if complete == ring.generation {
            if let Some((member, said)) =
                answered().find(|(member, said)| said.record.as_ref() != Some(member.record()))
            {
                let known = match &said.record {
                    Some(record) => format!("only of generation {}", record.generation),
                    None => "nothing of the ring".to_owned(),
                };
                return Err(format!(
                    "server \"{}\" ({}) knows {known}, though all servers were told of generation \
                     {}: was it emptied, or restored from an older backup? If it is as it should \
                     be, raise the generation in the file",
                    member.name, member.place, ring.generation
                ));
            }
            return Ok(Judged::Known);
        }
    }
    if let Some(newest) = newest {
        removed(ring, newest, &emptied)?;
    }
    let joining = introduced.iter().enumerate().filter_map(|(place, said)| {
        said.as_ref().is_some_and(|said| said.record.is_none()).then_some(place)
    });
    let still_leaving = |name: &String| ring.named(name).is_some_and(|member| member.leaving);
    Ok(Judged::New {
        joining: joining.collect(),
        emptied: emptied.into_iter().filter(still_leaving).collect(),
    })
}

/// Makes sure that the servers know the same list as the file, where they know its generation.
fn same_list<'a>(
    ring: &Ring,
    records: impl Iterator<Item = (&'a std::sync::Arc<crate::member::Member>, &'a RingRecord)>,
) -> std::result::Result<(), String> {
    for (member, record) in records.filter(|(_, record)| record.generation == ring.generation) {
        if record.servers != member.record().servers {
            return Err(format!(
                "the file lists other servers than generation {} has ({}); raise the generation \
                 with each change of the list",
                ring.generation,
                listed(&record.servers)
            ));
        }
    }
    Ok(())
}

/// Makes sure that nobody lives on a server which the file does not list any more.
fn removed(
    ring: &Ring,
    newest: &RingRecord,
    emptied: &BTreeSet<String>,
) -> std::result::Result<(), String> {
    for RingServer { name, leaving } in &newest.servers {
        if ring.named(name).is_none() && !(*leaving && emptied.contains(name)) {
            return Err(format!(
                "server \"{name}\" is missing from the file, and users may live there; list it with \
                 leaving = true, and take it out when its users have moved"
            ));
        }
    }
    Ok(())
}

fn listed(servers: &[RingServer]) -> String {
    let names = servers.iter().map(|RingServer { name, leaving }| {
        if *leaving { format!("{name}, which is leaving") } else { name.clone() }
    });
    names.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "servers of tests answer, as those that are judged may not"
)]
mod tests {
    use std::sync::Arc;

    use longmem_postgres::PostgresOptions;

    use super::*;
    use crate::ListedServer;

    fn ring(generation: i64, names: &[&str]) -> Ring {
        let server = |name: &&str| ListedServer {
            name: name.trim_end_matches('-').to_owned(),
            address: format!("postgres://db/{name}"),
            leaving: name.ends_with('-'),
        };
        let list = RingFile { generation, servers: names.iter().map(server).collect() };
        let connect: Connect = Arc::new(|_| Ok(PostgresOptions::default()));
        Ring::new(&list, &connect, None).unwrap()
    }

    fn knows(ring: &Ring, place: usize) -> Option<Introduction> {
        let state = RingState { complete: ring.generation, ..RingState::default() };
        let record = Some(ring.members[place].record().clone());
        Some(Introduction { record, state })
    }

    fn fresh() -> Option<Introduction> {
        Some(Introduction { record: None, state: RingState::default() })
    }

    fn refused(ring: &Ring, introduced: &[Option<Introduction>]) -> String {
        judge(ring, introduced).unwrap_err()
    }

    #[test]
    fn a_list_is_new_once() {
        let of_two = ring(1, &["a", "b"]);
        let new = Judged::New { joining: vec![0, 1], emptied: BTreeSet::new() };
        assert_eq!(judge(&of_two, &[fresh(), fresh()]), Ok(new));
        let known = [knows(&of_two, 0), knows(&of_two, 1)];
        assert_eq!(judge(&of_two, &known), Ok(Judged::Known));
        assert_eq!(judge(&of_two, &[knows(&of_two, 0), None]), Ok(Judged::Known));
        let of_three = ring(2, &["a", "b", "c"]);
        let [a, b] = known;
        let joins = Judged::New { joining: vec![2], emptied: BTreeSet::new() };
        assert_eq!(judge(&of_three, &[a, b, fresh()]), Ok(joins));
    }

    #[test]
    fn what_was_not_told_to_all_is_told_again() {
        let of_two = ring(1, &["a", "b"]);
        let half =
            knows(&of_two, 0).map(|said| Introduction { state: RingState::default(), ..said });
        let new = Judged::New { joining: vec![1], emptied: BTreeSet::new() };
        assert_eq!(judge(&of_two, &[half, fresh()]), Ok(new));
    }

    #[test]
    fn lists_that_contradict_are_refused() {
        let (first, second) = (ring(1, &["a", "b"]), ring(2, &["a", "b", "c"]));
        let said = refused(&first, &[knows(&second, 0), knows(&second, 1)]);
        assert!(said.contains("they know generation 2; use the newer file"), "{said}");
        let other = ring(1, &["a", "b-"]);
        let said = refused(&other, &[knows(&first, 0), knows(&first, 1)]);
        assert!(said.contains("than generation 1 has (a; b); raise the generation"), "{said}");
        let said = refused(&first, &[knows(&first, 1), knows(&first, 0)]);
        assert!(said.contains("postgres://db/a is called \"b\" in the ring, and \"a\""), "{said}");
        let said = refused(&first, &[knows(&first, 0), fresh()]);
        assert!(
            said.contains("server \"b\" (postgres://db/b) knows nothing of the ring"),
            "{said}"
        );
        let older = knows(&first, 1);
        let said = refused(&second, &[knows(&second, 0), older, knows(&second, 2)]);
        assert!(said.contains("knows only of generation 1"), "{said}");
    }

    #[test]
    fn a_server_goes_when_it_is_empty() {
        let (stays, leaves) = (ring(2, &["a"]), ring(1, &["a", "b-"]));
        let said = refused(&stays, &[knows(&leaves, 0)]);
        assert!(said.contains("server \"b\" is missing from the file"), "{said}");
        let emptied: BTreeSet<String> = ["b".to_owned()].into();
        let state = RingState { complete: 1, emptied: emptied.clone(), ..RingState::default() };
        let told = knows(&leaves, 0).map(|said| Introduction { state: state.clone(), ..said });
        let new = Judged::New { joining: Vec::new(), emptied: BTreeSet::new() };
        assert_eq!(judge(&stays, &[told]), Ok(new));
        let never_left = ring(1, &["a", "b"]);
        let told = knows(&never_left, 0).map(|said| Introduction { state, ..said });
        assert!(refused(&stays, &[told]).contains("leaving = true"));
    }
}
