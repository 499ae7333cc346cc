//! Changes of what is stored.

use std::collections::BTreeSet;

use longmem_core::{Role, SessionName, SummaryOf, TurnId, UserName};
use longmem_search::SessionNumber;
use longmem_store::{Amended, Changes, Derived, Erasure, IMPORT_MARKS, Moved, Result, StoreError};

use super::{MemoryStore, State, User};

impl Changes for MemoryStore {
    fn amend_turn(&self, user: &UserName, turn: TurnId, text: &str) -> Result<Amended> {
        let mut state = self.state();
        let changed = changed(&mut state, user)?;
        if !changed.turns.contains_key(&turn) {
            return Err(StoreError::UnknownTurn { user: user.clone(), turn });
        }
        let doomed = BTreeSet::from([turn]);
        let facts = changed.doomed_facts(&doomed, false);
        let summaries = changed.doomed_summaries(&doomed, false);
        changed.drop_facts(&facts);
        changed.drop_summaries(&summaries);
        changed.values.retain(|name, _| !name.starts_with(IMPORT_MARKS));
        if let Some(kept) = changed.turns.get_mut(&turn) {
            text.clone_into(&mut kept.turn.text);
            kept.vectors.clear();
            kept.amended = true;
            if kept.turn.role != Role::Tool {
                changed.queue.insert(turn);
            }
        }
        let derived = Derived { facts: facts.len() as u64, summaries: summaries.len() as u64 };
        Ok(Amended { derived, erasure: Erasure::Done })
    }

    fn set_session_title(
        &self,
        user: &UserName,
        session: &SessionName,
        title: Option<&str>,
    ) -> Result<()> {
        let mut state = self.state();
        let changed = changed(&mut state, user)?;
        let place = place_of(changed, user, session)?;
        changed.sessions[place].1 = title.map(str::to_owned);
        changed.titled.insert(session.clone());
        Ok(())
    }

    fn rename_session(
        &self,
        user: &UserName,
        session: &SessionName,
        name: &SessionName,
    ) -> Result<()> {
        let mut state = self.state();
        let changed = changed(&mut state, user)?;
        let place = place_of(changed, user, session)?;
        if session == name {
            return Ok(());
        }
        if place_of(changed, user, name).is_ok() {
            return Err(StoreError::SessionExists { user: user.clone(), session: name.clone() });
        }
        changed.sessions[place].0 = name.clone();
        changed.give_name(session, name);
        if changed.titled.remove(session) {
            changed.titled.insert(name.clone());
        }
        if let Some(learned) = changed.learned.remove(session) {
            changed.learned.insert(name.clone(), learned);
        }
        for kept in changed.turns.values_mut().filter(|kept| kept.turn.session == *session) {
            kept.turn.session = name.clone();
        }
        for summary in &mut changed.summaries {
            if let SummaryOf::Stretch { session: of, .. } | SummaryOf::Session { session: of, .. } =
                &mut summary.of
                && of == session
            {
                *of = name.clone();
            }
        }
        Ok(())
    }

    fn move_turns(&self, user: &UserName, turns: &[TurnId], into: &SessionName) -> Result<Moved> {
        let mut state = self.state();
        let changed = changed(&mut state, user)?;
        if let Some(turn) = turns.iter().find(|turn| !changed.turns.contains_key(turn)) {
            return Err(StoreError::UnknownTurn { user: user.clone(), turn: *turn });
        }
        let moving: BTreeSet<TurnId> = turns
            .iter()
            .copied()
            .filter(|turn| changed.turns[turn].turn.session != *into)
            .collect();
        if moving.is_empty() {
            return Ok(Moved::default());
        }
        let sources: BTreeSet<SessionName> =
            moving.iter().map(|turn| changed.turns[turn].turn.session.clone()).collect();
        let place = changed.sessions.iter().position(|(name, _)| name == into);
        let place = place.unwrap_or_else(|| {
            changed.sessions.push((into.clone(), None));
            changed.sessions.len() - 1
        });
        let mut summaries = changed.doomed_summaries(&moving, false);
        for turn in &moving {
            if let Some(kept) = changed.turns.get_mut(turn) {
                kept.turn.session = into.clone();
                kept.session = SessionNumber(place as i64 + 1);
            }
        }
        summaries.extend(changed.doomed_summaries(&moving, false));
        changed.drop_summaries(&summaries);
        let mut sessions = 0;
        for source in sources {
            if changed.of_session(&source).next().is_none() {
                let learned = changed.learned.remove(&source).flatten();
                if let Some(through) = changed.learned.get_mut(into) {
                    *through = learned.max(*through);
                }
                changed.give_name(&source, into);
                changed.titled.insert(into.clone());
                sessions += 1;
            }
        }
        changed.drop_names_of_gone();
        Ok(Moved { turns: moving.len() as u64, sessions, summaries: summaries.len() as u64 })
    }
}

/// A user in whom something is about to change.
fn changed<'a>(state: &'a mut State, name: &UserName) -> Result<&'a mut User> {
    let epoch = state.number();
    let user = state.users.get_mut(name).ok_or_else(|| StoreError::UnknownUser(name.clone()))?;
    user.epoch = epoch;
    Ok(user)
}

/// The place of a session that has turns.
fn place_of(user: &User, name: &UserName, session: &SessionName) -> Result<usize> {
    let place = user.sessions.iter().position(|(known, _)| known == session);
    place
        .filter(|_| user.of_session(session).next().is_some())
        .ok_or_else(|| StoreError::UnknownSession { user: name.clone(), session: session.clone() })
}

impl User {
    /// Notes where turns of a session are from now on.
    fn give_name(&mut self, former: &SessionName, present: &SessionName) {
        self.present_names.values_mut().filter(|name| *name == former).for_each(|name| {
            *name = present.clone();
        });
        self.present_names.insert(former.clone(), present.clone());
        self.present_names.remove(present);
    }
}
