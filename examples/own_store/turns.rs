//! Turns.

use std::collections::BTreeSet;

use longmem_core::{NewTurn, Scope, SessionName, SourceKey, Timestamp, Turn, TurnId, UserName};
use longmem_search::Epoch;
use longmem_store::{
    ChangeMark, FactsAt, ForgetFingerprint, ForgetTarget, Forgotten, ForgottenKey, Inserted,
    KeyState, Result, SessionSummary, StoreError, StoredTurn, Turns, UserOverview, WouldForget,
};

use super::state::admits;
use super::{MemoryStore, SALT};

impl Turns for MemoryStore {
    fn insert_turns(&self, user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>> {
        let mut state = self.state();
        Ok(turns.iter().map(|turn| state.insert(user, turn)).collect())
    }

    fn import_turns_keeping(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
        values: &[(String, Vec<u8>)],
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
        let imported = imported.collect();
        if let Some(user) = state.users.get_mut(user) {
            user.values.extend(values.iter().cloned());
        }
        Ok(imported)
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

    fn newest_turns(
        &self,
        scope: &Scope,
        before: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<Turn>> {
        let state = self.state();
        let Some(user) = state.users.get(&scope.user) else { return Ok(Vec::new()) };
        let older = |id: TurnId| before.is_none_or(|before| id < before);
        let kept = user.turns.values().rev();
        let kept = kept.filter(|k| older(k.turn.id) && admits(scope, &k.turn)).take(limit);
        Ok(kept.map(|k| user.read(k)).collect())
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

    fn change_mark(&self, user: &UserName) -> Result<ChangeMark> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(ChangeMark::default()) };
        Ok(ChangeMark {
            epoch: Epoch(user.epoch),
            last_turn: user.turns.keys().next_back().copied(),
            facts: user.facts.len() as u64,
            last_fact: user.facts.keys().next_back().copied(),
        })
    }

    fn preview_forget(&self, target: &ForgetTarget, shown: usize) -> Result<WouldForget> {
        self.check_names(&target.scope())?;
        Ok(self.state().preview_forget(target, shown))
    }

    fn forget(&self, target: &ForgetTarget) -> Result<Forgotten> {
        self.check_names(&target.scope())?;
        Ok(self.state().forget(target))
    }

    fn forget_shown(
        &self,
        target: &ForgetTarget,
        shown: ForgetFingerprint,
    ) -> Result<Option<Forgotten>> {
        self.check_names(&target.scope())?;
        let mut state = self.state();
        if state.preview_forget(target, 0).fingerprint != shown {
            return Ok(None);
        }
        Ok(Some(state.forget(target)))
    }
}
