//! Corrects what was said, and puts sessions in order.

use longmem_core::{Scope, SessionName, TurnId, UserName};
use longmem_store::{Amended, Moved};

use crate::storable::storable_text;
use crate::{Memory, MemoryError, Statement, StatementKind, short_line};

/// Characters of the longest title that a person can give to a session.
const MAX_TITLE_CHARACTERS: usize = 300;

impl Memory {
    /// Puts other words into the place of a turn's text, for good: the old text, its words and vectors,
    /// and the facts and summaries made of it are deleted as [`Memory::forget`] deletes them.
    /// [`Memory::preview_forget`] of the turn shows which these are. Its number, session, role, time
    /// and source key stay, and an import of its file leaves it as it is.
    ///
    /// # Errors
    /// [`MemoryError::EmptyText`] for a text of white space only; [`MemoryError::Refused`] and
    /// [`MemoryError::Moderator`] of the safeguards; [`MemoryError::Store`], also for a
    /// user or a turn that is not in the store. Then nothing was changed.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use longmem_core::{FixedClock, Role, SessionName, UserName};
    /// # use longmem_memory::Memory;
    /// # use longmem_sqlite::{IfMissing, SqliteStore};
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
    /// # let embedder = Arc::new(longmem_test_support::WordHashEmbedder::default());
    /// # let clock = Arc::new(FixedClock("2026-03-02T10:00:00Z".parse()?));
    /// # let memory = Memory::new(Arc::new(store), embedder, clock);
    /// let ana = UserName::new("ana")?;
    /// let said = memory.new_turn(SessionName::new("talk")?, Role::User, "I moved to Libson.");
    /// let turn = memory.remember(&ana, &[said])?[0].id;
    /// memory.amend_turn(&ana, turn, "I moved to Lisbon.")?;
    /// assert_eq!(memory.turns(&ana, &[turn])?[0].text, "I moved to Lisbon.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn amend_turn(
        &self,
        user: &UserName,
        turn: TurnId,
        text: &str,
    ) -> Result<Amended, MemoryError> {
        if text.trim().is_empty() {
            return Err(MemoryError::EmptyText);
        }
        let text = &storable_text(text);
        let session = self.store.turns(user, &[turn])?.pop();
        let mut statement = Statement::note(user, text);
        if let Some(stored) = &session {
            (statement.session, statement.role) = (Some(&stored.session), stored.role);
        }
        let text = self.safeguards.checked(&statement)?;
        let amended = self.store.amend_turn(user, turn, &text)?;
        self.count_redactions(user, [text.as_str()]);
        self.searcher.drop_user(user);
        Ok(amended)
    }

    /// Gives a session another title, which later imports leave as it is. Returns the title without the
    /// white space around it.
    ///
    /// # Errors
    /// [`MemoryError::Line`] for a title that is not one line of at most 300 characters;
    /// [`MemoryError::Store`], also for a user or a session that is not in the store.
    pub fn set_session_title(
        &self,
        user: &UserName,
        session: &SessionName,
        title: &str,
    ) -> Result<String, MemoryError> {
        let title = short_line("title", title, MAX_TITLE_CHARACTERS)?;
        let statement = Statement {
            kind: StatementKind::Title,
            session: Some(session),
            ..Statement::note(user, &title)
        };
        let title = self.safeguards.checked(&statement)?;
        let title = short_line("title", &title, MAX_TITLE_CHARACTERS)?;
        self.store.set_session_title(user, session, Some(&title))?;
        Ok(title)
    }

    /// Gives a session another name. Later imports of its file add to it under the new name.
    ///
    /// # Errors
    /// [`MemoryError::Store`], also for a user or a session that is not in the store, and for a name
    /// that another session of the user has.
    pub fn rename_session(
        &self,
        user: &UserName,
        session: &SessionName,
        name: &SessionName,
    ) -> Result<(), MemoryError> {
        Ok(self.store.rename_session(user, session, name)?)
    }

    /// Moves turns into a session, which is made if there is none of that name. Numbers and times stay;
    /// summaries that cover a moved turn are deleted.
    ///
    /// # Errors
    /// [`MemoryError::Store`], also for a user or a turn that is not in the store. Then nothing was
    /// moved.
    pub fn move_turns(
        &self,
        user: &UserName,
        turns: &[TurnId],
        into: &SessionName,
    ) -> Result<Moved, MemoryError> {
        let moved = self.store.move_turns(user, turns, into)?;
        self.searcher.drop_user(user);
        Ok(moved)
    }

    /// Moves all turns of one session into another, as [`Memory::move_turns`] does. The first is gone
    /// then, and later imports of its file add to the other.
    ///
    /// # Errors
    /// Those of [`Memory::move_turns`], and [`MemoryError::Store`] for a session that is not in the
    /// store.
    pub fn move_session(
        &self,
        user: &UserName,
        from: &SessionName,
        into: &SessionName,
    ) -> Result<Moved, MemoryError> {
        let mut scope = Scope::of(user.clone());
        scope.sessions = vec![from.clone(), into.clone()];
        self.store.check_names(&scope)?;
        let turns = self.store.session_turns(user, from, None, None)?;
        let turns: Vec<TurnId> = turns.into_iter().map(|turn| turn.id).collect();
        self.move_turns(user, &turns, into)
    }
}
