//! Checks one user: values, counters, and the lists against the user's turns and vectors.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join, try_join3};
use longmem_core::{Embedding, FactId, SessionName, TurnId, UserName};
use longmem_search::{
    BlockId, DamagedVector, Listed, NewLists, PassageId, SessionNumber, TurnEntry, codes_in,
    vector_from_bytes, words_to_bytes,
};
use longmem_store::StoreError;
use longmem_text::indexed_words;

use super::Wrong;
use crate::failure::Failure;
use crate::statements::{NONE, Statements, params};
use crate::turn_rows::{role, timestamp};
use crate::user_number::UserNumber;

/// Turns whose lists are made again at once: a block of words, which is eight blocks of turns. So the
/// memory that a check takes does not grow with the user's memory.
const TURNS_AT_ONCE: i64 = 8192;

/// One user's rows, in one state.
pub(super) struct UserCheck<'a> {
    statements: &'a Statements<'a>,
    user: UserNumber,
    /// The last turn whose words stand in lists.
    folded_turn: i64,
    /// The numbers and widths of models.
    models: Vec<(i64, usize)>,
    pub(super) wrong: Wrong,
    pub(super) problems: Vec<String>,
}

impl<'a> UserCheck<'a> {
    pub(super) fn new(statements: &'a Statements<'a>, user: UserNumber) -> Self {
        Self {
            statements,
            user,
            folded_turn: 0,
            models: Vec::new(),
            wrong: Wrong::default(),
            problems: Vec::new(),
        }
    }

    /// Checks everything of the user.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        let models = "SELECT id, dimensions FROM embedding_models";
        for row in self.statements.rows(models, NONE).await? {
            self.models.push((row.try_get(0)?, row.try_get::<_, i64>(1)? as usize));
        }
        self.names().await?;
        self.counters().await?;
        self.counts_of_models().await?;
        self.fact_vectors().await?;
        for stretch in self.stretches().await? {
            match stretch.checked_mul(TURNS_AT_ONCE).filter(|first| *first >= 0) {
                Some(first) => {
                    self.turns(first).await?;
                    self.codes(first).await?;
                }
                None => self.say(&format!("has a list of impossible number {stretch}")),
            }
        }
        Ok(())
    }

    fn say(&mut self, what: &str) {
        self.problems.push(format!("user {} {what}", self.user.0));
    }

    /// Whether names are names, and the user's gives the user's number.
    async fn names(&mut self) -> Result<(), Failure> {
        let user = self.user.0;
        let own = "SELECT name FROM users WHERE user_id = $1";
        let sessions = "SELECT name FROM sessions WHERE user_id = $1";
        let (own, sessions) = try_join(
            self.statements.rows(own, params![user]),
            self.statements.rows(sessions, params![user]),
        )
        .await?;
        for row in &own {
            let name = UserName::new(row.try_get::<_, &str>(0)?);
            if !name.is_ok_and(|name| UserNumber::of(&name) == self.user) {
                self.say("has another user's name, or none");
            }
        }
        let mut none = 0;
        for row in &sessions {
            none += u64::from(SessionName::new(row.try_get::<_, &str>(0)?).is_err());
        }
        if none > 0 {
            self.say(&format!("has {none} sessions whose names are none"));
        }
        Ok(())
    }

    /// Whether what the user's row says of turns and passages is so.
    async fn counters(&mut self) -> Result<(), Failure> {
        let user = self.user.0;
        let row = self
            .statements
            .first(
                "SELECT u.folded_turn,
                        u.last_turn < t.newest OR u.next_turn <= t.newest
                            OR u.next_passage <= v.newest
                            OR u.folded_turn > u.last_turn
                            OR NOT u.next_turn BETWEEN 0 AND 1::bigint << 56
                            OR NOT u.next_passage BETWEEN 0 AND 1::bigint << 56,
                        u.tail_turns::bigint, w.turns, t.tail,
                        (SELECT count(*) FROM turn_words e
                         WHERE e.user_id = $1 AND e.turn_id <= u.folded_turn)
                 FROM users u,
                     LATERAL (SELECT coalesce(max(id), -1) AS newest,
                                     count(*) FILTER (WHERE id > u.folded_turn) AS tail
                              FROM turns WHERE user_id = $1) t,
                     LATERAL (SELECT coalesce(max(id), -1) AS newest
                              FROM vectors WHERE user_id = $1) v,
                     LATERAL (SELECT count(*) AS turns FROM turn_words WHERE user_id = $1) w
                 WHERE u.user_id = $1",
                params![user],
            )
            .await?;
        // The user was forgotten meanwhile.
        let Some(row) = row else { return Ok(()) };
        self.folded_turn = row.try_get(0)?;
        let wrong: bool = row.try_get(1)?;
        let (counted, words, turns, folded): (i64, i64, i64, i64) =
            (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
        if wrong {
            self.say("has a wrong number of the newest turn, or of the next turn or passage");
        }
        if counted != words || words != turns || folded > 0 {
            self.say(&format!(
                "should have {turns} turns that no list holds, and has the words of {words}, \
                 {folded} of which lists hold; {counted} are counted"
            ));
        }
        Ok(())
    }

    /// Whether what is counted of each model is there.
    async fn counts_of_models(&mut self) -> Result<(), Failure> {
        let user = self.user.0;
        let rows = self
            .statements
            .rows(
                "SELECT coalesce(m.passages, 0), coalesce(v.passages, 0),
                        coalesce(m.last_passage, 0) = coalesce(v.last_passage, 0)
                 FROM (SELECT model_id, passages, last_passage FROM user_models
                       WHERE user_id = $1) m
                 FULL JOIN (SELECT model_id, count(*) AS passages, max(id) AS last_passage
                            FROM vectors WHERE user_id = $1 GROUP BY model_id) v
                     ON v.model_id = m.model_id",
                params![user],
            )
            .await?;
        for row in &rows {
            let (counted, there): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            if counted != there {
                self.say(&format!("has {there} vectors of a model, and {counted} are counted"));
            } else if !row.try_get::<_, bool>(2)? {
                self.say("has a wrong number of a model's newest passage");
            }
        }
        Ok(())
    }

    /// Whether the vectors of facts are vectors.
    async fn fact_vectors(&mut self) -> Result<(), Failure> {
        let (user, models) = (self.user.0, self.models.clone());
        for (model, width) in models {
            let sql = "SELECT fact_id, vector FROM fact_vectors
                       WHERE user_id = $1 AND model_id = $2 ORDER BY fact_id";
            for row in self.statements.rows(sql, params![user, model]).await? {
                if let Err(reason) = vector_from_bytes(row.try_get(1)?, width) {
                    let fact = FactId(row.try_get(0)?);
                    let damaged = StoreError::DamagedFactVector { fact, reason };
                    self.problems.push(damaged.to_string());
                }
            }
        }
        Ok(())
    }

    /// The stretches of turn numbers in which there are turns, or blocks of them.
    async fn stretches(&self) -> Result<BTreeSet<i64>, Failure> {
        let user = self.user.0;
        let rows = self
            .statements
            .rows(
                "SELECT DISTINCT id >> 13 FROM turns WHERE user_id = $1
                 UNION SELECT DISTINCT block FROM postings WHERE user_id = $1
                 UNION SELECT DISTINCT block >> 3 FROM turn_blocks WHERE user_id = $1
                 UNION SELECT DISTINCT block >> 3 FROM code_runs WHERE user_id = $1",
                params![user],
            )
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Compares the words of a stretch, in lists and of single turns, with what its turns make them.
    async fn turns(&mut self, first: i64) -> Result<(), Failure> {
        let (user, end) = (self.user.0, first.saturating_add(TURNS_AT_ONCE));
        let (block, first_block, end_block) = (first >> 13, first >> 10, end >> 10);
        let (turns, blocks, postings) = try_join3(
            self.statements.rows(
                "SELECT t.id, t.session_id, t.role, t.time_ms, t.speaker, t.text, t.note, t.words,
                        w.words
                 FROM turns t
                 LEFT JOIN turn_words w ON w.user_id = $1 AND w.turn_id = t.id
                 WHERE t.user_id = $1 AND t.id >= $2 AND t.id < $3 ORDER BY t.id",
                params![user, first, end],
            ),
            self.statements.rows(
                "SELECT block, entries FROM turn_blocks
                 WHERE user_id = $1 AND block >= $2 AND block < $3",
                params![user, first_block, end_block],
            ),
            self.statements.rows(
                "SELECT word, entries FROM postings WHERE user_id = $1 AND block = $2",
                params![user, block],
            ),
        )
        .await?;
        let mut expected = NewLists::default();
        let (mut other_words, mut other_counts) = (0, 0);
        for row in &turns {
            let speaker: Option<&str> = row.try_get(4)?;
            let words = indexed_words(timestamp(row, 3)?, speaker, row.try_get(5)?);
            let entry = TurnEntry {
                turn: TurnId(row.try_get(0)?),
                session: SessionNumber(row.try_get(1)?),
                role: role(row, 2)?,
                note: row.try_get(6)?,
                time_ms: row.try_get(3)?,
                words: words.all,
            };
            other_counts += u64::from(row.try_get::<_, i64>(7)? != i64::from(words.all));
            let of_turn: Option<&[u8]> = row.try_get(8)?;
            other_words += u64::from(of_turn.is_some_and(|of| of != words_to_bytes(&words)));
            if entry.turn.0 <= self.folded_turn {
                expected.add_turn(&entry, &words);
            }
        }
        if other_words > 0 {
            self.say(&format!("has {other_words} turns whose words are not those of their texts"));
        }
        if other_counts > 0 {
            self.say(&format!("has {other_counts} turns with a wrong number of words"));
        }
        for row in &blocks {
            let made = expected.take(Listed::Turns, BlockId(row.try_get(0)?));
            self.wrong.turns += u64::from(made != row.try_get::<_, &[u8]>(1)?);
        }
        for row in &postings {
            let made = expected.take(Listed::Word(row.try_get(0)?), BlockId(block));
            self.wrong.words += u64::from(made != row.try_get::<_, &[u8]>(1)?);
        }
        // What is still expected is missing in the database.
        for (list, ..) in expected.blocks() {
            match list {
                Listed::Turns => self.wrong.turns += 1,
                _ => self.wrong.words += 1,
            }
        }
        Ok(())
    }

    /// Compares the runs of codes in a stretch with what its vectors make them, model by model.
    async fn codes(&mut self, first: i64) -> Result<(), Failure> {
        let (user, end) = (self.user.0, first.saturating_add(TURNS_AT_ONCE));
        let (first_block, end_block) = (first >> 10, end >> 10);
        for (model, width) in self.models.clone() {
            let (vectors, runs) = try_join(
                self.statements.rows(
                    "SELECT turn_id, id, vector FROM vectors
                     WHERE user_id = $1 AND model_id = $2 AND turn_id >= $3 AND turn_id < $4
                     ORDER BY id",
                    params![user, model, first, end],
                ),
                self.statements.rows(
                    "SELECT block, last_passage, passages, entries FROM code_runs
                     WHERE user_id = $1 AND model_id = $2 AND block >= $3 AND block < $4
                     ORDER BY block, last_passage",
                    params![user, model, first_block, end_block],
                ),
            )
            .await?;
            let mut expected = NewLists::default();
            // The vectors of the turn that is being read, with the number of the first.
            let mut open: Option<(TurnId, PassageId, Vec<Embedding>)> = None;
            for row in &vectors {
                let (turn, passage) = (TurnId(row.try_get(0)?), row.try_get(1)?);
                if let Some((last, first, vectors)) = open.take_if(|(last, ..)| *last != turn) {
                    expected.add_codes(last, first, &vectors);
                }
                let (.., of_turn) =
                    open.get_or_insert_with(|| (turn, PassageId(passage), Vec::new()));
                match vector_from_bytes(row.try_get(2)?, width) {
                    Ok(vector) => of_turn.push(vector),
                    Err(reason) => {
                        self.problems.push(DamagedVector { passage, reason }.to_string());
                    }
                }
            }
            if let Some((last, first, vectors)) = open {
                expected.add_codes(last, first, &vectors);
            }
            let mut stored: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
            for row in &runs {
                let (block, entries): (i64, &[u8]) = (row.try_get(0)?, row.try_get(3)?);
                let counted = (row.try_get::<_, i64>(2)? as usize, PassageId(row.try_get(1)?));
                let is_right = codes_in(width, BlockId(block), entries) == Some(counted);
                self.wrong.codes += u64::from(!is_right);
                stored.entry(block).or_default().extend(entries);
            }
            for (block, entries) in stored {
                let made = expected.take(Listed::Codes { width }, BlockId(block));
                self.wrong.codes += u64::from(made != entries);
            }
            self.wrong.codes += expected.len() as u64;
        }
        Ok(())
    }
}
