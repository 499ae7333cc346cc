//! The one type that every interface uses.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use longmem_core::{
    Clock, NewTurn, Role, Scope, SessionName, SourceKey, TextEmbedder, Turn, TurnId, UserName,
};
use longmem_search::Searcher;
use longmem_store::{ChangeMark, Inserted, KeyState, SessionSummary, Store, StoreError};
use longmem_transcripts::without_echoes;

use crate::safeguards::Checked;
use crate::storable::storable_turns;
use crate::{MemoryError, Safeguards};

/// The session of what is remembered outside any conversation.
pub const NOTES_SESSION: &str = "notes";

/// Number of turns that are read at a time from a session, which may be of any length.
const PAGE: usize = 1000;

/// A store with the model that embeds for it.
pub struct Memory {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) searcher: Searcher,
    pub(crate) embedder: Arc<dyn TextEmbedder>,
    clock: Arc<dyn Clock>,
    /// Held while instructions are compared with those that are known and noted, so that two threads
    /// with the same turn do not both note it.
    pub(crate) noting: Mutex<()>,
    pub(crate) safeguards: Arc<Safeguards>,
}

impl Memory {
    /// Joins a store and a model. Nothing is loaded yet.
    pub fn new(
        store: Arc<dyn Store>,
        embedder: Arc<dyn TextEmbedder>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            searcher: Searcher::default(),
            embedder,
            clock,
            noting: Mutex::new(()),
            safeguards: Arc::default(),
        }
    }

    /// The same memory, with these safeguards before everything that it stores from now on.
    #[must_use]
    pub fn with_safeguards(self, safeguards: Safeguards) -> Self {
        Self { safeguards: Arc::new(safeguards), ..self }
    }

    /// The model that embeds.
    pub fn embedder(&self) -> &dyn TextEmbedder {
        self.embedder.as_ref()
    }

    /// The present moment, from the clock that was given.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Makes a turn of a conversation that is said now; it becomes a note by [`NewTurn::note`]. Memory
    /// that longmem itself put into a prompt is no part of it: see [`own_words`].
    pub fn new_turn(&self, session: SessionName, role: Role, text: impl Into<String>) -> NewTurn {
        NewTurn {
            session,
            session_title: None,
            role,
            speaker: None,
            text: own_words(&text.into()).into_owned(),
            time: self.now(),
            note: false,
            source_key: None,
        }
    }

    /// Stores turns: when this returns they are on disk and found by their words. A turn whose
    /// source key the user already has is not stored again; one whose source key was forgotten is
    /// stored, unlike by [`Memory::import_turns`]. Memory that longmem itself put into a prompt, and
    /// that somebody pasted, is left out: memory does not feed on itself.
    ///
    /// # Errors
    /// [`MemoryError::EmptyText`] for a turn of nothing but white space and such memory;
    /// [`MemoryError::Refused`] and [`MemoryError::Moderator`] of the [`Safeguards`];
    /// [`MemoryError::Store`]. None of the turns was stored then.
    pub fn remember(
        &self,
        user: &UserName,
        turns: &[NewTurn],
    ) -> Result<Vec<Inserted>, MemoryError> {
        let turns = self.checked_for_storing(user, turns)?;
        self.insert(user, &turns)
    }

    /// Turns as they may be stored, or why one may not.
    pub(crate) fn checked_for_storing(
        &self,
        user: &UserName,
        turns: &[NewTurn],
    ) -> Result<Vec<NewTurn>, MemoryError> {
        let turns = said(turns);
        refuse_empty(&turns)?;
        Ok(self.checked_turns(user, &turns)?.into_owned())
    }

    /// Stores turns as [`Memory::remember`] does, whose texts [`Safeguards::checked`] gave: they are
    /// not judged again.
    ///
    /// # Errors
    /// Those of [`Memory::remember`].
    pub fn remember_checked(
        &self,
        user: &UserName,
        turns: &[NewTurn],
    ) -> Result<Vec<Inserted>, MemoryError> {
        let turns = said(turns);
        refuse_empty(&turns)?;
        self.insert(user, &self.redacted_turns(&turns))
    }

    pub(crate) fn insert(
        &self,
        user: &UserName,
        turns: &[NewTurn],
    ) -> Result<Vec<Inserted>, MemoryError> {
        let turns = &storable_turns(turns);
        let inserted = self.store.insert_turns(user, turns)?;
        self.count_in_turns(user, turns.iter().zip(inserted.iter().copied()));
        Ok(inserted)
    }

    /// Stores turns of another program's file as [`Memory::remember`] does, but for those that the
    /// user forgot before, by their source keys: these are left out, none in their place. With `again`
    /// they are stored too. What who moderates refuses is left out as well.
    ///
    /// # Errors
    /// Those of [`Memory::remember`], but for [`MemoryError::Refused`].
    pub fn import_turns(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
    ) -> Result<Vec<Option<Inserted>>, MemoryError> {
        let imported = self.import_checked(user, turns, again, &[])?;
        let stored = imported.into_iter().map(|outcome| match outcome {
            Imported::Stored(inserted) => Some(inserted),
            Imported::Forgotten | Imported::Refused => None,
        });
        Ok(stored.collect())
    }

    /// Imports turns as [`Memory::import_turns`] does, and says why each that is left out is. Values of
    /// the user are kept in the same transaction, unless who moderates refused one of the turns.
    pub(crate) fn import_checked(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
        values: &[(String, Vec<u8>)],
    ) -> Result<Vec<Imported>, MemoryError> {
        refuse_empty(turns)?;
        let turns = &storable_turns(turns);
        let checked = if self.safeguards.is_empty() {
            None
        } else {
            Some(self.checked_import(user, turns, again)?)
        };
        let Some(checked) = checked else {
            let imported = self.store.import_turns_keeping(user, turns, again, values)?;
            return Ok(imported.into_iter().map(Imported::of).collect());
        };
        let is_refused: Vec<bool> =
            checked.iter().map(|turn| matches!(turn, Checked::Refused)).collect();
        let turns: Vec<NewTurn> = checked
            .into_iter()
            .filter_map(|turn| match turn {
                Checked::Stored(turn) => Some(turn),
                Checked::Refused => None,
            })
            .collect();
        let values = if is_refused.contains(&true) { &[] } else { values };
        let imported = self.store.import_turns_keeping(user, &turns, again, values)?;
        let stored = turns.iter().zip(&imported);
        self.count_in_turns(user, stored.filter_map(|(turn, inserted)| Some((turn, (*inserted)?))));
        let mut imported = imported.into_iter();
        let outcomes = is_refused.into_iter().map(|is_refused| {
            if is_refused {
                Imported::Refused
            } else {
                Imported::of(imported.next().expect("a store says of each turn what became of it"))
            }
        });
        Ok(outcomes.collect())
    }

    /// Says of source keys of one user, in the order given, what an import would make of their turns.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn key_states(
        &self,
        user: &UserName,
        keys: &[SourceKey],
    ) -> Result<Vec<KeyState>, MemoryError> {
        let keys: Vec<SourceKey> = keys.iter().map(|key| self.safeguards.key(key)).collect();
        Ok(self.store.key_states(user, &keys)?)
    }

    /// Stores a turn as [`Memory::remember`] does, unless the last two turns of its session show
    /// that it is there already: `already` finds it among them, the newest last. Of two processes
    /// that do so at the same moment, only one stores it. With `learns`, the session may be learned
    /// from. Its text is what [`Safeguards::checked`] gave: it is not judged again.
    ///
    /// # Errors
    /// [`MemoryError::EmptyText`] for a turn of white space only; [`MemoryError::Store`].
    pub fn remember_unless(
        &self,
        user: &UserName,
        turn: &NewTurn,
        learns: bool,
        already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
    ) -> Result<Inserted, MemoryError> {
        let turn = &said(std::slice::from_ref(turn));
        refuse_empty(turn)?;
        let turn = self.redacted_turns(turn);
        let turn = &storable_turns(&turn)[0];
        let inserted = self.store.insert_unless(user, turn, learns, already)?;
        self.count_in_turns(user, [(turn, inserted)]);
        Ok(inserted)
    }

    /// Reads the last `limit` turns of a session, oldest first.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn recent(
        &self,
        user: &UserName,
        session: &SessionName,
        limit: usize,
    ) -> Result<Vec<Turn>, MemoryError> {
        Ok(self.store.recent_turns(user, session, limit)?)
    }

    /// Lists a user's sessions, the one with the newest turn first.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn sessions(&self, user: &UserName) -> Result<Vec<SessionSummary>, MemoryError> {
        self.store.check_names(&Scope::of(user.clone()))?;
        Ok(self.store.sessions(user)?)
    }

    /// Reads the source keys of the first and of the last turn of a session: they tell who stored it.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn outer_source_keys(
        &self,
        user: &UserName,
        session: &SessionName,
    ) -> Result<Vec<SourceKey>, MemoryError> {
        let mut scope = Scope::of(user.clone());
        scope.sessions.push(session.clone());
        let mut outer = self.store.turns_after(&scope, None, 1)?;
        if let Some(last) = self.store.recent_turns(user, session, 1)?.last() {
            outer.extend(self.store.turns_after(&scope, Some(TurnId(last.id.0 - 1)), 1)?);
        }
        Ok(outer.into_iter().map(|stored| stored.source_key).collect())
    }

    /// Reads turns of one user by number, in the order given; numbers that are not this user's
    /// are left out.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn turns(&self, user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>, MemoryError> {
        Ok(self.store.turns(user, ids)?)
    }

    /// Reads a turn of one user with up to `count` turns before it and after it in its session, in
    /// their order.
    ///
    /// # Errors
    /// [`StoreError::UnknownTurn`] as a [`MemoryError::Store`], also for a turn of another user;
    /// [`MemoryError::Store`] for a user that is not in the store.
    pub fn turns_around(
        &self,
        user: &UserName,
        id: TurnId,
        count: usize,
    ) -> Result<Vec<Turn>, MemoryError> {
        let Some(turn) = self.store.turns(user, &[id])?.pop() else {
            self.store.check_names(&Scope::of(user.clone()))?;
            return Err(StoreError::UnknownTurn { user: user.clone(), turn: id }.into());
        };
        if count == 0 {
            return Ok(vec![turn]);
        }
        let mut around = VecDeque::new();
        let mut after = None;
        loop {
            let page = self.store.session_turns(user, &turn.session, after, Some(PAGE))?;
            after = page.last().map(|turn| turn.id);
            around.extend(page.into_iter().take_while(|turn| turn.id < id));
            around.drain(..around.len().saturating_sub(count));
            if after.is_none_or(|after| after >= id) {
                break;
            }
        }
        let next = self.store.session_turns(user, &turn.session, Some(id), Some(count))?;
        around.push_back(turn);
        around.extend(next);
        Ok(around.into())
    }

    /// Reads up to `limit` turns in scope that were stored before one (none: from the newest), the newest
    /// first. The last turn of a page is where the next page goes on.
    ///
    /// # Errors
    /// [`MemoryError::Store`], also for a user or a session that is not in the store.
    pub fn newest_turns(
        &self,
        scope: &Scope,
        before: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<Turn>, MemoryError> {
        self.store.check_names(scope)?;
        Ok(self.store.newest_turns(scope, before, limit)?)
    }

    /// Reads by what it shows that a user's turns or facts changed, whichever process changed them: two
    /// marks that differ. It is cheap enough to be asked every second.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn change_mark(&self, user: &UserName) -> Result<ChangeMark, MemoryError> {
        Ok(self.store.change_mark(user)?)
    }

    /// Reads a session's turns after one (none: from the first), oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn session_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        limit: Option<usize>,
    ) -> Result<Vec<Turn>, MemoryError> {
        Ok(self.store.session_turns(user, session, after, limit)?)
    }
}

/// Turns without the memory that longmem itself put into a prompt.
fn said(turns: &[NewTurn]) -> Cow<'_, [NewTurn]> {
    if turns.iter().all(|turn| matches!(without_echoes(&turn.text), Cow::Borrowed(_))) {
        return Cow::Borrowed(turns);
    }
    let mut turns = turns.to_vec();
    for turn in &mut turns {
        turn.text = own_words(&turn.text).into_owned();
    }
    Cow::Owned(turns)
}

/// What somebody said themselves: a text without the memory that longmem itself put into a prompt
/// ([recalled turns, known facts and summaries](longmem_core::OWN_BLOCK_TAGS)), without what clients put
/// around it when a hook added it, and without the white space that was around that.
pub fn own_words(text: &str) -> Cow<'_, str> {
    match without_echoes(text) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(rest) => Cow::Owned(rest.trim().to_owned()),
    }
}

/// What became of a turn that was imported.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Imported {
    /// It is stored, or was there already.
    Stored(Inserted),
    /// The user forgot it before.
    Forgotten,
    /// Who moderates refused it.
    Refused,
}

impl Imported {
    fn of(stored: Option<Inserted>) -> Self {
        stored.map_or(Self::Forgotten, Self::Stored)
    }
}

fn refuse_empty(turns: &[NewTurn]) -> Result<(), MemoryError> {
    if turns.iter().any(|turn| turn.text.trim().is_empty()) {
        return Err(MemoryError::EmptyText);
    }
    Ok(())
}
