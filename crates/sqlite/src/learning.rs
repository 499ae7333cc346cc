//! Which turns were looked at for facts, each exactly once, also after a crash.

use std::collections::HashSet;

use longmem_core::{
    FactId, SessionName, Summary, SummaryId, SummaryOf, Timestamp, TurnId, UserName,
};
use longmem_search::Epoch;
use longmem_store::{Learned, LearnedFact, Learning, Replaced, Result, StoreLock};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::facts::insert;
use crate::rows::{array, parsed};
use crate::users::user_id;
use crate::{SqliteStore, summaries};

impl Learning for SqliteStore {
    fn lock_learning(&self, user: &UserName) -> Result<Option<StoreLock>> {
        self.lock_for_user("learn", user)
    }

    fn learn_from(&self, user: &UserName, session: &SessionName) -> Result<()> {
        if self.learned_through(user, session)? != Learned::No {
            return Ok(());
        }
        self.connections.write(|transaction| learn_from(transaction, user, session))
    }

    fn sessions_to_learn_from(&self, user: &UserName) -> Result<Vec<SessionName>> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT s.name FROM learned_sessions l
                     JOIN sessions s ON s.id = l.session_id
                     JOIN users u ON u.id = s.user_id
                     JOIN turns t ON t.session_id = s.id AND t.id > l.through_turn
                     WHERE u.name = ?1 GROUP BY s.id ORDER BY min(t.id)",
                )?
                .query_map([user.as_str()], |row| parsed(row, 0))?
                .collect()
        })
    }

    fn learned_through(&self, user: &UserName, session: &SessionName) -> Result<Learned> {
        let through = self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT l.through_turn FROM learned_sessions l
                     JOIN sessions s ON s.id = l.session_id JOIN users u ON u.id = s.user_id
                     WHERE u.name = ?1 AND s.name = ?2",
                )?
                .query_row(params![user.as_str(), session.as_str()], |row| row.get(0))
                .optional()
        })?;
        Ok(match through {
            None => Learned::No,
            Some(0) => Learned::Through(None),
            Some(turn) => Learned::Through(Some(TurnId(turn))),
        })
    }

    fn write_learned(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        facts: &[LearnedFact],
    ) -> Result<bool> {
        self.connections.write(|transaction| {
            let Some(user) = user_id(transaction, user)? else { return Ok(false) };
            let noted = transaction.execute(
                "UPDATE learned_sessions SET through_turn = ?4 WHERE through_turn = ?3
                 AND session_id = (SELECT id FROM sessions WHERE user_id = ?1 AND name = ?2)",
                params![user, session.as_str(), after.map_or(0, |turn| turn.0), through.0],
            )?;
            if noted == 0 {
                return Ok(false);
            }
            let sources = existing(
                transaction,
                "SELECT id FROM turns WHERE user_id = ?1 AND id IN rarray(?2)",
                user,
                facts.iter().filter_map(|learned| Some(learned.fact.source?.0)),
            )?;
            let known = existing(
                transaction,
                "SELECT id FROM facts WHERE user_id = ?1 AND id IN rarray(?2)",
                user,
                facts.iter().filter_map(|learned| match learned.replaces {
                    Some(Replaced::Known(old)) => Some(old.0),
                    _ => None,
                }),
            )?;
            let mut stored: Vec<Option<FactId>> = Vec::with_capacity(facts.len());
            for LearnedFact { fact, replaces } in facts {
                let replaces = match replaces {
                    Some(Replaced::Known(old)) if known.contains(&old.0) => Some(*old),
                    Some(Replaced::Learned(place)) => stored.get(*place).copied().flatten(),
                    _ => None,
                };
                let is_there = fact.source.is_some_and(|turn| sources.contains(&turn.0));
                let insert = || insert(transaction, user, fact, replaces);
                stored.push(is_there.then(insert).transpose()?);
            }
            Ok(true)
        })
    }

    fn summaries(&self, user: &UserName) -> Result<Vec<Summary>> {
        self.connections.read(|connection| summaries::read(connection, user))
    }

    fn sessions_to_sum_up(
        &self,
        user: &UserName,
        silent_since: Timestamp,
    ) -> Result<Vec<SessionName>> {
        self.connections.read(|connection| summaries::sessions(connection, user, silent_since))
    }

    fn write_summary(
        &self,
        user: &UserName,
        of: &SummaryOf,
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        self.connections
            .write(|transaction| summaries::write(transaction, user, of, text, (now, made_at)))
    }

    fn fold_summaries(
        &self,
        user: &UserName,
        parts: &[SummaryId],
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        self.connections
            .write(|transaction| summaries::fold(transaction, user, parts, text, (now, made_at)))
    }
}

/// Lets an existing session be learned from.
pub(crate) fn learn_from(
    transaction: &Transaction<'_>,
    user: &UserName,
    session: &SessionName,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO learned_sessions (session_id)
             SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE u.name = ?1 AND s.name = ?2",
        )?
        .execute(params![user.as_str(), session.as_str()])?;
    Ok(())
}

/// Those of the numbers that a user has; the statement takes the user and the numbers.
fn existing(
    transaction: &Transaction<'_>,
    sql: &str,
    user_id: i64,
    numbers: impl Iterator<Item = i64>,
) -> rusqlite::Result<HashSet<i64>> {
    transaction
        .prepare_cached(sql)?
        .query_map(params![user_id, array(numbers)], |row| row.get(0))?
        .collect()
}
