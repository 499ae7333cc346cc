//! Cuts a stream into JSON values: the elements of an array, lines, or values one after another.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::input::{Input, Meter};
use crate::json;
use crate::report::{EndReason, SkipReason};

/// How a file strings its values together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One array; its elements are the values.
    Array,
    /// One value a line.
    Lines,
    /// One value, or several in a row, that span lines.
    Values,
}

/// How reading came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// At the end of the file.
    Whole,
    /// The callback broke off.
    Stopped,
    /// Before the end of the file.
    Early { byte: u64, reason: EndReason },
}

/// The most bytes that are held in memory, so that a hostile file cannot fill it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of a line.
    pub(crate) line: u64,
    /// Of an element of an array, or a value that spans lines.
    pub(crate) value: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 64 << 20, value: 256 << 20 }
    }
}

/// Takes a value, or the reason why there is none in its place.
pub(crate) type OnElement<'a> =
    dyn FnMut(Layout, Result<Value, SkipReason>) -> ControlFlow<()> + 'a;

/// Hands over the values of a stream, one at a time, in order.
///
/// # Errors
/// When the stream cannot be read. A stream of the wrong content ends early instead.
pub(crate) fn each_element(
    mut input: Input<'_>,
    limits: Limits,
    on: &mut OnElement<'_>,
) -> io::Result<End> {
    match input.first_byte()? {
        None => Ok(End::Whole),
        Some(b'[') => array(input, limits, on),
        Some(_) => lines(input, limits, on),
    }
}

/// Parses a value that is JSON by its shape; inside, it may still be wrong.
fn inner(raw: &RawValue) -> Result<Value, SkipReason> {
    json::parse(raw.get()).map_err(|_| SkipReason::Malformed)
}

/// Says how a parser's error ends a stream.
fn end_of(error: serde_json::Error, meter: &Meter) -> io::Result<End> {
    let reason = if error.is_eof() {
        EndReason::CutOff
    } else if !error.is_io() {
        EndReason::NotJson
    } else if meter.is_exhausted() {
        EndReason::TooLarge
    } else {
        return Err(error.into());
    };
    Ok(End::Early { byte: meter.position(), reason })
}

fn array(input: Input<'_>, limits: Limits, on: &mut OnElement<'_>) -> io::Result<End> {
    let meter = input.meter();
    let mut stopped = false;
    let elements = Elements { limits, meter: meter.clone(), on, stopped: &mut stopped };
    let result = serde_json::Deserializer::from_reader(input).deserialize_seq(elements);
    match result {
        _ if stopped => Ok(End::Stopped),
        Ok(()) => Ok(End::Whole),
        Err(error) => end_of(error, &meter),
    }
}

/// Visits the elements of an array without keeping them.
struct Elements<'a, 'b> {
    limits: Limits,
    meter: Meter,
    on: &'a mut OnElement<'b>,
    stopped: &'a mut bool,
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        loop {
            self.meter.allow(self.limits.value);
            let Some(raw) = array.next_element::<Box<RawValue>>()? else {
                return Ok(());
            };
            if (self.on)(Layout::Array, inner(&raw)).is_break() {
                *self.stopped = true;
                return Ok(());
            }
        }
    }
}

/// What stands in a line.
enum Line {
    /// A value.
    Whole(Value),
    /// The beginning of a value.
    Unfinished,
    /// Nothing that can be used.
    Unusable(SkipReason),
}

/// Reads lines that are not blank.
struct Lines<'a> {
    input: Input<'a>,
    limit: u64,
    /// The last line, with its end.
    bytes: Vec<u8>,
}

impl Lines<'_> {
    fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            self.bytes.clear();
            if (&mut self.input).take(self.limit).read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(None);
            }
            if !self.is_terminated() && self.bytes.len() as u64 == self.limit {
                self.input.skip_line()?;
                return Ok(Some(Line::Unusable(SkipReason::TooLong)));
            }
            let Ok(text) = str::from_utf8(&self.bytes) else {
                return Ok(Some(Line::Unusable(SkipReason::NotUtf8)));
            };
            if text.trim().is_empty() {
                continue;
            }
            return Ok(Some(match json::parse(text) {
                Ok(value) => Line::Whole(value),
                Err(error) if error.is_eof() => Line::Unfinished,
                Err(_) => Line::Unusable(SkipReason::Malformed),
            }));
        }
    }

    fn is_terminated(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }
}

fn lines(input: Input<'_>, limits: Limits, on: &mut OnElement<'_>) -> io::Result<End> {
    let mut lines = Lines { input, limit: limits.line, bytes: Vec::new() };
    let mut next = lines.next()?;
    if matches!(next, Some(Line::Unfinished)) && lines.is_terminated() {
        // Either a value that spans lines begins here, or the first line is broken.
        let mut beginning = std::mem::take(&mut lines.bytes);
        let second = lines.next()?;
        if matches!(second, Some(Line::Unfinished | Line::Unusable(SkipReason::Malformed))) {
            beginning.append(&mut lines.bytes);
            return values(&beginning, lines.input, limits, on);
        }
        if on(Layout::Lines, Err(SkipReason::Malformed)).is_break() {
            return Ok(End::Stopped);
        }
        next = second;
    }
    while let Some(line) = next {
        let value = match line {
            Line::Whole(value) => Ok(value),
            Line::Unusable(reason) => Err(reason),
            Line::Unfinished if lines.is_terminated() => Err(SkipReason::Malformed),
            Line::Unfinished => {
                let byte = lines.input.meter().position();
                return Ok(End::Early { byte, reason: EndReason::CutOff });
            }
        };
        if on(Layout::Lines, value).is_break() {
            return Ok(End::Stopped);
        }
        next = lines.next()?;
    }
    Ok(End::Whole)
}

fn values(
    beginning: &[u8],
    input: Input<'_>,
    limits: Limits,
    on: &mut OnElement<'_>,
) -> io::Result<End> {
    let meter = input.meter();
    let stream = serde_json::Deserializer::from_reader(beginning.chain(input));
    let mut values = stream.into_iter::<Box<RawValue>>();
    loop {
        meter.allow(limits.value);
        match values.next() {
            None => return Ok(End::Whole),
            Some(Err(error)) => return end_of(error, &meter),
            Some(Ok(raw)) => {
                if on(Layout::Values, inner(&raw)).is_break() {
                    return Ok(End::Stopped);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
