//! What one search needs, as rows and bytes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use longmem_core::{EmbeddingModel, SessionName, TurnId, UserName};
use longmem_search::{
    BlockId, Epoch, FoundUser, Known, Listed, ModelState, PassageId, SearchRows, SearchSource,
    SearchWanted, SessionNumber, TakeVector, UserState, vector_bytes,
};
use longmem_store::{Result, StoreError};

use super::{MemoryStore, Vectors};

impl SearchSource for MemoryStore {
    type Error = StoreError;

    fn search(&self, wanted: &SearchWanted<'_>, rows: &mut dyn SearchRows) -> Result<bool> {
        let state = self.state();
        let Some(user) = state.users.get(&wanted.scope.user) else { return Ok(false) };
        let epoch = Epoch(user.epoch);
        let last_turn = user.turns.keys().next_back().copied();
        let number = |name: &SessionName| {
            let place = user.sessions.iter().position(|(session, _)| session == name)?;
            Some(SessionNumber(place as i64 + 1))
        };
        let names = &wanted.scope.sessions;
        let sessions = (!names.is_empty()).then(|| names.iter().filter_map(number).collect());
        rows.user(FoundUser { state: UserState { epoch, last_turn }, sessions });
        let is_known = wanted.known.epoch == Some(epoch);
        let known = if is_known { wanted.known } else { Known::default() };

        let lists = user.lists(wanted.model);
        let blocks = lists.blocks();
        if known.last_turn < last_turn {
            let turns = blocks.iter().filter(|(list, ..)| *list == Listed::Turns);
            let first = longmem_search::turn_block_of(known.last_turn.unwrap_or(TurnId(0)));
            let turns = turns.filter(|(_, block, _)| *block >= first);
            turns.for_each(|(_, block, bytes)| rows.turns(*block, bytes));
        }
        let is_here = |model: &&EmbeddingModel| {
            [&state.serving, &state.building].contains(&&Some((*model).clone()))
        };
        if let Some(model) = wanted.model.filter(is_here) {
            let mut all: Vec<(TurnId, PassageId, Vec<u8>)> = Vec::new();
            for Vectors { turn, first, passages, .. } in user.vectors(model) {
                for ((_, vector), id) in passages.iter().zip(first.0..) {
                    all.push((*turn, PassageId(id), vector_bytes(vector)));
                }
            }
            rows.model(ModelState { last_passage: all.last().map(|v| v.1), passages: all.len() });
            let whole = all.len() <= wanted.whole_up_to;
            if !whole && known.codes.through < all.last().map(|v| v.1) {
                let width = model.dimensions;
                for (list, block, bytes) in &blocks {
                    if *list == (Listed::Codes { width }) {
                        rows.codes(*block, bytes);
                    }
                }
            }
            if whole || wanted.extra_vectors > 0 {
                for (turn, passage, bytes) in all.iter().filter(|v| Some(v.1) > known.whole.through)
                {
                    if let ControlFlow::Break(()) = rows.vector(*turn, *passage, bytes)? {
                        break;
                    }
                }
            }
        }
        for (place, word) in wanted.words.iter().enumerate() {
            // Of a list that the search knows up to a turn, the blocks before that turn's are left out.
            let through = wanted.known_words[place].filter(|_| is_known);
            let first = through.map(longmem_search::word_block_of);
            for (list, block, bytes) in &blocks {
                if *list == Listed::Word(word) && Some(*block) >= first {
                    rows.word(place, BlockId(block.0), bytes);
                }
            }
        }
        Ok(true)
    }

    fn vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        passages: &[PassageId],
        each: TakeVector<'_>,
    ) -> Result<()> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(()) };
        for Vectors { first, passages: vectors, .. } in user.vectors(model) {
            for ((_, vector), id) in vectors.iter().zip(first.0..) {
                if let Ok(place) = passages.binary_search(&PassageId(id)) {
                    each(place, &vector_bytes(vector))?;
                }
            }
        }
        Ok(())
    }

    fn vocabulary(&self, user: &UserName) -> Result<Vec<String>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let lists = user.lists(None);
        let words = lists.blocks().into_iter().filter_map(|(list, ..)| match list {
            Listed::Word(word) => Some(word.to_owned()),
            _ => None,
        });
        Ok(words.collect::<BTreeSet<_>>().into_iter().collect())
    }
}
