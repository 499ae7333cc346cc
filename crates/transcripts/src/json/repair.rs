//! Bytes that no JSON text may hold, one of which would end the reading of a whole export.

use std::io::{self, Read};

/// What stands for bytes that are not UTF-8: U+FFFD, as UTF-8.
const REPLACEMENT: [u8; 3] = [0xEF, 0xBF, 0xBD];

/// Reads JSON as it should have been written: bytes that are not UTF-8 become U+FFFD, and control
/// characters within a string, such as a line end, are escaped.
pub(super) struct RepairingReader<R> {
    source: R,
    in_string: bool,
    /// Whether a backslash came just now.
    escaped: bool,
    /// What was read of the source and not looked at: never more than one character.
    ahead: Vec<u8>,
    /// What is to be given away, the next byte last.
    ready: Vec<u8>,
}

impl<R: Read> RepairingReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, in_string: false, escaped: false, ahead: Vec::new(), ready: Vec::new() }
    }

    /// The next byte, or `None` at the end of the source.
    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        if !self.ahead.is_empty() {
            return Ok(Some(self.ahead.remove(0)));
        }
        let mut byte = [0];
        Ok((self.source.read(&mut byte)? == 1).then_some(byte[0]))
    }

    /// Reads one more byte of the source; `false` at its end.
    fn read_ahead(&mut self) -> io::Result<bool> {
        let mut byte = [0];
        let is_read = self.source.read(&mut byte)? == 1;
        if is_read {
            self.ahead.push(byte[0]);
        }
        Ok(is_read)
    }

    /// Whether an ASCII character stays as it is; if not, it is escaped, and ready.
    fn keeps(&mut self, byte: u8) -> bool {
        if self.in_string && byte < b' ' {
            self.ready.extend(format!("\\u{byte:04x}").bytes().rev());
            // Behind a backslash, the parser takes that one for an escaped backslash.
            self.escaped = false;
            return false;
        }
        if byte == b'"' && !self.escaped {
            self.in_string = !self.in_string;
        }
        self.escaped = self.in_string && byte == b'\\' && !self.escaped;
        true
    }

    /// Makes the character ready that begins here, or what stands in its place.
    fn complete_character(&mut self) -> io::Result<()> {
        loop {
            let wrong_bytes = match str::from_utf8(&self.ahead) {
                Ok(_) => {
                    self.ready.extend(self.ahead.drain(..).rev());
                    return Ok(());
                }
                Err(error) => error.error_len(),
            };
            // Without a length, the next byte may complete the character.
            if wrong_bytes.is_some() || !self.read_ahead()? {
                self.ahead.drain(..wrong_bytes.unwrap_or(self.ahead.len()));
                self.ready.extend(REPLACEMENT.iter().rev());
                return Ok(());
            }
        }
    }
}

impl<R: Read> Read for RepairingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(first) = buffer.first_mut() else { return Ok(0) };
        if self.ready.is_empty() {
            let Some(byte) = self.next_byte()? else { return Ok(0) };
            if !byte.is_ascii() {
                self.escaped = false;
                self.ahead.push(byte);
                self.complete_character()?;
            } else if self.keeps(byte) {
                *first = byte;
                return Ok(1);
            }
        }
        // The parser takes single bytes.
        Ok(self.ready.pop().map_or(0, |byte| {
            *first = byte;
            1
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut text = String::new();
        RepairingReader::new(bytes).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn each_damaged_place_is_replaced_and_what_follows_stays() {
        assert_eq!(
            read(b"caf\xE9 \"\xFF\xFE\" \xE2\x82"),
            "caf\u{fffd} \"\u{fffd}\u{fffd}\" \u{fffd}"
        );
        assert_eq!(read(b""), "");
    }

    #[test]
    fn control_characters_are_escaped_within_strings_only() {
        assert_eq!(
            read(b"{\n\"a\\\"\tb\": \"\n\0\\\\\",\t1}"),
            "{\n\"a\\\"\\u0009b\": \"\\u000a\\u0000\\\\\",\t1}"
        );
        assert_eq!(read(b"[\"a\\\n\",\n\"\n\"]"), "[\"a\\\\u000a\",\n\"\\u000a\"]");
    }

    proptest! {
        #[test]
        fn json_stays_as_it_is(text in any::<String>()) {
            let json = format!("[{:#}, 1]\n", serde_json::json!({"a": text, &text: [text]}));
            prop_assert_eq!(read(json.as_bytes()), json);
        }

        #[test]
        fn bytes_that_are_not_utf_8_read_as_the_standard_library_reads_them(
            mut bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            // Without a string, nothing is escaped.
            bytes.retain(|byte| *byte != b'"');
            prop_assert_eq!(read(&bytes), String::from_utf8_lossy(&bytes));
        }
    }
}
