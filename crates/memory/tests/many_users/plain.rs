//! What each user's memory should hold, kept in plain maps.

use std::collections::{BTreeMap, BTreeSet};

use longmem_core::{
    FactId, NewTurn, Role, Scope, SessionName, SourceKey, SummaryOf, Timestamp, TurnId, UserName,
};
use longmem_memory::{FactsAt, Memory, MemoryError, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainTurn {
    pub(crate) session: SessionName,
    pub(crate) role: Role,
    pub(crate) speaker: Option<String>,
    pub(crate) time: Timestamp,
    pub(crate) text: String,
    pub(crate) note: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainFact {
    pub(crate) statement: String,
    pub(crate) superseded_by: Option<FactId>,
    pub(crate) turn: Option<TurnId>,
}

/// What a user can read of their memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Readable {
    pub(crate) turns: BTreeMap<TurnId, PlainTurn>,
    pub(crate) facts: BTreeMap<FactId, PlainFact>,
    /// The last turn that the summary of a session covers, and its words.
    pub(crate) summaries: BTreeMap<SessionName, (TurnId, String)>,
    pub(crate) titles: BTreeMap<SessionName, String>,
}

/// One user, with what decides what an import does.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlainUser {
    pub(crate) readable: Readable,
    pub(crate) keys: BTreeMap<String, TurnId>,
    pub(crate) forgotten_keys: BTreeSet<String>,
    /// Where the turns of a session go that was renamed, or moved into another.
    present_names: BTreeMap<SessionName, SessionName>,
}

impl PlainUser {
    pub(crate) fn is_empty(&self) -> bool {
        self.readable.turns.is_empty() && self.readable.facts.is_empty()
    }

    pub(crate) fn insert(&mut self, id: TurnId, turn: &NewTurn) {
        if let Some(SourceKey(key)) = &turn.source_key {
            self.keys.insert(key.clone(), id);
        }
        let plain = PlainTurn {
            session: turn.session.clone(),
            role: turn.role,
            speaker: turn.speaker.clone(),
            time: turn.time,
            text: turn.text.clone(),
            note: turn.note,
        };
        let before = self.readable.turns.insert(id, plain);
        assert_eq!(before, None, "a number was given out twice");
    }

    /// Where an import puts a turn of this session.
    pub(crate) fn present_name(&self, session: &SessionName) -> SessionName {
        self.present_names.get(session).unwrap_or(session).clone()
    }

    pub(crate) fn sessions(&self) -> BTreeMap<SessionName, u64> {
        let mut sessions = BTreeMap::new();
        for turn in self.readable.turns.values() {
            *sessions.entry(turn.session.clone()).or_default() += 1;
        }
        sessions
    }

    fn lead_on(&mut self, former: &SessionName, present: &SessionName) {
        for leads_to in self.present_names.values_mut() {
            if leads_to == former {
                *leads_to = present.clone();
            }
        }
        self.present_names.insert(former.clone(), present.clone());
        self.present_names.remove(present);
    }

    pub(crate) fn rename(&mut self, from: &SessionName, to: &SessionName) {
        for turn in self.readable.turns.values_mut().filter(|turn| turn.session == *from) {
            turn.session = to.clone();
        }
        if let Some(title) = self.readable.titles.remove(from) {
            self.readable.titles.insert(to.clone(), title);
        }
        if let Some(summary) = self.readable.summaries.remove(from) {
            self.readable.summaries.insert(to.clone(), summary);
        }
        self.lead_on(from, to);
    }

    pub(crate) fn move_turns(&mut self, turns: &[TurnId], into: &SessionName) {
        let before = self.sessions();
        for id in turns {
            if self.readable.turns[id].session != *into {
                self.drop_summary_of(*id);
                self.readable.turns.get_mut(id).unwrap().session = into.clone();
                self.drop_summary_of(*id);
            }
        }
        let after = self.sessions();
        for emptied in before.keys().filter(|session| !after.contains_key(*session)) {
            self.lead_on(emptied, into);
        }
        self.drop_gone_sessions();
    }

    pub(crate) fn edit(&mut self, id: TurnId, text: &str) {
        self.drop_what_was_made_of(&BTreeSet::from([id]));
        text.clone_into(&mut self.readable.turns.get_mut(&id).unwrap().text);
    }

    pub(crate) fn forget(&mut self, turns: &BTreeSet<TurnId>) {
        self.drop_what_was_made_of(turns);
        self.readable.turns.retain(|id, _| !turns.contains(id));
        for (key, _) in self.keys.extract_if(.., |_, id| turns.contains(id)) {
            self.forgotten_keys.insert(key);
        }
        self.drop_gone_sessions();
        if self.is_empty() {
            self.present_names.clear();
        }
    }

    pub(crate) fn forget_everything(&mut self) {
        let all = self.readable.turns.keys().copied().collect();
        self.readable.facts.clear();
        self.forget(&all);
    }

    fn drop_what_was_made_of(&mut self, turns: &BTreeSet<TurnId>) {
        for id in turns {
            self.drop_summary_of(*id);
        }
        let facts = &self.readable.facts;
        let of_turns =
            facts.iter().filter(|(_, fact)| fact.turn.is_some_and(|t| turns.contains(&t)));
        let gone: Vec<FactId> = of_turns.map(|(id, _)| *id).collect();
        for id in gone {
            let next = self.readable.facts.remove(&id).unwrap().superseded_by;
            for fact in self.readable.facts.values_mut() {
                if fact.superseded_by == Some(id) {
                    fact.superseded_by = next;
                }
            }
        }
    }

    /// Drops the summary that covers a turn.
    fn drop_summary_of(&mut self, id: TurnId) {
        let session = &self.readable.turns[&id].session;
        if self.readable.summaries.get(session).is_some_and(|(through, _)| id <= *through) {
            self.readable.summaries.remove(session);
        }
    }

    fn drop_gone_sessions(&mut self) {
        let there = self.sessions();
        self.readable.titles.retain(|session, _| there.contains_key(session));
        self.readable.summaries.retain(|session, _| there.contains_key(session));
        self.present_names.retain(|_, present| there.contains_key(present));
    }

    /// Notes a fact that is said last, in the line of the one that it replaces.
    pub(crate) fn add_fact(&mut self, id: FactId, fact: PlainFact, replaces: Option<FactId>) {
        if let Some(mut last) = replaces {
            while let Some(next) = self.readable.facts[&last].superseded_by {
                last = next;
            }
            self.readable.facts.get_mut(&last).unwrap().superseded_by = Some(id);
        }
        self.readable.facts.insert(id, fact);
    }

    /// Deletes a fact and all that it had replaced; returns how many these are.
    pub(crate) fn delete_fact(&mut self, id: FactId) -> u64 {
        let mut gone = BTreeSet::from([id]);
        loop {
            let facts = self.readable.facts.iter();
            let more: Vec<FactId> = facts
                .filter(|(_, fact)| fact.superseded_by.is_some_and(|next| gone.contains(&next)))
                .map(|(id, _)| *id)
                .collect();
            let before = gone.len();
            gone.extend(more);
            if gone.len() == before {
                break;
            }
        }
        self.readable.facts.retain(|id, _| !gone.contains(id));
        gone.len() as u64
    }
}

/// Reads all that a memory shows of a user.
pub(crate) fn read(memory: &Memory, user: &UserName) -> Readable {
    let mut readable = Readable::default();
    match memory.check_names(&Scope::of(user.clone())) {
        Ok(()) => {}
        Err(MemoryError::Store(StoreError::UnknownUser(_))) => return readable,
        Err(error) => panic!("{error}"),
    }
    for session in memory.sessions(user).unwrap() {
        let turns = memory.session_turns(user, &session.session, None, None).unwrap();
        assert_eq!(turns.len() as u64, session.turns, "{user}: {}", session.session);
        if let Some(title) = session.title {
            readable.titles.insert(session.session, title);
        }
        readable.turns.extend(turns.into_iter().map(|turn| {
            let plain = PlainTurn {
                session: turn.session,
                role: turn.role,
                speaker: turn.speaker,
                time: turn.time,
                text: turn.text,
                note: turn.note,
            };
            (turn.id, plain)
        }));
    }
    for fact in memory.facts(user, FactsAt::Ever).unwrap() {
        let (statement, superseded_by, turn) = (fact.statement, fact.superseded_by, fact.turn);
        readable.facts.insert(fact.id, PlainFact { statement, superseded_by, turn });
    }
    for summary in memory.summaries(user).unwrap() {
        let SummaryOf::Session { session, through } = summary.of else {
            panic!("no other summary was written")
        };
        readable.summaries.insert(session, (through, summary.text));
    }
    readable
}
