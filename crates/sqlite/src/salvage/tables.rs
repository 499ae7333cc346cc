//! Tells by its columns to which table a row belongs, so that no list of tables need be readable.

use longmem_core::{FactKind, Role};
use rusqlite::types::Value::{self, Blob, Integer, Null, Text};

use super::rows::{Kind, Row};

/// A table whose rows are saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Users,
    Sessions,
    Turns,
    Facts,
    Entities,
    EntityMentions,
    Summaries,
    LearnedSessions,
    Models,
    Passages,
    Vectors,
    FactVectors,
    UserValues,
    StoreValues,
    ForgottenSalt,
    ForgottenKeys,
}

impl Table {
    /// Its name, and the columns of a row in order.
    pub(super) fn columns(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Users => ("users", &["id", "name"]),
            Self::Sessions => ("sessions", &["id", "user_id", "name", "title"]),
            Self::Turns => (
                "turns",
                &[
                    "id",
                    "user_id",
                    "session_id",
                    "position",
                    "role",
                    "time_ms",
                    "source_key",
                    "speaker",
                    "text",
                    "note",
                ],
            ),
            Self::Facts => (
                "facts",
                &[
                    "id",
                    "user_id",
                    "subject",
                    "statement",
                    "kind",
                    "source_turn_id",
                    "valid_from_ms",
                    "superseded_by",
                ],
            ),
            Self::Entities => ("entities", &["id", "user_id", "key", "name", "kind"]),
            Self::EntityMentions => ("entity_mentions", &["fact_id", "entity_id"]),
            Self::Summaries => (
                "summaries",
                &[
                    "id",
                    "user_id",
                    "of",
                    "session_id",
                    "through_turn",
                    "text",
                    "created_ms",
                    "folded_into",
                ],
            ),
            Self::LearnedSessions => ("learned_sessions", &["session_id", "through_turn"]),
            Self::Models => (
                "embedding_models",
                &[
                    "id",
                    "name",
                    "revision",
                    "dimensions",
                    "pooling",
                    "normalized",
                    "window",
                    "state",
                    "truncated_tokens",
                ],
            ),
            Self::Passages => (
                "passages",
                &["id", "turn_id", "user_id", "model_id", "start_byte", "end_byte", "tokens"],
            ),
            Self::Vectors => ("vectors", &["passage_id", "vector"]),
            Self::FactVectors => ("fact_vectors", &["fact_id", "model_id", "vector"]),
            Self::UserValues => ("user_values", &["user_id", "name", "value"]),
            Self::StoreValues => ("store_values", &["name", "value"]),
            Self::ForgottenSalt => ("forgotten_salt", &["salt"]),
            Self::ForgottenKeys => ("forgotten_keys", &["hash"]),
        }
    }
}

/// What a row is.
pub(super) enum Found {
    /// A row of a table, with its columns.
    Row(Table, Vec<Value>),
    /// A block of the list of turns: user, block, entries.
    TurnBlock(i64, i64, Vec<u8>),
    /// A line of the list of tables: name, and the page where it begins.
    Definition(String, u32),
    /// Two numbers, which may be of several tables.
    Pair(i64, i64),
    /// What is made again of the rest, or no row of a store.
    Other,
}

/// Tells what a row is by where it stands and by its columns.
pub(super) fn identify(kind: Kind, row: Row) -> Found {
    match kind {
        Kind::TableLeaf => of_table(row),
        _ => of_index(row),
    }
}

fn of_table(row: Row) -> Found {
    let Row { number, mut values, .. } = row;
    let table = match &values[..] {
        [Text(_), Text(name), Text(_), Integer(root), Text(_) | Null] => {
            return Found::Definition(name.clone(), u32::try_from(*root).unwrap_or(0));
        }
        [Blob(salt)] if salt.len() == 32 => return Found::Row(Table::ForgottenSalt, values),
        [Integer(_), Integer(_), Blob(_)] => return Found::Row(Table::FactVectors, values),
        [Null, Text(_), rest @ ..]
            if (2..=4).contains(&rest.len())
                && rest.iter().all(|value| matches!(value, Integer(_))) =>
        {
            values.truncate(2);
            Table::Users
        }
        [Null, Integer(_), Text(_), Text(_) | Null] => Table::Sessions,
        // The last column came later; a row from before has none.
        [
            Null,
            Integer(_),
            Integer(_),
            Integer(_),
            Text(_),
            Integer(_),
            Text(_),
            Text(_) | Null,
            Text(_),
            note @ ..,
        ] if note.len() <= 1 => {
            if note.is_empty() {
                values.push(Integer(0));
            }
            Table::Turns
        }
        [
            Null,
            Integer(_),
            Text(_),
            Text(_),
            Text(kind),
            Integer(_) | Null,
            Integer(_),
            Integer(_) | Null,
        ] if kind.parse::<FactKind>().is_ok() => Table::Facts,
        [Null, Integer(_), Text(_), Text(_), Text(_)] => Table::Entities,
        [
            Null,
            Integer(_),
            Text(_),
            Integer(_) | Null,
            Integer(_) | Null,
            Text(_),
            Integer(_),
            Integer(_) | Null,
        ] => Table::Summaries,
        [Null, Integer(_)] => Table::LearnedSessions,
        [
            Null,
            Text(_),
            Text(_),
            Integer(_),
            Text(_),
            Integer(_),
            Integer(_),
            Text(_),
            Integer(_),
        ] => Table::Models,
        [Null, rest @ ..]
            if rest.len() == 6 && rest.iter().all(|value| matches!(value, Integer(_))) =>
        {
            Table::Passages
        }
        [Null, Blob(_)] => Table::Vectors,
        _ => return Found::Other,
    };
    values[0] = Integer(number);
    Found::Row(table, values)
}

fn of_index(row: Row) -> Found {
    let Row { values, is_whole, .. } = row;
    match &values[..] {
        [Integer(a), Integer(b)] => Found::Pair(*a, *b),
        [Integer(user), Integer(block), Blob(entries)] => {
            Found::TurnBlock(*user, *block, entries.clone())
        }
        [Integer(_), Text(_), Blob(_)] if is_whole => Found::Row(Table::UserValues, values),
        [Text(_), Blob(_)] if is_whole => Found::Row(Table::StoreValues, values),
        [Blob(hash)] if hash.len() == 16 => Found::Row(Table::ForgottenKeys, values),
        _ => Found::Other,
    }
}

/// Whether a turn's columns are what a turn may have: a role, a time.
pub(super) fn is_sound_turn(values: &[Value]) -> (bool, bool) {
    let role = matches!(&values[4], Text(role) if role.parse::<Role>().is_ok());
    let time =
        matches!(&values[5], Integer(time) if jiff::Timestamp::from_millisecond(*time).is_ok());
    (role, time)
}
