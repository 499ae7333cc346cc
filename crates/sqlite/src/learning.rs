//! Which turns were looked at for facts, so that each is looked at once, whoever dies in between.

use longmem_core::{FactId, NewFact, SessionName, TurnId, UserName};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::facts::{exists, insert, turn_exists};
use crate::turns::{parsed, user_id};
use crate::{Store, StoreError};

/// What was learned from a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedFact {
    /// The fact; its source is the turn.
    pub fact: NewFact,
    /// What it replaces, if it is a change.
    pub replaces: Option<Replaced>,
}

/// What a learned fact replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// A fact that is stored.
    Known(FactId),
    /// An earlier one of those that are learned together, by its place from 0.
    Learned(usize),
}

/// How far a session was looked at for facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It is not learned from.
    No,
    /// Up to this turn; none before the first.
    Through(Option<TurnId>),
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

impl Store {
    /// Lets a session be learned from, from its first turn on; nothing if it is so already or does
    /// not exist.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written.
    pub fn learn_from(&self, user: &UserName, session: &SessionName) -> Result<(), StoreError> {
        if self.learned_through(user, session)? != Learned::No {
            return Ok(());
        }
        self.connections.write(|transaction| learn_from(transaction, user, session))
    }

    /// Lists the sessions that are learned from and have turns that were not looked at, the one
    /// with the oldest such turn first.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn sessions_to_learn_from(&self, user: &UserName) -> Result<Vec<SessionName>, StoreError> {
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

    /// Says up to which turn a session was looked at for facts.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn learned_through(
        &self,
        user: &UserName,
        session: &SessionName,
    ) -> Result<Learned, StoreError> {
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

    /// Stores what was learned from a session's turns `after` (none: from the first) up to `through`, and notes that they
    /// were looked at, in one transaction. False, and nothing is stored, if somebody else did so
    /// meanwhile. A fact whose turn was forgotten meanwhile is left out.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was stored.
    pub fn write_learned(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        facts: &[LearnedFact],
    ) -> Result<bool, StoreError> {
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
            let mut stored: Vec<Option<FactId>> = Vec::with_capacity(facts.len());
            for LearnedFact { fact, replaces } in facts {
                let replaces = match replaces {
                    Some(Replaced::Known(old)) if exists(transaction, user, *old)? => Some(*old),
                    Some(Replaced::Learned(place)) => stored.get(*place).copied().flatten(),
                    _ => None,
                };
                stored.push(match fact.source {
                    Some(source) if turn_exists(transaction, user, source)? => {
                        Some(insert(transaction, user, fact, replaces)?)
                    }
                    _ => None,
                });
            }
            Ok(true)
        })
    }
}
