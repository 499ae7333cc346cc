//! Facts.

use std::collections::{BTreeMap, BTreeSet};

use longmem_core::{Embedding, EmbeddingModel, Entity, Fact, FactId, NewFact, TurnId, UserName};
use longmem_store::{
    DeletedFacts, Erasure, FactLines, FactPlace, Facts, FactsAt, ImportedFact, KnownEntity,
    Replaced, Result, StoreError,
};

use super::{MemoryStore, State};

impl Facts for MemoryStore {
    fn facts(&self, user: &UserName, at: FactsAt) -> Result<Vec<Fact>> {
        let state = self.state();
        Ok(state.users.get(user).map(|user| user.read_facts(at)).unwrap_or_default())
    }

    fn insert_fact(
        &self,
        user: &UserName,
        fact: &NewFact,
        replaces: Option<FactId>,
    ) -> Result<FactId> {
        let mut state = self.state();
        if let Some(old) = replaces {
            state.known_fact(user, old)?;
        }
        Ok(state.insert_fact(user, fact, replaces))
    }

    fn import_facts(
        &self,
        user: &UserName,
        facts: &[ImportedFact],
        superseded: &[(FactId, usize)],
    ) -> Result<Vec<Option<FactId>>> {
        if facts.is_empty() {
            // Nobody is made a user by nothing.
            return Ok(Vec::new());
        }
        let mut state = self.state();
        let turns: BTreeSet<TurnId> = state
            .users
            .get(user)
            .map(|user| user.turns.keys().copied().collect())
            .unwrap_or_default();
        let mut stored = Vec::new();
        for ImportedFact { fact, .. } in facts {
            let is_there = fact.source.is_none_or(|turn| turns.contains(&turn));
            stored.push(is_there.then(|| state.insert_fact(user, fact, None)));
        }
        let of_list = stored.iter().zip(facts).filter_map(|(id, imported)| {
            let next = match imported.superseded_by? {
                Replaced::Known(next) => next,
                Replaced::Learned(place) => stored[place]?,
            };
            Some(((*id)?, next))
        });
        let known = superseded.iter().filter_map(|(old, place)| Some((*old, stored[*place]?)));
        let mut next: BTreeMap<FactId, FactId> = of_list.chain(known).collect();
        let user = state.user(user);
        let places = user.lines.places().iter().map(|place| FactPlace {
            superseded_by: next.remove(&place.id).or(place.superseded_by),
            ..*place
        });
        user.lines = FactLines::new(places.collect());
        Ok(stored)
    }

    fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
        entities: &[Entity],
    ) -> Result<Erasure> {
        let mut state = self.state();
        let known = state.known_fact(user, fact)?;
        statement.clone_into(&mut known.statement);
        known.entities = entities.to_vec();
        for vectors in state.user(user).fact_vectors.values_mut() {
            vectors.remove(&fact);
        }
        Ok(Erasure::Done)
    }

    fn fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
    ) -> Result<Vec<(FactId, Embedding)>> {
        let state = self.state();
        let vectors = state.users.get(user).and_then(|user| user.fact_vectors.get(model));
        let vectors = vectors.into_iter().flatten();
        Ok(vectors.map(|(fact, vector)| (*fact, vector.clone())).collect())
    }

    fn set_fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        vectors: &[(FactId, Embedding)],
    ) -> Result<()> {
        let mut state = self.state();
        if state.serving.as_ref() != Some(model) && state.building.as_ref() != Some(model) {
            return Ok(());
        }
        let Some(user) = state.users.get_mut(user) else { return Ok(()) };
        let of_model = user.fact_vectors.entry(model.clone()).or_default();
        let known = vectors.iter().filter(|(fact, _)| user.facts.contains_key(fact));
        of_model.extend(known.cloned());
        Ok(())
    }

    fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<DeletedFacts> {
        let mut state = self.state();
        state.known_fact(user, fact)?;
        let of_user = state.user(user);
        let gone = of_user.lines.with_past(fact);
        of_user.drop_facts(&gone);
        if of_user.turns.is_empty() && of_user.facts.is_empty() {
            state.users.remove(user);
        }
        Ok(DeletedFacts { facts: gone.len() as u64, erasure: Erasure::Done })
    }

    fn entities(&self, user: &UserName) -> Result<Vec<KnownEntity>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let key = |name: &str| name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let mut known: BTreeMap<String, KnownEntity> = BTreeMap::new();
        for fact in user.facts.values() {
            for entity in &fact.entities {
                let entry = known.entry(key(&entity.name)).or_insert_with(|| KnownEntity {
                    entity: entity.clone(),
                    facts: 0,
                    first: fact.since,
                    last: fact.since,
                });
                entry.facts += 1;
                entry.first = entry.first.min(fact.since);
                entry.last = entry.last.max(fact.since);
            }
        }
        Ok(known.into_values().collect())
    }
}

impl State {
    fn known_fact(&mut self, name: &UserName, fact: FactId) -> Result<&mut NewFact> {
        let of_user = self.users.get_mut(name).and_then(|user| user.facts.get_mut(&fact));
        of_user.ok_or_else(|| StoreError::UnknownFact { user: name.clone(), fact })
    }
}
