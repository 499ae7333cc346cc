//! Hands over the elements of large arrays, one at a time.

use std::fmt;
use std::io::{self, BufRead, Read};

use serde::Deserializer as _;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::element_scan::{ElementScan, Scanned};
use super::parse::parse_sound;
use super::repair::RepairingReader;
use super::values::{FileEnd, JsonShape, Limits, OnValue, end_after, parse_raw};
use crate::ended_early::EndReason;
use crate::metered_reader::{Meter, MeteredReader};
use crate::skip_reason::SkipReason;

/// Hands over the elements of the array that a file consists of. Several arrays in a row, as of files
/// that were joined, are read as one.
pub(super) fn for_each_element(
    mut reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    loop {
        let end = read_array(&mut reader, limits, on_value)?;
        if end != FileEnd::Complete {
            return Ok(end);
        }
        match reader.peek_first_byte()? {
            None => return Ok(FileEnd::Complete),
            Some(b'[') => {}
            Some(_) => {
                let byte = reader.meter().position();
                return Ok(FileEnd::Early { byte, reason: EndReason::NotJson });
            }
        }
    }
}

/// Hands over the elements of the array that begins here.
fn read_array(
    reader: &mut MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    // Its bracket.
    reader.consume(1);
    match for_each_object(reader, limits, on_value)? {
        Objects::UntilEnd => Ok(FileEnd::Complete),
        Objects::Stopped => Ok(FileEnd::Stopped),
        Objects::Until(before) => stream_elements(reader, before, limits, on_value),
    }
}

/// How far an array was read.
enum Objects {
    /// To its end, which is consumed.
    UntilEnd,
    /// Until the callback broke off.
    Stopped,
    /// Until something that is no object, or is damaged. It is not consumed.
    Until(Before),
}

/// What the next element of an array comes behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// The bracket that begins the array.
    Bracket,
    /// Another element.
    Element,
}

/// Hands over the objects of an array. Each is parsed where it lies in the buffer, which takes a
/// fraction of the time of a parser that asks for one byte after the other.
fn for_each_object(
    reader: &mut MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<Objects> {
    let mut before = Before::Bracket;
    loop {
        let mut scan = ElementScan::after(before);
        let object = loop {
            let buffered = reader.buffered();
            let allowed = usize::try_from(limits.value_bytes).unwrap_or(usize::MAX);
            let allowed = &buffered[..buffered.len().min(allowed)];
            match scan.go_on(allowed) {
                Scanned::Object(object) => break object,
                Scanned::ArrayEnd(behind) => {
                    reader.consume(behind);
                    return Ok(Objects::UntilEnd);
                }
                Scanned::Other => return Ok(Objects::Until(before)),
                Scanned::Incomplete => {
                    if allowed.len() < buffered.len() || !reader.buffer_more() {
                        return Ok(Objects::Until(before));
                    }
                }
            }
        };
        let Some(value) = parse_object(&reader.buffered()[object.clone()], limits) else {
            return Ok(Objects::Until(before));
        };
        reader.consume(object.end);
        before = Before::Element;
        if on_value(JsonShape::Array, value).is_break() {
            return Ok(Objects::Stopped);
        }
    }
}

/// Parses the bytes of an object; `None` if they are no object even once they are repaired.
fn parse_object(bytes: &[u8], limits: Limits) -> Option<Result<Value, SkipReason>> {
    if let Ok(text) = str::from_utf8(bytes)
        && let Some(value) = parse_sound(text, limits.parts)
    {
        return Some(Ok(value));
    }
    let mut text = String::new();
    RepairingReader::new(bytes).read_to_string(&mut text).ok()?;
    // The text is JSON, but its inside may still be wrong: then it costs this element, and the array
    // goes on.
    let raw: &RawValue = serde_json::from_str(&text).ok()?;
    Some(parse_raw(raw, limits))
}

/// Hands over the further elements of an array, whatever they are, by a parser that also says where
/// the array stops being JSON.
fn stream_elements(
    reader: &mut MeteredReader<'_>,
    before: Before,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    let meter = reader.meter();
    let mut stopped = false;
    let visitor =
        ElementVisitor { before, limits, meter: meter.clone(), on_value, stopped: &mut stopped };
    // What was consumed before, in short.
    let beginning = match before {
        Before::Bracket => "[",
        Before::Element => "[\"\"",
    };
    // The parser takes nothing behind the end of the array.
    let text = RepairingReader::new(beginning.as_bytes().chain(reader));
    let result = serde_json::Deserializer::from_reader(text).deserialize_seq(visitor);
    match result {
        // A visitor that stopped leaves the array unfinished, which the parser calls an error.
        _ if stopped => Ok(FileEnd::Stopped),
        Ok(()) => Ok(FileEnd::Complete),
        Err(error) => end_after(error, &meter),
    }
}

/// Visits the elements of an array without keeping them.
struct ElementVisitor<'a, 'b> {
    before: Before,
    limits: Limits,
    meter: Meter,
    on_value: &'a mut OnValue<'b>,
    stopped: &'a mut bool,
}

impl<'de> Visitor<'de> for ElementVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        if self.before == Before::Element {
            // What stands for the elements that were handed over.
            array.next_element::<IgnoredAny>()?;
        }
        loop {
            self.meter.allow(self.limits.value_bytes);
            // The element is first taken as text: an error inside it then costs this element, and
            // the array goes on.
            let Some(raw) = array.next_element::<Box<RawValue>>()? else {
                return Ok(());
            };
            if (self.on_value)(JsonShape::Array, parse_raw(&raw, self.limits)).is_break() {
                *self.stopped = true;
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use super::*;

    /// Reads an array by the streaming parser alone.
    fn stream_array(
        reader: &mut MeteredReader<'_>,
        limits: Limits,
        on_value: &mut OnValue<'_>,
    ) -> io::Result<FileEnd> {
        reader.consume(1);
        stream_elements(reader, Before::Bracket, limits, on_value)
    }

    type ReadArray = fn(&mut MeteredReader<'_>, Limits, &mut OnValue<'_>) -> io::Result<FileEnd>;

    /// Gives a few bytes at a time, and an error at its end.
    struct Failing<'a> {
        bytes: &'a [u8],
        at_once: usize,
    }

    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let some = self.at_once.min(buffer.len());
            self.bytes.read(&mut buffer[..some])
        }
    }

    /// What comes of an array: its values, where each was handed over, and how it ended where.
    type Outcome = (Vec<(JsonShape, Result<Value, SkipReason>, u64)>, Option<FileEnd>, u64);

    fn outcome(source: &mut dyn Read, limits: Limits, read: ReadArray) -> Outcome {
        let meter = Meter::default();
        let mut reader = MeteredReader::new(source, meter.clone());
        let mut values = Vec::new();
        if reader.peek_first_byte().is_err() {
            return (values, None, 0);
        }
        let end = read(&mut reader, limits, &mut |shape, value| {
            values.push((shape, value, meter.position()));
            ControlFlow::Continue(())
        });
        (values, end.ok(), meter.position())
    }

    /// Arrays of objects, of which some bytes are damaged.
    fn arrays() -> impl Strategy<Value = Vec<u8>> {
        let text = r#"[a-z"{}\[\],:]|\\n|\u{e9}|\n"#;
        let object = prop::collection::vec((text, text), 0..4).prop_map(|fields| {
            let deep = serde_json::json!({"a": [[], {"b": fields.len()}], "c": null});
            let mut object: serde_json::Map<_, _> =
                fields.into_iter().map(|(name, text)| (name, text.into())).collect();
            object.insert("deep".to_owned(), deep);
            Value::from(object)
        });
        let array =
            (prop::collection::vec(object, 0..5), any::<bool>()).prop_map(|(array, pretty)| {
                let array = Value::from(array);
                if pretty { format!("{array:#}") } else { array.to_string() }.into_bytes()
            });
        let bytes = prop::sample::select(b"\"\\{}[], :0a\n\0\x1f\xff\xc3\xe9".to_vec());
        let damage = prop::collection::vec((any::<prop::sample::Index>(), bytes, 0..4), 0..3);
        (array, damage).prop_map(|(mut array, damage)| {
            for (at, byte, kind) in damage {
                // The bracket that begins the array stays.
                let at = 1 + at.index(array.len() - 1);
                match kind {
                    0 => array.insert(at, byte),
                    1 if at < array.len() => array.truncate(at.max(2)),
                    _ if at < array.len() => array[at] = byte,
                    _ => {}
                }
            }
            array
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn objects_in_one_piece_are_those_of_the_streaming_parser(
            array in arrays(),
            at_once in 1usize..200,
            value_bytes in prop::sample::select(vec![50, 200, 1 << 20]),
            parts in prop::sample::select(vec![12, 100]),
        ) {
            let limits = Limits { value_bytes, parts, ..Limits::default() };
            let whole = |read| outcome(&mut &array[..], limits, read);
            prop_assert_eq!(whole(read_array), whole(stream_array));
            let failing = |read| outcome(&mut Failing { bytes: &array, at_once }, limits, read);
            prop_assert_eq!(failing(read_array), failing(stream_array));
        }
    }

    /// One element is larger than what is read at once, and one cannot be parsed.
    #[test]
    fn known_places_of_damage_are_those_of_the_streaming_parser() {
        let huge = "x".repeat(300_000);
        for array in [
            format!(
                "[{{\"a\":\"{huge}\"}}, {{\"b\":\"\\ud83d\"}},{{\"c\":1e999}}, {{\"d\":[1,]}}, {{}}]"
            ),
            format!("[{{\"a\":1}},{{\"b\":\"{huge}"),
            "[{\"a\":1},]".to_owned(),
            "[{\"a\":1} {\"b\":1}]".to_owned(),
            "[{\"a\":1}, 2, {\"b\":1}]".to_owned(),
            "[{\"a\":[1}, {\"b\":1}]]".to_owned(),
            "[{\"a\":\"\\\"]}".to_owned(),
            "[{\"a\":\"\\".to_owned(),
            format!("[{{\"a\":{}{}}}]", "[".repeat(500), "]".repeat(500)),
            format!("[{{\"a\":1}},{}{{}}]", " ".repeat(400_000)),
            "[]".to_owned(),
            "[".to_owned(),
        ] {
            for value_bytes in [350_000, 1 << 20] {
                let limits = Limits { value_bytes, ..Limits::default() };
                let read = |read| outcome(&mut array.as_bytes(), limits, read);
                assert_eq!(
                    read(read_array),
                    read(stream_array),
                    "{}",
                    &array[..array.len().min(80)]
                );
            }
        }
    }
}
