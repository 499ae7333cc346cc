//! A store of one's own: everything in memory, gone with the process.
//!
//! A store scores nothing. It keeps rows, hands out the bytes of lists that `longmem_search` makes,
//! and passes the suite of `longmem_store`, as this one does in `tests/own_store.rs`:
//!
//! ```sh
//! cargo run --example own_store
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use longmem::memory::Channels;
use longmem::{Longmem, Options, RecallRequest};
use longmem_core::{
    Embedding, EmbeddingModel, Entity, Fact, FactId, NewFact, NewTurn, PassageSpan, Role, Scope,
    SessionName, SourceKey, Summary, SummaryId, SummaryOf, Timestamp, Turn, TurnId, UserName,
};
use longmem_search::{
    BlockId, Epoch, FoundUser, Known, Listed, ModelState, NewLists, PassageId, SearchRows,
    SearchSource, SearchWanted, SessionNumber, TakeVector, TurnEntry, UserState, vector_bytes,
};
use longmem_store::{
    Derived, EmbeddedTurn, Erasure, FactLines, FactPlace, Facts, FactsAt, ForgetTarget, Forgotten,
    IndexLock, Inserted, KnownEntity, Learned, LearnedFact, Learning, QueuedTurn, Replaced, Result,
    SessionSummary, StoreError, StoreStats, StoredTurn, Turns, Upkeep, UserOverview, UserStats,
    Vectors, WouldForget,
};
use longmem_text::indexed_words;

/// A store in memory.
#[derive(Default)]
pub(crate) struct MemoryStore {
    state: Mutex<State>,
    indexing: Arc<(Mutex<bool>, Condvar)>,
}

/// Everything, behind one lock: so each write is one transaction.
#[derive(Default)]
struct State {
    users: BTreeMap<UserName, User>,
    serving: Option<EmbeddingModel>,
    building: Option<EmbeddingModel>,
    truncated_tokens: u64,
    /// The last number that was given out, of anything.
    last_number: i64,
}

#[derive(Default)]
struct User {
    epoch: i64,
    turns: BTreeMap<TurnId, Kept>,
    /// By the order in which they were made.
    sessions: Vec<(SessionName, Option<String>)>,
    queue: BTreeSet<TurnId>,
    facts: BTreeMap<FactId, NewFact>,
    lines: FactLines,
    learned: BTreeMap<SessionName, Option<TurnId>>,
    summaries: Vec<Summary>,
}

/// A turn with what belongs to it.
struct Kept {
    turn: Turn,
    key: SourceKey,
    session: SessionNumber,
    /// The vectors of each model, with the number of the first passage.
    vectors: Vec<(EmbeddingModel, PassageId, Vec<(PassageSpan, Embedding)>)>,
}

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }

    fn user(&mut self, name: &UserName) -> &mut User {
        let epoch = self.last_number + 1;
        self.users.entry(name.clone()).or_insert_with(|| User { epoch, ..User::default() })
    }

    fn insert(&mut self, name: &UserName, new: &NewTurn) -> Inserted {
        let number = self.number();
        let user = self.user(name);
        let key = new.source_key.clone().unwrap_or_else(|| SourceKey(format!("turn:{number}")));
        let is_known = |kept: &&Kept| kept.key == key;
        let known = user.turns.values().find(is_known).map(|kept| kept.turn.id);
        let place = user.sessions.iter().position(|(session, _)| *session == new.session);
        if let (Some(place), Some(title)) = (place, &new.session_title) {
            user.sessions[place].1 = Some(title.clone());
        }
        if let Some(id) = known {
            return Inserted { id, new: false };
        }
        let place = place.unwrap_or_else(|| {
            user.sessions.push((new.session.clone(), new.session_title.clone()));
            user.sessions.len() - 1
        });
        let id = TurnId(number);
        let time = Timestamp::from_millisecond(new.time.as_millisecond()).unwrap_or(new.time);
        let turn = Turn {
            id,
            session: new.session.clone(),
            session_title: None,
            role: new.role,
            speaker: new.speaker.clone(),
            time,
            text: new.text.clone(),
        };
        let session = SessionNumber(place as i64 + 1);
        user.turns.insert(id, Kept { turn, key, session, vectors: Vec::new() });
        if new.role != Role::Tool {
            user.queue.insert(id);
        }
        Inserted { id, new: true }
    }

    /// Begins new epochs, since something was deleted.
    fn begin_epochs(&mut self) {
        let epoch = self.number();
        self.users.values_mut().for_each(|user| user.epoch = epoch);
    }

    fn queue_all(&mut self) {
        for user in self.users.values_mut() {
            let waits = user.turns.values().filter(|kept| kept.turn.role != Role::Tool);
            user.queue = waits.map(|kept| kept.turn.id).collect();
        }
    }

    fn drop_vectors(&mut self, of: impl Fn(&EmbeddingModel) -> bool) {
        for kept in self.users.values_mut().flat_map(|user| user.turns.values_mut()) {
            kept.vectors.retain(|(model, ..)| !of(model));
        }
    }

    fn insert_fact(&mut self, name: &UserName, fact: &NewFact, replaces: Option<FactId>) -> FactId {
        let id = FactId(self.number());
        let user = self.user(name);
        let since_ms = fact.since.as_millisecond();
        user.lines.insert(FactPlace { id, since_ms, superseded_by: None }, replaces);
        user.facts.insert(id, fact.clone());
        id
    }
}

impl User {
    /// A turn as it is read: with the title that its session has now.
    fn read(&self, kept: &Kept) -> Turn {
        let title = self.sessions[kept.session.0 as usize - 1].1.clone();
        Turn { session_title: title, ..kept.turn.clone() }
    }

    fn of_session(&self, session: &SessionName) -> impl DoubleEndedIterator<Item = Turn> {
        let turns = self.turns.values().filter(move |kept| kept.turn.session == *session);
        turns.map(|kept| self.read(kept))
    }

    fn doomed(&self, target: &ForgetTarget) -> BTreeSet<TurnId> {
        let scope = target.scope();
        let named = |id: &TurnId| match target {
            ForgetTarget::Turns(_, ids) => ids.contains(id),
            _ => true,
        };
        let turns = self.turns.values().map(|kept| &kept.turn);
        let doomed = turns.filter(|turn| named(&turn.id) && admits(&scope, turn));
        doomed.map(|turn| turn.id).collect()
    }

    fn doomed_facts(&self, doomed: &BTreeSet<TurnId>, everything: bool) -> BTreeSet<FactId> {
        let is_doomed = |fact: &NewFact| fact.source.is_some_and(|turn| doomed.contains(&turn));
        let facts = self.facts.iter().filter(|(_, fact)| everything || is_doomed(fact));
        facts.map(|(id, _)| *id).collect()
    }

    /// The summaries that cover a turn, and those that they were folded into.
    fn doomed_summaries(&self, doomed: &BTreeSet<TurnId>, all: bool) -> BTreeSet<SummaryId> {
        let covers = |summary: &Summary| match &summary.of {
            SummaryOf::Stretch { session, through } | SummaryOf::Session { session, through } => {
                self.of_session(session)
                    .any(|turn| turn.id <= *through && doomed.contains(&turn.id))
            }
            SummaryOf::Sessions => false,
        };
        let covering = self.summaries.iter().filter(|summary| all || covers(summary));
        covering.flat_map(|summary| [Some(summary.id), summary.folded_into]).flatten().collect()
    }

    fn drop_summaries(&mut self, gone: &BTreeSet<SummaryId>) {
        self.summaries.retain(|summary| !gone.contains(&summary.id));
        for summary in &mut self.summaries {
            summary.folded_into = summary.folded_into.filter(|whole| !gone.contains(whole));
        }
    }

    fn drop_facts(&mut self, gone: &BTreeSet<FactId>) {
        self.lines.take_out(gone);
        self.facts.retain(|id, _| !gone.contains(id));
    }

    fn read_facts(&self, at: FactsAt) -> Vec<Fact> {
        let since_of = |id: FactId| self.facts[&id].since;
        let holds = |place: &&FactPlace| match at {
            FactsAt::Now => place.superseded_by.is_none(),
            FactsAt::Ever => true,
            FactsAt::Time(time) => {
                since_of(place.id) <= time && place.superseded_by.is_none_or(|n| since_of(n) > time)
            }
        };
        let mut facts: Vec<Fact> = self
            .lines
            .places()
            .iter()
            .filter(holds)
            .map(|place| {
                let fact = &self.facts[&place.id];
                let turn = fact.source.and_then(|turn| self.turns.get(&turn));
                Fact {
                    id: place.id,
                    subject: fact.subject.clone(),
                    statement: fact.statement.clone(),
                    kind: fact.kind,
                    entities: fact.entities.clone(),
                    since: fact.since,
                    until: place.superseded_by.map(since_of),
                    superseded_by: place.superseded_by,
                    turn: turn.map(|kept| kept.turn.id),
                    session: turn.map(|kept| kept.turn.session.clone()),
                }
            })
            .collect();
        facts.sort_by_key(|fact| (fact.kind, fact.since, fact.id));
        facts
    }

    /// The user's lists, made anew each time: a store of many turns keeps them.
    fn lists(&self, model: Option<&EmbeddingModel>) -> NewLists {
        let mut lists = NewLists::default();
        for Kept { turn, session, .. } in self.turns.values() {
            let words = indexed_words(turn.time, turn.speaker.as_deref(), &turn.text);
            let time_ms = turn.time.as_millisecond();
            let entry = TurnEntry {
                turn: turn.id,
                session: *session,
                role: turn.role,
                time_ms,
                words: words.all,
            };
            lists.add_turn(&entry, &words);
        }
        for (turn, first, passages) in model.into_iter().flat_map(|model| self.vectors(model)) {
            lists.add_codes(turn, first, passages.iter().map(|(_, vector)| vector));
        }
        lists
    }

    /// The vectors of a model by turn, in the order of passages.
    fn vectors(
        &self,
        model: &EmbeddingModel,
    ) -> Vec<(TurnId, PassageId, &[(PassageSpan, Embedding)])> {
        let mut found: Vec<_> = self
            .turns
            .values()
            .filter_map(|kept| {
                let (_, first, passages) = kept.vectors.iter().find(|(of, ..)| of == model)?;
                Some((kept.turn.id, *first, &passages[..]))
            })
            .collect();
        found.sort_by_key(|(_, first, _)| *first);
        found
    }
}

fn admits(scope: &Scope, turn: &Turn) -> bool {
    scope.admits_role(turn.role)
        && scope.admits_time(turn.time)
        && (scope.sessions.is_empty() || scope.sessions.contains(&turn.session))
}

impl Turns for MemoryStore {
    fn insert_turns(&self, user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>> {
        let mut state = self.state();
        Ok(turns.iter().map(|turn| state.insert(user, turn)).collect())
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
        first.truncate(shown);
        let derived = Derived {
            facts: user.doomed_facts(&doomed, all).len() as u64,
            summaries: user.doomed_summaries(&doomed, all).len() as u64,
        };
        Ok(WouldForget { turns: doomed.len() as u64, first, derived })
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
        user.turns.retain(|id, _| !doomed.contains(id));
        user.queue.retain(|id| !doomed.contains(id));
        user.epoch = epoch;
        let gone_sessions = before - sessions(user);
        let is_gone = user.turns.is_empty() && user.facts.is_empty();
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

impl Vectors for MemoryStore {
    fn serving_model(&self) -> Result<Option<EmbeddingModel>> {
        Ok(self.state().serving.clone())
    }

    fn begin_indexing(&self, model: &EmbeddingModel, replace: bool) -> Result<()> {
        let mut state = self.state();
        match state.serving.clone() {
            None => state.serving = Some(model.clone()),
            Some(serving) if serving == *model => {
                if let Some(given_up) = state.building.take() {
                    state.drop_vectors(|of| *of == given_up);
                    state.queue_all();
                    for user in state.users.values_mut() {
                        let turns = &user.turns;
                        user.queue.retain(|id| turns[id].vectors.is_empty());
                    }
                }
            }
            Some(_) if replace => {
                if state.building.as_ref() != Some(model) {
                    if let Some(given_up) = state.building.replace(model.clone()) {
                        state.drop_vectors(|of| *of == given_up);
                    }
                    state.queue_all();
                }
            }
            Some(serving) => {
                return Err(StoreError::OtherModel {
                    place: self.place(),
                    stored: format!("{}@{}", serving.name, serving.revision),
                    given: format!("{}@{}", model.name, model.revision),
                });
            }
        }
        Ok(())
    }

    fn requeue_all(&self) -> Result<()> {
        let mut state = self.state();
        state.drop_vectors(|_| true);
        state.queue_all();
        state.truncated_tokens = 0;
        state.begin_epochs();
        Ok(())
    }

    fn waiting(&self, user: Option<&UserName>) -> Result<u64> {
        let state = self.state();
        let users = state.users.iter().filter(|(name, _)| user.is_none_or(|only| only == *name));
        Ok(users.map(|(_, user)| user.queue.len() as u64).sum())
    }

    fn queued_turns(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Vec<QueuedTurn>> {
        let state = self.state();
        let users = state.users.iter().filter(|(name, _)| user.is_none_or(|only| only == *name));
        let queued =
            users.flat_map(|(name, user)| user.queue.iter().map(move |id| (name, user, id)));
        let after = after.map(|after| (&after.user, &after.turn));
        let queued = queued.filter(|(name, _, id)| after.is_none_or(|a| (*name, *id) > a));
        let read = queued.take(limit).map(|(name, user, id)| QueuedTurn {
            turn: *id,
            user: name.clone(),
            text: user.turns[id].turn.text.clone(),
        });
        Ok(read.collect())
    }

    fn write_vectors(
        &self,
        model: &EmbeddingModel,
        turns: &[EmbeddedTurn],
        truncated_tokens: u64,
    ) -> Result<u64> {
        let mut state = self.state();
        if state.building.as_ref().or(state.serving.as_ref()) != Some(model) {
            return Ok(0);
        }
        let mut stored = 0;
        for embedded in turns {
            let first = PassageId(state.last_number + 1);
            let Some(user) = state.users.get_mut(&embedded.user) else { continue };
            if user.queue.remove(&embedded.turn)
                && let Some(kept) = user.turns.get_mut(&embedded.turn)
            {
                kept.vectors.push((model.clone(), first, embedded.passages.clone()));
                state.last_number += embedded.passages.len() as i64;
                stored += 1;
            }
        }
        state.truncated_tokens += truncated_tokens;
        Ok(stored)
    }

    fn finish_replacing(&self) -> Result<bool> {
        let mut state = self.state();
        if state.users.values().any(|user| !user.queue.is_empty()) {
            return Ok(false);
        }
        let Some(building) = state.building.take() else { return Ok(false) };
        state.drop_vectors(|of| *of != building);
        state.serving = Some(building);
        state.begin_epochs();
        Ok(true)
    }

    fn lock_index(&self, wait: bool) -> Result<Option<IndexLock>> {
        let (taken, given_back) = &*self.indexing;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            if !wait {
                return Ok(None);
            }
            taken = given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = true;
        Ok(Some(IndexLock::new(GiveBack(Arc::clone(&self.indexing)))))
    }
}

/// Gives the right to index back when it is dropped.
struct GiveBack(Arc<(Mutex<bool>, Condvar)>);

impl Drop for GiveBack {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.1.notify_one();
    }
}

impl Facts for MemoryStore {
    fn facts(&self, user: &UserName, at: FactsAt) -> Result<Vec<Fact>> {
        let state = self.state();
        Ok(state.users.get(user).map(|user| user.read_facts(at)).unwrap_or_default())
    }

    fn insert_fact(
        &self,
        user: &UserName,
        fact: &NewFact,
        replaces: Option<FactId>,
    ) -> Result<FactId> {
        let mut state = self.state();
        if let Some(old) = replaces {
            state.known_fact(user, old)?;
        }
        Ok(state.insert_fact(user, fact, replaces))
    }

    fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
        entities: &[Entity],
    ) -> Result<()> {
        let mut state = self.state();
        let known = state.known_fact(user, fact)?;
        statement.clone_into(&mut known.statement);
        known.entities = entities.to_vec();
        Ok(())
    }

    fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<u64> {
        let mut state = self.state();
        state.known_fact(user, fact)?;
        let of_user = state.user(user);
        let gone = of_user.lines.with_past(fact);
        of_user.drop_facts(&gone);
        if of_user.turns.is_empty() && of_user.facts.is_empty() {
            state.users.remove(user);
        }
        Ok(gone.len() as u64)
    }

    fn entities(&self, user: &UserName) -> Result<Vec<KnownEntity>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let key = |name: &str| name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let mut known: BTreeMap<String, KnownEntity> = BTreeMap::new();
        for fact in user.facts.values() {
            for entity in &fact.entities {
                let entry = known.entry(key(&entity.name)).or_insert_with(|| KnownEntity {
                    entity: entity.clone(),
                    facts: 0,
                    first: fact.since,
                    last: fact.since,
                });
                entry.facts += 1;
                entry.first = entry.first.min(fact.since);
                entry.last = entry.last.max(fact.since);
            }
        }
        Ok(known.into_values().collect())
    }
}

impl State {
    fn known_fact(&mut self, name: &UserName, fact: FactId) -> Result<&mut NewFact> {
        let of_user = self.users.get_mut(name).and_then(|user| user.facts.get_mut(&fact));
        of_user.ok_or_else(|| StoreError::UnknownFact { user: name.clone(), fact })
    }
}

impl Learning for MemoryStore {
    fn learn_from(&self, user: &UserName, session: &SessionName) -> Result<()> {
        let mut state = self.state();
        if let Some(user) = state.users.get_mut(user)
            && user.of_session(session).next().is_some()
        {
            user.learned.entry(session.clone()).or_default();
        }
        Ok(())
    }

    fn sessions_to_learn_from(&self, user: &UserName) -> Result<Vec<SessionName>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let mut waiting: Vec<(TurnId, SessionName)> = user
            .learned
            .iter()
            .filter_map(|(session, through)| {
                let first = user.of_session(session).find(|turn| Some(turn.id) > *through)?;
                Some((first.id, session.clone()))
            })
            .collect();
        waiting.sort();
        Ok(waiting.into_iter().map(|(_, session)| session).collect())
    }

    fn learned_through(&self, user: &UserName, session: &SessionName) -> Result<Learned> {
        let state = self.state();
        let through = state.users.get(user).and_then(|user| user.learned.get(session));
        Ok(through.map_or(Learned::No, |through| Learned::Through(*through)))
    }

    fn write_learned(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        facts: &[LearnedFact],
    ) -> Result<bool> {
        let mut state = self.state();
        match state.users.get_mut(user).and_then(|user| user.learned.get_mut(session)) {
            Some(so_far) if *so_far == after => *so_far = Some(through),
            _ => return Ok(false),
        }
        let mut stored: Vec<Option<FactId>> = Vec::new();
        for LearnedFact { fact, replaces } in facts {
            let of_user = state.user(user);
            let is_there = fact.source.is_some_and(|turn| of_user.turns.contains_key(&turn));
            let replaces = match replaces {
                Some(Replaced::Known(old)) => Some(*old).filter(|o| of_user.facts.contains_key(o)),
                Some(Replaced::Learned(place)) => stored.get(*place).copied().flatten(),
                None => None,
            };
            stored.push(is_there.then(|| state.insert_fact(user, fact, replaces)));
        }
        Ok(true)
    }

    fn summaries(&self, user: &UserName) -> Result<Vec<Summary>> {
        let state = self.state();
        let mut summaries =
            state.users.get(user).map(|user| user.summaries.clone()).unwrap_or_default();
        summaries.sort_by_key(|summary| (summary.time, summary.id.0));
        Ok(summaries)
    }

    fn sessions_to_sum_up(
        &self,
        user: &UserName,
        silent_since: Timestamp,
    ) -> Result<Vec<SessionName>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let mut waiting: Vec<(TurnId, SessionName)> = user
            .learned
            .keys()
            .filter_map(|name| {
                let last_time = user.of_session(name).map(|turn| turn.time).max()?;
                let last = user.of_session(name).next_back()?.id;
                let covered = user.summaries.iter().any(|summary| match &summary.of {
                    SummaryOf::Session { session, through } => session == name && *through >= last,
                    _ => false,
                });
                (last_time < silent_since && !covered).then(|| (last, name.clone()))
            })
            .collect();
        waiting.sort();
        Ok(waiting.into_iter().map(|(_, session)| session).collect())
    }

    fn write_summary(
        &self,
        user: &UserName,
        of: &SummaryOf,
        text: &str,
        _now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        let (SummaryOf::Stretch { through, .. } | SummaryOf::Session { through, .. }) = of else {
            panic!("a summary of summaries is stored by folding");
        };
        let mut state = self.state();
        let id = SummaryId(state.number());
        let Some(user) = state.users.get_mut(user) else { return Ok(false) };
        let Some(time) = user.turns.get(through).map(|kept| kept.turn.time) else {
            return Ok(false);
        };
        if user.epoch != made_at.0 {
            return Ok(false);
        }
        let replaces = |summary: &Summary| match (&summary.of, of) {
            (SummaryOf::Stretch { session: a, .. }, SummaryOf::Stretch { session: b, .. })
            | (SummaryOf::Session { session: a, .. }, SummaryOf::Session { session: b, .. }) => {
                a == b
            }
            _ => false,
        };
        let replaced = user.summaries.iter().filter(|summary| replaces(summary));
        let gone: BTreeSet<SummaryId> = replaced
            .flat_map(|summary| [Some(summary.id), summary.folded_into])
            .flatten()
            .collect();
        user.drop_summaries(&gone);
        let (of, text) = (of.clone(), text.to_owned());
        user.summaries.push(Summary { id, of, time, text, folded_into: None });
        Ok(true)
    }

    fn fold_summaries(
        &self,
        user: &UserName,
        parts: &[SummaryId],
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        let mut state = self.state();
        let id = SummaryId(state.number());
        let Some(user) = state.users.get_mut(user) else { return Ok(false) };
        let is_part = |summary: &&Summary| {
            parts.contains(&summary.id) && matches!(summary.of, SummaryOf::Session { .. })
        };
        let times: Vec<Timestamp> =
            user.summaries.iter().filter(is_part).map(|summary| summary.time).collect();
        if times.len() != parts.len() || user.epoch != made_at.0 {
            return Ok(false);
        }
        let earlier = user.summaries.iter().find(|summary| summary.of == SummaryOf::Sessions);
        let gone = earlier.map(|summary| summary.id).into_iter().collect();
        user.drop_summaries(&gone);
        for summary in user.summaries.iter_mut().filter(|summary| parts.contains(&summary.id)) {
            summary.folded_into = Some(id);
        }
        let time = times.into_iter().max().unwrap_or(now);
        let (of, text) = (SummaryOf::Sessions, text.to_owned());
        user.summaries.push(Summary { id, of, time, text, folded_into: None });
        Ok(true)
    }
}

impl Upkeep for MemoryStore {
    fn stats(&self) -> Result<StoreStats> {
        let state = self.state();
        let users = || state.users.values();
        let turns = || users().flat_map(|user| user.turns.values());
        let vectors = turns().flat_map(|kept| &kept.vectors).map(|(.., v)| v.len() as u64).sum();
        let sessions = users().flat_map(|user| {
            user.turns.values().map(|kept| &kept.turn.session).collect::<BTreeSet<_>>()
        });
        Ok(StoreStats {
            users: state.users.len() as u64,
            sessions: sessions.count() as u64,
            turns: turns().count() as u64,
            passages: vectors,
            vectors,
            turns_without_vectors: users().map(|user| user.queue.len() as u64).sum(),
            truncated_tokens: state.truncated_tokens,
            file_bytes: 0,
        })
    }

    fn users(&self) -> Result<Vec<UserStats>> {
        let names: Vec<UserName> = self.state().users.keys().cloned().collect();
        let stats = names.into_iter().map(|user| {
            let sessions = self.sessions(&user)?;
            let turns = sessions.iter().map(|session| session.turns).sum();
            Ok(UserStats { user, sessions: sessions.len() as u64, turns })
        });
        stats.collect()
    }

    fn check(&self, _problem: &mut dyn FnMut(String)) -> Result<()> {
        Ok(())
    }

    fn backup(&self, _to: &Path) -> Result<()> {
        let instead = "It is gone with the process; export the turns instead.".to_owned();
        Err(StoreError::Unsupported { place: self.place(), what: "be copied", instead })
    }

    fn place(&self) -> String {
        "memory of this process".to_owned()
    }

    fn is_there(&self) -> bool {
        true
    }
}

impl SearchSource for MemoryStore {
    type Error = StoreError;

    fn search(&self, wanted: &SearchWanted<'_>, rows: &mut dyn SearchRows) -> Result<bool> {
        let state = self.state();
        let Some(user) = state.users.get(&wanted.scope.user) else { return Ok(false) };
        let epoch = Epoch(user.epoch);
        let last_turn = user.turns.keys().next_back().copied();
        let number = |name: &SessionName| {
            let place = user.sessions.iter().position(|(session, _)| session == name)?;
            Some(SessionNumber(place as i64 + 1))
        };
        let names = &wanted.scope.sessions;
        let sessions = (!names.is_empty()).then(|| names.iter().filter_map(number).collect());
        rows.user(FoundUser { state: UserState { epoch, last_turn }, sessions });
        let is_known = wanted.known.epoch == Some(epoch);
        let known = if is_known { wanted.known } else { Known::default() };

        let lists = user.lists(wanted.model);
        let blocks = lists.blocks();
        if known.last_turn < last_turn {
            let turns = blocks.iter().filter(|(list, ..)| *list == Listed::Turns);
            let first = longmem_search::turn_block_of(known.last_turn.unwrap_or(TurnId(0)));
            let turns = turns.filter(|(_, block, _)| *block >= first);
            turns.for_each(|(_, block, bytes)| rows.turns(*block, bytes));
        }
        let is_here = |model: &&EmbeddingModel| {
            [&state.serving, &state.building].contains(&&Some((*model).clone()))
        };
        if let Some(model) = wanted.model.filter(is_here) {
            let mut all: Vec<(TurnId, PassageId, Vec<u8>)> = Vec::new();
            for (turn, first, passages) in user.vectors(model) {
                for ((_, vector), id) in passages.iter().zip(first.0..) {
                    all.push((turn, PassageId(id), vector_bytes(vector)));
                }
            }
            rows.model(ModelState { last_passage: all.last().map(|v| v.1), passages: all.len() });
            let whole = all.len() <= wanted.whole_up_to;
            if !whole && known.codes.through < all.last().map(|v| v.1) {
                let width = model.dimensions;
                for (list, block, bytes) in &blocks {
                    if *list == (Listed::Codes { width }) {
                        rows.codes(*block, bytes);
                    }
                }
            }
            if whole || wanted.extra_vectors > 0 {
                for (turn, passage, bytes) in all.iter().filter(|v| Some(v.1) > known.whole.through)
                {
                    if let ControlFlow::Break(()) = rows.vector(*turn, *passage, bytes)? {
                        break;
                    }
                }
            }
        }
        for (place, word) in wanted.words.iter().enumerate() {
            for (list, block, bytes) in &blocks {
                if *list == Listed::Word(word) {
                    rows.word(place, BlockId(block.0), bytes);
                }
            }
        }
        Ok(true)
    }

    fn vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        passages: &[PassageId],
        each: TakeVector<'_>,
    ) -> Result<()> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(()) };
        for (_, first, vectors) in user.vectors(model) {
            for ((_, vector), id) in vectors.iter().zip(first.0..) {
                if let Ok(place) = passages.binary_search(&PassageId(id)) {
                    each(place, &vector_bytes(vector))?;
                }
            }
        }
        Ok(())
    }

    fn vocabulary(&self, user: &UserName) -> Result<Vec<String>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let lists = user.lists(None);
        let words = lists.blocks().into_iter().filter_map(|(list, ..)| match list {
            Listed::Word(word) => Some(word.to_owned()),
            _ => None,
        });
        Ok(words.collect::<BTreeSet<_>>().into_iter().collect())
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let longmem = Longmem::open(Options::new("unused").with_store(MemoryStore::default()))?;
    longmem.remember("ana", "I moved to Lisbon in March")?;
    let mut request = RecallRequest::new(Scope::of("ana".parse()?), "When did I move?");
    // By words only, so that no embedding model is needed.
    request.channels = Channels::Words;
    for found in longmem.memory().recall(&request)?.results {
        println!("{:.2} {}", found.score, found.turn.text);
    }
    Ok(())
}
