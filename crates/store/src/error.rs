//! What can go wrong with a store.

use std::error::Error;

use longmem_core::{
    Diagnose, ErrorCode, FactId, Fault, InvalidEmbedding, Remedy, SessionName, TurnId, UserName,
};
use longmem_search::DamagedVector;
use thiserror::Error;

/// Why a store could not do what was asked; nothing was changed.
///
/// A `place` is where the store is, as a person would name it: "memory.db". It holds no password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store, and the caller did not ask to make one.
    #[error("there is no memory at {0}")]
    Missing(String),
    /// There is a file without content, and the caller did not ask to make a store of it.
    #[error("there is no memory in {0}: the file is empty")]
    Empty(String),
    /// A write-ahead log is there without the store that it belongs to.
    #[error("{place} is missing or empty, but {log}, which belongs to it, may hold turns")]
    LogAlone {
        /// Where the store should be.
        place: String,
        /// The log.
        log: String,
    },
    /// The file has several names, and two processes that use different ones overwrite each other's
    /// turns.
    #[error(
        "{place} is one of {names} names of the same file (hard links), through which turns get lost"
    )]
    SeveralNames {
        /// The name that was given.
        place: String,
        /// Number of names.
        names: u64,
    },
    /// What is there is something else.
    #[error("{place} is not a longmem store: {found}")]
    NotAStore {
        /// Where it is.
        place: String,
        /// What it seems to be.
        found: String,
    },
    /// It is encrypted, as far as that can be told, and no key was given.
    #[error("{0} is encrypted, or no longmem store: it cannot be read without a key")]
    KeyNeeded(String),
    /// It cannot be read with the key that was given. A wrong key, a damaged beginning and a file of
    /// something else cannot be told apart.
    #[error(
        "{0} cannot be read with this key: it was encrypted with another one, its beginning is \
         damaged, or it is no longmem store"
    )]
    WrongKey(String),
    /// A key was given, and it is not encrypted.
    #[error("{0} is not encrypted, and a key was given")]
    NotEncrypted(String),
    /// A key was given, and the program was built without encryption.
    #[error(
        "{0} cannot be opened with a key: this program was built without encryption (the cargo \
         feature \"encryption\")"
    )]
    NoEncryption(String),
    /// A newer longmem wrote it.
    #[error(
        "{place} was written by a newer longmem: its format is {found}, this one knows up to {known}"
    )]
    TooNew {
        /// Where it is.
        place: String,
        /// The format's number in the store.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// An older longmem made it, and the caller did not ask to bring it up to date.
    #[error(
        "{place} was made by an older longmem: its format is {found}, this one needs {known}, and \
         others may be using it"
    )]
    TooOld {
        /// Where it is.
        place: String,
        /// The format's number in the store.
        found: u32,
        /// The format that this program needs.
        known: u32,
    },
    /// This account may not read the store.
    #[error("{place} cannot be read: {reason}")]
    Unreadable {
        /// Where it is.
        place: String,
        /// What the system says.
        reason: String,
    },
    /// This account may not write the store, and what was written last cannot be read without that.
    #[error("{place} cannot be read without being written: {log} holds what was written last")]
    LogUnreadable {
        /// Where it is.
        place: String,
        /// The write-ahead log.
        log: String,
    },
    /// Another account wrote a store that this one may only read, while it was read.
    #[error("{0} was written by another process while it was read")]
    ChangedMeanwhile(String),
    /// The store cannot be written.
    #[error("{place} cannot be written: {reason}")]
    ReadOnly {
        /// Where it is.
        place: String,
        /// What the system says.
        reason: String,
    },
    /// The disk is full.
    #[error("the disk that holds {0} is full")]
    DiskFull(String),
    /// The system failed to read or write the store.
    #[error("{place} cannot be read or written: {reason}")]
    InputOutput {
        /// Where it is.
        place: String,
        /// What the system says.
        reason: String,
    },
    /// The store's content is not what was written.
    #[error("{place} is damaged: {reason}")]
    Damaged {
        /// Where it is.
        place: String,
        /// What was found.
        reason: String,
    },
    /// Others kept the store locked for too long.
    #[error("{place} is locked by another process for more than {seconds} seconds")]
    Locked {
        /// Where it is.
        place: String,
        /// Seconds that it was waited for.
        seconds: u64,
    },
    /// The server that keeps the store cannot be reached, or does not let this program in.
    #[error("{place} cannot be reached: {reason}")]
    Unreachable {
        /// Where the store is.
        place: String,
        /// What the server or the system says.
        reason: String,
    },
    /// The server was lost while a change was being made durable, and does not say whether it was.
    #[error("{0} was lost during a change, and it is not known whether the change was made")]
    OutcomeUnknown(String),
    /// The address of a store on a server cannot be read.
    #[error("{place} is no address of a store: {reason}")]
    InvalidAddress {
        /// The address without what may be secret.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Users are divided among several stores, and this one does not keep this user.
    #[error("{0} does not keep the memory of this user: another server of its ring does")]
    NotHere(String),
    /// Users are divided among several stores by a list that has another generation by now.
    #[error(
        "{place} belongs to generation {stored} of its ring, and this process knows generation \
         {given}: every process that uses the ring needs its newest list of servers"
    )]
    RingChanged {
        /// Where the store is.
        place: String,
        /// The generation that the store was told last; 0 if it belongs to no ring.
        stored: i64,
        /// The generation that this process knows.
        given: i64,
    },
    /// A store cannot be the one that a list of servers says it is.
    #[error("{place} does not fit the ring: {reason}")]
    RingMismatch {
        /// Where the store is.
        place: String,
        /// What is wrong: a full clause.
        reason: String,
    },
    /// A list of servers that keep a store together is not as it should be, or contradicts what they know.
    #[error("{place} cannot be used: {reason}")]
    InvalidRing {
        /// Which list.
        place: String,
        /// What is wrong, and what to do about it.
        reason: String,
    },
    /// A user that has no memory here.
    #[error("there is no user \"{0}\" in this store")]
    UnknownUser(UserName),
    /// A session that the user does not have.
    #[error("user \"{user}\" has no session \"{session}\"")]
    UnknownSession {
        /// Whose sessions were searched.
        user: UserName,
        /// What was asked for.
        session: SessionName,
    },
    /// A turn that the user does not have.
    #[error("user \"{user}\" has no turn {turn}")]
    UnknownTurn {
        /// Whose turns were searched.
        user: UserName,
        /// What was asked for.
        turn: TurnId,
    },
    /// The user has a session of this name already.
    #[error("user \"{user}\" has a session \"{session}\" already")]
    SessionExists {
        /// Whose sessions were searched.
        user: UserName,
        /// The name.
        session: SessionName,
    },
    /// A user who was to be taken in is there already, and holds something else.
    #[error("{place} has a user \"{user}\" already, who is not the same")]
    UserExists {
        /// Where the store is.
        place: String,
        /// The user.
        user: UserName,
    },
    /// A fact that the user does not have.
    #[error("user \"{user}\" has no fact {fact}")]
    UnknownFact {
        /// Whose facts were searched.
        user: UserName,
        /// What was asked for.
        fact: FactId,
    },
    /// The vectors here were made by another model.
    #[error("the vectors of {place} were made by {stored}, not by {given}")]
    OtherModel {
        /// Where the store is.
        place: String,
        /// The model that serves in the store, with its revision.
        stored: String,
        /// The model that was given, with its revision.
        given: String,
    },
    /// A stored vector is damaged.
    #[error(transparent)]
    DamagedVector(#[from] DamagedVector),
    /// The stored vector of a fact is damaged.
    #[error("the vector of fact {fact} is damaged: {reason}")]
    DamagedFactVector {
        /// The fact.
        fact: FactId,
        /// What is wrong with its vector.
        reason: InvalidEmbedding,
    },
    /// A file beside the store could not be made or read.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The caller stopped it.
    #[error("it was stopped before it was done; nothing of it was kept")]
    Stopped,
    /// This kind of store cannot do it.
    #[error("{place} cannot {what}: {instead}")]
    Unsupported {
        /// Where the store is.
        place: String,
        /// What was asked for: "be copied".
        what: &'static str,
        /// What does it instead: a full sentence.
        instead: String,
    },
    /// The database below failed in a way that has no name of its own here.
    #[error("the store {place} failed: {source}")]
    Backend {
        /// Where the store is.
        place: String,
        /// The database's error.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Says whether the store cannot be used now, through no fault of what was asked, and may be
    /// later: it is locked, full, gone, cannot be written or is damaged.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Missing(_)
                | Self::Empty(_)
                | Self::LogAlone { .. }
                | Self::Unreadable { .. }
                | Self::LogUnreadable { .. }
                | Self::ChangedMeanwhile(_)
                | Self::ReadOnly { .. }
                | Self::DiskFull(_)
                | Self::InputOutput { .. }
                | Self::Damaged { .. }
                | Self::Locked { .. }
                | Self::Unreachable { .. }
                | Self::OutcomeUnknown(_)
                | Self::NotHere(_)
                | Self::RingChanged { .. }
                | Self::File(_)
        )
    }
}

impl Diagnose for StoreError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Missing(_) | Self::Empty(_) => ErrorCode::NoStore,
            Self::NotAStore { .. } => ErrorCode::NotAStore,
            Self::SeveralNames { .. } => ErrorCode::SeveralNames,
            Self::Unreadable { .. } | Self::LogUnreadable { .. } => ErrorCode::NotReadable,
            Self::KeyNeeded(_) => ErrorCode::KeyNeeded,
            Self::WrongKey(_) => ErrorCode::WrongKey,
            Self::NotEncrypted(_) => ErrorCode::NotEncrypted,
            Self::TooNew { .. } => ErrorCode::NewerStore,
            Self::TooOld { .. } => ErrorCode::OlderStore,
            Self::ReadOnly { .. } => ErrorCode::NotWritable,
            Self::DiskFull(_) => ErrorCode::DiskFull,
            Self::InputOutput { .. } => ErrorCode::DiskFailed,
            Self::LogAlone { .. }
            | Self::Damaged { .. }
            | Self::DamagedVector(_)
            | Self::DamagedFactVector { .. } => ErrorCode::DamagedStore,
            Self::Locked { .. } | Self::ChangedMeanwhile(_) => ErrorCode::Locked,
            Self::Unreachable { .. } | Self::OutcomeUnknown(_) => ErrorCode::StoreUnreachable,
            Self::NotHere(_) => ErrorCode::UserElsewhere,
            Self::RingChanged { .. } => ErrorCode::RingChanged,
            Self::InvalidAddress { .. } | Self::RingMismatch { .. } | Self::InvalidRing { .. } => {
                ErrorCode::WrongSettings
            }
            Self::Stopped => ErrorCode::Interrupted,
            Self::UnknownUser(_) => ErrorCode::UnknownUser,
            Self::UnknownSession { .. } => ErrorCode::UnknownSession,
            Self::UnknownTurn { .. } => ErrorCode::UnknownTurn,
            Self::SessionExists { .. } => ErrorCode::SessionExists,
            Self::UserExists { .. } => ErrorCode::UserExists,
            Self::UnknownFact { .. } => ErrorCode::UnknownFact,
            Self::OtherModel { .. } => ErrorCode::OtherModel,
            Self::File(_) => ErrorCode::FileFailed,
            Self::Unsupported { .. } | Self::NoEncryption(_) => ErrorCode::Unsupported,
            Self::Backend { .. } => ErrorCode::Bug,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Missing(_)
            | Self::Empty(_)
            | Self::NotAStore { .. }
            | Self::SeveralNames { .. }
            | Self::Stopped
            | Self::KeyNeeded(_)
            | Self::WrongKey(_)
            | Self::NotEncrypted(_)
            | Self::NoEncryption(_)
            | Self::TooNew { .. }
            | Self::TooOld { .. }
            | Self::InvalidAddress { .. }
            | Self::RingMismatch { .. }
            | Self::InvalidRing { .. }
            | Self::UnknownUser(_)
            | Self::UnknownSession { .. }
            | Self::UnknownTurn { .. }
            | Self::SessionExists { .. }
            | Self::UserExists { .. }
            | Self::UnknownFact { .. }
            | Self::OtherModel { .. }
            | Self::Unsupported { .. } => Fault::Caller,
            Self::ReadOnly { .. }
            | Self::Unreadable { .. }
            | Self::LogUnreadable { .. }
            | Self::LogAlone { .. }
            | Self::ChangedMeanwhile(_)
            | Self::DiskFull(_)
            | Self::InputOutput { .. }
            | Self::Damaged { .. }
            | Self::Locked { .. }
            | Self::Unreachable { .. }
            | Self::OutcomeUnknown(_)
            | Self::NotHere(_)
            | Self::RingChanged { .. }
            | Self::DamagedVector(_)
            | Self::DamagedFactVector { .. }
            | Self::File(_) => Fault::Environment,
            Self::Backend { .. } => Fault::Bug,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        vec![match self {
            Self::Missing(_) | Self::Empty(_) => Remedy::RememberFirst,
            Self::LogAlone { .. } => Remedy::BringBackStore,
            Self::SeveralNames { .. } => Remedy::KeepOneName,
            Self::Unreadable { .. } => Remedy::CheckPath,
            Self::LogUnreadable { .. } => Remedy::OpenWhereWritable,
            Self::NotAStore { .. } => Remedy::NameAnotherStore,
            Self::KeyNeeded(_) => Remedy::GiveStoreKey,
            Self::WrongKey(_) => Remedy::ReplaceStoreKey,
            Self::NotEncrypted(_) => Remedy::EncryptStore,
            Self::NoEncryption(_) => Remedy::BuildWithEncryption,
            Self::TooNew { .. } => Remedy::UseNewerVersion,
            Self::TooOld { .. } => Remedy::MigrateStore,
            Self::ReadOnly { .. } => Remedy::MakeWritable,
            Self::DiskFull(_) => Remedy::FreeSpace,
            Self::InputOutput { .. } => Remedy::CheckDisk,
            Self::Damaged { .. } => Remedy::RestoreBackup,
            Self::Locked { .. } | Self::ChangedMeanwhile(_) => Remedy::WaitForOtherProcess,
            Self::Unreachable { .. } | Self::OutcomeUnknown(_) | Self::InvalidAddress { .. } => {
                Remedy::CheckServer
            }
            Self::NotHere(_) => Remedy::OpenWholeRing,
            Self::RingChanged { .. } | Self::RingMismatch { .. } => Remedy::CheckRing,
            Self::UnknownUser(_) => Remedy::ListUsers,
            Self::UnknownSession { .. } => Remedy::ListSessions,
            Self::UnknownTurn { .. } => Remedy::FindTurn,
            Self::SessionExists { .. } => Remedy::ChooseAnotherName,
            Self::UserExists { .. } => Remedy::ForgetThereFirst,
            Self::UnknownFact { .. } => Remedy::ListFacts,
            Self::OtherModel { .. } => Remedy::ReplaceModel,
            Self::DamagedVector(_) | Self::DamagedFactVector { .. } => Remedy::EmbedAgain,
            Self::File(_)
            | Self::Stopped
            | Self::Unsupported { .. }
            | Self::InvalidRing { .. }
            | Self::Backend { .. } => return Vec::new(),
        }]
    }
}
