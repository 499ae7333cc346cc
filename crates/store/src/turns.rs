//! Turns: stored, read back, forgotten.

use std::borrow::Cow;

use jiff::Timestamp;
use longmem_core::{
    EmbeddingModel, Fact, FactId, NewTurn, Role, Scope, SessionName, SourceKey, SummaryId, Turn,
    TurnId, UserName,
};
use longmem_search::Epoch;

use crate::{ForgetFingerprint, Result};

/// What a store does with turns.
pub trait Turns: Send + Sync {
    /// Stores turns of one user: when this returns they are durable, found by words, and queued for
    /// vectors. A turn whose source key the user already has is left as it is, but for the title of
    /// its session; one whose source key was forgotten is stored, since it is asked for by name. What tools print gets no vectors: there is much of it, and it is asked for by its
    /// words.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then none of the turns was stored.
    fn insert_turns(&self, user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>>;

    /// Stores turns as [`Turns::insert_turns`] does, but for those whose source key belongs to a turn
    /// that the user forgot: these are left out (none in their place), and of such turns alone no user
    /// and no session is made. With `again` they are stored, and are no longer known as forgotten.
    ///
    /// What a model or a tool said may have been imported before it was whole: a turn that
    /// [has grown](has_grown) takes the place of the one with its source key, and is new, unless that was
    /// [amended](crate::Changes::amend_turn).
    ///
    /// A turn of a session that was [renamed](crate::Changes::rename_session), or whose turns were all
    /// [moved](crate::Changes::move_turns), is stored where that one is now, and a title that was
    /// [set](crate::Changes::set_session_title) stays.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then none of the turns was stored.
    fn import_turns(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
    ) -> Result<Vec<Option<Inserted>>> {
        self.import_turns_keeping(user, turns, again, &[])
    }

    /// Imports turns as [`Turns::import_turns`] does, and keeps values of the user in the same
    /// transaction, as [`KeptValues::keep_values`](crate::KeptValues::keep_values) does: how far a file
    /// was read is kept with what was read of it, or neither is. If the user is not in the store and no
    /// turn is stored, no value is kept either.
    ///
    /// # Errors
    /// Those of [`Turns::import_turns`]; then no value was kept either.
    fn import_turns_keeping(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
        values: &[(String, Vec<u8>)],
    ) -> Result<Vec<Option<Inserted>>>;

    /// Gives turns other source keys, each by the key that it has and the one that it gets: a later
    /// version of longmem, or another record of the same words, names a turn differently. What was
    /// forgotten by the first key is then forgotten by the second. A turn whose new key another turn
    /// of the user has keeps its own; a key that no turn has is passed over.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then no key was changed.
    fn rename_source_keys(&self, user: &UserName, renamed: &[(SourceKey, SourceKey)])
    -> Result<()>;

    /// Says of source keys of one user, in the order given, what an import would make of their turns.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn key_states(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<KeyState>>;

    /// Stores a turn, unless the last two turns of its session show that it is there already:
    /// `already` finds it among them, the newest last, and may be called again if the write is
    /// repeated. Looking and storing are one transaction, so that of two processes with the same turn
    /// only one stores it. With `learns`, the same transaction lets the session be learned from, as
    /// [`Learning::learn_from`](crate::Learning::learn_from) does.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then it was not stored.
    fn insert_unless(
        &self,
        user: &UserName,
        turn: &NewTurn,
        learns: bool,
        already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
    ) -> Result<Inserted>;

    /// Reads turns of one user by number, in the order given; numbers that are not this user's are
    /// left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn turns(&self, user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>>;

    /// Finds turns of one user by their source keys, in the order given; none for a key that no turn
    /// has.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn turns_with_keys(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<Option<TurnId>>>;

    /// Reads the last `limit` turns of a session, oldest first; none if there is no such session.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn recent_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        limit: usize,
    ) -> Result<Vec<Turn>>;

    /// Reads a session's turns after one (none: from the first), oldest first; at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn session_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        limit: Option<usize>,
    ) -> Result<Vec<Turn>>;

    /// Reads up to `limit` turns in scope whose number is above `after`, in the order of numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn turns_after(
        &self,
        scope: &Scope,
        after: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<StoredTurn>>;

    /// Reads up to `limit` turns in scope whose number is below `before` (none: from the newest), the
    /// newest first: a page of a list that goes back in the order of storing. A session that is not there
    /// has none.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn newest_turns(
        &self,
        scope: &Scope,
        before: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<Turn>>;

    /// Reads what a recall has to know of a user before it reads the question.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn overview(&self, user: &UserName) -> Result<UserOverview>;

    /// Lists a user's sessions, the one with the newest turn first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn sessions(&self, user: &UserName) -> Result<Vec<SessionSummary>>;

    /// Fails for a user or a session that is not in the store.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`](crate::StoreError::UnknownUser) or
    /// [`StoreError::UnknownSession`](crate::StoreError::UnknownSession).
    fn check_names(&self, scope: &Scope) -> Result<()>;

    /// The user's epoch, by which whoever holds turns can tell whether all of them are still there;
    /// 0 for a user who is not in the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn epoch(&self, user: &UserName) -> Result<Epoch>;

    /// Reads by what it shows that something of a user changed since it was read before, whoever
    /// changed it. It is cheap, however much the user has.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn change_mark(&self, user: &UserName) -> Result<ChangeMark>;

    /// Shows what [`Turns::forget`] would delete, with the first `shown` turns, oldest first.
    ///
    /// # Errors
    /// Those of [`Turns::check_names`].
    fn preview_forget(&self, target: &ForgetTarget, shown: usize) -> Result<WouldForget>;

    /// Deletes turns with their words, vectors, facts and summaries, sessions and the user with them
    /// if nothing else is left of these, and their bytes as far as the store can. Of each turn only a
    /// [`ForgottenKey`](crate::ForgottenKey) is kept, by which [`Turns::import_turns`] knows it again.
    /// All values of the user whose names begin with [`IMPORT_MARKS`](crate::IMPORT_MARKS) go too.
    ///
    /// # Errors
    /// Those of [`Turns::check_names`]; then nothing was deleted.
    fn forget(&self, target: &ForgetTarget) -> Result<Forgotten>;

    /// Deletes as [`Turns::forget`] does, if that would delete what [`Turns::preview_forget`] showed
    /// with this fingerprint; none if something else would go, and then nothing was deleted. Comparing
    /// and deleting are one transaction.
    ///
    /// # Errors
    /// Those of [`Turns::forget`].
    fn forget_shown(
        &self,
        target: &ForgetTarget,
        shown: ForgetFingerprint,
    ) -> Result<Option<Forgotten>>;
}

/// What became of a turn that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inserted {
    /// Its number, also if it was there before.
    pub id: TurnId,
    /// False if the user already had a turn with this source key.
    pub new: bool,
}

/// What an import would make of a turn, by its source key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It would be stored.
    New,
    /// The user has it.
    Known,
    /// The user forgot it, so it would be left out.
    Forgotten,
}

/// Whether a turn that is imported is one that is stored, with more to it: what a model or a tool
/// said, which goes on where the stored text ends. What a person said does not grow.
pub fn has_grown(stored: &str, imported: &NewTurn) -> bool {
    let stored = stored.trim_end();
    imported.role != Role::User
        && imported.text.starts_with(stored)
        && imported.text.trim_end().len() > stored.len()
}

/// A turn with what only an export needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTurn {
    /// The turn.
    pub turn: Turn,
    /// Its name in its source; importing it again adds nothing.
    pub source_key: SourceKey,
}

/// What a recall has to know of a user before it reads the question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserOverview {
    /// The names of everybody who speaks in the user's turns, sorted.
    pub speakers: Vec<String>,
    /// Number of turns that wait for vectors.
    pub waiting: u64,
    /// The facts that hold, as [`Facts::facts`](crate::Facts::facts) orders them.
    pub facts: Vec<Fact>,
    /// The models that have vectors in the store: the one that serves, and then the one that is to
    /// replace it, if there is one.
    pub models: Vec<EmbeddingModel>,
}

/// One conversation at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its name, unique among the user's.
    pub session: SessionName,
    /// Its title, if the source had one.
    pub title: Option<String>,
    /// Number of its turns.
    pub turns: u64,
    /// The time of its first turn.
    pub start: Timestamp,
    /// The time of its last turn.
    pub end: Timestamp,
}

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgetTarget {
    /// Single turns of the scope's user, as far as they are in scope.
    Turns(Scope, Vec<TurnId>),
    /// All turns in scope.
    Scope(Scope),
    /// Everything of a user.
    User(UserName),
}

impl ForgetTarget {
    /// Whose turns are forgotten, and which of them may be.
    pub fn scope(&self) -> Cow<'_, Scope> {
        match self {
            Self::Turns(scope, _) | Self::Scope(scope) => Cow::Borrowed(scope),
            Self::User(user) => Cow::Owned(Scope::of(user.clone())),
        }
    }

    /// Whose turns are forgotten.
    pub fn user(&self) -> &UserName {
        match self {
            Self::Turns(scope, _) | Self::Scope(scope) => &scope.user,
            Self::User(user) => user,
        }
    }

    /// Says whether everything of the user goes.
    pub fn is_whole_user(&self) -> bool {
        match self {
            Self::Turns(..) => false,
            Self::Scope(scope) => scope.is_whole_user(),
            Self::User(_) => true,
        }
    }
}

/// By what it shows that something of a user changed: two marks that differ. A corrected fact and a new
/// title do not show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeMark {
    /// The user's epoch, which changes when turns are deleted or changed.
    pub epoch: Epoch,
    /// The newest turn; none if there was none yet.
    pub last_turn: Option<TurnId>,
    /// Number of facts, those that were replaced included.
    pub facts: u64,
    /// The newest of these facts; none if there is none.
    pub last_fact: Option<FactId>,
}

/// What would be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WouldForget {
    /// Number of turns.
    pub turns: u64,
    /// The first of them, oldest first.
    pub first: Vec<Turn>,
    /// The time of the newest of them; none if there is none.
    pub newest: Option<Timestamp>,
    /// The sessions that have no other turns, in the order of their names.
    pub sessions: Vec<SessionName>,
    /// The facts that were learned from them, in the order of their numbers; with the whole user, those
    /// added by hand too.
    pub facts: Vec<FactId>,
    /// The summaries that cover one of them, in the order of their numbers.
    pub summaries: Vec<SummaryId>,
    /// By what [`Turns::forget_shown`] knows that the same would be deleted.
    pub fingerprint: ForgetFingerprint,
}

impl WouldForget {
    /// Counts what was made of the turns.
    pub fn derived(&self) -> Derived {
        Derived { facts: self.facts.len() as u64, summaries: self.summaries.len() as u64 }
    }
}

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// Number of turns, which had their words and vectors.
    pub turns: u64,
    /// Number of sessions that had no other turns.
    pub sessions: u64,
    /// What was made of the turns.
    pub derived: Derived,
    /// Whether the user had nothing else and is gone too.
    pub user: bool,
    /// When the deleted bytes leave the medium.
    pub erasure: Erasure,
}

/// When deleted bytes leave the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// They are gone.
    Done,
    /// Another process is reading an older state. They are gone when it has finished and something
    /// else is forgotten, or the last process closes the store.
    WhenReadersFinish,
    /// The disk did not take the change in the place where they were, as when it is full. They are gone
    /// when it does and something else is forgotten, or the last process closes the store.
    WhenDiskTakesIt,
    /// Nothing that a store answers holds them, but a database server's files, its write-ahead log,
    /// standbys and backups may, until they are overwritten. On PostgreSQL, `VACUUM (FULL)` rewrites the
    /// files; what holds them beyond those ages out with the logs and backups.
    LeftToServer,
}

impl Erasure {
    /// Whether the bytes are gone from the medium.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done)
    }
}

/// What goes with the turns that are forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Derived {
    /// Number of facts that were learned from them; with the whole user, those added by hand too.
    pub facts: u64,
    /// Number of summaries that cover one of them.
    pub summaries: u64,
}
