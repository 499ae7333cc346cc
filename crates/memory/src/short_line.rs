//! Texts of one short line: the statements and subjects of facts.

use thiserror::Error;

/// Characters of the longest statement and the longest subject of a fact; what is longer is a turn.
pub const MAX_STATEMENT_CHARACTERS: usize = 300;

/// Why a text is not one short line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidLine {
    /// Nothing but white space.
    #[error("the {what} is empty")]
    Empty {
        /// What the text is: "statement".
        what: &'static str,
    },
    /// Too many characters.
    #[error("the {what} has {came} characters, at most {most} are kept")]
    TooLong {
        /// What the text is.
        what: &'static str,
        /// Its characters.
        came: usize,
        /// How many it may have.
        most: usize,
    },
    /// A line break or another control character.
    #[error("the {what} holds a line break or another control character")]
    ControlCharacter {
        /// What the text is.
        what: &'static str,
    },
}

/// Takes a text of one short line, without the white space around it.
///
/// # Errors
/// [`InvalidLine`] for a text that is empty, has more than `most` characters, or holds a control
/// character.
///
/// # Examples
/// ```
/// use longmem_memory::short_line;
/// assert_eq!(short_line("statement", " works in fintech ", 300).as_deref(), Ok("works in fintech"));
/// assert!(short_line("statement", "two\nlines", 300).is_err());
/// ```
pub fn short_line(what: &'static str, text: &str, most: usize) -> Result<String, InvalidLine> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(InvalidLine::Empty { what }),
        came if came > most => Err(InvalidLine::TooLong { what, came, most }),
        _ if text.contains(char::is_control) => Err(InvalidLine::ControlCharacter { what }),
        _ => Ok(text.to_owned()),
    }
}
