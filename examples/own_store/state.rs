//! What the store holds, read and changed under its one lock.

use std::collections::BTreeSet;

use longmem_core::{
    EmbeddingModel, Fact, FactId, NewFact, NewTurn, Role, Scope, SessionName, SourceKey, Summary,
    SummaryId, SummaryOf, Timestamp, Turn, TurnId, UserName,
};
use longmem_search::{NewLists, SessionNumber, TurnEntry};
use longmem_store::{FactPlace, FactsAt, ForgetTarget, Inserted, has_grown};
use longmem_text::indexed_words;

use super::{Kept, State, User, Vectors};

impl State {
    pub(super) fn number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn user(&mut self, name: &UserName) -> &mut User {
        let epoch = self.number();
        self.users.entry(name.clone()).or_insert_with(|| User { epoch, ..User::default() })
    }

    pub(super) fn insert(&mut self, name: &UserName, new: &NewTurn) -> Inserted {
        let number = self.number();
        let user = self.user(name);
        let key = new.source_key.clone().unwrap_or_else(|| SourceKey(format!("turn:{number}")));
        let known = user.turn_of(&key);
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
            note: new.note,
        };
        let session = SessionNumber(place as i64 + 1);
        user.turns.insert(id, Kept { turn, key, session, vectors: Vec::new(), amended: false });
        if new.role != Role::Tool {
            user.queue.insert(id);
        }
        Inserted { id, new: true }
    }

    /// Begins new epochs, since something was deleted.
    pub(super) fn begin_epochs(&mut self) {
        let epoch = self.number();
        self.users.values_mut().for_each(|user| user.epoch = epoch);
    }

    pub(super) fn queue_all(&mut self) {
        for user in self.users.values_mut() {
            let waits = user.turns.values().filter(|kept| kept.turn.role != Role::Tool);
            user.queue = waits.map(|kept| kept.turn.id).collect();
        }
    }

    pub(super) fn drop_vectors(&mut self, of: impl Fn(&EmbeddingModel) -> bool) {
        for user in self.users.values_mut() {
            user.fact_vectors.retain(|model, _| !of(model));
            for kept in user.turns.values_mut() {
                kept.vectors.retain(|vectors| !of(&vectors.model));
            }
        }
    }

    /// A turn as an import stores it: where its session is now, and without a title that would replace
    /// one that a person set.
    pub(super) fn placed(&self, name: &UserName, new: &NewTurn) -> NewTurn {
        let mut placed = new.clone();
        if let Some(user) = self.users.get(name) {
            if let Some(present) = user.present_names.get(&new.session) {
                placed.session = present.clone();
            }
            placed.session_title =
                placed.session_title.filter(|_| !user.titled.contains(&placed.session));
        }
        placed
    }

    /// Drops the turn of which this one is a grown one.
    pub(super) fn drop_grown(&mut self, name: &UserName, new: &NewTurn) {
        let (epoch, Some(key)) = (self.number(), &new.source_key) else { return };
        let Some(user) = self.users.get_mut(name) else { return };
        let Some(id) = user
            .turn_of(key)
            .filter(|id| !user.turns[id].amended && has_grown(&user.turns[id].turn.text, new))
        else {
            return;
        };
        let doomed = BTreeSet::from([id]);
        let (facts, summaries) =
            (user.doomed_facts(&doomed, false), user.doomed_summaries(&doomed, false));
        user.drop_facts(&facts);
        user.drop_summaries(&summaries);
        user.turns.remove(&id);
        user.queue.retain(|queued| *queued != id);
        user.epoch = epoch;
    }

    pub(super) fn insert_fact(
        &mut self,
        name: &UserName,
        fact: &NewFact,
        replaces: Option<FactId>,
    ) -> FactId {
        let id = FactId(self.number());
        let user = self.user(name);
        let since_ms = fact.since.as_millisecond();
        user.lines.insert(FactPlace { id, since_ms, superseded_by: None }, replaces);
        user.facts.insert(id, fact.clone());
        id
    }
}

impl User {
    /// The turn with a source key.
    pub(super) fn turn_of(&self, key: &SourceKey) -> Option<TurnId> {
        self.turns.values().find(|kept| kept.key == *key).map(|kept| kept.turn.id)
    }

    /// A turn as it is read: with the title that its session has now.
    pub(super) fn read(&self, kept: &Kept) -> Turn {
        let title = self.sessions[kept.session.0 as usize - 1].1.clone();
        Turn { session_title: title, ..kept.turn.clone() }
    }

    pub(super) fn of_session(
        &self,
        session: &SessionName,
    ) -> impl DoubleEndedIterator<Item = Turn> {
        let turns = self.turns.values().filter(move |kept| kept.turn.session == *session);
        turns.map(|kept| self.read(kept))
    }

    pub(super) fn doomed(&self, target: &ForgetTarget) -> BTreeSet<TurnId> {
        let scope = target.scope();
        let named = |id: &TurnId| match target {
            ForgetTarget::Turns(_, ids) => ids.contains(id),
            _ => true,
        };
        let turns = self.turns.values().map(|kept| &kept.turn);
        let doomed = turns.filter(|turn| named(&turn.id) && admits(&scope, turn));
        doomed.map(|turn| turn.id).collect()
    }

    pub(super) fn doomed_facts(
        &self,
        doomed: &BTreeSet<TurnId>,
        everything: bool,
    ) -> BTreeSet<FactId> {
        let is_doomed = |fact: &NewFact| fact.source.is_some_and(|turn| doomed.contains(&turn));
        let facts = self.facts.iter().filter(|(_, fact)| everything || is_doomed(fact));
        facts.map(|(id, _)| *id).collect()
    }

    /// The summaries that cover a turn, and those that they were folded into.
    pub(super) fn doomed_summaries(
        &self,
        doomed: &BTreeSet<TurnId>,
        all: bool,
    ) -> BTreeSet<SummaryId> {
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

    pub(super) fn drop_summaries(&mut self, gone: &BTreeSet<SummaryId>) {
        self.summaries.retain(|summary| !gone.contains(&summary.id));
        for summary in &mut self.summaries {
            summary.folded_into = summary.folded_into.filter(|whole| !gone.contains(whole));
        }
    }

    /// Forgets the names that lead to sessions without turns.
    pub(super) fn drop_names_of_gone(&mut self) {
        let turns = self.turns.values();
        let there: BTreeSet<SessionName> = turns.map(|kept| kept.turn.session.clone()).collect();
        self.present_names.retain(|_, present| there.contains(present));
        self.titled.retain(|session| there.contains(session));
    }

    pub(super) fn drop_facts(&mut self, gone: &BTreeSet<FactId>) {
        self.lines.take_out(gone);
        self.facts.retain(|id, _| !gone.contains(id));
        for vectors in self.fact_vectors.values_mut() {
            vectors.retain(|id, _| !gone.contains(id));
        }
    }

    pub(super) fn read_facts(&self, at: FactsAt) -> Vec<Fact> {
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
    pub(super) fn lists(&self, model: Option<&EmbeddingModel>) -> NewLists {
        let mut lists = NewLists::default();
        for Kept { turn, session, .. } in self.turns.values() {
            let words = indexed_words(turn.time, turn.speaker.as_deref(), &turn.text);
            let time_ms = turn.time.as_millisecond();
            let entry = TurnEntry {
                turn: turn.id,
                session: *session,
                role: turn.role,
                note: turn.note,
                time_ms,
                words: words.all,
            };
            lists.add_turn(&entry, &words);
        }
        for vectors in model.into_iter().flat_map(|model| self.vectors(model)) {
            let Vectors { turn, first, passages, .. } = vectors;
            lists.add_codes(*turn, *first, passages.iter().map(|(_, vector)| vector));
        }
        lists
    }

    /// The vectors of a model by turn, in the order of passages.
    pub(super) fn vectors(&self, model: &EmbeddingModel) -> Vec<&Vectors> {
        let all = self.turns.values().flat_map(|kept| &kept.vectors);
        let mut found: Vec<_> = all.filter(|vectors| vectors.model == *model).collect();
        found.sort_by_key(|vectors| vectors.first);
        found
    }
}

pub(super) fn admits(scope: &Scope, turn: &Turn) -> bool {
    scope.admits_role(turn.role)
        && scope.admits_time(turn.time)
        && (scope.sessions.is_empty() || scope.sessions.contains(&turn.session))
}
