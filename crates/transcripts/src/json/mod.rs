//! Cuts a file into JSON values: the elements of an array, lines, or values that span lines.

mod array;
mod cut;
mod documents;
mod element_scan;
pub(crate) mod fields;
mod lines;
mod parse;
mod records;
mod repair;
#[cfg(test)]
mod tests;
mod values;
mod wrapper;

use std::io;

pub(crate) use self::cut::parse_cut;
pub(crate) use self::values::{FileEnd, JsonShape, Limits, OnValue, parse_text};
pub(crate) use self::wrapper::unwrapped;
use crate::metered_reader::MeteredReader;

/// Hands over the values of a file in order, with one of them in memory at a time.
///
/// # Errors
/// When the file cannot be read. A file whose content is not JSON ends early instead.
pub(crate) fn for_each_value(
    mut reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    match reader.peek_first_byte()? {
        None => Ok(FileEnd::Complete),
        Some(b'[') => array::for_each_element(reader, limits, on_value),
        Some(_) => lines::for_each_line(reader, limits, on_value),
    }
}

/// Hands over the values of the rest of a file that has one value a line.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn for_each_further_value(
    reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    lines::for_each_further_line(reader, limits, on_value)
}
