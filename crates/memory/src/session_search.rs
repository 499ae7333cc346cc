//! Finds conversations by what was said in them.

use std::collections::{HashMap, HashSet};

use longmem_core::{Scope, SessionName, TurnId, UserName};
use longmem_store::SessionSummary;
use longmem_text::{each_word, query_words};

use crate::{Memory, MemoryError};

/// Number of turns, those that hold most of the words, that are looked at.
const SEARCHED_TURNS: usize = 1000;

impl Memory {
    /// Finds the sessions that hold each word of a text in their name, their title or a turn, as a
    /// search matches words: whatever their case, accents and endings. The one with the newest turn
    /// comes first. Of what was said, the thousand turns that hold most of the words are looked at.
    ///
    /// # Errors
    /// [`MemoryError::EmptyQuery`] for a text without words; [`MemoryError::Store`], also for a user
    /// that is not in the store.
    pub fn search_sessions(
        &self,
        user: &UserName,
        words: &str,
    ) -> Result<Vec<SessionSummary>, MemoryError> {
        let wanted: HashSet<String> = query_words(words).into_iter().collect();
        if wanted.is_empty() {
            return Err(MemoryError::EmptyQuery);
        }
        let mut sessions = self.sessions(user)?;
        let scope = Scope::of(user.clone());
        let hits = self.searcher.search_words(&*self.store, &scope, words, SEARCHED_TURNS)?;
        let ids: Vec<TurnId> = hits.into_iter().map(|hit| hit.turn).collect();
        let mut held: HashMap<SessionName, HashSet<String>> = HashMap::new();
        for turn in self.store.turns(user, &ids)? {
            hold(held.entry(turn.session).or_default(), &wanted, &turn.text);
        }
        sessions.retain(|session| {
            let mut held = held.remove(&session.session).unwrap_or_default();
            hold(&mut held, &wanted, session.session.as_str());
            hold(&mut held, &wanted, session.title.as_deref().unwrap_or_default());
            held.len() == wanted.len()
        });
        Ok(sessions)
    }
}

/// Adds the wanted words that a text holds.
fn hold(held: &mut HashSet<String>, wanted: &HashSet<String>, text: &str) {
    each_word(text, &mut |word| {
        if wanted.contains(word) && !held.contains(word) {
            held.insert(word.to_owned());
        }
    });
}
