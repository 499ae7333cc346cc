//! Which turns wait for vectors, who makes them, and how vectors come in.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::future::{try_join, try_join4};
use longmem_core::{EmbeddingModel, TurnId, UserName};
use longmem_search::{NewLists, PassageId, vector_bytes};
use longmem_store::{
    Claim, EmbeddedTurn, IndexShare, ModelState, QueuedTurn, Result, StoreLock, Vectors, may_index,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::database::Users;
use crate::embedding_models::{self as models, Identity, model_in};
use crate::failure::Failure;
use crate::leases::{self, NOW_MS, WHOLE_STORE, Wanted, Work};
use crate::lists;
use crate::numbers::{Kind, Numbers};
use crate::presence::ARRIVING;
use crate::statements::{NONE, Statements, params};
use crate::turn_rows::row_limit;
use crate::user_number::UserNumber;
use crate::users;

/// How often it is looked whether a lease that is waited for is free.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Vectors for PostgresStore {
    fn serving_model(&self) -> Result<Option<EmbeddingModel>> {
        self.database.read(Users::All, async |statements| {
            let serving = model_in(statements, ModelState::Serving).await?;
            Ok(serving.map(|(_, model)| model))
        })
    }

    fn begin_indexing(&self, model: &EmbeddingModel, replace: bool) -> Result<()> {
        let (serving, building) = self.database.read(Users::All, async |statements| {
            try_join(
                model_in(statements, ModelState::Serving),
                model_in(statements, ModelState::Building),
            )
            .await
        })?;
        // What is as it should be is left alone: this is asked before each recall.
        if building.is_none() && serving.is_some_and(|(_, serving)| serving == *model) {
            return Ok(());
        }
        let serving = self.database.write(Users::All, async |statements| {
            models::lock_models(statements).await?;
            let serving =
                model_in(statements, ModelState::Serving).await?.map(|(_, serving)| serving);
            match &serving {
                None => models::insert(statements, model, ModelState::Serving).await?,
                Some(serving) if serving == model => {
                    // Whoever replaces it now goes on; nothing that is written here counts meanwhile.
                    if replace || !leases::is_taken(statements, Work::IndexAlone).await? {
                        models::give_up_replacing(statements).await?;
                    }
                }
                Some(_) if replace => models::begin_replacing(statements, model).await?,
                Some(_) => {}
            }
            Ok(serving)
        })?;
        may_index(model, serving.as_ref(), replace, || self.database.location().place().to_owned())
    }

    fn requeue_all(&self) -> Result<()> {
        self.database.write(Users::All, async |statements| models::requeue_all(statements).await)
    }

    fn waiting(&self, user: Option<&UserName>) -> Result<u64> {
        let Some(user) = user.map(UserNumber::of) else {
            return self.database.read(Users::All, async |statements| {
                let sql =
                    format!("SELECT count(*) FROM index_queue WHERE user_id NOT IN ({ARRIVING})");
                let count = statements.row(&sql, NONE).await?;
                Ok(count.try_get::<_, i64>(0)? as u64)
            });
        };
        self.database.read(user.alone(), async |statements| {
            let sql = "SELECT count(*) FROM index_queue WHERE user_id = $1";
            Ok(statements.row(sql, params![user.0]).await?.try_get::<_, i64>(0)? as u64)
        })
    }

    fn queued_turns(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Vec<QueuedTurn>> {
        let page = Page::new(user, after, limit);
        self.database.read(page.whose(), async |statements| page.read(statements).await)
    }

    fn claim_queued(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Claim> {
        let page = Page::new(user, after, limit);
        let wanted = Wanted::new(Work::Index, self.lease);
        let (users, turns, others_at_it) =
            self.database.write(page.whose(), async |statements| {
                loop {
                    let unclaimed = page.unclaimed_users(statements).await?;
                    if unclaimed.is_empty() {
                        return Ok((Vec::new(), Vec::new(), page.is_anything(statements).await?));
                    }
                    // Another process may be faster; what it took is left out the next time.
                    let users = wanted.take(statements, &unclaimed).await?;
                    if !users.is_empty() {
                        let turns = page.read_of(statements, &users).await?;
                        return Ok((users, turns, false));
                    }
                }
            })?;
        let is_claimed = !users.is_empty();
        let right = is_claimed.then(|| wanted.keep(&self.database, users)).transpose()?;
        Ok(Claim { turns, right, others_at_it })
    }

    fn write_vectors(
        &self,
        model: &EmbeddingModel,
        turns: &[EmbeddedTurn],
        truncated_tokens: u64,
    ) -> Result<u64> {
        let mut of_users: BTreeMap<&UserName, Vec<&EmbeddedTurn>> = BTreeMap::new();
        for turn in turns {
            of_users.entry(&turn.user).or_default().push(turn);
        }
        let identity = Identity::of(model);
        let mut stored = 0;
        let mut truncated = truncated_tokens;
        for (user, turns) in of_users {
            let number = UserNumber::of(user);
            let of_user = self.database.write(number.alone(), async |statements| {
                write_of_user(statements, user, &identity, (&turns, truncated)).await
            })?;
            if let Some(of_user) = of_user {
                stored += of_user;
                truncated = 0;
            }
        }
        Ok(stored)
    }

    fn finish_replacing(&self) -> Result<bool> {
        let building = self.database.read(Users::All, async |statements| {
            model_in(statements, ModelState::Building).await
        })?;
        if building.is_none() {
            return Ok(false);
        }
        self.database.write(Users::All, async |statements| {
            models::lock_models(statements).await?;
            models::finish_replacing(statements).await
        })
    }

    fn lock_index(&self, share: IndexShare, wait: bool) -> Result<Option<StoreLock>> {
        loop {
            let lock = match share {
                IndexShare::Alone => {
                    let wanted = Wanted::new(Work::IndexAlone, self.lease);
                    leases::take(&self.database, WHOLE_STORE, wanted)?
                }
                IndexShare::WithOthers => {
                    let is_taken = self.database.read(Users::All, async |statements| {
                        leases::is_taken(statements, Work::IndexAlone).await
                    })?;
                    (!is_taken).then(|| StoreLock::new(()))
                }
            };
            if lock.is_some() || !wait {
                return Ok(lock);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// A stretch of the queue: in the order of users' numbers, then of turns.
struct Page {
    users: RangeInclusive<i64>,
    only: Option<UserNumber>,
    after: (i64, i64),
    limit: i64,
}

impl Page {
    fn new(user: Option<&UserName>, after: Option<&QueuedTurn>, limit: usize) -> Self {
        let only = user.map(UserNumber::of);
        Self {
            users: only.map_or(0..=i64::MAX, |user| user.0..=user.0),
            only,
            after: after.map_or((-1, 0), |after| (UserNumber::of(&after.user).0, after.turn.0)),
            limit: row_limit(limit),
        }
    }

    fn whose(&self) -> Users {
        self.only.map_or(Users::All, UserNumber::alone)
    }

    /// The users whose turns these are, without those of whom others make the vectors now.
    async fn unclaimed_users(
        &self,
        statements: &Statements<'_>,
    ) -> std::result::Result<Vec<i64>, Failure> {
        let (first, last) = (*self.users.start(), *self.users.end());
        let (after_user, after_turn) = self.after;
        let name = Work::Index.as_str();
        let sql = format!(
            "SELECT DISTINCT user_id FROM (
                 SELECT q.user_id FROM index_queue q
                 WHERE q.user_id BETWEEN $1 AND $2 AND (q.user_id, q.turn_id) > ($3, $4)
                     AND q.user_id NOT IN (
                         SELECT l.user_id FROM user_leases l
                         WHERE l.user_id BETWEEN $1 AND $2 AND l.name = $5 AND l.until_ms > {NOW_MS})
                     AND q.user_id NOT IN ({ARRIVING})
                 ORDER BY q.user_id, q.turn_id LIMIT $6) AS waiting"
        );
        let parameters = params![first, last, after_user, after_turn, name, self.limit];
        let rows = statements.rows(&sql, parameters).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn read(
        &self,
        statements: &Statements<'_>,
    ) -> std::result::Result<Vec<QueuedTurn>, Failure> {
        let (first, last) = (*self.users.start(), *self.users.end());
        let (after_user, after_turn) = self.after;
        let sql = format!(
            "{SELECT_QUEUED} WHERE q.user_id BETWEEN $1 AND $2
                 AND (q.user_id, q.turn_id) > ($3, $4)
             ORDER BY q.user_id, q.turn_id LIMIT $5"
        );
        let parameters = params![first, last, after_user, after_turn, self.limit];
        queued_from_rows(&statements.rows(&sql, parameters).await?)
    }

    /// Whether anything waits.
    async fn is_anything(&self, statements: &Statements<'_>) -> std::result::Result<bool, Failure> {
        let (first, last) = (*self.users.start(), *self.users.end());
        let (after_user, after_turn) = self.after;
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM index_queue WHERE user_id BETWEEN $1 AND $2
                 AND (user_id, turn_id) > ($3, $4) AND user_id NOT IN ({ARRIVING}))"
        );
        let parameters = params![first, last, after_user, after_turn];
        Ok(statements.row(&sql, parameters).await?.try_get(0)?)
    }

    /// Reads the stretch of some users only.
    async fn read_of(
        &self,
        statements: &Statements<'_>,
        users: &Vec<i64>,
    ) -> std::result::Result<Vec<QueuedTurn>, Failure> {
        let (after_user, after_turn) = self.after;
        let sql = format!(
            "{SELECT_QUEUED} WHERE q.user_id = ANY($1) AND (q.user_id, q.turn_id) > ($2, $3)
             ORDER BY q.user_id, q.turn_id LIMIT $4"
        );
        let parameters = params![*users, after_user, after_turn, self.limit];
        queued_from_rows(&statements.rows(&sql, parameters).await?)
    }
}

const SELECT_QUEUED: &str = "SELECT q.turn_id, u.name, t.text FROM index_queue q
     JOIN turns t ON t.user_id = q.user_id AND t.id = q.turn_id
     JOIN users u ON u.user_id = q.user_id AND u.arriving_from IS NULL";

/// Reads rows of [`SELECT_QUEUED`].
fn queued_from_rows(rows: &[Row]) -> std::result::Result<Vec<QueuedTurn>, Failure> {
    let queued = rows.iter().map(|row| {
        let user = UserName::new(row.try_get::<_, &str>(1)?)
            .map_err(|_| Failure::Unexpected("a stored name of a user is none"))?;
        Ok(QueuedTurn { turn: TurnId(row.try_get(0)?), user, text: row.try_get(2)? })
    });
    queued.collect()
}

/// Stores the vectors of those turns of a user that still wait, and adds to the number of tokens that no
/// vector covers. Returns how many turns there were; none if there is no such user, or the model's vectors
/// are not those that are written now.
async fn write_of_user(
    statements: &Statements<'_>,
    user: &UserName,
    model: &Identity,
    (turns, truncated): (&[&EmbeddedTurn], u64),
) -> std::result::Result<Option<u64>, Failure> {
    let (model_id, locked) =
        try_join(models::newest_is(statements, model), users::lock(statements, user)).await?;
    let (Some(model_id), Some(locked)) = (model_id, locked) else { return Ok(None) };
    let number = locked.number;
    let ids: Vec<i64> = turns.iter().map(|turn| turn.turn.0).collect();
    let sql = "DELETE FROM index_queue WHERE user_id = $1 AND turn_id = ANY($2) RETURNING turn_id";
    let rows = statements.rows(sql, params![number.0, ids]).await?;
    let mut waiting: HashSet<i64> =
        rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?;
    let mut numbers = Numbers::new(Kind::Passage, locked.next_passage);
    let mut new = NewVectors::default();
    let mut stored = 0;
    for turn in turns {
        if !waiting.remove(&turn.turn.0) {
            continue;
        }
        stored += 1;
        if !turn.passages.is_empty() {
            let first = numbers.take(statements, turn.passages.len()).await?;
            new.add(turn, first);
        }
    }
    let next_passage = numbers.next;
    let noted = async {
        let sql = "UPDATE users SET next_passage = $2 WHERE user_id = $1 AND next_passage <> $2";
        statements.run(sql, params![number.0, next_passage]).await
    };
    let owner = (number, model_id);
    let width = model.width();
    try_join4(
        new.write(statements, owner),
        lists::add_codes(statements, owner, width, &new.lists),
        noted,
        add_truncated(statements, owner, truncated),
    )
    .await?;
    Ok(Some(stored))
}

/// New passages of one user with their vectors, column by column.
#[derive(Default)]
struct NewVectors {
    ids: Vec<i64>,
    turns: Vec<i64>,
    starts: Vec<i64>,
    ends: Vec<i64>,
    tokens: Vec<i64>,
    vectors: Vec<Vec<u8>>,
    lists: NewLists,
}

impl NewVectors {
    /// Adds the passages of a turn, which have numbers from this one on.
    fn add(&mut self, turn: &EmbeddedTurn, first: i64) {
        for ((span, vector), id) in turn.passages.iter().zip(first..) {
            self.ids.push(id);
            self.turns.push(turn.turn.0);
            self.starts.push(span.start as i64);
            self.ends.push(span.end as i64);
            self.tokens.push(span.tokens as i64);
            self.vectors.push(vector_bytes(vector));
        }
        let vectors = turn.passages.iter().map(|(_, vector)| vector);
        self.lists.add_codes(turn.turn, PassageId(first), vectors);
    }

    async fn write(
        &self,
        statements: &Statements<'_>,
        (user, model): (UserNumber, i64),
    ) -> std::result::Result<(), Failure> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let Self { ids, turns, starts, ends, tokens, vectors, .. } = self;
        statements
            .run(
                "INSERT INTO vectors (user_id, model_id, id, turn_id, start_byte, end_byte, tokens,
                                      vector)
                 SELECT $1, $2, * FROM unnest($3, $4, $5, $6, $7, $8)",
                params![user.0, model, *ids, *turns, *starts, *ends, *tokens, *vectors],
            )
            .await?;
        Ok(())
    }
}

/// Adds to the number of tokens that no vector covers.
async fn add_truncated(
    statements: &Statements<'_>,
    (user, model): (UserNumber, i64),
    tokens: u64,
) -> std::result::Result<(), Failure> {
    if tokens == 0 {
        return Ok(());
    }
    let tokens = i64::try_from(tokens).unwrap_or(i64::MAX);
    statements
        .run(
            "INSERT INTO user_models (user_id, model_id, truncated_tokens) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, model_id) DO UPDATE SET
                 truncated_tokens = user_models.truncated_tokens + excluded.truncated_tokens",
            params![user.0, model, tokens],
        )
        .await?;
    Ok(())
}
