//! Hands over values that span lines, one after another.

use std::io::{self, Read};

use serde_json::value::RawValue;

use super::values::{FileEnd, JsonShape, Limits, OnValue, end_after, parse_raw};
use crate::metered_reader::MeteredReader;

/// Hands over the values of a file of which `beginning` has been read already.
pub(super) fn for_each_document(
    beginning: &[u8],
    reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    let meter = reader.meter();
    let stream = serde_json::Deserializer::from_reader(beginning.chain(reader));
    let mut documents = stream.into_iter::<Box<RawValue>>();
    loop {
        meter.allow(limits.value_bytes);
        match documents.next() {
            None => return Ok(FileEnd::Complete),
            Some(Err(error)) => return end_after(error, &meter),
            Some(Ok(raw)) => {
                if on_value(JsonShape::Documents, parse_raw(&raw, limits)).is_break() {
                    return Ok(FileEnd::Stopped);
                }
            }
        }
    }
}
