//! Hands out what searches need, in as few trips as there can be.

use std::collections::HashMap;

use futures_util::future::{try_join, try_join4};
use longmem_core::{EmbeddingModel, SessionName, TurnId, UserName};
use longmem_search::{
    BlockId, Epoch, FoundUser, Known, KnownVectors, ModelState, PassageId, SearchRows,
    SearchSource, SearchWanted, SessionNumber, TakeVector, UserState, turn_block_of, word_block_of,
};
use longmem_store::StoreError;
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::failure::Failure;
use crate::lists::{SELECT_TAIL, tail_turn};
use crate::statements::{Statements, params};
use crate::tail_cache::Tail;
use crate::user_number::UserNumber;

/// Vectors beyond those that are wanted: those of a turn that begins among them.
const VECTORS_OF_A_TURN: i64 = 4096;

impl SearchSource for PostgresStore {
    type Error = StoreError;

    fn search(
        &self,
        wanted: &SearchWanted<'_>,
        rows: &mut dyn SearchRows,
    ) -> Result<bool, StoreError> {
        let number = UserNumber::of(&wanted.scope.user);
        let read = self.database.read(number.alone(), async |statements| {
            let Some(head) = Head::read(statements, wanted, number).await? else {
                return Ok(None);
            };
            let known = head.known(wanted);
            let state = (head.epoch, head.folded_turn);
            let mut tail = self.tails.of(number, state, head.last_turn);
            let body = Body::read(statements, wanted, &head, &known, &tail).await?;
            if let Some(newer) = &body.tail {
                tail.take_up(newer, head.last_turn)?;
            }
            Ok(Some((head, known, tail, body)))
        })?;
        let Some((head, known, tail, body)) = read else { return Ok(false) };
        let handed = head.hand_out(wanted, &known, &tail, &body, rows);
        handed.map_err(|failure| self.error(failure))?;
        self.tails.keep(number, tail);
        Ok(true)
    }

    fn vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        passages: &[PassageId],
        each: TakeVector<'_>,
    ) -> Result<(), StoreError> {
        let number = UserNumber::of(user);
        let wanted: Vec<i64> = passages.iter().map(|passage| passage.0).collect();
        let identity = crate::embedding_models::Identity::of(model);
        let (name, revision, dimensions, pooling, normalized, window) = identity.columns();
        let rows = self.database.read(number.alone(), async |statements| {
            // Each by the primary key: a server that takes the user for an average one would read all.
            statements
                .rows(
                    "SELECT found.* FROM unnest($2) AS wanted (id) CROSS JOIN LATERAL (
                         SELECT v.id, v.vector FROM vectors v
                         WHERE v.user_id = $1 AND v.id = wanted.id AND v.model_id = (
                             SELECT m.id FROM embedding_models m
                             WHERE (m.name, m.revision, m.dimensions, m.pooling, m.normalized,
                                 m.\"window\") = ($3, $4, $5, $6, $7, $8))
                         OFFSET 0
                     ) found",
                    params![
                        number.0, wanted, name, revision, dimensions, pooling, normalized, window
                    ],
                )
                .await
        })?;
        for row in &rows {
            let read =
                || -> Result<(i64, &[u8]), Failure> { Ok((row.try_get(0)?, row.try_get(1)?)) };
            let (passage, bytes) = read().map_err(|failure| self.error(failure))?;
            if let Ok(place) = passages.binary_search(&PassageId(passage)) {
                each(place, bytes)?;
            }
        }
        Ok(())
    }

    fn vocabulary(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            let none = 0i64;
            let (folded, tail) = try_join(
                statements.rows(
                    "SELECT DISTINCT word FROM postings WHERE user_id = $1",
                    params![number.0],
                ),
                statements.rows(SELECT_TAIL, params![number.0, none]),
            )
            .await?;
            let mut words: Vec<String> =
                folded.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            for row in &tail {
                words.extend(tail_turn(row)?.1.counts.into_keys());
            }
            words.sort_unstable();
            words.dedup();
            Ok(words)
        })
    }
}

/// What the first statement says: whether what is in memory still holds, and how much there is.
struct Head {
    epoch: Epoch,
    last_turn: Option<TurnId>,
    folded_turn: TurnId,
    /// Whether there are turns behind the last folded one.
    has_tail: bool,
    /// The wanted model's number and what the user has of it; none if it never wrote vectors here.
    model: Option<(i64, ModelState)>,
    sessions: Option<Vec<SessionNumber>>,
}

impl Head {
    /// Reads it; none if the user has no memory here.
    async fn read(
        statements: &Statements<'_>,
        wanted: &SearchWanted<'_>,
        user: UserNumber,
    ) -> Result<Option<Self>, Failure> {
        let scope = wanted.scope;
        let names: Vec<&str> = scope.sessions.iter().map(SessionName::as_str).collect();
        let identity = wanted.model.map(crate::embedding_models::Identity::of).unwrap_or_default();
        let (name, revision, dimensions, pooling, normalized, window) = identity.columns();
        let head = statements.first(
            "SELECT u.name, u.epoch, u.last_turn, u.folded_turn, m.id,
                    coalesce(um.last_passage, 0), coalesce(um.passages, 0), u.tail_turns > 0
             FROM users u
             LEFT JOIN embedding_models m ON (m.name, m.revision, m.dimensions, m.pooling,
                 m.normalized, m.\"window\") = ($2, $3, $4, $5, $6, $7)
             LEFT JOIN user_models um ON um.user_id = $1 AND um.model_id = m.id
             WHERE u.user_id = $1",
            params![user.0, name, revision, dimensions, pooling, normalized, window],
        );
        let sessions = async {
            if names.is_empty() {
                return Ok(None);
            }
            let sql = "SELECT id FROM sessions WHERE user_id = $1 AND name = ANY($2)";
            let rows = statements.rows(sql, params![user.0, names]).await?;
            let ids = rows.iter().map(|row| Ok(SessionNumber(row.try_get(0)?)));
            ids.collect::<Result<Vec<_>, Failure>>().map(Some)
        };
        let (head, sessions) = try_join(head, sessions).await?;
        let Some(row) = head else { return Ok(None) };
        if row.try_get::<_, &str>(0)? != scope.user.as_str() {
            return Err(Failure::Unexpected("two users' names have the same number"));
        }
        let last_turn: i64 = row.try_get(2)?;
        let model: Option<i64> = row.try_get(4)?;
        let last_passage: i64 = row.try_get(5)?;
        let state = ModelState {
            last_passage: (last_passage > 0).then_some(PassageId(last_passage)),
            passages: row.try_get::<_, i64>(6)? as usize,
        };
        Ok(Some(Self {
            epoch: Epoch(row.try_get(1)?),
            last_turn: (last_turn > 0).then_some(TurnId(last_turn)),
            folded_turn: TurnId(row.try_get(3)?),
            has_tail: row.try_get(7)?,
            model: model.filter(|_| wanted.model.is_some()).map(|model| (model, state)),
            sessions,
        }))
    }

    /// What is in memory and still true.
    fn known(&self, wanted: &SearchWanted<'_>) -> Known {
        if wanted.known.epoch == Some(self.epoch) { wanted.known } else { Known::default() }
    }

    /// The places of those words whose lists go on after what is in memory of them, each with the turn up
    /// to which it is.
    fn unknown_words<'a>(&self, wanted: &SearchWanted<'a>) -> UnknownWords<'a> {
        let is_known = wanted.known.epoch == Some(self.epoch);
        let mut unknown = UnknownWords::new();
        for (place, word) in wanted.words.iter().enumerate() {
            let through = wanted.known_words.get(place).copied().flatten().filter(|_| is_known);
            if through < self.last_turn {
                unknown.entry(word).or_default().push((place, through.unwrap_or(TurnId(0))));
            }
        }
        unknown
    }

    /// Hands out everything in the order that scoring asks for.
    fn hand_out(
        &self,
        wanted: &SearchWanted<'_>,
        known: &Known,
        tail: &Tail,
        body: &Body,
        rows: &mut dyn SearchRows,
    ) -> Result<(), Failure> {
        let state = UserState { epoch: self.epoch, last_turn: self.last_turn };
        rows.user(FoundUser { state, sessions: self.sessions.clone() });
        for row in &body.turns {
            rows.turns(BlockId(row.try_get(0)?), row.try_get(1)?);
        }
        if self.last_turn > known.last_turn {
            for (block, bytes) in tail.lists().of_turns() {
                rows.turns(block, bytes);
            }
        }
        if let Some((_, state)) = self.model {
            rows.model(state);
            for row in &body.vectors.codes {
                rows.codes(BlockId(row.try_get(0)?), row.try_get(1)?);
            }
            for row in &body.vectors.whole {
                let turn = TurnId(row.try_get(0)?);
                let passage = PassageId(row.try_get(1)?);
                if rows.vector(turn, passage, row.try_get(2)?)?.is_break() {
                    break;
                }
            }
        }
        let unknown = self.unknown_words(wanted);
        for row in &body.words {
            for (place, _) in unknown.get(row.try_get::<_, &str>(0)?).into_iter().flatten() {
                rows.word(*place, BlockId(row.try_get(1)?), row.try_get(2)?);
            }
        }
        for (word, places) in &unknown {
            for (block, bytes) in tail.lists().of_word(word) {
                for (place, _) in places {
                    rows.word(*place, block, bytes);
                }
            }
        }
        Ok(())
    }
}

/// Words, each with its places among those that are wanted, and the turn up to which its list is known there.
type UnknownWords<'a> = HashMap<&'a str, Vec<(usize, TurnId)>>;

/// Rows with vectors and with codes of vectors.
#[derive(Default)]
struct Vectors {
    whole: Vec<Row>,
    codes: Vec<Row>,
}

/// What is not in memory yet.
struct Body {
    turns: Vec<Row>,
    /// None where nothing of the tail is needed, or all of it is in memory.
    tail: Option<Vec<Row>>,
    words: Vec<Row>,
    vectors: Vectors,
}

impl Body {
    /// Reads it, all in one trip; in none if everything is in memory.
    async fn read(
        statements: &Statements<'_>,
        wanted: &SearchWanted<'_>,
        head: &Head,
        known: &Known,
        tail: &Tail,
    ) -> Result<Self, Failure> {
        let user = UserNumber::of(&wanted.scope.user);
        let unknown = head.unknown_words(wanted);
        let needs_tail = head.has_tail
            && (head.last_turn > known.last_turn || !unknown.is_empty())
            && head.last_turn > Some(tail.through());
        let (turns, tail, words, vectors) = try_join4(
            turn_blocks(statements, user, head, known),
            async {
                let after = tail.through().0;
                let rows = statements.rows(SELECT_TAIL, params![user.0, after]);
                if needs_tail { rows.await.map(Some) } else { Ok(None) }
            },
            word_lists(statements, user, head, &unknown),
            vectors_after(statements, user, head, known, wanted),
        )
        .await?;
        Ok(Self { turns, tail, words, vectors })
    }
}

async fn turn_blocks(
    statements: &Statements<'_>,
    user: UserNumber,
    head: &Head,
    known: &Known,
) -> Result<Vec<Row>, Failure> {
    let after = known.last_turn.unwrap_or(TurnId(0));
    if head.folded_turn <= after {
        return Ok(Vec::new());
    }
    let block = turn_block_of(after).0;
    statements
        .rows(
            "SELECT block, entries FROM turn_blocks WHERE user_id = $1 AND block >= $2
             ORDER BY block",
            params![user.0, block],
        )
        .await
}

/// The lists of words, as far as they hold turns that are not in memory.
async fn word_lists(
    statements: &Statements<'_>,
    user: UserNumber,
    head: &Head,
    unknown: &UnknownWords<'_>,
) -> Result<Vec<Row>, Failure> {
    let known_through =
        |places: &[(usize, TurnId)]| places.iter().map(|(_, through)| *through).min();
    // What came after the last folded turn stands in the tail alone.
    let wanted = unknown.iter().filter_map(|(word, places)| {
        let through = known_through(places).filter(|through| *through < head.folded_turn)?;
        Some((*word, word_block_of(through).0))
    });
    let (words, blocks): (Vec<&str>, Vec<i64>) = wanted.unzip();
    // Mostly a word is not in memory at all, so that the first of all blocks is the one to begin with.
    let Some(block) = blocks.iter().min() else { return Ok(Vec::new()) };
    statements
        .rows(
            "SELECT word, block, entries FROM postings
             WHERE user_id = $1 AND word = ANY($2) AND block >= $3",
            params![user.0, words, *block],
        )
        .await
}

async fn vectors_after(
    statements: &Statements<'_>,
    user: UserNumber,
    head: &Head,
    known: &Known,
    wanted: &SearchWanted<'_>,
) -> Result<Vectors, Failure> {
    let Some((model, state)) = head.model else { return Ok(Vectors::default()) };
    let whole =
        |limit: Option<usize>| whole_after(statements, (user, model), state, known.whole, limit);
    if state.passages <= wanted.whole_up_to {
        return Ok(Vectors { whole: whole(None).await?, codes: Vec::new() });
    }
    let codes = async {
        if known.codes.through >= state.last_passage {
            return Ok(Vec::new());
        }
        let after = known.codes.through.map_or(0, |passage| passage.0);
        statements
            .rows(
                "SELECT block, entries FROM code_runs
                 WHERE user_id = $1 AND model_id = $2 AND last_passage > $3
                 ORDER BY last_passage",
                params![user.0, model, after],
            )
            .await
    };
    let extra = async {
        if wanted.extra_vectors == 0 || known.epoch.is_none() {
            return Ok(Vec::new());
        }
        whole(Some(wanted.extra_vectors)).await
    };
    let (codes, whole) = try_join(codes, extra).await?;
    Ok(Vectors { whole, codes })
}

async fn whole_after(
    statements: &Statements<'_>,
    (user, model): (UserNumber, i64),
    state: ModelState,
    known: KnownVectors,
    limit: Option<usize>,
) -> Result<Vec<Row>, Failure> {
    if known.through >= state.last_passage {
        return Ok(Vec::new());
    }
    let after = known.through.map_or(0, |passage| passage.0);
    let limit = limit.map_or(i64::MAX, |limit| limit as i64 + VECTORS_OF_A_TURN);
    statements
        .rows(
            "SELECT turn_id, id, vector FROM vectors
             WHERE user_id = $1 AND model_id = $2 AND id > $3 ORDER BY id LIMIT $4",
            params![user.0, model, after, limit],
        )
        .await
}
