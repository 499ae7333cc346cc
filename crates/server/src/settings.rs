//! What a server is told.

use jiff::tz::TimeZone;
use longmem_chat::TalkSettings;
use longmem_core::{Remedy, UserName, closed_words};

use crate::TranscriptCapture;

closed_words! {
    /// Who needs a key.
    pub enum Auth: "a way to let callers in" {
        /// Nobody on this machine who has the account that runs the server; everybody else.
        Auto = "auto",
        /// Everybody.
        Required = "required",
    }
}

/// What a server is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Whose memory a request without a key is about.
    pub user: UserName,
    /// Who needs a key.
    pub auth: Auth,
    /// Names by which clients may call this server, besides those of this machine.
    pub names: Vec<String>,
    /// Whether memory may only be read.
    pub read_only: bool,
    /// Whether the routes of mem0 are served.
    pub mem0: bool,
    /// Where days begin and end, in questions and answers.
    pub time_zone: TimeZone,
    /// Puts what would help against an error into words: a whole sentence, or nothing.
    pub hint: fn(&Remedy) -> String,
    /// How prompts are made, where turns wait that could not be stored, and whether standing
    /// instructions become facts.
    pub talk: TalkSettings,
    /// Where the transcripts are that agents' hooks speak of; none reads none.
    pub transcripts: Option<TranscriptCapture>,
}

impl ServerSettings {
    /// Serves this user's memory to programs of the same account, with days in UTC and without hints.
    pub fn new(user: UserName) -> Self {
        Self {
            user,
            auth: Auth::Auto,
            names: Vec::new(),
            read_only: false,
            mem0: false,
            time_zone: TimeZone::UTC,
            hint: |_| String::new(),
            talk: TalkSettings::default(),
            transcripts: None,
        }
    }
}
