//! What is known of a user across sessions, and who and what comes up in it.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{SessionName, TurnId, closed_words};

/// The subject of a fact about the user, whatever their name is.
pub const USER_SUBJECT: &str = "user";

/// The number of a fact in its store: positive, never used twice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct FactId(pub i64);

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

closed_words! {
    /// What sort of statement a fact is; in the order in which facts go into a prompt.
    pub enum FactKind: "a kind of fact" {
    /// How the person wants things done: always, never, from now on.
    Instruction = "instruction",
    /// Who somebody is: name, home, work, family, health.
    Identity = "identity",
    /// What somebody likes or wants.
    Preference = "preference",
    /// What was settled.
    Decision = "decision",
    /// What somebody is going to do.
    Plan = "plan",
    /// How somebody stands to a person or a project.
    Relation = "relation",
    }
}

closed_words! {
    /// What a name stands for.
    pub enum EntityKind: "a kind of name" {
    /// A human being, or an animal with a name.
    Person = "person",
    /// Something that people work on.
    Project = "project",
    /// Anything else: a place, a company, a product.
    Other = "other",
    }
}

/// A name that comes up in what is known.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Entity {
    /// The name as it was first written; one user's names differ by more than upper and lower case.
    pub name: String,
    /// What it stands for.
    pub kind: EntityKind,
}

impl Entity {
    /// What all writings of the name have in common: lower case, with single spaces.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::{Entity, EntityKind};
    ///
    /// let entity = Entity { name: "New  York".to_owned(), kind: EntityKind::Other };
    /// assert_eq!(entity.key(), "new york");
    /// ```
    pub fn key(&self) -> String {
        self.name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    }
}

/// A fact that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFact {
    /// Whom or what it is about: [`USER_SUBJECT`], or a name.
    pub subject: String,
    /// What is said of the subject, on one line.
    pub statement: String,
    /// What sort of statement it is.
    pub kind: FactKind,
    /// The turn in which it was said; none if it was added by hand.
    pub source: Option<TurnId>,
    /// When it was said.
    pub since: Timestamp,
    /// Who and what comes up in it.
    pub entities: Vec<Entity>,
}

/// A statement about a user that outlives sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// Its number.
    pub id: FactId,
    /// Whom or what it is about: [`USER_SUBJECT`], or a name.
    pub subject: String,
    /// What is said of the subject.
    pub statement: String,
    /// What sort of statement it is.
    pub kind: FactKind,
    /// Who and what comes up in it, by name.
    pub entities: Vec<Entity>,
    /// Since when it holds: when it was said, to the millisecond.
    pub since: Timestamp,
    /// Until when it held: when what replaced it was said; none while it holds.
    pub until: Option<Timestamp>,
    /// What replaced it; none while it holds.
    pub superseded_by: Option<FactId>,
    /// The turn in which it was said; none if it was added by hand.
    pub turn: Option<TurnId>,
    /// That turn's session.
    pub session: Option<SessionName>,
}

impl Fact {
    /// What is said, with of whom or what unless it is the person: "Priya: lives in Porto".
    pub fn line(&self) -> String {
        match self.subject.as_str() {
            USER_SUBJECT => self.statement.clone(),
            subject => format!("{subject}: {}", self.statement),
        }
    }
}
