//! Facts: what is known of a user, what was known when, and what replaced what.

use jiff::Timestamp;
use longmem_core::{Embedding, EmbeddingModel, Entity, Fact, FactId, NewFact, UserName};

use crate::{Erasure, Replaced, Result};

/// What a store does with facts.
pub trait Facts: Send + Sync {
    /// Reads a user's facts by kind, within a kind in the order in which they were said.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn facts(&self, user: &UserName, at: FactsAt) -> Result<Vec<Fact>>;

    /// Stores a fact; with `replaces`, that one is superseded by it, or supersedes it if it was said
    /// later. Facts that replaced one another are a line in time, and the new one goes to where its
    /// time belongs.
    ///
    /// # Errors
    /// [`StoreError::UnknownFact`](crate::StoreError::UnknownFact) if the user has no fact `replaces`.
    fn insert_fact(
        &self,
        user: &UserName,
        fact: &NewFact,
        replaces: Option<FactId>,
    ) -> Result<FactId>;

    /// Stores facts of another store with what replaced them there: a fact of this list by its place, or
    /// one that the user has. `superseded` are facts that the user has, each with the place of the one
    /// that replaces it. A fact whose source is no turn of the user is left out, none in its place.
    ///
    /// Whoever calls it makes sure that a fact is replaced only by one that was said later, or at the
    /// same time and has a later place, so that no fact comes to replace itself.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then none of them was stored.
    fn import_facts(
        &self,
        user: &UserName,
        facts: &[ImportedFact],
        superseded: &[(FactId, usize)],
    ) -> Result<Vec<Option<FactId>>>;

    /// Corrects the words of a fact; its source and time stay. Its vectors are deleted. Returns when the
    /// old words leave the medium.
    ///
    /// # Errors
    /// [`StoreError::UnknownFact`](crate::StoreError::UnknownFact) if the user has no such fact.
    fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
        entities: &[Entity],
    ) -> Result<Erasure>;

    /// Deletes a fact for good, with the older ones that it had replaced: they would hold again.
    ///
    /// # Errors
    /// [`StoreError::UnknownFact`](crate::StoreError::UnknownFact) if the user has no such fact.
    fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<DeletedFacts>;

    /// Lists the people, projects and other names of a user's facts, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn entities(&self, user: &UserName) -> Result<Vec<KnownEntity>>;

    /// Reads the vectors that a model made of a user's facts, in the order of their numbers. Facts
    /// that were replaced are among them; those that have no vector are not.
    ///
    /// # Errors
    /// [`StoreError::DamagedFactVector`](crate::StoreError::DamagedFactVector), or when the store
    /// cannot be read.
    fn fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
    ) -> Result<Vec<(FactId, Embedding)>>;

    /// Stores the vectors that a model made of a user's facts, in the place of older ones. They go
    /// with the fact, with the model, and with all vectors when
    /// [`requeue_all`](crate::Vectors::requeue_all) drops these. A fact that the user does not have,
    /// or no longer, is left out; nothing is stored for a model that neither serves nor is to replace
    /// the one that does.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then none of them was stored.
    fn set_fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        vectors: &[(FactId, Embedding)],
    ) -> Result<()>;
}

/// A fact of another store.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedFact {
    /// The fact.
    pub fact: NewFact,
    /// What replaced it; none if it holds.
    pub superseded_by: Option<Replaced>,
}

/// What was deleted with a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedFacts {
    /// Number of facts that are gone: the one that was named, and the older ones that it had replaced.
    pub facts: u64,
    /// When their words leave the medium.
    pub erasure: Erasure,
}

/// Which facts are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FactsAt {
    /// Those that hold.
    #[default]
    Now,
    /// Those that held at a time: said by then, and replaced later or not at all.
    Time(Timestamp),
    /// All, those that were replaced included.
    Ever,
}

/// A name and how often it comes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntity {
    /// The name, and what it stands for.
    pub entity: Entity,
    /// Number of facts in which it comes up, those that were replaced included.
    pub facts: u64,
    /// When the first of these was said.
    pub first: Timestamp,
    /// When the last of these was said.
    pub last: Timestamp,
}
