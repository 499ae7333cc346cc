//! Vectors: the queue, the models, and who may index.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use longmem_core::{EmbeddingModel, UserName};
use longmem_search::PassageId;
use longmem_store::{
    EmbeddedTurn, IndexShare, QueuedTurn, Result, StoreError, StoreLock, Upkeep, Vectors,
};

use super::MemoryStore;

impl Vectors for MemoryStore {
    fn serving_model(&self) -> Result<Option<EmbeddingModel>> {
        Ok(self.state().serving.clone())
    }

    fn begin_indexing(&self, model: &EmbeddingModel, replace: bool) -> Result<()> {
        let mut state = self.state();
        match state.serving.clone() {
            None => state.serving = Some(model.clone()),
            Some(serving) if serving == *model => {
                if let Some(given_up) = state.building.take() {
                    state.drop_vectors(|of| *of == given_up);
                    state.queue_all();
                    for user in state.users.values_mut() {
                        let turns = &user.turns;
                        user.queue.retain(|id| turns[id].vectors.is_empty());
                    }
                }
            }
            Some(_) if replace => {
                if state.building.as_ref() != Some(model) {
                    if let Some(given_up) = state.building.replace(model.clone()) {
                        state.drop_vectors(|of| *of == given_up);
                    }
                    state.queue_all();
                }
            }
            Some(serving) => {
                return Err(StoreError::OtherModel {
                    place: self.place(),
                    stored: format!("{}@{}", serving.name, serving.revision),
                    given: format!("{}@{}", model.name, model.revision),
                });
            }
        }
        Ok(())
    }

    fn requeue_all(&self) -> Result<()> {
        let mut state = self.state();
        state.drop_vectors(|_| true);
        state.queue_all();
        state.truncated_tokens = 0;
        state.begin_epochs();
        Ok(())
    }

    fn waiting(&self, user: Option<&UserName>) -> Result<u64> {
        let state = self.state();
        let users = state.users.iter().filter(|(name, _)| user.is_none_or(|only| only == *name));
        Ok(users.map(|(_, user)| user.queue.len() as u64).sum())
    }

    fn queued_turns(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Vec<QueuedTurn>> {
        let state = self.state();
        let users = state.users.iter().filter(|(name, _)| user.is_none_or(|only| only == *name));
        let queued =
            users.flat_map(|(name, user)| user.queue.iter().map(move |id| (name, user, id)));
        let after = after.map(|after| (&after.user, &after.turn));
        let queued = queued.filter(|(name, _, id)| after.is_none_or(|a| (*name, *id) > a));
        let read = queued.take(limit).map(|(name, user, id)| QueuedTurn {
            turn: *id,
            user: name.clone(),
            text: user.turns[id].turn.text.clone(),
        });
        Ok(read.collect())
    }

    fn write_vectors(
        &self,
        model: &EmbeddingModel,
        turns: &[EmbeddedTurn],
        truncated_tokens: u64,
    ) -> Result<u64> {
        let mut state = self.state();
        if state.building.as_ref().or(state.serving.as_ref()) != Some(model) {
            return Ok(0);
        }
        let mut stored = 0;
        for embedded in turns {
            let first = PassageId(state.last_number + 1);
            let Some(user) = state.users.get_mut(&embedded.user) else { continue };
            if user.queue.remove(&embedded.turn)
                && let Some(kept) = user.turns.get_mut(&embedded.turn)
            {
                kept.vectors.push(super::Vectors {
                    model: model.clone(),
                    turn: embedded.turn,
                    first,
                    passages: embedded.passages.clone(),
                });
                state.last_number += embedded.passages.len() as i64;
                stored += 1;
            }
        }
        state.truncated_tokens += truncated_tokens;
        Ok(stored)
    }

    fn finish_replacing(&self) -> Result<bool> {
        let mut state = self.state();
        if state.users.values().any(|user| !user.queue.is_empty()) {
            return Ok(false);
        }
        let Some(building) = state.building.take() else { return Ok(false) };
        state.drop_vectors(|of| *of != building);
        state.serving = Some(building);
        state.begin_epochs();
        Ok(true)
    }

    fn lock_index(&self, _share: IndexShare, wait: bool) -> Result<Option<StoreLock>> {
        let (taken, given_back) = &*self.indexing;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            if !wait {
                return Ok(None);
            }
            taken = given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = true;
        Ok(Some(StoreLock::new(GiveBack(Arc::clone(&self.indexing)))))
    }
}

/// Gives the right to index back when it is dropped.
struct GiveBack(Arc<(Mutex<bool>, Condvar)>);

impl Drop for GiveBack {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.1.notify_one();
    }
}
