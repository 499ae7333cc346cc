//! Turns of a request that may be sent again: its name makes keys of those that bear none.

use std::collections::HashMap;

use longmem_core::{NewTurn, SourceKey, Turn, TurnId, UserName};
use longmem_store::{Inserted, KeyState};

use crate::{Memory, MemoryError};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedRequest {
    /// Its turns are stored: one for each, in the order given. Not new are those that the request stored when
    /// it was sent before, and those whose own keys the user had.
    Stored(Vec<Inserted>),
    /// Another request had this name. Nothing was stored.
    NameTaken,
}

/// The key that a request of a name gives to the turn at a place, if it bears none.
pub fn key_in_request(name: &str, place: usize) -> SourceKey {
    SourceKey(format!("{name}:{place}"))
}

impl Memory {
    /// Stores the turns of a request as [`Memory::remember`] does. Those without a key get one of the request's
    /// name and their place, so that the same request again stores nothing. Another request of the same
    /// name is known by the number of turns that it names, their roles and their texts; one is another, too, if a turn that it
    /// named was amended since.
    ///
    /// # Errors
    /// Those of [`Memory::remember`].
    pub fn remember_request(
        &self,
        user: &UserName,
        name: &str,
        turns: &[NewTurn],
    ) -> Result<NamedRequest, MemoryError> {
        let mut turns = turns.to_vec();
        let mut named = Vec::new();
        for (place, turn) in turns.iter_mut().enumerate() {
            if turn.source_key.is_none() {
                turn.source_key = Some(key_in_request(name, place));
                named.push(place);
            }
        }
        let turns = self.checked_for_storing(user, &turns)?;
        let named: Vec<&NewTurn> = named.into_iter().map(|place| &turns[place]).collect();
        let beyond = key_in_request(name, turns.len());
        let Some(known) = self.known_of(user, &named, beyond.clone())? else {
            return Ok(NamedRequest::NameTaken);
        };
        let inserted = self.insert(user, &turns)?;
        let is_new = inserted.iter().all(|turn| turn.new);
        // Another process may have stored one of the same name meanwhile.
        if !known && !is_new && self.known_of(user, &named, beyond.clone())?.is_none() {
            return Ok(NamedRequest::NameTaken);
        }
        Ok(NamedRequest::Stored(inserted))
    }

    /// Whether a request was stored before: the turns that it names, and the key that the first turn of a longer
    /// one would have. None if another one was.
    fn known_of(
        &self,
        user: &UserName,
        named: &[&NewTurn],
        beyond: SourceKey,
    ) -> Result<Option<bool>, MemoryError> {
        if !self.is_there() {
            // It is made by what is stored first.
            return Ok(Some(false));
        }
        let keys = named.iter().filter_map(|turn| turn.source_key.clone());
        let keys: Vec<SourceKey> = keys.chain([beyond]).collect();
        let mut states = self.key_states(user, &keys)?;
        let is_longer = states.pop() == Some(KeyState::Known);
        let has = |state| states.contains(&state);
        if is_longer || (has(KeyState::Known) && has(KeyState::New)) {
            return Ok(None);
        }
        if !has(KeyState::Known) {
            return Ok(Some(false));
        }
        let ids = self.store.turns_with_keys(user, &keys)?;
        let numbers: Vec<TurnId> = ids.iter().copied().flatten().collect();
        let stored: HashMap<TurnId, Turn> =
            self.turns(user, &numbers)?.into_iter().map(|turn| (turn.id, turn)).collect();
        let is_same = |(turn, id): (&&NewTurn, &Option<TurnId>)| {
            let stored = id.and_then(|id| stored.get(&id));
            stored.is_none_or(|stored| stored.role == turn.role && stored.text == turn.text)
        };
        Ok(named.iter().zip(&ids).all(is_same).then_some(true))
    }
}
