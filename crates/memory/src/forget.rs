//! Deletes for good, after showing what would go.

use std::collections::{BTreeMap, BTreeSet};

use longmem_core::{Fact, FactId, Scope, SessionName, Summary, Timestamp, Turn, TurnId, UserName};
use longmem_store::{Derived, FactsAt, ForgetTarget, Forgotten, StoreError};

use crate::{Memory, MemoryError, forget_token};

/// What would be deleted, and what would hold again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForgetPreview {
    /// Number of turns.
    pub turns: u64,
    /// The first of them, oldest first.
    pub first: Vec<Turn>,
    /// The time of the newest of them; none if there is none.
    pub newest: Option<Timestamp>,
    /// The sessions that have no other turns.
    pub sessions: Vec<SessionName>,
    /// The facts that were learned from them, as [`Memory::facts`] orders them.
    pub facts: Vec<Fact>,
    /// The facts that these had replaced, and that hold again without them.
    pub hold_again: Vec<Fact>,
    /// The summaries that cover one of them.
    pub summaries: Vec<Summary>,
    /// By what [`Memory::forget_previewed`] knows for five minutes that the same would be deleted.
    pub token: String,
}

impl ForgetPreview {
    /// Counts what was made of the turns.
    pub fn derived(&self) -> Derived {
        Derived { facts: self.facts.len() as u64, summaries: self.summaries.len() as u64 }
    }

    /// Whether there is nothing to delete.
    pub fn is_empty(&self) -> bool {
        self.turns == 0 && self.facts.is_empty() && self.summaries.is_empty()
    }
}

impl Memory {
    /// Shows what [`Memory::forget`] would delete, with the first `shown` of the turns.
    ///
    /// # Errors
    /// Those of [`Memory::forget`].
    pub fn preview_forget(
        &self,
        target: &ForgetTarget,
        shown: usize,
    ) -> Result<ForgetPreview, MemoryError> {
        self.refuse_unclear(target)?;
        let doomed = self.store.preview_forget(target, shown)?;
        let user = target.user();
        let all = if doomed.facts.is_empty() {
            Vec::new()
        } else {
            self.store.facts(user, FactsAt::Ever)?
        };
        let token = forget_token::new(doomed.fingerprint, self.now());
        let hold_again = holding_without(&all, &doomed.facts);
        let goes = |fact: &Fact| doomed.facts.contains(&fact.id);
        let mut summaries = Vec::new();
        if !doomed.summaries.is_empty() {
            summaries = self.store.summaries(user)?;
            summaries.retain(|summary| doomed.summaries.contains(&summary.id));
        }
        Ok(ForgetPreview {
            turns: doomed.turns,
            first: doomed.first,
            newest: doomed.newest,
            sessions: doomed.sessions,
            facts: all.into_iter().filter(goes).collect(),
            hold_again,
            summaries,
            token,
        })
    }

    /// Deletes turns for good: text, words, vectors, what was made of them, and their bytes on disk. An
    /// import of the file that they came from leaves them out from then on: a salted hash of each
    /// source key is kept, which holds nothing of what was said.
    ///
    /// # Errors
    /// [`MemoryError::ForgetsEverything`] for a scope without any filter: to forget everything of a
    /// user is asked for by [`ForgetTarget::User`]. [`MemoryError::Store`], also for a user, a session
    /// or a turn that is not in the store. Then nothing was deleted.
    pub fn forget(&self, target: &ForgetTarget) -> Result<Forgotten, MemoryError> {
        self.refuse_unclear(target)?;
        let forgotten = self.store.forget(target)?;
        self.searcher.drop_user(target.user());
        Ok(forgotten)
    }

    /// Deletes as [`Memory::forget`] does what [`Memory::preview_forget`] showed with this token, and
    /// nothing else. Turns that are stored meanwhile and are not among what goes do not matter. The token
    /// holds for five minutes, for all processes that have the store open.
    ///
    /// # Errors
    /// [`MemoryError::ChangedMeanwhile`] if something else would be deleted now, if the token is of
    /// another target, older than five minutes, or none; and those of [`Memory::forget`]. Then nothing
    /// was deleted.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use longmem_core::{FixedClock, Role, SessionName, UserName};
    /// # use longmem_memory::{ForgetTarget, Memory, MemoryError};
    /// # use longmem_sqlite::{IfMissing, SqliteStore};
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
    /// # let embedder = Arc::new(longmem_test_support::WordHashEmbedder::default());
    /// # let clock = Arc::new(FixedClock("2026-03-02T10:00:00Z".parse()?));
    /// # let memory = Memory::new(Arc::new(store), embedder, clock);
    /// let ana = UserName::new("ana")?;
    /// let said = |text| memory.new_turn(SessionName::new("talk").unwrap(), Role::User, text);
    /// memory.remember(&ana, &[said("I moved to Lisbon.")])?;
    /// let target = ForgetTarget::User(ana.clone());
    /// let shown = memory.preview_forget(&target, 10)?;
    /// memory.remember(&ana, &[said("And I like it.")])?;
    /// let refused = memory.forget_previewed(&target, &shown.token);
    /// assert!(matches!(refused, Err(MemoryError::ChangedMeanwhile)));
    /// let shown = memory.preview_forget(&target, 10)?;
    /// assert_eq!(memory.forget_previewed(&target, &shown.token)?.turns, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forget_previewed(
        &self,
        target: &ForgetTarget,
        token: &str,
    ) -> Result<Forgotten, MemoryError> {
        self.refuse_unclear(target)?;
        let present = self.store.preview_forget(target, 0)?.fingerprint;
        if !forget_token::holds(token, present, self.now()) {
            return Err(MemoryError::ChangedMeanwhile);
        }
        // The store compares once more, in the transaction that deletes.
        let forgotten = self.store.forget_shown(target, present)?;
        let forgotten = forgotten.ok_or(MemoryError::ChangedMeanwhile)?;
        self.searcher.drop_user(target.user());
        Ok(forgotten)
    }

    /// A filter that was left out by mistake must not delete everything, and a number that was mistyped
    /// must not look as if its turn were gone.
    fn refuse_unclear(&self, target: &ForgetTarget) -> Result<(), MemoryError> {
        match target {
            ForgetTarget::Scope(scope) if scope.is_whole_user() => {
                Err(MemoryError::ForgetsEverything)
            }
            ForgetTarget::Turns(scope, turns) => {
                self.store.check_names(scope)?;
                self.check_turns(&scope.user, turns)
            }
            _ => Ok(()),
        }
    }

    /// Fails for a turn that the user does not have.
    ///
    /// # Errors
    /// [`StoreError::UnknownTurn`] for the first of them, in [`MemoryError::Store`].
    pub fn check_turns(&self, user: &UserName, turns: &[TurnId]) -> Result<(), MemoryError> {
        let known: BTreeSet<TurnId> =
            self.store.turns(user, turns)?.into_iter().map(|turn| turn.id).collect();
        match turns.iter().find(|id| !known.contains(id)) {
            None => Ok(()),
            Some(turn) => Err(StoreError::UnknownTurn { user: user.clone(), turn: *turn }.into()),
        }
    }
}

/// The facts that hold if those are gone, and did not before: all facts of a user are given.
fn holding_without(all: &[Fact], gone: &[FactId]) -> Vec<Fact> {
    let next: BTreeMap<FactId, Option<FactId>> =
        all.iter().map(|fact| (fact.id, fact.superseded_by)).collect();
    let holds_again = |fact: &&Fact| {
        let mut later = fact.superseded_by;
        while let Some(id) = later.filter(|id| gone.contains(id)) {
            later = next.get(&id).copied().flatten();
        }
        fact.superseded_by.is_some() && later.is_none() && !gone.contains(&fact.id)
    };
    // Of several in a line, only the last one holds: the others are replaced by one that stays.
    all.iter().filter(holds_again).cloned().collect()
}

/// What is to be forgotten: single turns of a scope if some are named; everything of its user if
/// that is asked for and the scope has no filter; otherwise all turns in scope.
pub fn forget_target(scope: Scope, turns: Vec<TurnId>, everything: bool) -> ForgetTarget {
    if !turns.is_empty() {
        ForgetTarget::Turns(scope, turns)
    } else if everything && scope.is_whole_user() {
        ForgetTarget::User(scope.user)
    } else {
        ForgetTarget::Scope(scope)
    }
}
