//! Reads other people's chat files into turns.
//!
//! It knows the exports of ChatGPT and Claude.ai, Claude Code's transcripts, OpenAI-style message
//! arrays, and JSON Lines with one message a line, which is also what longmem exports
//! ([`write_line`]). A path may be a file, a folder or a zip; its [`Format`] is found by content.
//!
//! Files are streamed: one conversation, or one line, is in memory at a time. What cannot be used
//! is counted by reason and never stops an import. Every turn has a source key that depends on
//! nothing but the file's content and, where that names no session, the file's stem; so importing
//! a file again, or a longer version of it, adds only what is new.
//!
//! It is not the place that decides whose memory a turn becomes or how it is stored.
//!
//! # Examples
//! ```
//! use std::ops::ControlFlow;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("trip.jsonl");
//! std::fs::write(&path, r#"{"role":"human","text":"I fly to Oslo on Friday."}"#)?;
//!
//! let mut texts = Vec::new();
//! let report = longmem_transcripts::read(&path, None, &mut |imported, _progress| {
//!     texts.push(imported.turn.text);
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(texts, ["I fly to Oslo on Friday."]);
//! assert_eq!(report.turns, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chatgpt;
mod claude_ai;
mod claude_code;
mod content;
mod detect;
mod elements;
mod error;
mod format;
mod injected;
mod input;
mod intake;
mod json;
mod key;
mod line_record;
mod messages;
mod moment;
mod read;
mod report;
mod source;
mod tool_calls;

pub use detect::detect;
pub use error::TranscriptError;
pub use format::{Format, UnknownFormat};
pub use injected::without_recalled_memory;
pub use line_record::{LineRecord, write_line};
pub use read::{ImportedTurn, read};
pub use report::{EndReason, EndedEarly, Progress, Report, SkipReason};
