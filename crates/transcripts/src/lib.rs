//! Reads other people's chat files into turns.
//!
//! It knows the exports of assistants (ChatGPT, Claude.ai, Claude Code, …) and of chats between people
//! (WhatsApp, Telegram, Slack), OpenAI-style message arrays, and JSON Lines with one message a line
//! ([`Format`]). JSON Lines are also what longmem exports ([`ExportedTurn`]). A path may be a file, a folder or a zip; its format is detected by
//! content.
//!
//! - **Streamed**: one conversation, or one line, is in memory at a time.
//! - **Lenient**: what cannot be used is counted by reason ([`SkipReason`]) and stops nothing.
//! - **Repeatable**: every turn has a source key that is the same whenever the file is read. Reading
//!   a file again, or a longer version of it, gives no turn a new key. The key depends only on the
//!   file's content; where the content names no session, it depends on the file's name too.
//!
//! Whose memory a turn becomes, and how it is stored, is decided by the caller.
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

mod content;
mod database;
mod detect;
mod encoding;
mod ended_early;
mod error;
mod exported_record;
mod exported_turn;
mod file_reading;
mod files;
mod formats;
mod imported_turn;
mod json;
mod keys;
mod left_out;
mod mark;
mod message;
mod metered_reader;
mod parsed_turn;
mod progress;
mod read;
mod receiver;
mod report;
mod skip_reason;
mod source;
mod text_lines;
mod turn_output;
mod unread_formats;
mod zip_marks;

pub use detect::detect;
pub use ended_early::{EndReason, EndedEarly};
pub use error::TranscriptError;
pub use exported_record::{
    EXPORT_FORM, ExportHeader, ExportedFact, ExportedRecord, ExportedSummary, SummarizedPart,
    write_export_header,
};
pub use exported_turn::ExportedTurn;
pub use formats::Format;
pub use imported_turn::ImportedTurn;
pub use left_out::{LeftOutFile, LeftOutFiles, LeftOutReason};
pub use mark::Mark;
pub use message::injected::{without_echoes, without_own_blocks};
pub use progress::Progress;
pub use read::{read, read_from};
pub use receiver::TurnReceiver;
pub use report::Report;
pub use skip_reason::SkipReason;
pub use source::{ReadSeek, Source};

/// Compiles and runs the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
