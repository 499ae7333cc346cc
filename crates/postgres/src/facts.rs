//! Keeps what is known of a user: what holds, what held when, and what replaced what.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::future::{try_join, try_join3, try_join4};
use longmem_core::{
    Embedding, EmbeddingModel, Entity, Fact, FactId, FactKind, NewFact, TurnId, UserName,
};
use longmem_store::{
    DeletedFacts, Erasure, FactLines, FactPlace, Facts, FactsAt, ImportedFact, KnownEntity,
    Replaced, Result, StoreError,
};
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::{session_name, timestamp, timestamp_of};
use crate::turns::ERASURE;
use crate::user_number::UserNumber;
use crate::users::{delete_user_without_memory, lock, lock_or_make};
use crate::{PostgresStore, entities, fact_lines, fact_vectors};

impl Facts for PostgresStore {
    fn facts(&self, user: &UserName, at: FactsAt) -> Result<Vec<Fact>> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| read(statements, number, at).await)
    }

    fn insert_fact(
        &self,
        user: &UserName,
        fact: &NewFact,
        replaces: Option<FactId>,
    ) -> Result<FactId> {
        let number = UserNumber::of(user);
        self.database.write(number.alone(), async |statements| {
            let (locked, numbers, lines) = try_join3(
                lock(statements, user),
                draw_numbers(statements, 1),
                lines_if(replaces.is_some(), statements, number),
            )
            .await?;
            if let Some(fact) = replaces
                && !has(&lines, fact)
            {
                return Err(StoreError::UnknownFact { user: user.clone(), fact }.into());
            }
            if locked.is_none() {
                lock_or_make(statements, user).await?;
            }
            let mut new = NewFacts::after(lines);
            new.add(numbers[0], fact, replaces);
            new.write(statements, number).await?;
            Ok(numbers[0])
        })
    }

    fn import_facts(
        &self,
        user: &UserName,
        facts: &[ImportedFact],
        superseded: &[(FactId, usize)],
    ) -> Result<Vec<Option<FactId>>> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let number = UserNumber::of(user);
        let named = facts.iter().filter_map(|imported| match imported.superseded_by {
            Some(Replaced::Known(next)) => Some(next),
            _ => None,
        });
        let named: Vec<FactId> = named.chain(superseded.iter().map(|(old, _)| *old)).collect();
        self.database.write(number.alone(), async |statements| {
            let (locked, numbers, sources, known) = try_join4(
                lock(statements, user),
                draw_numbers(statements, facts.len()),
                sources_among(statements, number, facts.iter().map(|imported| &imported.fact)),
                known_among(statements, number, &named),
            )
            .await?;
            let has_source =
                |fact: &NewFact| fact.source.is_none_or(|turn| sources.contains(&turn));
            let stored: Vec<Option<FactId>> = numbers
                .iter()
                .zip(facts)
                .map(|(id, imported)| has_source(&imported.fact).then_some(*id))
                .collect();
            if stored.iter().all(Option::is_none) {
                return Ok(stored);
            }
            if locked.is_none() {
                lock_or_make(statements, user).await?;
            }
            let next = |imported: &ImportedFact| match imported.superseded_by {
                Some(Replaced::Known(next)) => Some(next).filter(|next| known.contains(next)),
                Some(Replaced::Learned(place)) => stored[place],
                None => None,
            };
            let new: Vec<Placed<'_>> = stored
                .iter()
                .zip(facts)
                .filter_map(|(id, imported)| Some(((*id)?, &imported.fact, next(imported))))
                .collect();
            let superseded: BTreeMap<FactId, Option<FactId>> = superseded
                .iter()
                .filter(|(_, place)| stored[*place].is_some())
                .map(|(old, place)| (*old, stored[*place]))
                .collect();
            write(statements, number, &new, superseded).await?;
            Ok(stored)
        })
    }

    fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
        entities: &[Entity],
    ) -> Result<Erasure> {
        let number = UserNumber::of(user);
        self.database.write(number.alone(), async |statements| {
            let (_, edited, ..) = try_join4(
                lock(statements, user),
                statements.run(
                    "UPDATE facts SET statement = $3 WHERE user_id = $1 AND id = $2",
                    params![number.0, fact.0, statement],
                ),
                fact_vectors::delete(statements, number, fact),
                statements.run(
                    "DELETE FROM entity_mentions WHERE user_id = $1 AND fact_id = $2",
                    params![number.0, fact.0],
                ),
            )
            .await?;
            if edited == 0 {
                return Err(StoreError::UnknownFact { user: user.clone(), fact }.into());
            }
            let mention = entities.iter().map(|entity| (fact, entity));
            let mention = entities::mention(statements, number, mention);
            try_join(mention, entities::delete_unmentioned(statements, number)).await?;
            Ok(ERASURE)
        })
    }

    fn entities(&self, user: &UserName) -> Result<Vec<KnownEntity>> {
        let number = UserNumber::of(user);
        self.database
            .read(number.alone(), async |statements| entities::known(statements, number).await)
    }

    fn fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
    ) -> Result<Vec<(FactId, Embedding)>> {
        fact_vectors::read(&self.database, user, model)
    }

    fn set_fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        vectors: &[(FactId, Embedding)],
    ) -> Result<()> {
        fact_vectors::set(&self.database, user, model, vectors)
    }

    fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<DeletedFacts> {
        let number = UserNumber::of(user);
        self.database.write(number.alone(), async |statements| {
            let (_, lines) =
                try_join(lock(statements, user), fact_lines::read(statements, number)).await?;
            if !has(&lines, fact) {
                return Err(StoreError::UnknownFact { user: user.clone(), fact }.into());
            }
            let gone = lines.with_past(fact);
            let (facts, _) = try_join(
                fact_lines::delete(statements, number, &lines, &gone),
                delete_user_without_memory(statements, number),
            )
            .await?;
            Ok(DeletedFacts { facts, erasure: ERASURE })
        })
    }
}

/// Whether a fact is in the lines.
pub(crate) fn has(lines: &FactLines, fact: FactId) -> bool {
    lines.places().iter().any(|place| place.id == fact)
}

/// The lines of the user's facts if they are wanted, otherwise none.
pub(crate) async fn lines_if(
    wanted: bool,
    statements: &Statements<'_>,
    user: UserNumber,
) -> std::result::Result<FactLines, Failure> {
    if wanted { fact_lines::read(statements, user).await } else { Ok(FactLines::default()) }
}

/// Numbers for new facts, in rising order.
pub(crate) async fn draw_numbers(
    statements: &Statements<'_>,
    count: usize,
) -> std::result::Result<Vec<FactId>, Failure> {
    let count = count as i64;
    let sql = "SELECT nextval('fact_numbers') FROM generate_series(1, $1)";
    let rows = statements.rows(sql, params![count]).await?;
    rows.iter().map(|row| Ok(FactId(row.try_get(0)?))).collect()
}

/// Those of the facts' sources that are turns of the user.
pub(crate) async fn sources_among(
    statements: &Statements<'_>,
    user: UserNumber,
    facts: impl Iterator<Item = &NewFact>,
) -> std::result::Result<HashSet<TurnId>, Failure> {
    let turns: Vec<i64> = facts.filter_map(|fact| Some(fact.source?.0)).collect();
    let sql = "SELECT id FROM turns WHERE user_id = $1 AND id = ANY($2)";
    let rows = statements.rows(sql, params![user.0, turns]).await?;
    rows.iter().map(|row| Ok(TurnId(row.try_get(0)?))).collect()
}

/// Those of the facts that the user has.
async fn known_among(
    statements: &Statements<'_>,
    user: UserNumber,
    facts: &[FactId],
) -> std::result::Result<HashSet<FactId>, Failure> {
    let facts: Vec<i64> = facts.iter().map(|fact| fact.0).collect();
    let sql = "SELECT id FROM facts WHERE user_id = $1 AND id = ANY($2)";
    let rows = statements.rows(sql, params![user.0, facts]).await?;
    rows.iter().map(|row| Ok(FactId(row.try_get(0)?))).collect()
}

/// New facts, each put where it belongs in the lines of those before it.
pub(crate) struct NewFacts<'a> {
    before: FactLines,
    after: FactLines,
    new: Vec<(FactId, &'a NewFact)>,
}

impl<'a> NewFacts<'a> {
    /// None yet. The lines of the user's facts may be left out if no new fact replaces one of them.
    pub(crate) fn after(lines: FactLines) -> Self {
        Self { after: lines.clone(), before: lines, new: Vec::new() }
    }

    /// Adds a fact with a number greater than all before it; the one that it replaces must be there.
    pub(crate) fn add(&mut self, id: FactId, fact: &'a NewFact, replaces: Option<FactId>) {
        let since_ms = fact.since.as_millisecond();
        self.after.insert(FactPlace { id, since_ms, superseded_by: None }, replaces);
        self.new.push((id, fact));
    }

    /// Stores the facts, and what they change in the lines.
    pub(crate) async fn write(
        &self,
        statements: &Statements<'_>,
        user: UserNumber,
    ) -> std::result::Result<(), Failure> {
        let next: HashMap<FactId, Option<FactId>> =
            self.after.places().iter().map(|place| (place.id, place.superseded_by)).collect();
        let new: Vec<Placed<'_>> =
            self.new.iter().map(|(id, fact)| (*id, *fact, next[id])).collect();
        write(statements, user, &new, fact_lines::changes(&self.before, &self.after)).await
    }
}

/// A new fact with its number and what supersedes it.
type Placed<'a> = (FactId, &'a NewFact, Option<FactId>);

/// Stores facts, and what supersedes others now, in one trip.
async fn write(
    statements: &Statements<'_>,
    user: UserNumber,
    new: &[Placed<'_>],
    superseded: impl IntoIterator<Item = (FactId, Option<FactId>)>,
) -> std::result::Result<(), Failure> {
    let ids: Vec<i64> = new.iter().map(|(id, ..)| id.0).collect();
    let subjects: Vec<&str> = new.iter().map(|(_, fact, _)| fact.subject.as_str()).collect();
    let texts: Vec<&str> = new.iter().map(|(_, fact, _)| fact.statement.as_str()).collect();
    let kinds: Vec<&str> = new.iter().map(|(_, fact, _)| fact.kind.as_str()).collect();
    let sources: Vec<Option<i64>> =
        new.iter().map(|(_, fact, _)| fact.source.map(|turn| turn.0)).collect();
    let times: Vec<i64> = new.iter().map(|(_, fact, _)| fact.since.as_millisecond()).collect();
    let next: Vec<Option<i64>> = new.iter().map(|(.., next)| next.map(|next| next.0)).collect();
    let insert = statements.run(
        "INSERT INTO facts (user_id, id, subject, statement, kind, source_turn_id, valid_from_ms,
                            superseded_by)
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8)",
        params![user.0, ids, subjects, texts, kinds, sources, times, next],
    );
    let names = new.iter().flat_map(|(id, fact, _)| fact.entities.iter().map(|name| (*id, name)));
    try_join3(
        insert,
        entities::mention(statements, user, names),
        fact_lines::supersede(statements, user, superseded),
    )
    .await?;
    Ok(())
}

/// The facts of a user that hold.
pub(crate) async fn facts_that_hold(
    statements: &Statements<'_>,
    user: UserNumber,
) -> std::result::Result<Vec<Fact>, Failure> {
    read(statements, user, FactsAt::Now).await
}

async fn read(
    statements: &Statements<'_>,
    user: UserNumber,
    at: FactsAt,
) -> std::result::Result<Vec<Fact>, Failure> {
    let (condition, time) = match at {
        FactsAt::Now => ("f.superseded_by IS NULL", i64::MAX),
        FactsAt::Ever => ("TRUE", i64::MAX),
        FactsAt::Time(time) => ("(n.id IS NULL OR n.valid_from_ms > $2)", time.as_millisecond()),
    };
    let sql = format!(
        "SELECT f.id, f.subject, f.statement, f.kind, f.valid_from_ms, n.valid_from_ms,
                f.superseded_by, f.source_turn_id, s.name
         FROM facts f
         LEFT JOIN facts n ON n.user_id = $1 AND n.id = f.superseded_by
         LEFT JOIN turns t ON t.user_id = $1 AND t.id = f.source_turn_id
         LEFT JOIN sessions s ON s.user_id = $1 AND s.id = t.session_id
         WHERE f.user_id = $1 AND f.valid_from_ms <= $2 AND {condition}"
    );
    let (rows, mut names) = try_join(
        statements.rows(&sql, params![user.0, time]),
        entities::mentions(statements, user),
    )
    .await?;
    let mut facts = rows
        .iter()
        .map(|row| fact_from_row(row, &mut names))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    facts.sort_by_key(|fact| (fact.kind, fact.since, fact.id));
    Ok(facts)
}

fn fact_from_row(
    row: &Row,
    names: &mut HashMap<FactId, Vec<Entity>>,
) -> std::result::Result<Fact, Failure> {
    let id = FactId(row.try_get(0)?);
    let kind = row.try_get::<_, &str>(3)?.parse::<FactKind>();
    let session: Option<&str> = row.try_get(8)?;
    Ok(Fact {
        id,
        subject: row.try_get(1)?,
        statement: row.try_get(2)?,
        kind: kind.map_err(|_| Failure::Unexpected("a stored kind of a fact is unknown"))?,
        entities: names.remove(&id).unwrap_or_default(),
        since: timestamp(row, 4)?,
        until: row.try_get::<_, Option<i64>>(5)?.map(timestamp_of).transpose()?,
        superseded_by: row.try_get::<_, Option<i64>>(6)?.map(FactId),
        turn: row.try_get::<_, Option<i64>>(7)?.map(TurnId),
        session: session.map(|_| session_name(row, 8)).transpose()?,
    })
}
