//! Checks that a store is whole: the file, the values, and user by user and block by block the lists.

mod file;
mod values;

use std::collections::BTreeSet;

use longmem_core::{Embedding, TurnId};
use longmem_search::{
    BlockId, DamagedVector, Listed, NewLists, PassageId, SessionNumber, TurnEntry, codes_in,
    vector_from_bytes,
};
use longmem_text::indexed_words;
use rusqlite::{Connection, params};

use crate::error::{may_be_damage, reason_of};
use crate::fact_vectors;
use crate::rows::{parsed, timestamp};

/// Greatest number of lines in which SQLite's own check says what is wrong.
const MAX_INTEGRITY_LINES: usize = 20;

/// Turns whose lists are made again at once: a block of words, which is eight blocks of turns. So the
/// memory that a check takes does not grow with the store.
const TURNS_AT_ONCE: i64 = 8192;

/// Hands on what is wrong, a line each. A part that cannot be read is a problem itself, and the other
/// parts are checked all the same.
pub(crate) fn check(
    connection: &Connection,
    problem: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let mut parts = Parts { problem };
    parts.check("the file", |problem| file::pages(connection, MAX_INTEGRITY_LINES, problem))?;
    parts.check("its tables", |problem| file::schema(connection, problem))?;
    parts.check("references", |problem| file::references(connection, problem))?;
    parts.check("numbers", |problem| file::numbers(connection, problem))?;
    parts.check("the models", |problem| file::models(connection, problem))?;
    values::check(connection, &mut parts)?;
    parts.check("the vectors of facts", |problem| fact_vectors::check(connection, problem))?;
    let mut users: Vec<i64> = Vec::new();
    parts.check("the list of users", |_| {
        let mut statement = connection.prepare("SELECT id FROM users ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            users.push(row.get(0)?);
        }
        Ok(())
    })?;
    let mut wrong = Wrong::default();
    for user_id in users {
        UserCheck { connection, user_id }.check(&mut wrong, &mut parts)?;
    }
    for (count, of_what) in [(wrong.words, "word"), (wrong.turns, "turn"), (wrong.codes, "code")] {
        if count > 0 {
            (parts.problem)(format!("{count} {of_what} lists do not hold what they should"));
        }
    }
    Ok(())
}

/// The first thing that a check finds; none if the store is whole, or cannot be looked at now.
pub(crate) fn first_problem(connection: &Connection) -> Option<String> {
    let mut first = None;
    // What ends the check before it found anything says nothing of damage.
    let _ = check(connection, &mut |problem| {
        first.get_or_insert(problem);
    });
    first
}

/// The parts of a check, each on its own.
struct Parts<'a> {
    problem: &'a mut dyn FnMut(String),
}

impl Parts<'_> {
    /// Runs one part. What cannot be read because of what the file holds is a problem; an error of the
    /// surroundings ends the check.
    fn check(
        &mut self,
        part: &str,
        work: impl FnOnce(&mut dyn FnMut(String)) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        match work(self.problem) {
            Err(error) if may_be_damage(&error) => {
                (self.problem)(format!("{part} cannot be read: {}", reason_of(&error)));
                Ok(())
            }
            other => other,
        }
    }
}

/// Number of lists of each kind that differ from what they were made of.
#[derive(Default)]
struct Wrong {
    words: u64,
    turns: u64,
    codes: u64,
}

/// One user's lists against the user's turns and vectors.
struct UserCheck<'a> {
    connection: &'a Connection,
    user_id: i64,
}

impl UserCheck<'_> {
    fn check(&self, wrong: &mut Wrong, parts: &mut Parts<'_>) -> rusqlite::Result<()> {
        let user = self.user_id;
        let mut stretches = BTreeSet::new();
        parts.check(&format!("what there is of user {user}"), |_| {
            stretches = self.stretches()?;
            Ok(())
        })?;
        for stretch in stretches {
            let Some(first) = stretch.checked_mul(TURNS_AT_ONCE) else {
                (parts.problem)(format!("user {user} has a list of impossible number {stretch}"));
                continue;
            };
            parts.check(&format!("the words of user {user} from turn {first} on"), |_| {
                self.check_turns(first, wrong)
            })?;
            parts
                .check(&format!("the vectors of user {user} from turn {first} on"), |problem| {
                    self.check_codes(first, wrong, problem)
                })?;
        }
        parts.check(&format!("the vocabulary of user {user}"), |_| {
            wrong.words += self.wrong_vocabulary()?;
            Ok(())
        })
    }

    /// The stretches of turn numbers in which there are turns, or blocks of them.
    fn stretches(&self) -> rusqlite::Result<BTreeSet<i64>> {
        self.connection
            .prepare_cached(
                "SELECT DISTINCT id / 8192 FROM turns WHERE user_id = ?1
                 UNION SELECT DISTINCT block FROM postings WHERE user_id = ?1
                 UNION SELECT DISTINCT block / 8 FROM turn_blocks WHERE user_id = ?1
                 UNION SELECT DISTINCT block / 8 FROM code_blocks WHERE user_id = ?1",
            )?
            .query_map([self.user_id], |row| row.get(0))?
            .collect()
    }

    /// Compares the lists of turns and words in a stretch with what its turns make them.
    fn check_turns(&self, first: i64, wrong: &mut Wrong) -> rusqlite::Result<()> {
        let mut expected = NewLists::default();
        let mut statement = self.connection.prepare_cached(
            "SELECT id, session_id, role, time_ms, speaker, text, note FROM turns
             WHERE user_id = ?1 AND id >= ?2 AND id < ?3 ORDER BY id",
        )?;
        let mut rows =
            statement.query(params![self.user_id, first, first.saturating_add(TURNS_AT_ONCE)])?;
        while let Some(row) = rows.next()? {
            let speaker: Option<String> = row.get(4)?;
            let text = row.get_ref(5)?.as_str()?;
            let words = indexed_words(timestamp(row, 3)?, speaker.as_deref(), text);
            let entry = TurnEntry {
                turn: TurnId(row.get(0)?),
                session: SessionNumber(row.get(1)?),
                role: parsed(row, 2)?,
                note: row.get(6)?,
                time_ms: row.get(3)?,
                words: words.all,
            };
            expected.add_turn(&entry, &words);
        }

        let mut statement = self.connection.prepare_cached(
            "SELECT block, entries FROM turn_blocks
             WHERE user_id = ?1 AND block >= ?2 / 1024 AND block < ?3 / 1024",
        )?;
        let mut rows =
            statement.query(params![self.user_id, first, first.saturating_add(TURNS_AT_ONCE)])?;
        while let Some(row) = rows.next()? {
            let stored = row.get_ref(1)?.as_blob()?;
            let made = expected.take(Listed::Turns, BlockId(row.get(0)?));
            wrong.turns += u64::from(made != stored);
        }

        let mut statement = self.connection.prepare_cached(
            "SELECT word, entries FROM postings WHERE user_id = ?1 AND block = ?2",
        )?;
        let block = first / TURNS_AT_ONCE;
        let mut rows = statement.query(params![self.user_id, block])?;
        while let Some(row) = rows.next()? {
            let stored = row.get_ref(1)?.as_blob()?;
            let made = expected.take(Listed::Word(row.get_ref(0)?.as_str()?), BlockId(block));
            wrong.words += u64::from(made != stored);
        }

        // What is still expected is missing in the file.
        for (list, ..) in expected.blocks() {
            match list {
                Listed::Turns => wrong.turns += 1,
                _ => wrong.words += 1,
            }
        }
        Ok(())
    }

    /// Compares the lists of codes in a stretch with what its vectors make them, model by model.
    fn check_codes(
        &self,
        first: i64,
        wrong: &mut Wrong,
        problem: &mut dyn FnMut(String),
    ) -> rusqlite::Result<()> {
        let models: Vec<(i64, usize)> = self
            .connection
            .prepare_cached("SELECT id, dimensions FROM embedding_models")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (model_id, width) in models {
            let mut expected = self.codes_of_vectors(first, (model_id, width), problem)?;
            let mut statement = self.connection.prepare_cached(
                "SELECT block, entries, passages, last_passage FROM code_blocks
                 WHERE user_id = ?1 AND model_id = ?2 AND block >= ?3 / 1024 AND block < ?4 / 1024",
            )?;
            let end = first.saturating_add(TURNS_AT_ONCE);
            let mut rows = statement.query(params![self.user_id, model_id, first, end])?;
            while let Some(row) = rows.next()? {
                let block = BlockId(row.get(0)?);
                let stored = row.get_ref(1)?.as_blob()?;
                let counted = (row.get(2)?, PassageId(row.get(3)?));
                let made = expected.take(Listed::Codes { width }, block);
                let is_right = made == stored && codes_in(width, block, stored) == Some(counted);
                wrong.codes += u64::from(!is_right);
            }
            wrong.codes += expected.len() as u64;
        }
        Ok(())
    }

    fn codes_of_vectors(
        &self,
        first: i64,
        (model_id, width): (i64, usize),
        problem: &mut dyn FnMut(String),
    ) -> rusqlite::Result<NewLists> {
        let mut lists = NewLists::default();
        let mut statement = self.connection.prepare_cached(
            "SELECT p.turn_id, p.id, v.vector
             FROM passages p JOIN vectors v ON v.passage_id = p.id
             WHERE p.user_id = ?1 AND p.model_id = ?2 AND p.turn_id >= ?3 AND p.turn_id < ?4
             ORDER BY p.id",
        )?;
        let end = first.saturating_add(TURNS_AT_ONCE);
        let mut rows = statement.query(params![self.user_id, model_id, first, end])?;
        // The passages of the turn that is being read, with the number of the first.
        let mut open: Option<(TurnId, PassageId)> = None;
        let mut vectors: Vec<Embedding> = Vec::new();
        while let Some(row) = rows.next()? {
            let (turn, passage) = (TurnId(row.get(0)?), row.get(1)?);
            if let Some((last, first_passage)) = open.filter(|(last, _)| *last != turn) {
                lists.add_codes(last, first_passage, &vectors);
                vectors.clear();
                open = None;
            }
            open.get_or_insert((turn, PassageId(passage)));
            match vector_from_bytes(row.get_ref(2)?.as_blob()?, width) {
                Ok(vector) => vectors.push(vector),
                Err(reason) => problem(DamagedVector { passage, reason }.to_string()),
            }
        }
        if let Some((last, first_passage)) = open {
            lists.add_codes(last, first_passage, &vectors);
        }
        Ok(lists)
    }

    /// Number of words that are in the vocabulary or in a list, but not in both.
    fn wrong_vocabulary(&self) -> rusqlite::Result<u64> {
        self.connection
            .prepare_cached(
                "SELECT (SELECT count(*) FROM (SELECT word FROM words WHERE user_id = ?1
                             EXCEPT SELECT word FROM postings WHERE user_id = ?1))
                      + (SELECT count(*) FROM (SELECT word FROM postings WHERE user_id = ?1
                             EXCEPT SELECT word FROM words WHERE user_id = ?1))",
            )?
            .query_row([self.user_id], |row| row.get(0))
    }
}
