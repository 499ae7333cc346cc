//! What a server is told.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use longmem_chat::TalkSettings;
use longmem_core::{Remedy, UserName, closed_words};
use longmem_wire::WatchEvent;

use crate::{ProxySettings, TranscriptCapture, WatchSettings};

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
    /// Names by which clients may call this server, besides those of this machine, each with or without
    /// a port: of a server before this one.
    pub names: Vec<String>,
    /// Whether memory may only be read.
    pub read_only: bool,
    /// Whether the routes of mem0 are served.
    pub mem0: bool,
    /// Whether the page is served.
    pub page: bool,
    /// Puts what would help against an error into words: a whole sentence, or nothing.
    pub hint: fn(&Remedy) -> String,
    /// How prompts are made, in which time zone days begin and end, where turns wait that could not be stored, and
    /// whether standing instructions become facts.
    pub talk: TalkSettings,
    /// Where the transcripts are that agents' hooks speak of; none reads none.
    pub transcripts: Option<TranscriptCapture>,
    /// Transcripts that are captured while the server runs; none captures none.
    pub watch: Option<WatchSettings>,
    /// The folder where files that clients sent wait to be imported, encrypted with keys that stand in the store, so
    /// that a server that ends goes on with them when it starts again. With none, they go with the server.
    pub uploads: Option<PathBuf>,
    /// Hears what happens to transcripts that are watched.
    pub on_watch: fn(&WatchEvent),
    /// Where requests to language models are relayed, and what memory adds to them.
    pub proxy: ProxySettings,
    /// Takes lines for the log: what clients are not told of an error. No line quotes what was stored.
    pub log: fn(&str),
    /// How much is served at once, and how long anybody is waited for.
    pub limits: Limits,
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
            page: true,
            hint: |_| String::new(),
            talk: TalkSettings::default(),
            transcripts: None,
            watch: None,
            uploads: None,
            on_watch: |_| {},
            proxy: ProxySettings::default(),
            log: |_| {},
            limits: Limits::default(),
        }
    }
}

/// How much is served at once, and how long anybody is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// TCP connections at once; a unix socket has as many of its own.
    pub connections: usize,
    /// Requests that work on the memory at once; the cores of the machine are a good number.
    pub at_once: NonZeroUsize,
    /// Requests that wait for that.
    pub queue: usize,
    /// How long a client may take to send the head of a request, and how long a connection may stay open
    /// without one.
    pub header_timeout: Duration,
    /// How long a body may take to arrive, and how long an answer to begin.
    pub request_timeout: Duration,
    /// How often it is looked, while an answer is sent that does not end, whether the key that it was asked
    /// for with is still valid.
    pub look_at_keys: Duration,
    /// How long what is deleted on the page can be taken back.
    pub undo_time: Duration,
    /// How long requests may take that are under way when the server is asked to stop.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            at_once: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue: 64,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            look_at_keys: Duration::from_secs(5),
            undo_time: Duration::from_secs(10),
            shutdown_timeout: Duration::from_secs(5),
        }
    }
}
