//! What is known of a user across sessions, and who and what comes up in it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{SessionName, TurnId};

/// The subject of a fact about the user, whatever their name is.
pub const USER_SUBJECT: &str = "user";

/// The number of a fact in its store: positive, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactId(pub i64);

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is none of the words that are expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{came}\" is not {what}; it is one of {expected}")]
pub struct UnknownWord {
    what: &'static str,
    expected: String,
    came: String,
}

/// An enum of units whose names are stored and shown.
macro_rules! word_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every one, in the order of declaration.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The name that is stored and shown: lower case.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(word));
                found.copied().ok_or_else(|| UnknownWord {
                    what: $what,
                    expected: Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "),
                    came: word.to_owned(),
                })
            }
        }
    };
}

word_type! {
    /// What sort of statement a fact is; in the order in which facts go into a prompt.
    FactKind, "a kind of fact",
    /// Who somebody is: name, home, work, family, health.
    Identity = "identity",
    /// What somebody likes, wants, or wants done in a certain way.
    Preference = "preference",
    /// What was settled.
    Decision = "decision",
    /// What somebody is going to do.
    Plan = "plan",
    /// How somebody stands to a person or a project.
    Relation = "relation",
}

word_type! {
    /// What a name stands for.
    EntityKind, "a kind of name",
    /// A human being, or an animal with a name.
    Person = "person",
    /// Something that people work on.
    Project = "project",
    /// Anything else: a place, a company, a product.
    Other = "other",
}

/// A name that comes up in what is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entity {
    /// The name as it was first written; one user's names differ by more than upper and lower case.
    pub name: String,
    /// What it stands for.
    pub kind: EntityKind,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_another_is_refused_with_the_choice() {
        for kind in FactKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert_eq!("Person".parse(), Ok(EntityKind::Person));
        assert_eq!(
            "mood".parse::<FactKind>().unwrap_err().to_string(),
            "\"mood\" is not a kind of fact; it is one of identity, preference, decision, plan, \
             relation"
        );
    }
}
