//! What every way of cutting a file into JSON values shares: shapes, limits and endings.

use std::io;
use std::ops::ControlFlow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::parse::{JsonFault, parse};
use crate::ended_early::EndReason;
use crate::metered_reader::Meter;
use crate::skip_reason::SkipReason;

/// How a file strings its values together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonShape {
    /// One array, whose elements are the values.
    Array,
    /// One value a line.
    Lines,
    /// What looks like a value on a line whose beginning is damaged. It counts only where its format
    /// recognises it, since it could be a part of the damaged value.
    AfterDamage,
    /// One value that spans lines, or several in a row.
    Documents,
    /// Plain text: each line, without its end, as a string.
    Text,
    /// An SQLite file: first its tables with their columns, then rows as objects.
    Database,
}

/// How reading a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileEnd {
    /// At the end of the file.
    Complete,
    /// The callback broke off.
    Stopped,
    /// Before the end of the file.
    Early { byte: u64, reason: EndReason },
}

/// Limits of what is held in memory, so that a hostile file cannot fill it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of a line.
    pub(crate) line_bytes: u64,
    /// Bytes of an element of an array, or of a value that spans lines.
    pub(crate) value_bytes: u64,
    /// Parts of one value: elements, keys and the values of keys. A part takes up to some 200 bytes
    /// in memory, and as little as two in a file.
    pub(crate) parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line_bytes: 64 << 20, value_bytes: 256 << 20, parts: 4 << 20 }
    }
}

/// Takes the next value of a file, or the reason why there is none in its place.
pub(crate) type OnValue<'a> =
    dyn FnMut(JsonShape, Result<Value, SkipReason>) -> ControlFlow<()> + 'a;

/// Parses a value whose extent is known, but whose inside may still be wrong.
pub(super) fn parse_raw(raw: &RawValue, limits: Limits) -> Result<Value, SkipReason> {
    parse_text(raw.get(), limits)
}

/// Parses the text of a value.
pub(crate) fn parse_text(text: &str, limits: Limits) -> Result<Value, SkipReason> {
    parse(text, limits.parts).map_err(|fault| match fault {
        JsonFault::TooManyParts => SkipReason::TooLong,
        JsonFault::Unfinished | JsonFault::Malformed => SkipReason::Malformed,
    })
}

/// Says how a parser's error ends the file.
///
/// # Errors
/// The error itself where the file could not be read.
pub(super) fn end_after(error: serde_json::Error, meter: &Meter) -> io::Result<FileEnd> {
    let reason = if error.is_eof() {
        EndReason::CutOff
    } else if !error.is_io() {
        EndReason::NotJson
    } else if meter.is_exhausted() {
        EndReason::TooLarge
    } else {
        return Err(error.into());
    };
    Ok(FileEnd::Early { byte: meter.position(), reason })
}
