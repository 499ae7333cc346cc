//! Gives scoring the rows and blocks of one user.

use std::collections::{BTreeSet, HashMap};

use longmem_core::{EmbeddingModel, TurnId, UserName};
use longmem_search::{
    BlockId, FoundUser, Known, KnownVectors, ModelState, PassageId, SearchRows, SearchSource,
    SearchWanted, SessionNumber, TakeVector, turn_block_of, word_block_of,
};
use longmem_store::StoreError;
use rayon::prelude::*;
use rusqlite::{Connection, params};

use crate::SqliteStore;
use crate::block_tables::word_blocks;
use crate::embedding_models::model_id;
use crate::error::in_column;
use crate::rows::array;
use crate::scope_filter::session_ids;
use crate::users::{user_id, user_state};

/// Number of vectors that one connection reads by number while others read more.
const VECTORS_A_READER: usize = 64;

impl SearchSource for SqliteStore {
    type Error = StoreError;

    fn search(
        &self,
        wanted: &SearchWanted<'_>,
        rows: &mut dyn SearchRows,
    ) -> Result<bool, StoreError> {
        self.connections.read(|connection| {
            let Some((user_id, state)) = user_state(connection, &wanted.scope.user)? else {
                return Ok(false);
            };
            let sessions = session_ids(connection, user_id, wanted.scope)?;
            let sessions = sessions.map(|ids| ids.into_iter().map(SessionNumber).collect());
            rows.user(FoundUser { state, sessions });
            let known = match wanted.known.epoch {
                Some(epoch) if epoch == state.epoch => wanted.known,
                _ => Known::default(),
            };
            let user = UserRows { connection, user_id };
            if known.last_turn < state.last_turn {
                user.turns(known.last_turn, rows)?;
            }
            if let Some(model) = wanted.model {
                user.vectors(model, &known, wanted, rows)?;
            }
            user.words(wanted, known.epoch.is_some(), state.last_turn, rows)?;
            Ok(true)
        })
    }

    fn vectors(
        &self,
        _user: &UserName,
        _model: &EmbeddingModel,
        passages: &[PassageId],
        each: TakeVector<'_>,
    ) -> Result<(), StoreError> {
        passages.par_chunks(VECTORS_A_READER).enumerate().try_for_each(|(chunk, passages)| {
            self.connections.read(|connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT passage_id, vector FROM vectors WHERE passage_id IN rarray(?1)",
                )?;
                let numbers = array(passages.iter().map(|passage| passage.0));
                let mut found = statement.query([numbers])?;
                while let Some(row) = found.next()? {
                    let passage = PassageId(row.get(0)?);
                    let Ok(place) = passages.binary_search(&passage) else { continue };
                    each(chunk * VECTORS_A_READER + place, row.get_ref(1)?.as_blob()?)
                        .map_err(|damaged| in_column(damaged, 1))?;
                }
                Ok(())
            })
        })
    }

    fn vocabulary(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        self.connections.read(|connection| {
            let Some(user_id) = user_id(connection, user)? else { return Ok(Vec::new()) };
            connection
                .prepare_cached("SELECT word FROM words WHERE user_id = ?1 ORDER BY word")?
                .query_map([user_id], |row| row.get(0))?
                .collect()
        })
    }
}

/// One user's rows, as of one state of the file.
struct UserRows<'a> {
    connection: &'a Connection,
    user_id: i64,
}

impl UserRows<'_> {
    fn turns(&self, after: Option<TurnId>, rows: &mut dyn SearchRows) -> rusqlite::Result<()> {
        let first_block = turn_block_of(after.unwrap_or(TurnId(0))).0;
        let mut statement = self.connection.prepare_cached(
            "SELECT block, entries FROM turn_blocks WHERE user_id = ?1 AND block >= ?2
             ORDER BY block",
        )?;
        let mut found = statement.query([self.user_id, first_block])?;
        while let Some(row) = found.next()? {
            rows.turns(BlockId(row.get(0)?), row.get_ref(1)?.as_blob()?);
        }
        Ok(())
    }

    fn vectors(
        &self,
        model: &EmbeddingModel,
        known: &Known,
        wanted: &SearchWanted<'_>,
        rows: &mut dyn SearchRows,
    ) -> rusqlite::Result<()> {
        let Some(model_id) = model_id(self.connection, model)? else { return Ok(()) };
        let state = self.model_state(model_id, known)?;
        rows.model(state);
        if state.passages <= wanted.whole_up_to {
            return self.vectors_after(model_id, state, known.whole, rows);
        }
        if known.codes.through < state.last_passage {
            self.codes_after(model_id, known.codes.through, rows)?;
        }
        if wanted.extra_vectors > 0 {
            self.vectors_after(model_id, state, known.whole, rows)?;
        }
        Ok(())
    }

    fn model_state(&self, model_id: i64, known: &Known) -> rusqlite::Result<ModelState> {
        let last: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(id) FROM passages WHERE user_id = ?1 AND model_id = ?2")?
            .query_row([self.user_id, model_id], |row| row.get(0))?;
        let last_passage = last.map(PassageId);
        // SQLite reads a block whole to tell that the next one is still the user's, so that summing them up
        // reads all codes: only a search that knows nothing does.
        let newest = [known.whole, known.codes].into_iter().max_by_key(|known| known.through);
        let passages = match newest {
            Some(KnownVectors { through: Some(through), passages }) => {
                let is_all = last_passage.is_none_or(|last| through >= last);
                passages + if is_all { 0 } else { self.passages_after(model_id, through)? }
            }
            _ => self
                .connection
                .prepare_cached(
                    "SELECT coalesce(sum(passages), 0) FROM code_blocks
                     WHERE user_id = ?1 AND model_id = ?2",
                )?
                .query_row([self.user_id, model_id], |row| row.get(0))?,
        };
        Ok(ModelState { last_passage, passages })
    }

    /// Number of the passages after one.
    fn passages_after(&self, model_id: i64, after: PassageId) -> rusqlite::Result<usize> {
        let sql = "SELECT count(*) FROM passages WHERE user_id = ?1 AND model_id = ?2 AND id > ?3";
        self.connection
            .prepare_cached(sql)?
            .query_row([self.user_id, model_id, after.0], |row| row.get(0))
    }

    /// The blocks with the codes of passages after one; all if there is none.
    fn codes_after(
        &self,
        model_id: i64,
        after: Option<PassageId>,
        rows: &mut dyn SearchRows,
    ) -> rusqlite::Result<()> {
        let Some(after) = after else {
            let mut statement = self.connection.prepare_cached(
                "SELECT block, entries FROM code_blocks WHERE user_id = ?1 AND model_id = ?2",
            )?;
            let mut found = statement.query([self.user_id, model_id])?;
            while let Some(row) = found.next()? {
                rows.codes(BlockId(row.get(0)?), row.get_ref(1)?.as_blob()?);
            }
            return Ok(());
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT turn_id FROM passages WHERE user_id = ?1 AND model_id = ?2 AND id > ?3",
        )?;
        let blocks: BTreeSet<i64> = statement
            .query_map([self.user_id, model_id, after.0], |row| {
                Ok(turn_block_of(TurnId(row.get(0)?)).0)
            })?
            .collect::<rusqlite::Result<_>>()?;
        // One by one: a range of blocks is read whole to find where it ends.
        let mut statement = self.connection.prepare_cached(
            "SELECT entries FROM code_blocks WHERE user_id = ?1 AND model_id = ?2 AND block = ?3",
        )?;
        for block in blocks {
            let mut found = statement.query([self.user_id, model_id, block])?;
            if let Some(row) = found.next()? {
                rows.codes(BlockId(block), row.get_ref(0)?.as_blob()?);
            }
        }
        Ok(())
    }

    fn vectors_after(
        &self,
        model_id: i64,
        state: ModelState,
        known: KnownVectors,
        rows: &mut dyn SearchRows,
    ) -> rusqlite::Result<()> {
        if known.through >= state.last_passage {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT p.turn_id, p.id, v.vector
             FROM passages p JOIN vectors v ON v.passage_id = p.id
             WHERE p.user_id = ?1 AND p.model_id = ?2 AND p.id > ?3 ORDER BY p.id",
        )?;
        let after = known.through.map_or(0, |passage| passage.0);
        let mut found = statement.query([self.user_id, model_id, after])?;
        while let Some(row) = found.next()? {
            let (turn, passage) = (TurnId(row.get(0)?), PassageId(row.get(1)?));
            let flow = rows
                .vector(turn, passage, row.get_ref(2)?.as_blob()?)
                .map_err(|damaged| in_column(damaged, 2))?;
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The lists of all words, as far as the search does not know them.
    fn words(
        &self,
        wanted: &SearchWanted<'_>,
        is_known: bool,
        last_turn: Option<TurnId>,
        rows: &mut dyn SearchRows,
    ) -> rusqlite::Result<()> {
        let (mut begun, mut new) = (Places::new(), Places::new());
        let mut oldest = None;
        for (place, word) in wanted.words.iter().enumerate() {
            match wanted.known_words.get(place).copied().flatten().filter(|_| is_known) {
                Some(through) if Some(through) >= last_turn => {}
                Some(through) => {
                    begun.entry(word).or_default().push(place);
                    oldest = Some(oldest.unwrap_or(through).min(through));
                }
                None => new.entry(word).or_default().push(place),
            }
        }
        if begun.is_empty() && new.is_empty() {
            return Ok(());
        }
        let blocks = word_blocks(self.connection, self.user_id)?;
        let after = oldest.map_or(BlockId(0), word_block_of);
        let newest: Vec<i64> = blocks.iter().copied().filter(|block| *block >= after.0).collect();
        self.blocks_of_words(&begun, &newest, rows)?;
        self.blocks_of_words(&new, &blocks, rows)
    }

    /// These blocks of the lists of words in one statement: in each, each word is one step in the index.
    fn blocks_of_words(
        &self,
        places: &Places<'_>,
        blocks: &[i64],
        rows: &mut dyn SearchRows,
    ) -> rusqlite::Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        let blocks = array(blocks.iter().copied());
        let wanted = array(places.keys().map(|word| (*word).to_owned()));
        let mut statement = self.connection.prepare_cached(
            "SELECT word, block, entries FROM postings
             WHERE user_id = ?1 AND block IN rarray(?2) AND word IN rarray(?3)",
        )?;
        let mut found = statement.query(params![self.user_id, blocks, wanted])?;
        while let Some(row) = found.next()? {
            let Some(places) = places.get(row.get_ref(0)?.as_str()?) else { continue };
            for place in places {
                rows.word(*place, BlockId(row.get(1)?), row.get_ref(2)?.as_blob()?);
            }
        }
        Ok(())
    }
}

/// The places of each word among those that are wanted.
type Places<'a> = HashMap<&'a str, Vec<usize>>;
