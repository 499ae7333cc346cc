//! Hands over one value a line.

use std::io::{self, BufRead, Read};

use serde_json::Value;

use super::documents::for_each_document;
use super::parse::{JsonFault, parse};
use super::values::{FileEnd, JsonShape, Limits, OnValue};
use crate::ended_early::EndReason;
use crate::metered_reader::MeteredReader;
use crate::skip_reason::SkipReason;

/// Hands over the values of a file that does not begin with an array: one a line, or values that
/// span lines.
pub(super) fn for_each_line(
    reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    let mut lines = JsonLineReader { reader, limits, bytes: Vec::new() };
    let mut next = lines.next()?;
    if matches!(next, Some(JsonLine::Unfinished)) && lines.has_line_end() {
        // Either a value that spans lines begins here, or the first line is broken. The second line
        // tells: where it is a whole value, the file has one value a line.
        let mut beginning = std::mem::take(&mut lines.bytes);
        let second = lines.next()?;
        if matches!(second, Some(JsonLine::Unfinished | JsonLine::Skipped(SkipReason::Malformed))) {
            beginning.append(&mut lines.bytes);
            return for_each_document(&beginning, lines.reader, limits, on_value);
        }
        if on_value(JsonShape::Lines, Err(SkipReason::Malformed)).is_break() {
            return Ok(FileEnd::Stopped);
        }
        next = second;
    }
    while let Some(line) = next {
        let value = match line {
            JsonLine::Value(value) => Ok(value),
            JsonLine::Skipped(reason) => Err(reason),
            JsonLine::Unfinished if lines.has_line_end() => Err(SkipReason::Malformed),
            // The last line of a file that was cut off, or is being written at this moment.
            JsonLine::Unfinished => {
                let byte = lines.reader.meter().position();
                return Ok(FileEnd::Early { byte, reason: EndReason::CutOff });
            }
        };
        if on_value(JsonShape::Lines, value).is_break() {
            return Ok(FileEnd::Stopped);
        }
        next = lines.next()?;
    }
    Ok(FileEnd::Complete)
}

/// What one line holds.
enum JsonLine {
    Value(Value),
    /// The beginning of a value that the line does not finish.
    Unfinished,
    Skipped(SkipReason),
}

/// Reads lines, without those that are blank.
struct JsonLineReader<'a> {
    reader: MeteredReader<'a>,
    limits: Limits,
    /// The line read last, with its line end.
    bytes: Vec<u8>,
}

impl JsonLineReader<'_> {
    fn next(&mut self) -> io::Result<Option<JsonLine>> {
        loop {
            self.bytes.clear();
            let mut limited = (&mut self.reader).take(self.limits.line_bytes);
            if limited.read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(None);
            }
            if !self.has_line_end() && self.bytes.len() as u64 == self.limits.line_bytes {
                self.reader.skip_line()?;
                return Ok(Some(JsonLine::Skipped(SkipReason::TooLong)));
            }
            let Ok(text) = str::from_utf8(&self.bytes) else {
                return Ok(Some(JsonLine::Skipped(SkipReason::NotUtf8)));
            };
            if text.trim().is_empty() {
                continue;
            }
            return Ok(Some(match parse(text, self.limits.parts) {
                Ok(value) => JsonLine::Value(value),
                Err(JsonFault::Unfinished) => JsonLine::Unfinished,
                Err(JsonFault::Malformed) => JsonLine::Skipped(SkipReason::Malformed),
                Err(JsonFault::TooManyParts) => JsonLine::Skipped(SkipReason::TooLong),
            }));
        }
    }

    fn has_line_end(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }
}
