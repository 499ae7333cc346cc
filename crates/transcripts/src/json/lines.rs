//! Hands over one value a line.

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use serde_json::Value;

use super::documents::for_each_document;
use super::parse::{JsonFault, parse};
use super::records::{LineRecords, records_of};
use super::values::{FileEnd, JsonShape, Limits, OnValue};
use super::wrapper::{begins_wrapper, unwrapped};
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
    if let Some(JsonLine::Records { unfinished: true, records }) = &next
        && records.values.is_empty()
        && lines.has_line_end()
    {
        // Either a value that spans lines begins here, or the first line is torn. The second line
        // tells.
        let mut beginning = std::mem::take(&mut lines.bytes);
        let second = lines.next()?;
        if !matches!(second, Some(JsonLine::Value(_))) && continues(&beginning, &lines.bytes) {
            beginning.append(&mut lines.bytes);
            return for_each_document(&beginning, lines.reader, limits, on_value);
        }
        if on_value(JsonShape::Lines, Err(SkipReason::Malformed)).is_break() {
            return Ok(FileEnd::Stopped);
        }
        next = second;
    }
    if let Some(JsonLine::Value(value)) = next {
        match unwrapped(value) {
            Ok(elements) => {
                let mut elements = elements.into_iter().map(Ok);
                if elements.try_for_each(|value| on_value(JsonShape::Array, value)).is_break() {
                    return Ok(FileEnd::Stopped);
                }
                next = lines.next()?;
            }
            Err(value) => next = Some(JsonLine::Value(value)),
        }
    }
    hand_over_lines(next, lines, on_value)
}

/// Hands over the lines that follow others.
pub(super) fn for_each_further_line(
    reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    let mut lines = JsonLineReader { reader, limits, bytes: Vec::new() };
    hand_over_lines(lines.next()?, lines, on_value)
}

fn hand_over_lines(
    mut next: Option<JsonLine>,
    mut lines: JsonLineReader<'_>,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    while let Some(line) = next {
        // A last line without an end can grow, unless it is a whole value already.
        let is_complete = lines.has_line_end() || matches!(line, JsonLine::Value(_));
        let flow = match line {
            JsonLine::Value(value) => on_value(JsonShape::Lines, Ok(value)),
            JsonLine::Skipped(reason) => on_value(JsonShape::Lines, Err(reason)),
            JsonLine::LongWrapper => {
                return for_each_document(&lines.bytes, lines.reader, lines.limits, on_value);
            }
            // The last line of a file that was cut off, or is being written at this moment.
            JsonLine::Records { records, unfinished: true } if !lines.has_line_end() => {
                let byte = lines.reader.meter().position();
                let whole = LineRecords { values: records.values, ..LineRecords::default() };
                return Ok(match hand_over(whole, on_value) {
                    ControlFlow::Continue(()) => FileEnd::Early { byte, reason: EndReason::CutOff },
                    ControlFlow::Break(()) => FileEnd::Stopped,
                });
            }
            JsonLine::Records { records, .. } => hand_over(records, on_value),
        };
        if flow.is_break() {
            return Ok(FileEnd::Stopped);
        }
        if is_complete {
            lines.reader.meter().end_line();
        }
        next = lines.next()?;
    }
    Ok(FileEnd::Complete)
}

/// Whether a second line goes on with the value that the first begins.
fn continues(first: &[u8], second: &[u8]) -> bool {
    let both = [first, second].concat();
    str::from_utf8(&both).is_ok_and(|both| parse(both, usize::MAX) != Err(JsonFault::Malformed))
}

/// Hands over the records of a line, and what is not a record as one that is malformed.
fn hand_over(records: LineRecords, on_value: &mut OnValue<'_>) -> ControlFlow<()> {
    for value in records.values {
        on_value(JsonShape::Lines, Ok(value))?;
    }
    if records.damaged {
        on_value(JsonShape::Lines, Err(SkipReason::Malformed))?;
    }
    records
        .after_damage
        .into_iter()
        .try_for_each(|value| on_value(JsonShape::AfterDamage, Ok(value)))
}

/// What one line holds.
enum JsonLine {
    Value(Value),
    /// More or less than one value.
    Records {
        records: LineRecords,
        /// Whether the line ends within a value.
        unfinished: bool,
    },
    /// The beginning of conversations in a wrapper, longer than a line may be.
    LongWrapper,
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
                if begins_wrapper(&self.bytes) {
                    return Ok(Some(JsonLine::LongWrapper));
                }
                self.reader.skip_line()?;
                return Ok(Some(JsonLine::Skipped(SkipReason::TooLong)));
            }
            let text = match str::from_utf8(&self.bytes) {
                Ok(text) => text,
                // Cut off within a character.
                Err(error) if error.error_len().is_none() && !self.has_line_end() => {
                    let records = LineRecords::default();
                    return Ok(Some(JsonLine::Records { records, unfinished: true }));
                }
                Err(_) => return Ok(Some(self.parse_around_bad_bytes())),
            };
            // A crash can leave zeros where something was to be written; no JSON has them.
            let blank = |c: char| c.is_whitespace() || c == '\0';
            let text = text.trim_matches(blank);
            if !text.is_empty() {
                return Ok(Some(self.parse_line(text)));
            }
        }
    }

    /// Takes a line with bytes that are not UTF-8: the one record that they stand in, or the whole
    /// records before and behind them.
    fn parse_around_bad_bytes(&self) -> JsonLine {
        let text = String::from_utf8_lossy(&self.bytes);
        if let Ok(value @ Value::Object(_)) = parse(text.trim(), self.limits.parts) {
            return JsonLine::Value(value);
        }
        let records_of = |text: Option<&str>| records_of(text.unwrap_or(""), self.limits.parts);
        let mut chunks = self.bytes.utf8_chunks();
        let before = records_of(chunks.next().map(|chunk| chunk.valid()));
        let last = chunks.last().filter(|chunk| chunk.invalid().is_empty());
        let mut after = records_of(last.map(|chunk| chunk.valid()));
        after.values.append(&mut after.after_damage);
        if before.values.is_empty() && after.values.is_empty() {
            return JsonLine::Skipped(SkipReason::NotUtf8);
        }
        let records =
            LineRecords { values: before.values, damaged: true, after_damage: after.values };
        JsonLine::Records { records, unfinished: false }
    }

    fn parse_line(&self, text: &str) -> JsonLine {
        let parts = self.limits.parts;
        let unfinished = match parse(text, parts) {
            Ok(value) => return JsonLine::Value(value),
            Err(JsonFault::TooManyParts) => return JsonLine::Skipped(SkipReason::TooLong),
            Err(JsonFault::Unfinished) => true,
            Err(JsonFault::Malformed) => false,
        };
        let records = if text.contains('\0') {
            records_of(&text.replace('\0', " "), parts)
        } else {
            records_of(text, parts)
        };
        JsonLine::Records { records, unfinished }
    }

    fn has_line_end(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }
}
