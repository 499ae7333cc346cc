//! Hands over the elements of large arrays, one at a time.

use std::fmt;
use std::io;

use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::repair::RepairingReader;
use super::values::{FileEnd, JsonShape, Limits, OnValue, end_after, parse_raw};
use crate::ended_early::EndReason;
use crate::metered_reader::{Meter, MeteredReader};

/// Hands over the elements of the array that a file consists of. Several arrays in a row, as of files
/// that were joined, are read as one.
pub(super) fn for_each_element(
    mut reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    let meter = reader.meter();
    loop {
        let mut stopped = false;
        let visitor = ElementVisitor {
            limits,
            meter: meter.clone(),
            on_value: &mut *on_value,
            stopped: &mut stopped,
        };
        // The parser takes nothing behind the end of the array.
        let text = RepairingReader::new(&mut reader);
        let result = serde_json::Deserializer::from_reader(text).deserialize_seq(visitor);
        match result {
            // A visitor that stopped leaves the array unfinished, which the parser calls an error.
            _ if stopped => return Ok(FileEnd::Stopped),
            Ok(()) => {}
            Err(error) => return end_after(error, &meter),
        }
        match reader.peek_first_byte()? {
            None => return Ok(FileEnd::Complete),
            Some(b'[') => {}
            Some(_) => {
                let byte = meter.position();
                return Ok(FileEnd::Early { byte, reason: EndReason::NotJson });
            }
        }
    }
}

/// Visits the elements of an array without keeping them.
struct ElementVisitor<'a, 'b> {
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
