//! Turns.

use std::collections::BTreeSet;

use longmem_core::{NewTurn, Scope, SessionName, SourceKey, Timestamp, Turn, TurnId, UserName};
use longmem_search::Epoch;
use longmem_store::{
    Derived, Erasure, FactsAt, ForgetTarget, Forgotten, ForgottenKey, IMPORT_MARKS, Inserted,
    KeyState, Result, SessionSummary, StoreError, StoredTurn, Turns, UserOverview, WouldForget,
};

use super::state::admits;
use super::{MemoryStore, SALT, User};

impl Turns for MemoryStore {
    fn insert_turns(&self, user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>> {
        let mut state = self.state();
        Ok(turns.iter().map(|turn| state.insert(user, turn)).collect())
    }

    fn import_turns(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
    ) -> Result<Vec<Option<Inserted>>> {
        let mut state = self.state();
        let imported = turns.iter().map(|turn| {
            let key = turn.source_key.as_ref();
            let key = key
                .filter(|key| state.users.get(user).is_none_or(|user| user.turn_of(key).is_none()));
            let hash = key.map(|key| ForgottenKey::new(SALT, user, key));
            if again {
                hash.map(|hash| state.forgotten.remove(&hash));
            }
            let is_forgotten = hash.is_some_and(|hash| state.forgotten.contains(&hash));
            state.drop_grown(user, turn);
            (!is_forgotten).then(|| {
                let placed = state.placed(user, turn);
                state.insert(user, &placed)
            })
        });
        Ok(imported.collect())
    }

    fn rename_source_keys(
        &self,
        user: &UserName,
        renamed: &[(SourceKey, SourceKey)],
    ) -> Result<()> {
        let mut state = self.state();
        for (former, key) in renamed {
            if let Some(user) = state.users.get_mut(user)
                && user.turn_of(key).is_none()
                && let Some(kept) = user.turns.values_mut().find(|kept| kept.key == *former)
            {
                kept.key = key.clone();
            }
            if state.forgotten.remove(&ForgottenKey::new(SALT, user, former)) {
                state.forgotten.insert(ForgottenKey::new(SALT, user, key));
            }
        }
        Ok(())
    }

    fn key_states(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<KeyState>> {
        let state = self.state();
        let of_user = state.users.get(user);
        let state_of = |key: &SourceKey| {
            if of_user.is_some_and(|user| user.turn_of(key).is_some()) {
                KeyState::Known
            } else if state.forgotten.contains(&ForgottenKey::new(SALT, user, key)) {
                KeyState::Forgotten
            } else {
                KeyState::New
            }
        };
        Ok(keys.iter().map(state_of).collect())
    }

    fn insert_unless(
        &self,
        user: &UserName,
        turn: &NewTurn,
        learns: bool,
        already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
    ) -> Result<Inserted> {
        let mut state = self.state();
        let of_user = state.users.get(user);
        let mut last: Vec<Turn> = of_user
            .map(|user| user.of_session(&turn.session).rev().take(2).collect())
            .unwrap_or_default();
        last.reverse();
        let inserted = match already(&last) {
            Some(id) => Inserted { id, new: false },
            None => state.insert(user, turn),
        };
        if learns {
            state.user(user).learned.entry(turn.session.clone()).or_default();
        }
        Ok(inserted)
    }

    fn turns(&self, user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        Ok(ids.iter().filter_map(|id| Some(user.read(user.turns.get(id)?))).collect())
    }

    fn turns_with_keys(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<Option<TurnId>>> {
        let state = self.state();
        let user = state.users.get(user);
        Ok(keys.iter().map(|key| user.and_then(|user| user.turn_of(key))).collect())
    }

    fn recent_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        limit: usize,
    ) -> Result<Vec<Turn>> {
        let mut turns = self.session_turns(user, session, None, None)?;
        Ok(turns.split_off(turns.len().saturating_sub(limit)))
    }

    fn session_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        limit: Option<usize>,
    ) -> Result<Vec<Turn>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let turns = user.of_session(session).filter(|turn| Some(turn.id) > after);
        Ok(turns.take(limit.unwrap_or(usize::MAX)).collect())
    }

    fn turns_after(
        &self,
        scope: &Scope,
        after: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<StoredTurn>> {
        let state = self.state();
        let Some(user) = state.users.get(&scope.user) else { return Ok(Vec::new()) };
        let kept = user.turns.values();
        let kept = kept.filter(|k| Some(k.turn.id) > after && admits(scope, &k.turn)).take(limit);
        Ok(kept.map(|k| StoredTurn { turn: user.read(k), source_key: k.key.clone() }).collect())
    }

    fn overview(&self, user: &UserName) -> Result<UserOverview> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(UserOverview::default()) };
        let speakers = user.turns.values().filter_map(|kept| kept.turn.speaker.clone());
        Ok(UserOverview {
            speakers: speakers.collect::<BTreeSet<_>>().into_iter().collect(),
            waiting: user.queue.len() as u64,
            facts: user.read_facts(FactsAt::Now),
            models: state.serving.iter().chain(&state.building).cloned().collect(),
        })
    }

    fn sessions(&self, user: &UserName) -> Result<Vec<SessionSummary>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let mut sessions: Vec<SessionSummary> = user
            .sessions
            .iter()
            .rev()
            .filter_map(|(session, title)| {
                let times: Vec<Timestamp> = user.of_session(session).map(|t| t.time).collect();
                Some(SessionSummary {
                    session: session.clone(),
                    title: title.clone(),
                    turns: times.len() as u64,
                    start: *times.iter().min()?,
                    end: *times.iter().max()?,
                })
            })
            .collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.end));
        Ok(sessions)
    }

    fn check_names(&self, scope: &Scope) -> Result<()> {
        let state = self.state();
        let Some(user) = state.users.get(&scope.user) else {
            return Err(StoreError::UnknownUser(scope.user.clone()));
        };
        let is_unknown = |name: &&SessionName| user.of_session(name).next().is_none();
        match scope.sessions.iter().find(is_unknown) {
            None => Ok(()),
            Some(session) => Err(StoreError::UnknownSession {
                user: scope.user.clone(),
                session: session.clone(),
            }),
        }
    }

    fn epoch(&self, user: &UserName) -> Result<Epoch> {
        Ok(Epoch(self.state().users.get(user).map_or(0, |user| user.epoch)))
    }

    fn preview_forget(&self, target: &ForgetTarget, shown: usize) -> Result<WouldForget> {
        self.check_names(&target.scope())?;
        let state = self.state();
        let user = &state.users[target.user()];
        let (doomed, all) = (user.doomed(target), target.is_whole_user());
        let mut first: Vec<Turn> = doomed.iter().map(|id| user.read(&user.turns[id])).collect();
        first.sort_by_key(|turn| (turn.time, turn.id));
        let newest = first.last().map(|turn| turn.time);
        first.truncate(shown);
        let sessions = |is_in: &dyn Fn(&TurnId) -> bool| -> BTreeSet<SessionName> {
            let turns = user.turns.values().map(|kept| &kept.turn);
            turns.filter(|turn| is_in(&turn.id)).map(|turn| turn.session.clone()).collect()
        };
        let kept = sessions(&|id| !doomed.contains(id));
        let emptied = sessions(&|id| doomed.contains(id));
        Ok(WouldForget {
            turns: doomed.len() as u64,
            first,
            newest,
            sessions: emptied.difference(&kept).cloned().collect(),
            facts: user.doomed_facts(&doomed, all).into_iter().collect(),
            summaries: user.doomed_summaries(&doomed, all).into_iter().collect(),
        })
    }

    fn forget(&self, target: &ForgetTarget) -> Result<Forgotten> {
        self.check_names(&target.scope())?;
        let mut state = self.state();
        let epoch = state.number();
        let user = state.user(target.user());
        let (doomed, all) = (user.doomed(target), target.is_whole_user());
        let (facts, summaries) =
            (user.doomed_facts(&doomed, all), user.doomed_summaries(&doomed, all));
        user.drop_facts(&facts);
        user.drop_summaries(&summaries);
        let sessions = |user: &User| {
            let named = user.turns.values().map(|kept| kept.turn.session.clone());
            named.collect::<BTreeSet<_>>().len() as u64
        };
        let before = sessions(user);
        let hash = |id| ForgottenKey::new(SALT, target.user(), &user.turns[id].key);
        let hashes: Vec<ForgottenKey> = doomed.iter().map(hash).collect();
        user.turns.retain(|id, _| !doomed.contains(id));
        user.values.retain(|name, _| !name.starts_with(IMPORT_MARKS));
        user.queue.retain(|id| !doomed.contains(id));
        user.epoch = epoch;
        user.drop_names_of_gone();
        let gone_sessions = before - sessions(user);
        let is_gone = user.turns.is_empty() && user.facts.is_empty();
        state.forgotten.extend(hashes);
        if is_gone {
            state.users.remove(target.user());
        }
        Ok(Forgotten {
            turns: doomed.len() as u64,
            sessions: gone_sessions,
            derived: Derived { facts: facts.len() as u64, summaries: summaries.len() as u64 },
            user: is_gone,
            erasure: Erasure::Done,
        })
    }
}
