//! What is known of a user, read and corrected.

use longmem_core::{Fact, FactId, FactKind, NewFact, Scope, UserName};
use longmem_store::{FactsAt, KnownEntity};

use crate::{MAX_STATEMENT_CHARACTERS, Memory, MemoryError, entities_in, facts_about, short_line};

/// A fact that a person notes by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactNote {
    /// What is said of the subject: one line of at most [`MAX_STATEMENT_CHARACTERS`].
    pub statement: String,
    /// Whom or what it is about: [`USER_SUBJECT`](longmem_core::USER_SUBJECT), or a name.
    pub subject: String,
    /// What sort of statement it is.
    pub kind: FactKind,
    /// The fact that it replaces, if it is a change.
    pub replaces: Option<FactId>,
}

impl FactNote {
    /// A fact about the user that replaces none.
    pub fn new(statement: impl Into<String>, kind: FactKind) -> Self {
        let subject = longmem_core::USER_SUBJECT.to_owned();
        Self { statement: statement.into(), subject, kind, replaces: None }
    }
}

impl Memory {
    /// Reads a user's facts by kind, within a kind in the order in which they were said.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn facts(&self, user: &UserName, at: FactsAt) -> Result<Vec<Fact>, MemoryError> {
        Ok(self.store.facts(user, at)?)
    }

    /// Reads what is known of a user, or what of it is about a name: see [`facts_about`].
    ///
    /// # Errors
    /// [`MemoryError::Store`], also for a user that is not in the store.
    pub fn known_facts(
        &self,
        user: &UserName,
        at: FactsAt,
        about: Option<&str>,
    ) -> Result<Vec<Fact>, MemoryError> {
        self.check_names(&Scope::of(user.clone()))?;
        let facts = self.facts(user, at)?;
        Ok(about.map_or_else(|| facts.clone(), |name| facts_about(&facts, name)))
    }

    /// Notes a fact by hand, with the names that come up in it, as said now.
    ///
    /// # Errors
    /// [`MemoryError::Line`] for a statement or subject that is not one short line;
    /// [`MemoryError::Store`], also if the user does not have the fact that it replaces.
    pub fn note_fact(&self, user: &UserName, note: &FactNote) -> Result<FactId, MemoryError> {
        let subject = short_line("subject", &note.subject, MAX_STATEMENT_CHARACTERS)?;
        let statement = short_line("statement", &note.statement, MAX_STATEMENT_CHARACTERS)?;
        let entities = entities_in(&subject, &statement);
        let fact = NewFact {
            subject,
            statement,
            kind: note.kind,
            source: None,
            since: self.now(),
            entities,
        };
        Ok(self.store.insert_fact(user, &fact, note.replaces)?)
    }

    /// Corrects the words of a fact; its subject, source and time stay.
    ///
    /// # Errors
    /// [`MemoryError::Line`] for a statement that is not one short line; [`MemoryError::Store`],
    /// also if the user has no such fact.
    pub fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
    ) -> Result<(), MemoryError> {
        let statement = short_line("statement", statement, MAX_STATEMENT_CHARACTERS)?;
        let facts = self.store.facts(user, FactsAt::Ever)?;
        // If the user does not have it, editing says so.
        let subject = facts.iter().find(|known| known.id == fact).map(|known| &known.subject);
        let entities = entities_in(subject.map_or("", String::as_str), &statement);
        Ok(self.store.edit_fact(user, fact, &statement, &entities)?)
    }

    /// Deletes a fact for good, with the older ones that it had replaced: they would hold again.
    /// Returns how many facts are gone.
    ///
    /// # Errors
    /// [`MemoryError::Store`], also if the user has no such fact.
    pub fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<u64, MemoryError> {
        Ok(self.store.delete_fact(user, fact)?)
    }

    /// Lists the people, projects and other names of a user's facts, by name.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn entities(&self, user: &UserName) -> Result<Vec<KnownEntity>, MemoryError> {
        Ok(self.store.entities(user)?)
    }
}
