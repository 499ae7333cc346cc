//! Gives servers that come into a ring what all servers of it share: the model, the values of the whole
//! store, and the salt of forgotten keys.

use std::collections::BTreeMap;

use longmem_postgres::{NUMBER_SLOTS, PostgresStore};
use longmem_store::{ForgottenKeys, KeptValues, Moving, Result, StoreError, Vectors};

use crate::member::Member;
use crate::ring::Ring;
use crate::state::is_own_value;

/// Has the servers at these places share what the others have, and the others what these bring along.
pub(crate) fn join(ring: &Ring, joining: &[usize]) -> Result<()> {
    if joining.is_empty() {
        return Ok(());
    }
    let source = source(ring, joining)?;
    let comers = || joining.iter().map(|place| &ring.members[*place]);
    for comer in comers().filter(|comer| comer.name != source.name) {
        share(comer, source, Salt::WithKeys)?;
    }
    for other in ring.members.iter().filter(|other| other.name != source.name) {
        share(source, other, Salt::Always)?;
    }
    Ok(())
}

/// The server by whose salt keys are hashed in the ring: of those that are in it already, or of all if none
/// is, the first one that knows forgotten turns, or else the first.
fn source<'a>(ring: &'a Ring, joining: &[usize]) -> Result<&'a Member> {
    let are_in = ring.members.iter().enumerate().filter(|(place, _)| !joining.contains(place));
    let mut asked: Vec<&Member> = are_in.map(|(_, member)| &**member).collect();
    if asked.is_empty() {
        asked = ring.members.iter().map(|member| &**member).collect();
    }
    for member in &asked {
        if !member.any(|store| store.forgotten_keys(None))?.keys.is_empty() {
            return Ok(member);
        }
    }
    Ok(asked[0])
}

/// When a server hands on its salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Salt {
    /// If it knows forgotten turns: that of one which knows none means nothing.
    WithKeys,
    /// In any case.
    Always,
}

/// Gives one server what another one has and it lacks.
fn share(from: &Member, to: &Member, salt: Salt) -> Result<()> {
    let (model, values, keys) = from.any(|store| {
        let mut keys = store.forgotten_keys(None)?;
        let counts = salt == Salt::Always || !keys.keys.is_empty();
        // Keys of known users stay with these, and are looked for when such a user comes again.
        keys.keys.retain(|(user, _)| user.is_none());
        Ok((store.serving_model()?, values(store)?, counts.then_some(keys)))
    })?;
    to.any(|store| {
        if let Some(model) = model
            && store.serving_model()?.is_none()
        {
            store.begin_indexing(&model, false)?;
        }
        for (name, value) in values {
            if store.kept_value(None, &name)?.is_none() {
                store.keep_value(None, &name, Some(&value))?;
            }
        }
        keys.iter().try_for_each(|keys| take_keys(store, keys, &to.name))
    })
}

/// Has a server know forgotten turns by another one's salt.
///
/// # Errors
/// [`StoreError::RingMismatch`] if it has forgotten keys of its own under another salt.
pub(crate) fn take_keys(store: &PostgresStore, keys: &ForgottenKeys, name: &str) -> Result<()> {
    if store.take_forgotten_keys(keys)? {
        return Ok(());
    }
    Err(StoreError::RingMismatch {
        place: format!("server \"{name}\""),
        reason: "turns were forgotten there and on another of its servers before these were in one ring, \
                 and cannot be known by one salt; take an empty database into the ring, and copy \
                 the memory of that server into it"
            .to_owned(),
    })
}

/// Gives each server a slot of numbers that no other one has or had, so that no number is given out twice.
/// `known` are those that servers have or had.
pub(crate) fn divide_numbers(
    ring: &Ring,
    mut known: BTreeMap<String, i64>,
) -> Result<BTreeMap<String, i64>> {
    for member in &ring.members {
        // A server of another ring's may come with a slot that is taken here.
        if let Some(slot) = member.any(PostgresStore::number_slot)?
            && !known.values().any(|taken| *taken == slot)
        {
            known.entry(member.name.clone()).or_insert(slot);
        }
    }
    for member in &ring.members {
        if !known.contains_key(&member.name) {
            let is_free = |slot: &i64| !known.values().any(|taken| taken == slot);
            let free = (0..NUMBER_SLOTS).find(is_free);
            let slot = free.ok_or_else(|| StoreError::RingMismatch {
                place: format!("server \"{}\"", member.name),
                reason: format!("the ring has had {NUMBER_SLOTS} servers, and can have no others"),
            })?;
            known.insert(member.name.clone(), slot);
        }
        member.any(|store| store.take_number_slot(known[&member.name]))?;
    }
    Ok(known)
}

/// The values of a whole store, without those of the ring.
fn values(store: &PostgresStore) -> Result<Vec<(String, Vec<u8>)>> {
    let names = store.kept_names(None, "")?;
    let names = names.into_iter().filter(|name| !is_own_value(name));
    let read = names.map(|name| Ok(store.kept_value(None, &name)?.map(|value| (name, value))));
    read.filter_map(Result::transpose).collect()
}
