//! What is known of a user: listed, noted, corrected, deleted.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{
    EntityKind, FactId, FactKind, LINE_PATTERN, SessionName, Timestamp, TurnId, UserName,
};
use longmem_memory::KnownEntity;
use serde::{Deserialize, Serialize};

/// A list of facts.
///
/// ```json
/// { "facts": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The facts, by kind, within a kind in the order in which they were said.
    pub facts: Vec<Fact>,
}

impl From<Vec<longmem_core::Fact>> for Facts {
    fn from(facts: Vec<longmem_core::Fact>) -> Self {
        Self { facts: facts.into_iter().map(Fact::from).collect() }
    }
}

/// A statement about a user that outlives sessions.
///
/// ```json
/// {
///   "id": 4, "subject": "user", "statement": "lives in Lisbon", "kind": "identity",
///   "entities": [{ "name": "Lisbon", "kind": "other" }],
///   "since": "2026-03-08T18:30:00Z", "until": null, "superseded_by": null,
///   "turn": 17, "session": "move"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// Its number.
    pub id: FactId,
    /// Whom or what it is about: `user`, or a name.
    pub subject: String,
    /// What is said of the subject.
    pub statement: String,
    /// `instruction`, `identity`, `preference`, `decision`, `plan` or `relation`.
    pub kind: FactKind,
    /// Who and what comes up in it, by name.
    pub entities: Vec<Entity>,
    /// Since when it holds: when it was said.
    pub since: Timestamp,
    /// Until when it held; none while it holds.
    pub until: Option<Timestamp>,
    /// The fact that replaced it; none while it holds.
    pub superseded_by: Option<FactId>,
    /// The turn in which it was said; none if it was noted by hand.
    pub turn: Option<TurnId>,
    /// That turn's session.
    pub session: Option<SessionName>,
}

impl From<longmem_core::Fact> for Fact {
    fn from(fact: longmem_core::Fact) -> Self {
        Self {
            id: fact.id,
            subject: fact.subject,
            statement: fact.statement,
            kind: fact.kind,
            entities: fact.entities.into_iter().map(Entity::from).collect(),
            since: fact.since,
            until: fact.until,
            superseded_by: fact.superseded_by,
            turn: fact.turn,
            session: fact.session,
        }
    }
}

/// A name that comes up in a fact.
///
/// ```json
/// { "name": "Lisbon", "kind": "other" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// The name.
    pub name: String,
    /// `person`, `project` or `other`.
    pub kind: EntityKind,
}

impl From<longmem_core::Entity> for Entity {
    fn from(entity: longmem_core::Entity) -> Self {
        Self { name: entity.name, kind: entity.kind }
    }
}

/// Asks for a fact to be noted. Only the statement is needed.
///
/// ```json
/// { "statement": "works at a bank", "subject": "user", "kind": "identity", "replaces": 4 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct FactNote {
    /// What is said of the subject: one short line.
    #[schemars(length(min = 1, max = 300), regex(pattern = LINE_PATTERN))]
    pub statement: String,
    /// Whom or what it is about; the user if it is left out.
    #[serde(default)]
    #[schemars(length(min = 1, max = 300), regex(pattern = LINE_PATTERN))]
    pub subject: Option<String>,
    /// What sort of statement it is; `identity` if it is left out.
    #[serde(default)]
    pub kind: Option<FactKind>,
    /// The fact that it replaces, if it is a change.
    #[serde(default)]
    pub replaces: Option<FactId>,
}

impl FactNote {
    /// A fact about the user that replaces none.
    pub fn new(statement: impl Into<String>) -> Self {
        Self { statement: statement.into(), subject: None, kind: None, replaces: None }
    }
}

impl From<FactNote> for longmem_memory::FactNote {
    fn from(asked: FactNote) -> Self {
        let mut note = Self::new(asked.statement, asked.kind.unwrap_or(FactKind::Identity));
        if let Some(subject) = asked.subject {
            note.subject = subject;
        }
        note.replaces = asked.replaces;
        note
    }
}

/// A fact was noted, or was known already.
///
/// ```json
/// { "id": 5, "new": true, "user": "ana", "replaces": 4 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactNoted {
    /// Its number.
    pub id: FactId,
    /// False if the user has a fact that says the same.
    pub new: bool,
    /// Whose fact it is.
    pub user: UserName,
    /// The fact that it replaced, if it is a change.
    pub replaces: Option<FactId>,
}

/// The words of a fact were corrected.
///
/// ```json
/// { "id": 5, "user": "ana", "erased_from_disk": true }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactEdited {
    /// Its number.
    pub id: FactId,
    /// Whose fact it is.
    pub user: UserName,
    /// False if the old words leave the disk later, because another process reads an older state, the
    /// disk is full, or a database server keeps them until it overwrites them.
    pub erased_from_disk: bool,
}

/// A fact was deleted, with those that it had replaced.
///
/// ```json
/// { "deleted": 2, "user": "ana", "erased_from_disk": true }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactDeleted {
    /// How many facts are gone.
    pub deleted: u64,
    /// Whose facts they were.
    pub user: UserName,
    /// False if their words leave the disk later, because another process reads an older state, the disk
    /// is full, or a database server keeps them until it overwrites them.
    pub erased_from_disk: bool,
}

/// The people, projects and other names that come up in a user's facts.
///
/// ```json
/// { "names": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Names {
    /// The names, in alphabetical order.
    pub names: Vec<Name>,
}

impl From<Vec<KnownEntity>> for Names {
    fn from(names: Vec<KnownEntity>) -> Self {
        Self { names: names.into_iter().map(Name::from).collect() }
    }
}

/// A name and how often it comes up.
///
/// ```json
/// {
///   "name": "Priya", "kind": "person", "facts": 3,
///   "first": "2026-01-10T09:00:00Z", "last": "2026-03-08T18:30:00Z"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Name {
    /// The name, as it was first written.
    pub name: String,
    /// `person`, `project` or `other`.
    pub kind: EntityKind,
    /// Facts in which it comes up, those that were replaced included.
    pub facts: u64,
    /// When the first of these was said.
    pub first: Timestamp,
    /// When the last of these was said.
    pub last: Timestamp,
}

impl From<KnownEntity> for Name {
    fn from(known: KnownEntity) -> Self {
        Self {
            name: known.entity.name,
            kind: known.entity.kind,
            facts: known.facts,
            first: known.first,
            last: known.last,
        }
    }
}
