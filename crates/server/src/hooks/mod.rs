//! What coding agents' hooks get from memory, and what they leave for it to read.
//!
//! An agent calls a hook at certain moments of a session and puts what the hook prints into its prompt.
//! A [`Hook`] is one such call. When a session begins it gets a short profile, when a person sends a
//! prompt it gets what was recalled for it, and after each answer the session's transcript is noted among
//! the [`WaitingTranscripts`]. Turns are stored from transcripts only, by their keys, so that each is
//! stored once.
//!
//! # Examples
//! ```
//! use longmem_server::Hook;
//!
//! let json = br#"{"session_id": "9482f01d", "prompt": "which port did we pick?"}"#;
//! let hook = Hook::read("claude-code", "UserPromptSubmit", json)?;
//! assert!(hook.reads_memory());
//! let hook = Hook::read("claude-code", "UserPromptSubmit", br#"{"prompt": "/compact"}"#)?;
//! assert!(!hook.reads_memory());
//! # Ok::<(), longmem_server::HookError>(())
//! ```

mod answer;
mod block;
mod catch_up;
mod client;
mod hook;
mod profile;
mod prompt;
mod routes;
mod waiting;

#[cfg(test)]
mod tests;

pub use answer::HookAnswer;
pub(crate) use block::{CHARACTERS_PER_TOKEN, tokens};
pub use catch_up::{CaughtUpTranscripts, catch_up_transcripts};
pub use client::HookClient;
pub use hook::{Hook, HookError};
pub(crate) use prompt::{PromptRecall, PromptRequest, recalled};
pub use routes::TranscriptCapture;
pub(crate) use routes::routes;
pub(crate) use routes::{Vectors, catch_up_at_start};
pub use waiting::{WaitingTranscript, WaitingTranscripts};
