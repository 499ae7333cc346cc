//! Files of a folder or zip that were not read as chats, and why.

use std::fmt;

use crate::formats::Format;

/// The number of files that are named; the rest is counted.
const MAX_NAMED: usize = 20;

/// The files of a folder or zip that were not read as chats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOutFiles {
    /// At most 20 of them, those first that may hold chats.
    pub named: Vec<LeftOutFile>,
    /// How many more there are.
    pub more: u64,
}

/// A file that was not read as a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutFile {
    /// The file, relative to the folder or zip that was read; a single file by its name.
    pub file: String,
    /// Why it was not read.
    pub reason: LeftOutReason,
}

/// Why a file was not read as a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// It holds nothing.
    Empty,
    /// It is not of a known format.
    UnknownFormat,
    /// It is of this format, and another was asked for.
    OtherFormat(Format),
    /// It holds chats of a kind that is not read.
    UnreadFormat {
        /// What it is, for people: "Telegram's HTML export".
        description: &'static str,
        /// What can be read in its place, as an instruction.
        instead: &'static str,
    },
    /// It is a link that leads out of the folder.
    LinkOutside,
    /// It cannot be read; with the cause in words.
    Unreadable(String),
}

impl LeftOutReason {
    /// The reason as one word.
    pub fn as_str(&self) -> &'static str {
        match self {
            LeftOutReason::Empty => "empty",
            LeftOutReason::UnknownFormat => "unknown_format",
            LeftOutReason::OtherFormat(_) => "other_format",
            LeftOutReason::UnreadFormat { .. } => "unread_format",
            LeftOutReason::LinkOutside => "link_outside",
            LeftOutReason::Unreadable(_) => "unreadable",
        }
    }
}

impl LeftOutFiles {
    /// Adds a file; an empty one is not worth a word.
    pub(crate) fn add(&mut self, file: &str, reason: LeftOutReason) {
        if reason == LeftOutReason::Empty {
            return;
        }
        let file = LeftOutFile { file: file.to_owned(), reason };
        if self.named.len() < MAX_NAMED {
            self.named.push(file);
            return;
        }
        self.more += 1;
        // A file that may hold chats takes the place of one that does not look like one.
        if file.reason != LeftOutReason::UnknownFormat
            && let Some(place) =
                self.named.iter_mut().rfind(|named| named.reason == LeftOutReason::UnknownFormat)
        {
            *place = file;
        }
    }

    /// Number of files that were left out.
    pub fn count(&self) -> u64 {
        self.named.len() as u64 + self.more
    }
}

impl fmt::Display for LeftOutFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.reason)
    }
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftOutReason::Empty => f.write_str("empty"),
            LeftOutReason::UnknownFormat => f.write_str("not a chat file of a known format"),
            LeftOutReason::OtherFormat(format) => write!(f, "looks like {}", format.description()),
            LeftOutReason::UnreadFormat { description, instead } => {
                write!(f, "looks like {description}, which is not read. {instead}")
            }
            LeftOutReason::LinkOutside => {
                f.write_str("a link that leads out of the folder, which is not followed")
            }
            LeftOutReason::Unreadable(cause) => f.write_str(cause),
        }
    }
}
