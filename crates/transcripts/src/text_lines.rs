//! Hands over the lines of a text file.

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use serde_json::Value;

use crate::json::{FileEnd, JsonShape, Limits, OnValue};
use crate::metered_reader::MeteredReader;
use crate::skip_reason::SkipReason;

/// Hands over each line as a string, blank ones included, without its end.
pub(crate) fn for_each_text_line(
    mut reader: MeteredReader<'_>,
    limits: Limits,
    on_value: &mut OnValue<'_>,
) -> io::Result<FileEnd> {
    reader.skip_byte_order_mark()?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut reader).take(limits.line_bytes).read_until(b'\n', &mut line)? == 0 {
            return Ok(FileEnd::Complete);
        }
        let value = if !line.ends_with(b"\n") && line.len() as u64 == limits.line_bytes {
            reader.skip_line()?;
            Err(SkipReason::TooLong)
        } else {
            match str::from_utf8(&line) {
                Ok(text) => Ok(Value::from(text.trim_end_matches(['\n', '\r']))),
                Err(_) => Err(SkipReason::NotUtf8),
            }
        };
        if on_value(JsonShape::Text, value) == ControlFlow::Break(()) {
            return Ok(FileEnd::Stopped);
        }
        if line.ends_with(b"\n") {
            reader.meter().end_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metered_reader::Meter;

    #[test]
    fn lines_come_without_their_ends_and_bad_ones_cost_only_themselves() {
        let mut bytes: &[u8] = b"\xEF\xBB\xBF[1] a\r\n\nb\xFF\n12345678901234567890\nlast";
        let mut lines = Vec::new();
        let limits = Limits { line_bytes: 12, ..Limits::default() };
        let reader = MeteredReader::new(&mut bytes, Meter::default());
        let end = for_each_text_line(reader, limits, &mut |shape, line| {
            assert_eq!(shape, JsonShape::Text);
            lines.push(line);
            ControlFlow::Continue(())
        });
        assert_eq!(end.unwrap(), FileEnd::Complete);
        assert_eq!(
            lines,
            [
                Ok("[1] a".into()),
                Ok("".into()),
                Err(SkipReason::NotUtf8),
                Err(SkipReason::TooLong),
                Ok("last".into()),
            ]
        );
    }
}
