//! Takes a user's records in.

use longmem_core::{Entity, Role, UserName};
use longmem_search::{NewLists, PassageId, SessionNumber, TurnEntry, vector_bytes};
use longmem_store::{
    MovedFact, MovedPassages, MovedSession, MovedSummary, MovedTurn, MovedUser, NUMBERS_IN_CHUNK,
    RecordSource, StoreError, TakenIn, UserRecords,
};
use longmem_text::{IndexedWords, indexed_words};
use rayon::prelude::*;
use rusqlite::{Transaction, params};

use super::Failure;
use super::renumbering::Renumbering;
use crate::block_tables::{self, Owner};
use crate::embedding_models::{model_id, newest};
use crate::numbers::{self, Kind, Numbers};
use crate::rows::array;
use crate::users::{user_id, user_id_or_new};
use crate::{entities, session_names};

/// Turns whose lists are written at once: a block of words.
const TURNS_AT_ONCE: usize = NUMBERS_IN_CHUNK as usize;

/// Takes in a user who is not there.
pub(super) fn write(
    transaction: &Transaction<'_>,
    user: &UserName,
    source: &RecordSource<'_>,
) -> Result<TakenIn, Failure> {
    if user_id(transaction, user)?.is_some() {
        return Err(Failure::UserIsThere);
    }
    // A fact may be replaced by one that comes later.
    transaction.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    let user_id = user_id_or_new(transaction, user)?;
    let mut taking = Taking::new(transaction, user_id);
    let mut own = None;
    let read = source(&mut |records| {
        taking.take(records).map_err(|error| {
            own = Some(error);
            StoreError::Stopped
        })
    });
    match own {
        Some(error) => return Err(error.into()),
        None => read?,
    }
    Ok(taking.finish()?)
}

/// A user who is being taken in.
struct Taking<'a> {
    transaction: &'a Transaction<'a>,
    user_id: i64,
    head: MovedUser,
    /// The models of the head that this store has.
    model_ids: Vec<Option<i64>>,
    /// Whether turns wait for vectors as they did in the source.
    waits_as_there: bool,
    turns: Renumbering,
    passages: Renumbering,
    sessions: Renumbering,
    facts: Renumbering,
    summaries: Renumbering,
    /// The numbers that turns and passages get if they get new ones.
    turn_numbers: Option<Numbers>,
    passage_numbers: Option<Numbers>,
    /// The last number of a turn here.
    last_turn: i64,
    /// The lists of the latest turns, and how many there are.
    lists: (NewLists, usize),
    entities: Vec<i64>,
    /// Sessions, facts and summaries with what they refer to that comes later.
    learned: Vec<(i64, i64)>,
    superseded: Vec<(i64, i64)>,
    folded: Vec<(i64, i64)>,
    passages_left_out: u64,
}

impl<'a> Taking<'a> {
    fn new(transaction: &'a Transaction<'a>, user_id: i64) -> Self {
        Self {
            transaction,
            user_id,
            head: MovedUser::default(),
            model_ids: Vec::new(),
            waits_as_there: true,
            turns: Renumbering::Kept,
            passages: Renumbering::Kept,
            sessions: Renumbering::Kept,
            facts: Renumbering::Kept,
            summaries: Renumbering::Kept,
            turn_numbers: None,
            passage_numbers: None,
            last_turn: 0,
            lists: (NewLists::default(), 0),
            entities: Vec::new(),
            learned: Vec::new(),
            superseded: Vec::new(),
            folded: Vec::new(),
            passages_left_out: 0,
        }
    }

    fn take(&mut self, records: UserRecords) -> rusqlite::Result<()> {
        match records {
            UserRecords::Head(head) => self.begin(head),
            UserRecords::Sessions(sessions) => sessions.iter().try_for_each(|s| self.session(s)),
            UserRecords::FormerNames(names) => names.iter().try_for_each(|(former, present)| {
                session_names::keep_former(self.transaction, self.user_id, former, present)
            }),
            UserRecords::Turns(turns) => self.turns(&turns),
            UserRecords::Passages(passages) => self.passages(&passages),
            UserRecords::Entities(entities) => entities.iter().try_for_each(|e| self.entity(e)),
            UserRecords::Facts(facts) => facts.iter().try_for_each(|fact| self.fact(fact)),
            UserRecords::Summaries(all) => all.iter().try_for_each(|s| self.summary(s)),
            UserRecords::Values(values) => values.iter().try_for_each(|(name, value)| {
                self.transaction
                    .prepare_cached(
                        "INSERT INTO user_values (user_id, name, value) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![self.user_id, name, value])
                    .map(drop)
            }),
        }
    }

    /// Finds out which numbers are free and which models are here.
    fn begin(&mut self, head: MovedUser) -> rusqlite::Result<()> {
        let free = |table: &str, ids: &[i64]| -> rusqlite::Result<bool> {
            let sql = format!("SELECT 1 FROM {table} WHERE id IN rarray(?1)");
            Ok(!self.transaction.prepare_cached(&sql)?.exists([array(ids.iter().copied())])?)
        };
        self.sessions = Renumbering::kept_if(free("sessions", &head.sessions)?);
        self.facts = Renumbering::kept_if(free("facts", &head.facts)?);
        self.summaries = Renumbering::kept_if(free("summaries", &head.summaries)?);
        let turns_are_free =
            numbers::are_free(self.transaction, Kind::Turn, &head.turn_chunks, head.last_turn)?;
        self.turns = Renumbering::kept_if(turns_are_free);
        if !turns_are_free {
            self.turn_numbers = Some(Numbers::of(self.transaction, Kind::Turn, self.user_id)?);
        }
        let passages_are_free = numbers::are_free(
            self.transaction,
            Kind::Passage,
            &head.passage_chunks,
            head.last_passage,
        )?;
        self.passages = Renumbering::kept_if(passages_are_free);
        if !passages_are_free {
            self.passage_numbers =
                Some(Numbers::of(self.transaction, Kind::Passage, self.user_id)?);
        }
        self.model_ids = head
            .models
            .iter()
            .map(|model| model_id(self.transaction, model))
            .collect::<rusqlite::Result<_>>()?;
        let newest = newest(self.transaction)?.map(|(_, model)| model);
        self.waits_as_there = newest.as_ref() == head.models.last();
        self.last_turn = head.last_turn;
        self.head = head;
        Ok(())
    }

    fn session(&mut self, session: &MovedSession) -> rusqlite::Result<()> {
        let kept = (!self.sessions.is_new()).then_some(session.number);
        self.transaction
            .prepare_cached(
                "INSERT INTO sessions (id, user_id, name, title) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![kept, self.user_id, session.name.as_str(), session.title])?;
        let here = self.transaction.last_insert_rowid();
        self.sessions.note(session.number, here);
        if session.titled {
            session_names::note_titled(self.transaction, self.user_id, &session.name)?;
        }
        self.learned.extend(session.learned_through.map(|through| (here, through)));
        Ok(())
    }

    fn turns(&mut self, turns: &[MovedTurn]) -> rusqlite::Result<()> {
        let words: Vec<IndexedWords> = turns
            .par_iter()
            .map(|turn| indexed_words(turn.time, turn.speaker.as_deref(), &turn.text))
            .collect();
        for (turn, words) in turns.iter().zip(&words) {
            self.turn(turn, words)?;
        }
        if self.lists.1 >= TURNS_AT_ONCE { self.write_lists() } else { Ok(()) }
    }

    fn turn(&mut self, turn: &MovedTurn, words: &IndexedWords) -> rusqlite::Result<()> {
        let id = match &mut self.turn_numbers {
            Some(numbers) => longmem_core::TurnId(numbers.take(self.transaction, 1)?),
            None => turn.id,
        };
        self.turns.note(turn.id.0, id.0);
        let session = self.sessions.here(turn.session).unwrap_or(turn.session);
        self.transaction
            .prepare_cached(
                "INSERT INTO turns (id, user_id, session_id, position, role, time_ms, source_key,
                                    speaker, text, note)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                id.0,
                self.user_id,
                session,
                turn.position,
                turn.role.as_str(),
                turn.time.as_millisecond(),
                turn.source_key.0,
                turn.speaker,
                turn.text,
                turn.note,
            ])?;
        if turn.waits && self.waits_as_there {
            self.transaction
                .prepare_cached("INSERT INTO index_queue (user_id, turn_id) VALUES (?1, ?2)")?
                .execute([self.user_id, id.0])?;
        }
        if turn.amended {
            session_names::note_amended(self.transaction, self.user_id, id)?;
        }
        let entry = TurnEntry {
            turn: id,
            session: SessionNumber(session),
            role: turn.role,
            note: turn.note,
            time_ms: turn.time.as_millisecond(),
            words: words.all,
        };
        self.lists.0.add_turn(&entry, words);
        self.lists.1 += 1;
        self.last_turn = self.last_turn.max(id.0);
        Ok(())
    }

    fn write_lists(&mut self) -> rusqlite::Result<()> {
        let (lists, _) = std::mem::take(&mut self.lists);
        let owner = Owner { user_id: self.user_id, model_id: 0 };
        block_tables::append(self.transaction, owner, &lists)
    }

    fn passages(&mut self, passages: &[MovedPassages]) -> rusqlite::Result<()> {
        for of_model in passages.chunk_by(|one, next| one.model == next.model) {
            let Some(model_id) = self.model_ids.get(of_model[0].model).copied().flatten() else {
                let left_out = of_model.iter().map(|turn| turn.passages.len() as u64);
                self.passages_left_out += left_out.sum::<u64>();
                continue;
            };
            let mut lists = NewLists::default();
            for of_turn in of_model {
                self.passages_of_turn(model_id, of_turn, &mut lists)?;
            }
            block_tables::append(
                self.transaction,
                Owner { user_id: self.user_id, model_id },
                &lists,
            )?;
        }
        Ok(())
    }

    fn passages_of_turn(
        &mut self,
        model_id: i64,
        of_turn: &MovedPassages,
        lists: &mut NewLists,
    ) -> rusqlite::Result<()> {
        let first = match &mut self.passage_numbers {
            Some(numbers) => numbers.take(self.transaction, of_turn.passages.len())?,
            None => of_turn.first,
        };
        let Some(turn) = self.turns.here(of_turn.turn.0) else { return Ok(()) };
        for ((span, vector), passage) in of_turn.passages.iter().zip(first..) {
            self.transaction
                .prepare_cached(
                    "INSERT INTO passages
                         (id, turn_id, user_id, model_id, start_byte, end_byte, tokens)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    passage,
                    turn,
                    self.user_id,
                    model_id,
                    span.start as i64,
                    span.end as i64,
                    span.tokens as i64
                ])?;
            self.transaction
                .prepare_cached("INSERT INTO vectors (passage_id, vector) VALUES (?1, ?2)")?
                .execute(params![passage, vector_bytes(vector)])?;
        }
        let vectors = of_turn.passages.iter().map(|(_, vector)| vector);
        lists.add_codes(longmem_core::TurnId(turn), PassageId(first), vectors);
        Ok(())
    }

    fn entity(&mut self, entity: &Entity) -> rusqlite::Result<()> {
        let id = entities::insert(self.transaction, self.user_id, entity)?;
        self.entities.push(id);
        Ok(())
    }

    fn fact(&mut self, fact: &MovedFact) -> rusqlite::Result<()> {
        let kept = (!self.facts.is_new()).then_some(fact.id.0);
        self.transaction
            .prepare_cached(
                "INSERT INTO facts
                     (id, user_id, subject, statement, kind, source_turn_id, valid_from_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                kept,
                self.user_id,
                fact.subject,
                fact.statement,
                fact.kind.as_str(),
                fact.source.and_then(|turn| self.turns.here(turn.0)),
                fact.since.as_millisecond(),
            ])?;
        let here = self.transaction.last_insert_rowid();
        self.facts.note(fact.id.0, here);
        self.superseded.extend(fact.superseded_by.map(|next| (here, next.0)));
        for entity in fact.entities.iter().filter_map(|place| self.entities.get(*place)) {
            self.transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO entity_mentions (fact_id, entity_id) VALUES (?1, ?2)",
                )?
                .execute([here, *entity])?;
        }
        for (model, vector) in &fact.vectors {
            let Some(model_id) = self.model_ids.get(*model).copied().flatten() else { continue };
            self.transaction
                .prepare_cached(
                    "INSERT INTO fact_vectors (fact_id, model_id, vector) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![here, model_id, vector_bytes(vector)])?;
        }
        Ok(())
    }

    fn summary(&mut self, summary: &MovedSummary) -> rusqlite::Result<()> {
        let kept = (!self.summaries.is_new()).then_some(summary.id.0);
        let (session, through) = summary.of.stretch().unzip();
        self.transaction
            .prepare_cached(
                "INSERT INTO summaries
                     (id, user_id, of, session_id, through_turn, text, created_ms)
                 VALUES (?1, ?2, ?3, (SELECT id FROM sessions WHERE user_id = ?2 AND name = ?4),
                         ?5, ?6, ?7)",
            )?
            .execute(params![
                kept,
                self.user_id,
                summary.of.kind(),
                session.map(longmem_core::SessionName::as_str),
                through.and_then(|turn| self.turns.here(turn.0)),
                summary.text,
                summary.created.as_millisecond(),
            ])?;
        let here = self.transaction.last_insert_rowid();
        self.summaries.note(summary.id.0, here);
        self.folded.extend(summary.folded_into.map(|whole| (here, whole.0)));
        Ok(())
    }

    /// Writes what could not be before all records were there.
    fn finish(mut self) -> rusqlite::Result<TakenIn> {
        self.write_lists()?;
        let transaction = self.transaction;
        let mut learned = transaction.prepare_cached(
            "INSERT INTO learned_sessions (session_id, through_turn) VALUES (?1, ?2)",
        )?;
        for (session, through) in &self.learned {
            learned.execute([*session, self.turns.up_to(*through)])?;
        }
        let mut supersede =
            transaction.prepare_cached("UPDATE facts SET superseded_by = ?2 WHERE id = ?1")?;
        for (fact, next) in &self.superseded {
            supersede.execute(params![fact, self.facts.here(*next)])?;
        }
        let mut fold =
            transaction.prepare_cached("UPDATE summaries SET folded_into = ?2 WHERE id = ?1")?;
        for (summary, whole) in &self.folded {
            fold.execute(params![summary, self.summaries.here(*whole)])?;
        }
        if !self.waits_as_there {
            self.queue_turns_without_vectors()?;
        }
        let last_turn = match self.turn_numbers.take() {
            Some(numbers) => numbers.write(transaction).map(|()| self.turns.up_to(i64::MAX))?,
            None => {
                numbers::note_kept(transaction, Kind::Turn, self.user_id, self.last_turn)?;
                self.last_turn
            }
        };
        transaction
            .execute("UPDATE users SET last_turn = ?2 WHERE id = ?1", [self.user_id, last_turn])?;
        match self.passage_numbers.take() {
            Some(numbers) => numbers.write(transaction)?,
            None => {
                let last = self.head.last_passage;
                numbers::note_kept(transaction, Kind::Passage, self.user_id, last)?;
            }
        }
        Ok(TakenIn {
            new_turn_numbers: self.turns.is_new(),
            new_fact_numbers: self.facts.is_new(),
            new_summary_numbers: self.summaries.is_new(),
            passages_left_out: self.passages_left_out,
        })
    }

    /// Queues the turns that have no vector of this store's newest model.
    fn queue_turns_without_vectors(&self) -> rusqlite::Result<()> {
        let newest = newest(self.transaction)?.map(|(id, _)| id);
        self.transaction
            .execute(
                "INSERT INTO index_queue (user_id, turn_id)
                 SELECT t.user_id, t.id FROM turns t WHERE t.user_id = ?1 AND t.role <> ?3
                 AND NOT EXISTS (
                     SELECT 1 FROM passages p WHERE p.turn_id = t.id AND p.model_id = ?2)",
                params![self.user_id, newest, Role::Tool.as_str()],
            )
            .map(drop)
    }
}
