//! What is known of a user, read and corrected.

use std::sync::PoisonError;

use longmem_core::{Fact, FactId, FactKind, NewFact, Scope, UserName};
use longmem_store::{
    DeletedFacts, Erasure, FactLines, FactPlace, FactsAt, KnownEntity, StoreError,
};

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

/// A fact that was noted by hand, or was known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotedFact {
    /// Its number, also if it was known before.
    pub id: FactId,
    /// False if the user has a fact that says the same.
    pub new: bool,
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

    /// Reads up to `limit` of the facts that [`Memory::known_facts`] gives whose number is below `before`
    /// (none: from the newest), the newest first. The last fact of a page is where the next goes on.
    ///
    /// # Errors
    /// Those of [`Memory::known_facts`].
    pub fn newest_facts(
        &self,
        user: &UserName,
        at: FactsAt,
        about: Option<&str>,
        before: Option<FactId>,
        limit: usize,
    ) -> Result<Vec<Fact>, MemoryError> {
        let mut facts = self.known_facts(user, at, about)?;
        facts.retain(|fact| before.is_none_or(|before| fact.id < before));
        facts.sort_unstable_by_key(|fact| std::cmp::Reverse(fact.id));
        facts.truncate(limit);
        Ok(facts)
    }

    /// Notes a fact by hand, with the names that come up in it, as said now. What a fact that holds says
    /// of the same subject already, but for case, spaces and a full stop, is not noted again; an
    /// instruction and a fact of another kind are two.
    ///
    /// # Errors
    /// [`MemoryError::Line`] for a statement or subject that is not one short line;
    /// [`MemoryError::Refused`] and [`MemoryError::Moderator`] of the safeguards;
    /// [`MemoryError::Store`], also if the user does not have the fact that it replaces.
    pub fn note_fact(&self, user: &UserName, note: &FactNote) -> Result<NotedFact, MemoryError> {
        let subject = short_line("subject", &note.subject, MAX_STATEMENT_CHARACTERS)?;
        let statement = short_line("statement", &note.statement, MAX_STATEMENT_CHARACTERS)?;
        let subject = self.safeguards.fact_subject(user, &subject)?;
        let statement = self.safeguards.fact_line(user, &statement)?;
        let entities = entities_in(&subject, &statement);
        let fact = NewFact {
            subject,
            statement,
            kind: note.kind,
            source: None,
            since: self.now(),
            entities,
        };
        // Of two threads with the same statement, the second finds what the first noted.
        let held = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            self.facts(user, FactsAt::Now)?.into_iter().find(|known| says_the_same(known, &fact));
        // What replaces another fact does so, even where a third says the same.
        if let Some(known) = known.filter(|known| note.replaces.is_none_or(|old| old == known.id)) {
            return Ok(NotedFact { id: known.id, new: false });
        }
        let id = self.store.insert_fact(user, &fact, note.replaces)?;
        drop(held);
        self.count_redactions(user, [fact.statement.as_str()]);
        Ok(NotedFact { id, new: true })
    }

    /// Corrects the words of a fact; its subject, source and time stay. Returns when the old words leave
    /// the medium.
    ///
    /// # Errors
    /// [`MemoryError::Line`] for a statement that is not one short line; [`MemoryError::Store`],
    /// also if the user has no such fact.
    pub fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
    ) -> Result<Erasure, MemoryError> {
        let statement = short_line("statement", statement, MAX_STATEMENT_CHARACTERS)?;
        let statement = self.safeguards.fact_line(user, &statement)?;
        let facts = self.store.facts(user, FactsAt::Ever)?;
        // If the user does not have it, editing says so.
        let subject = facts.iter().find(|known| known.id == fact).map(|known| &known.subject);
        let entities = entities_in(subject.map_or("", String::as_str), &statement);
        let erasure = self.store.edit_fact(user, fact, &statement, &entities)?;
        self.count_redactions(user, [statement.as_str()]);
        Ok(erasure)
    }

    /// Reads what [`Memory::delete_fact`] would delete: the fact, and the older ones that it had
    /// replaced, as [`Memory::facts`] orders them.
    ///
    /// # Errors
    /// [`MemoryError::Store`], also if the user has no such fact.
    pub fn fact_with_past(&self, user: &UserName, fact: FactId) -> Result<Vec<Fact>, MemoryError> {
        let mut facts = self.facts(user, FactsAt::Ever)?;
        if !facts.iter().any(|known| known.id == fact) {
            return Err(StoreError::UnknownFact { user: user.clone(), fact }.into());
        }
        let place = |fact: &Fact| FactPlace {
            id: fact.id,
            since_ms: fact.since.as_millisecond(),
            superseded_by: fact.superseded_by,
        };
        let gone = FactLines::new(facts.iter().map(place).collect()).with_past(fact);
        facts.retain(|known| gone.contains(&known.id));
        Ok(facts)
    }

    /// Deletes a fact for good, with the older ones that it had replaced: they would hold again.
    ///
    /// # Errors
    /// [`MemoryError::Store`], also if the user has no such fact.
    pub fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<DeletedFacts, MemoryError> {
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

/// Whether a fact says what another one would say.
fn says_the_same(known: &Fact, fact: &NewFact) -> bool {
    let instructs = |kind: FactKind| kind == FactKind::Instruction;
    instructs(known.kind) == instructs(fact.kind)
        && folded(&known.subject) == folded(&fact.subject)
        && folded(&known.statement) == folded(&fact.statement)
}

/// A text in lower case, with single spaces and without a full stop at its end.
fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches(['.', ' ']).to_owned()
}
