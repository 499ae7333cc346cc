//! A memory as clients of mem0 read it.

use std::fmt;
use std::str::FromStr;

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Fact, FactId, Timestamp, Turn, TurnId, USER_SUBJECT, UserName};
use serde::Serialize;

use crate::problem::Problem;

/// What names a memory: a turn or a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemoryId {
    /// `t40`.
    Turn(TurnId),
    /// `f12`.
    Fact(FactId),
}

impl fmt::Display for MemoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn(id) => write!(f, "t{id}"),
            Self::Fact(id) => write!(f, "f{id}"),
        }
    }
}

impl FromStr for MemoryId {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let unknown = || Problem::not_found(format!("there is no memory {text:?}"));
        let (kind, number) = text.split_at_checked(1).ok_or_else(unknown)?;
        let number = number.parse().map_err(|_| unknown())?;
        match kind {
            "t" => Ok(Self::Turn(TurnId(number))),
            "f" => Ok(Self::Fact(FactId(number))),
            _ => Err(unknown()),
        }
    }
}

/// A memory as clients of mem0 read it.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "its clients call it so")]
pub(super) struct Memory {
    /// What names it: `t` and the number of a turn, or `f` and the number of a fact.
    pub(super) id: String,
    /// What it says.
    pub(super) memory: String,
    /// Whose it is.
    pub(super) user_id: UserName,
    /// The session that it belongs to; none for a fact that was noted by hand.
    pub(super) run_id: Option<String>,
    /// Always null: it is not kept here.
    pub(super) metadata: Option<()>,
    /// Always empty.
    pub(super) categories: [String; 0],
    /// When it was said.
    pub(super) created_at: Timestamp,
    /// The same.
    pub(super) updated_at: Timestamp,
    /// How likely it is to be of use, 0 to 1; absent unless it was searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<f32>,
}

impl Memory {
    /// A turn of a user.
    pub(super) fn of_turn(turn: Turn, user: &UserName) -> Self {
        Self {
            id: MemoryId::Turn(turn.id).to_string(),
            memory: turn.text,
            user_id: user.clone(),
            run_id: Some(turn.session.to_string()),
            metadata: None,
            categories: [],
            created_at: turn.time,
            updated_at: turn.time,
            score: None,
        }
    }

    /// A fact of a user.
    pub(super) fn of_fact(fact: Fact, user: &UserName) -> Self {
        let memory = if fact.subject == USER_SUBJECT {
            fact.statement
        } else {
            format!("{} {}", fact.subject, fact.statement)
        };
        Self {
            id: MemoryId::Fact(fact.id).to_string(),
            memory,
            user_id: user.clone(),
            run_id: fact.session.map(|session| session.to_string()),
            metadata: None,
            categories: [],
            created_at: fact.since,
            updated_at: fact.since,
            score: None,
        }
    }

    /// The same with how likely it is to be of use.
    pub(super) fn with_score(self, score: f32) -> Self {
        Self { score: Some(score), ..self }
    }
}

/// What mem0 can do and this memory cannot.
pub(super) fn not_done_here(what: &str) -> Problem {
    let status = axum::http::StatusCode::NOT_IMPLEMENTED;
    Problem::new(
        status,
        "not-implemented",
        "This is not done here",
        format!("{what} is not kept here"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_others_are_not_found() {
        for id in [MemoryId::Turn(TurnId(40)), MemoryId::Fact(FactId(12))] {
            assert_eq!(id.to_string().parse::<MemoryId>().unwrap(), id);
        }
        for wrong in ["", "t", "40", "x40", "t4x", "é4"] {
            assert_eq!(wrong.parse::<MemoryId>().unwrap_err().status, 404, "{wrong}");
        }
    }
}
