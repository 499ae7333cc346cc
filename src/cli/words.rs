//! Texts as they are written on a command line, or piped into it.

use std::io::{self, IsTerminal, Read, stdin};

use crate::failure::Failure;
use crate::standard_input::read_text;

/// Bytes that are read at most of what is piped in beside a question; more is no question.
const MOST_MATERIAL: u64 = 64 << 20;

/// Joins words that stand without quotes to one text; `-` alone stands for standard input.
///
/// # Errors
/// When standard input cannot be read, or is no text.
pub(crate) fn text(words: &[String]) -> Result<String, Failure> {
    if !matches!(words, [word] if word == "-") {
        return Ok(words.join(" "));
    }
    Ok(read_text()?.trim_end().to_owned())
}

/// What is piped in beside a question; none from a terminal, and none where there is nothing. Bytes that
/// are no text become `�`.
///
/// # Errors
/// When standard input cannot be read.
pub(crate) fn material() -> io::Result<Option<String>> {
    if stdin().is_terminal() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    stdin().lock().take(MOST_MATERIAL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok((!text.trim().is_empty()).then(|| text.trim_end().to_owned()))
}
