//! Tells prose from code, logs, tables and the like.

use super::is_question;
use crate::phrases::lists;

/// Prose has at least this share of letters and spaces, in per cent of its characters.
const PROSE_PER_CENT: usize = 80;

/// The same for what ends with a question mark, as no program's lines do: a question names numbers.
const QUESTION_PER_CENT: usize = 60;

/// Says whether a sentence is prose by its characters.
pub(super) fn is_prose(sentence: &str) -> bool {
    let inner = sentence.trim_matches(|c: char| !c.is_alphanumeric());
    let is_wordy =
        |c: &char| c.is_alphabetic() || c.is_whitespace() || matches!(c, '\'' | '’' | ',');
    let all = inner.chars().count();
    let enough = if is_question(sentence) { QUESTION_PER_CENT } else { PROSE_PER_CENT };
    all > 0 && inner.chars().filter(is_wordy).count() * 100 >= all * enough
}

/// Beginnings of lines that a program wrote or reads.
const NO_PROSE_BEGINNINGS: &[&str] = &[
    "//",
    "/*",
    "*/",
    "#!",
    "#include",
    "<!--",
    "</",
    "{",
    "}",
    "[",
    "|",
    "$ ",
    "% ",
    ">>> ",
    "@@ ",
    "+++ ",
    "--- ",
    "diff --git",
    "PS C:",
    "C:\\",
    "~/",
    "Traceback",
    "File \"",
    "Exception in",
    "Caused by:",
    "error[",
    "warning:",
    "error:",
    "INSERT INTO",
    "import {",
];

/// Words with which a line of a log begins.
const LOG_LEVELS: &str = "INFO ERROR WARN WARNING DEBUG TRACE FATAL";

/// Words with which a line of code begins, if marks of code follow.
const CODE_WORDS: &str = "async class const def else enum export fn for foreach func function if impl \
    import interface let mod package private protected public return static struct switch try type use \
    var void while elif except from await print self this SELECT UPDATE";

/// Says whether a line is no prose by the way it begins.
pub(super) fn is_no_prose(line: &str) -> bool {
    let first = line.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    let has_code_marks = || {
        line.ends_with([';', '{', '}'])
            || line.ends_with("):")
            || [" = ", "()", "=>", "->", "::", "==", ");", " FROM ", " SET "]
                .iter()
                .any(|mark| line.contains(mark))
    };
    let is_import = || {
        line.split_whitespace().count() <= 6
            && (line.starts_with("import ") && !line.ends_with('?')
                || line.starts_with("from ") && line.contains(" import "))
    };
    let is_markup =
        || line.starts_with('<') && line[1..].starts_with(|c: char| c.is_ascii_alphabetic());
    NO_PROSE_BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
        || (lists(CODE_WORDS, first) && (has_code_marks() || is_import()))
        || lists(LOG_LEVELS, first)
        || is_markup()
        || begins_with_time(line)
        || is_stack_frame(line)
        || is_prompt(line)
        || line.matches(['|', '\t']).count() >= 2
}

/// "2026-03-07 …", "10:15:23 …", "07/03/2026 …": a log line's stamp, with eight characters or more.
fn begins_with_time(line: &str) -> bool {
    let stamp = line.split(char::is_whitespace).next().unwrap_or("");
    let digits = stamp.bytes().filter(u8::is_ascii_digit).count();
    let separators = stamp.bytes().filter(|b| matches!(b, b'-' | b':' | b'/' | b'.')).count();
    digits >= 6
        && separators >= 2
        && stamp.bytes().all(|b| {
            b.is_ascii_digit() || matches!(b, b'-' | b':' | b'/' | b'.' | b'T' | b'Z' | b'+' | b',')
        })
        && line.len() > stamp.len()
}

/// "at java.util.List.get(List.java:12)", "at run (main.js:1:2)".
fn is_stack_frame(line: &str) -> bool {
    line.starts_with("at ") && line.contains('(') && line.ends_with(')')
        || line.starts_with("at 0x")
}

/// "ana@laptop:~$ ls".
fn is_prompt(line: &str) -> bool {
    let first = line.split(char::is_whitespace).next().unwrap_or("");
    first.contains('@') && first.contains(':') && first.ends_with(['$', '#', '%'])
}
