//! Hands over values that span lines, one after another.

use std::io::{self, Read};
use std::mem;

use serde::de::DeserializeSeed;

use super::repair::RepairingReader;
use super::values::{FileEnd, JsonShape, Limits, OnValue, end_after, parse_text};
use super::wrapper::WrapperReader;
use crate::metered_reader::MeteredReader;

/// Hands over the values of a file of which `beginning` has been read already; in the place of a
/// wrapper, the conversations in it.
pub(super) fn for_each_document(
    beginning: &[u8],
    reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    let meter = reader.meter();
    let mut parser =
        serde_json::Deserializer::from_reader(RepairingReader::new(beginning.chain(reader)));
    loop {
        meter.allow(limits.value_bytes);
        let mut document = WrapperReader {
            limits,
            meter: &meter,
            on_value: &mut *on_value,
            kept: String::new(),
            is_wrapper: false,
            stopped: false,
        };
        let result = document.deserialize(&mut parser);
        let (kept, is_wrapper, stopped) =
            (mem::take(&mut document.kept), document.is_wrapper, document.stopped);
        match result {
            _ if stopped => return Ok(FileEnd::Stopped),
            Err(error) => return end_after(error, &meter),
            Ok(()) if is_wrapper => {}
            Ok(()) => {
                if on_value(JsonShape::Documents, parse_text(&kept, limits)).is_break() {
                    return Ok(FileEnd::Stopped);
                }
            }
        }
        match parser.end() {
            Ok(()) => return Ok(FileEnd::Complete),
            // The next value.
            Err(error) if error.is_syntax() => {}
            Err(error) => return end_after(error, &meter),
        }
    }
}
