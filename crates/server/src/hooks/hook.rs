//! One call of a hook.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use longmem_core::{SessionName, UnknownWord, UserName};
use longmem_memory::{Memory, MemoryError, own_words};
use serde::Deserialize;

use super::client::Meaning;
use super::prompt::PromptRequest;
use super::{HookAnswer, HookClient, WaitingTranscript, profile, prompt};

/// Words that a prompt must have for anything to be recalled for it: "yes" and "go on" ask nothing.
const LEAST_WORDS: usize = 3;

/// Bytes of a prompt that are looked at: what is asked stands at the beginning, or behind memory that the
/// prompt quotes.
const READ_BYTES: usize = 256 << 10;

/// What the beginning of a prompt looks like that nobody wrote as a question: a command, or a message of
/// the agent's own.
const NOT_WRITTEN: [&str; 5] =
    ["/", "<task-notification>", "<command-", "<local-command", "<system-reminder>"];

/// The first character of scripts that put no spaces between words; each of theirs counts as a word.
const FIRST_UNSPACED: char = '\u{2e80}';

/// One call of a hook: who calls, at which event, with what.
#[derive(Debug, Clone)]
pub struct Hook {
    client: HookClient,
    event: &'static str,
    meaning: Meaning,
    input: Input,
    /// What a prompt asks memory, if it asks anything.
    question: Option<String>,
}

/// Why a call cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// No agent of that name is known.
    #[error(transparent)]
    Client(#[from] UnknownWord),
    /// The agent has no event of that name that is answered.
    #[error("{client} has no event {event:?} that is answered; expected one of {}", known.join(", "))]
    Event {
        /// The agent.
        client: HookClient,
        /// What came.
        event: String,
        /// The events that are answered.
        known: Vec<&'static str>,
    },
    /// What came is not what agents send.
    #[error("expected the JSON object that an agent sends to a hook: {0}")]
    Json(#[from] serde_json::Error),
}

/// What agents send to their hooks, as far as it is used.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Input {
    session_id: Option<String>,
    transcript_path: Option<PathBuf>,
    /// The folder that the session works in.
    cwd: Option<String>,
    prompt: Option<String>,
    /// Why a session begins.
    source: Option<String>,
    /// Set where a subagent calls.
    agent_id: Option<String>,
}

impl Hook {
    /// The names of the agent and of the event.
    pub(crate) fn names(&self) -> (&'static str, &'static str) {
        (self.client.as_str(), self.event)
    }

    /// Reads a call: the agent's name, the event's name as the agent has it, and the JSON that it sends.
    ///
    /// # Errors
    /// [`HookError`].
    pub fn read(client: &str, event: &str, json: &[u8]) -> Result<Self, HookError> {
        let client: HookClient = client.parse()?;
        let known = client.events();
        let Some((event, meaning)) = known.iter().copied().find(|(name, _)| *name == event) else {
            let known = known.iter().map(|(name, _)| *name).collect();
            return Err(HookError::Event { client, event: event.to_owned(), known });
        };
        let input: Input = serde_json::from_slice(json)?;
        let prompt = input.prompt.as_deref().filter(|_| meaning == Meaning::Prompt);
        let question = prompt.and_then(question);
        Ok(Self { client, event, meaning, input, question })
    }

    /// Whether the answer depends on what is in memory; otherwise it is `{}`, and no memory is opened.
    pub fn reads_memory(&self) -> bool {
        if self.is_of_subagent() {
            return false;
        }
        match self.meaning {
            Meaning::Prompt => self.question.is_some(),
            // What a session that goes on was told before is in its transcript.
            Meaning::SessionBegins => {
                !matches!(self.input.source.as_deref(), Some("resume" | "fork"))
            }
            Meaning::TranscriptGrew => false,
        }
    }

    /// Whether the answer is better with the embedding model loaded: see [`Memory::warm_up`].
    pub fn searches_memory(&self) -> bool {
        self.meaning == Meaning::Prompt && self.reads_memory()
    }

    /// Whether a transcript may be waiting to be read after this call.
    pub fn begins_catching_up(&self) -> bool {
        self.meaning != Meaning::Prompt && !self.is_of_subagent()
    }

    /// The transcript that has grown, for this user; none at other events, and for a subagent.
    pub fn grown_transcript(&self, user: &UserName) -> Option<WaitingTranscript> {
        if self.meaning != Meaning::TranscriptGrew || self.is_of_subagent() {
            return None;
        }
        Some(WaitingTranscript {
            client: self.client,
            user: user.clone(),
            path: self.input.transcript_path.clone().filter(|path| path.is_absolute())?,
            session: self.session(),
            project: self.input.cwd.clone(),
            failures: 0,
        })
    }

    /// Answers from a memory.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn answer(
        &self,
        memory: &Memory,
        user: &UserName,
        time_zone: &TimeZone,
    ) -> Result<HookAnswer, MemoryError> {
        if !self.reads_memory() {
            return Ok(HookAnswer::default());
        }
        let told = match self.meaning {
            Meaning::Prompt => {
                let Some(question) = &self.question else { return Ok(HookAnswer::default()) };
                let session = self.session();
                let asked = PromptRequest::of_hook(question, session.as_ref(), time_zone);
                prompt::recalled(memory, user, &asked)?.block
            }
            Meaning::SessionBegins => {
                profile::profile(memory, user, self.input.cwd.as_deref(), time_zone)?
            }
            Meaning::TranscriptGrew => None,
        };
        let (text, brought) = told.unzip();
        Ok(HookAnswer::of(self.event, text).with(brought))
    }

    /// The session; none if it has no name that can be one.
    fn session(&self) -> Option<SessionName> {
        SessionName::new(self.input.session_id.as_deref()?).ok()
    }

    fn is_of_subagent(&self) -> bool {
        self.input.agent_id.as_deref().is_some_and(|id| !id.is_empty())
    }
}

/// What a person asked in their own words; none for a command and for what is too short to ask anything.
fn question(prompt: &str) -> Option<String> {
    let read = &prompt[..prompt.floor_char_boundary(READ_BYTES)];
    let words_of_person = own_words(read);
    let asked = words_of_person.trim();
    let is_written = !NOT_WRITTEN.iter().any(|beginning| asked.starts_with(beginning));
    (is_written && words(asked) >= LEAST_WORDS).then(|| asked.to_owned())
}

/// The number of words of a text.
fn words(text: &str) -> usize {
    let unspaced = text.chars().filter(|character| *character >= FIRST_UNSPACED).count();
    text.split_whitespace().count() + unspaced
}
