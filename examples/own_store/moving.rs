//! Gives users away to other stores, and takes users in. Each user has numbers of their own here, so all
//! numbers stay.

use std::collections::BTreeSet;

use longmem_core::{Embedding, Entity, FactId, Role, Summary, TurnId, UserName};
use longmem_search::{PassageId, SessionNumber};
use longmem_store::{
    Extent, FactLines, FactPlace, ForgottenKeys, MovedFact, MovedPassages, MovedSession,
    MovedSummary, MovedTurn, MovedUser, Moving, NUMBERS_IN_CHUNK, RecordSink, RecordSource, Result,
    StoreError, TakenIn, Upkeep, UserRecords,
};

use super::{Kept, MemoryStore, NewFact, SALT, State, Turn, User, Vectors};

impl Moving for MemoryStore {
    fn read_user(&self, name: &UserName, extent: Extent, sink: &mut RecordSink<'_>) -> Result<()> {
        let records = {
            let state = self.state();
            let user = state.users.get(name);
            let user = user.ok_or_else(|| StoreError::UnknownUser(name.clone()))?;
            records(&state, user)
        };
        let is_wanted = |records: &UserRecords| {
            extent == Extent::Everything
                || !matches!(records, UserRecords::Passages(_) | UserRecords::Values(_))
        };
        records.into_iter().filter(is_wanted).try_for_each(sink)
    }

    fn write_user(&self, name: &UserName, source: &RecordSource<'_>) -> Result<TakenIn> {
        let mut records = Vec::new();
        source(&mut |batch| {
            records.push(batch);
            Ok(())
        })?;
        let mut state = self.state();
        if state.users.contains_key(name) {
            return Err(StoreError::UserExists { place: self.place(), user: name.clone() });
        }
        Ok(take_in(&mut state, name, records))
    }

    fn forgotten_keys(&self, _user: Option<&UserName>) -> Result<ForgottenKeys> {
        let mut keys: Vec<_> = self.state().forgotten.iter().map(|key| (None, *key)).collect();
        keys.sort();
        Ok(ForgottenKeys { salt: SALT.to_vec(), keys })
    }

    fn take_forgotten_keys(&self, keys: &ForgottenKeys) -> Result<bool> {
        if keys.salt != SALT {
            return Ok(keys.keys.is_empty());
        }
        self.state().forgotten.extend(keys.keys.iter().map(|(_, key)| *key));
        Ok(true)
    }
}

fn records(state: &State, user: &User) -> Vec<UserRecords> {
    let models: Vec<_> = state.serving.iter().chain(&state.building).cloned().collect();
    let passages: Vec<MovedPassages> = models
        .iter()
        .enumerate()
        .flat_map(|(model, named)| {
            user.vectors(named).into_iter().map(move |vectors| MovedPassages {
                model,
                turn: vectors.turn,
                first: vectors.first.0,
                passages: vectors.passages.clone(),
            })
        })
        .collect();
    let entities = entities(user);
    let mut summaries: Vec<MovedSummary> = user.summaries.iter().map(moved_summary).collect();
    summaries.sort_by_key(|summary| summary.id);
    let sessions = sessions(user);
    let last = |moved: &MovedPassages| moved.first + moved.passages.len() as i64 - 1;
    let head = MovedUser {
        last_turn: user.turns.keys().last().map_or(0, |turn| turn.0),
        last_passage: passages.iter().map(last).max().unwrap_or(0),
        turn_chunks: chunks(user.turns.keys().map(|turn| turn.0)),
        passage_chunks: chunks(passages.iter().map(|moved| moved.first)),
        sessions: sessions.iter().map(|session| session.number).collect(),
        facts: user.facts.keys().map(|fact| fact.0).collect(),
        summaries: summaries.iter().map(|summary| summary.id.0).collect(),
        models,
    };
    let facts = user.lines.places().iter().map(|place| {
        let vector = |model| user.fact_vectors.get(model)?.get(&place.id).cloned();
        let vectors: Vec<(usize, Embedding)> = head
            .models
            .iter()
            .enumerate()
            .filter_map(|(at, model)| Some((at, vector(model)?)))
            .collect();
        moved_fact(place, &user.facts[&place.id], &entities, vectors)
    });
    let mut facts: Vec<MovedFact> = facts.collect();
    facts.sort_by_key(|fact| fact.id);
    let turns = user.turns.values().map(|kept| moved_turn(user, kept)).collect();
    let former = user.present_names.clone().into_iter().collect();
    let values = user.values.clone().into_iter().collect();
    vec![
        UserRecords::Head(head),
        UserRecords::Sessions(sessions),
        UserRecords::FormerNames(former),
        UserRecords::Turns(turns),
        UserRecords::Passages(passages),
        UserRecords::Entities(entities),
        UserRecords::Facts(facts),
        UserRecords::Summaries(summaries),
        UserRecords::Values(values),
    ]
}

fn chunks(numbers: impl Iterator<Item = i64>) -> Vec<i64> {
    numbers.map(|number| number / NUMBERS_IN_CHUNK).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The sessions that have turns.
fn sessions(user: &User) -> Vec<MovedSession> {
    let there: BTreeSet<_> = user.turns.values().map(|kept| &kept.turn.session).collect();
    let sessions = user.sessions.iter().zip(1..).filter(|((name, _), _)| there.contains(name));
    let sessions = sessions.map(|((name, title), number)| MovedSession {
        number,
        name: name.clone(),
        title: title.clone(),
        titled: user.titled.contains(name),
        learned_through: user.learned.get(name).map(|turn| turn.map_or(0, |turn| turn.0)),
    });
    sessions.collect()
}

fn moved_turn(user: &User, kept: &Kept) -> MovedTurn {
    let turn = kept.turn.clone();
    let before = user.turns.range(..turn.id).filter(|(_, other)| other.session == kept.session);
    MovedTurn {
        id: turn.id,
        session: kept.session.0,
        position: before.count() as i64,
        role: turn.role,
        speaker: turn.speaker,
        text: turn.text,
        time: turn.time,
        note: turn.note,
        source_key: kept.key.clone(),
        amended: kept.amended,
        waits: user.queue.contains(&turn.id),
    }
}

/// The names that come up in facts, in the order of the facts.
fn entities(user: &User) -> Vec<Entity> {
    let mut entities: Vec<Entity> = Vec::new();
    for entity in user.facts.values().flat_map(|fact| &fact.entities) {
        if !entities.contains(entity) {
            entities.push(entity.clone());
        }
    }
    entities
}

fn moved_fact(
    place: &FactPlace,
    fact: &NewFact,
    entities: &[Entity],
    vectors: Vec<(usize, Embedding)>,
) -> MovedFact {
    let place_of = |entity: &Entity| entities.iter().position(|known| known == entity);
    MovedFact {
        id: place.id,
        subject: fact.subject.clone(),
        statement: fact.statement.clone(),
        kind: fact.kind,
        source: fact.source,
        since: fact.since,
        superseded_by: place.superseded_by,
        entities: fact.entities.iter().filter_map(place_of).collect(),
        vectors,
    }
}

fn moved_summary(summary: &Summary) -> MovedSummary {
    MovedSummary {
        id: summary.id,
        of: summary.of.clone(),
        text: summary.text.clone(),
        created: summary.time,
        folded_into: summary.folded_into,
    }
}

fn take_in(state: &mut State, name: &UserName, records: Vec<UserRecords>) -> TakenIn {
    let mut user = User { epoch: state.number(), ..User::default() };
    let mut head = MovedUser::default();
    let mut numbers = Vec::new();
    let mut entities: Vec<Entity> = Vec::new();
    let mut places = Vec::new();
    let mut passages_left_out = 0;
    for records in records {
        match records {
            UserRecords::Head(first) => head = first,
            UserRecords::Sessions(sessions) => {
                for session in sessions {
                    numbers.push(session.number);
                    user.take_session(session);
                }
            }
            UserRecords::FormerNames(names) => user.present_names.extend(names),
            UserRecords::Turns(turns) => {
                for turn in turns {
                    let place = numbers.iter().position(|number| *number == turn.session);
                    user.take_turn(turn, place.unwrap_or_default());
                }
            }
            UserRecords::Passages(all) => {
                for moved in all {
                    let model = &head.models[moved.model];
                    if state.serving.as_ref() != Some(model)
                        && state.building.as_ref() != Some(model)
                    {
                        passages_left_out += moved.passages.len() as u64;
                        continue;
                    }
                    let (turn, first) = (moved.turn, PassageId(moved.first));
                    let made =
                        Vectors { model: model.clone(), turn, first, passages: moved.passages };
                    if let Some(kept) = user.turns.get_mut(&turn) {
                        kept.vectors.push(made);
                    }
                }
            }
            UserRecords::Entities(more) => entities.extend(more),
            UserRecords::Facts(facts) => {
                for fact in facts {
                    places.push(user.take_fact(fact, &head, &entities));
                }
            }
            UserRecords::Summaries(summaries) => {
                user.summaries.extend(summaries.into_iter().map(taken_summary));
            }
            UserRecords::Values(values) => user.values.extend(values),
        }
    }
    user.lines = FactLines::new(places);
    let newest = state.building.as_ref().or(state.serving.as_ref());
    if newest != head.models.last() {
        let is_embedded = |kept: &Kept| kept.vectors.iter().any(|v| Some(&v.model) == newest);
        let turns = user.turns.values().filter(|kept| kept.turn.role != Role::Tool);
        user.queue = turns.filter(|kept| !is_embedded(kept)).map(|kept| kept.turn.id).collect();
    }
    let last = [head.facts.last(), head.summaries.last(), Some(&head.last_turn)];
    state.last_number =
        last.into_iter().flatten().fold(state.last_number.max(head.last_passage), |a, b| a.max(*b));
    state.users.insert(name.clone(), user);
    TakenIn { passages_left_out, ..TakenIn::default() }
}

fn taken_summary(summary: MovedSummary) -> Summary {
    let MovedSummary { id, of, text, created, folded_into } = summary;
    Summary { id, of, time: created, text, folded_into }
}

impl User {
    fn take_session(&mut self, session: MovedSession) {
        if session.titled {
            self.titled.insert(session.name.clone());
        }
        if let Some(through) = session.learned_through {
            let through = (through > 0).then_some(TurnId(through));
            self.learned.insert(session.name.clone(), through);
        }
        self.sessions.push((session.name, session.title));
    }

    fn take_turn(&mut self, turn: MovedTurn, session: usize) {
        if turn.waits {
            self.queue.insert(turn.id);
        }
        let kept = Kept {
            turn: Turn {
                id: turn.id,
                session: self.sessions[session].0.clone(),
                session_title: None,
                role: turn.role,
                speaker: turn.speaker,
                time: turn.time,
                text: turn.text,
                note: turn.note,
            },
            key: turn.source_key,
            session: SessionNumber(session as i64 + 1),
            vectors: Vec::new(),
            amended: turn.amended,
        };
        self.turns.insert(turn.id, kept);
    }

    fn take_fact(&mut self, fact: MovedFact, head: &MovedUser, entities: &[Entity]) -> FactPlace {
        let id: FactId = fact.id;
        for (model, vector) in fact.vectors {
            self.fact_vectors.entry(head.models[model].clone()).or_default().insert(id, vector);
        }
        let named = fact.entities.iter().filter_map(|place| entities.get(*place).cloned());
        let place = FactPlace {
            id,
            since_ms: fact.since.as_millisecond(),
            superseded_by: fact.superseded_by,
        };
        let new = NewFact {
            subject: fact.subject,
            statement: fact.statement,
            kind: fact.kind,
            source: fact.source,
            since: fact.since,
            entities: named.collect(),
        };
        self.facts.insert(id, new);
        place
    }
}
