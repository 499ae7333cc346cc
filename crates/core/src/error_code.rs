//! The kinds of errors that programs tell apart.

use crate::closed_words;

closed_words! {
    /// The kind of an error, as a word for programs. A word keeps its meaning from version to
    /// version; new ones may come.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::ErrorCode;
    /// assert_eq!(ErrorCode::DiskFull.as_str(), "disk_full");
    /// ```
    #[non_exhaustive]
    pub enum ErrorCode: "an error code" {
        /// The command line cannot be read: an unknown command, a missing or invalid argument.
        WrongCommandLine = "wrong_command_line",
        /// A configuration file, or a file that it names, cannot be read or says what cannot be.
        WrongSettings = "wrong_settings",
        /// The name of a user or a session is empty, too long, or holds control characters.
        InvalidName = "invalid_name",
        /// The text, message or question is empty.
        EmptyText = "empty_text",
        /// A fact's statement or subject is not one short line.
        InvalidLine = "invalid_line",
        /// It was not said what is to be forgotten.
        NothingSelected = "nothing_selected",
        /// Who moderates refused the text.
        RefusedByModeration = "refused_by_moderation",
        /// Who moderates could not judge the text, so it is refused.
        ModerationFailed = "moderation_failed",
        /// Nobody confirmed that something is to be deleted.
        NotConfirmed = "not_confirmed",
        /// What was shown before has changed since, or was shown too long ago.
        ChangedMeanwhile = "changed_meanwhile",

        /// There is no store at this place.
        NoStore = "no_store",
        /// The file is something else than a store.
        NotAStore = "not_a_store",
        /// The store's file has several names (hard links), through which turns get lost.
        SeveralNames = "several_names",
        /// The store is encrypted, and no key was given.
        KeyNeeded = "key_needed",
        /// The store cannot be read with the key that was given.
        WrongKey = "wrong_key",
        /// A key was given, and the store is not encrypted.
        NotEncrypted = "not_encrypted",
        /// A newer version wrote the store.
        NewerStore = "newer_store",
        /// An older version made the store, and it is not to be changed by the way.
        OlderStore = "older_store",
        /// This account may not read the store.
        NotReadable = "not_readable",
        /// The store or its folder cannot be written.
        NotWritable = "not_writable",
        /// The disk is full. The step that met it changed nothing; what was stored before stays.
        DiskFull = "disk_full",
        /// The disk failed to read or write.
        DiskFailed = "disk_failed",
        /// The store's content is damaged.
        DamagedStore = "damaged_store",
        /// Another process held the store for too long.
        Locked = "locked",
        /// The server that keeps the store cannot be reached, or was lost in the middle of a change.
        StoreUnreachable = "store_unreachable",
        /// Another server of the ring keeps the user's memory, or it is on its way there.
        UserElsewhere = "user_elsewhere",
        /// The ring of servers has another generation than this process knows.
        RingChanged = "ring_changed",
        /// The user has no memory here.
        UnknownUser = "unknown_user",
        /// The user has no such session.
        UnknownSession = "unknown_session",
        /// What was said to name a session names several.
        AmbiguousSession = "ambiguous_session",
        /// The user has no such turn.
        UnknownTurn = "unknown_turn",
        /// The user has a session of this name already.
        SessionExists = "session_exists",
        /// A user who was to be copied is in the other store already, and is not the same there.
        UserExists = "user_exists",
        /// The user has no such fact.
        UnknownFact = "unknown_fact",
        /// The store's vectors were made by another embedding model.
        OtherModel = "other_model",

        /// This kind of store cannot do it; its own tools can.
        Unsupported = "unsupported",

        /// There is no file or folder at this path.
        FileNotFound = "file_not_found",
        /// The file exists already, and nothing is overwritten.
        FileExists = "file_exists",
        /// A file, or the output, could not be read or written.
        FileFailed = "file_failed",
        /// The archive is damaged.
        DamagedArchive = "damaged_archive",
        /// The archive needs a password.
        EncryptedArchive = "encrypted_archive",
        /// There is no chat in the file, folder or archive.
        NoTranscripts = "no_transcripts",
        /// The file is no chat of a known format.
        UnknownFormat = "unknown_format",

        /// The embedding model was found nowhere and could not be fetched.
        ModelMissing = "model_missing",
        /// A file of the embedding model is damaged or belongs to another model.
        DamagedModel = "damaged_model",
        /// The embedding model is of a kind that is not computed here.
        UnsupportedModel = "unsupported_model",
        /// The embedding model cannot be computed on this device or in this precision.
        DeviceUnavailable = "device_unavailable",
        /// The embedding model ran and failed.
        ModelFailed = "model_failed",

        /// No language model is set up, and this needs one.
        NoLanguageModel = "no_language_model",
        /// The message and the system text take more tokens than the budget has.
        MessageTooLong = "message_too_long",
        /// The session does not end with an answer that could go on.
        NothingToContinue = "nothing_to_continue",
        /// The address of the language model's server is wrong.
        WrongAddress = "wrong_address",
        /// The language model's server cannot be reached.
        ServerUnreachable = "server_unreachable",
        /// The key is missing, malformed, or not valid for this language model.
        KeyRefused = "key_refused",
        /// The account behind the key has no credit.
        NoCredit = "no_credit",
        /// The server does not know this language model.
        UnknownLanguageModel = "unknown_language_model",
        /// The prompt is longer than the language model's window.
        PromptTooLong = "prompt_too_long",
        /// The server was asked too often.
        RateLimited = "rate_limited",
        /// The server failed or is overloaded.
        ServerFailed = "server_failed",
        /// The server refused the request.
        ServerRefused = "server_refused",
        /// The language model ended without a word.
        NoAnswer = "no_answer",
        /// The answer broke off.
        AnswerBrokeOff = "answer_broke_off",

        /// A data set for measuring recall cannot be used.
        UnusableDataSet = "unusable_data_set",
        /// Another program listens at this address already.
        AddressInUse = "address_in_use",
        /// A server cannot listen at this address.
        CannotListen = "cannot_listen",
        /// There is no such key of the server.
        UnknownKey = "unknown_key",
        /// A check found that something is wrong.
        Unhealthy = "unhealthy",
        /// The work was interrupted; what was done stays.
        Interrupted = "interrupted",
        /// longmem itself is wrong.
        Bug = "bug",
    }
}
