//! Which session is meant by a name, a title, or the beginning of one.

use longmem_core::{Scope, SessionName, UserName};
use longmem_store::{SessionSummary, StoreError};
use longmem_text::folded_title;
use strsim::jaro_winkler;

use crate::{Memory, MemoryError};

/// Number of sessions that an error about a name lists at most.
pub const MAX_CANDIDATES: usize = 5;

/// Bytes of a beginning that names a session: four letters, or two Chinese characters.
const LEAST_BEGINNING: usize = 4;

/// Least likeness, from 0 to 1, of a name that may be meant by another.
const LEAST_LIKENESS: f64 = 0.8;

impl Memory {
    /// Finds the session that a person means: the one of this very name; otherwise the one whose name
    /// or title is the same but for case, accents and spaces; otherwise the one whose name or title
    /// begins so, if that is four letters or more (two Chinese characters).
    ///
    /// # Errors
    /// [`MemoryError::UnknownSession`] with those that may be meant;
    /// [`MemoryError::AmbiguousSession`] if several are named equally well; [`MemoryError::Store`],
    /// also for a user that is not in the store.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use longmem_core::{FixedClock, Role, SessionName, UserName};
    /// # use longmem_memory::Memory;
    /// # use longmem_sqlite::{IfMissing, SqliteStore};
    /// # use longmem_test_support::WordHashEmbedder;
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
    /// # let clock = FixedClock("2026-03-02T10:00:00Z".parse()?);
    /// # let memory = Memory::new(Arc::new(store), Arc::new(WordHashEmbedder::default()), Arc::new(clock));
    /// let ana = UserName::new("ana")?;
    /// let session = SessionName::new("0803dbe8-77f1")?;
    /// let mut turn = memory.new_turn(session.clone(), Role::User, "11,500 euros");
    /// turn.session_title = Some("Kitchen renovation".to_owned());
    /// memory.remember(&ana, &[turn])?;
    ///
    /// for words in ["0803dbe8-77f1", "0803", "kitchen renovation", "Kitchen"] {
    ///     assert_eq!(memory.find_session(&ana, words)?, session);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn find_session(&self, user: &UserName, words: &str) -> Result<SessionName, MemoryError> {
        // A session of this very name is found without reading all of them.
        if let Ok(name) = SessionName::new(words) {
            let mut scope = Scope::of(user.clone());
            scope.sessions.push(name.clone());
            match self.store.check_names(&scope) {
                Ok(()) => return Ok(name),
                Err(StoreError::UnknownSession { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let sessions = self.sessions(user)?;
        let asked = folded_title(words);
        let mut named = sessions_named(&sessions, &asked);
        if let [session] = named[..] {
            return Ok(session.session.clone());
        }
        let (user, asked_as) = (user.clone(), words.to_owned());
        if named.is_empty() {
            let near = near_sessions(&sessions, &asked);
            return Err(MemoryError::UnknownSession { user, asked: asked_as, near });
        }
        let count = named.len();
        named.truncate(MAX_CANDIDATES);
        let first = named.into_iter().cloned().collect();
        Err(MemoryError::AmbiguousSession { user, asked: asked_as, count, first })
    }
}

/// The name and the title of a session in one spelling.
fn spellings(session: &SessionSummary) -> impl Iterator<Item = String> {
    [Some(session.session.as_str()), session.title.as_deref()]
        .into_iter()
        .flatten()
        .map(folded_title)
}

/// The sessions whose name or title is the one asked for; without any, those where it begins so.
fn sessions_named<'a>(sessions: &'a [SessionSummary], asked: &str) -> Vec<&'a SessionSummary> {
    let those = |is_named: &dyn Fn(&str) -> bool| -> Vec<&'a SessionSummary> {
        sessions.iter().filter(|session| spellings(session).any(|name| is_named(&name))).collect()
    };
    let same = those(&|name| name == asked);
    if !same.is_empty() || asked.len() < LEAST_BEGINNING {
        return same;
    }
    those(&|name| name.starts_with(asked))
}

/// The sessions whose name or title holds what was asked for, or is written much like it.
fn near_sessions(sessions: &[SessionSummary], asked: &str) -> Vec<SessionSummary> {
    let likeness = |session: &SessionSummary| {
        let of = |name: String| {
            if !asked.is_empty() && name.contains(asked) { 1.0 } else { jaro_winkler(&name, asked) }
        };
        spellings(session).map(of).fold(0.0, f64::max)
    };
    let mut near: Vec<(f64, &SessionSummary)> = sessions
        .iter()
        .map(|session| (likeness(session), session))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .collect();
    // Stable: of two that are as near, the one with the newest turn comes first.
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(MAX_CANDIDATES).map(|(_, session)| session.clone()).collect()
}
