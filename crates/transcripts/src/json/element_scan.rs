//! Finds where an object in an array ends, without parsing it.

use std::ops::Range;

use super::array::Before;

/// Looks for the next element of an array that consists of objects, in bytes of which more and more
/// are there. It looks at each byte once.
pub(super) struct ElementScan {
    /// The number of bytes that were looked at.
    at: usize,
    expected: Expected,
    /// Where the object begins.
    start: usize,
    /// Brackets and braces that are open in the array.
    open: usize,
    in_string: bool,
}

/// What may stand before an object.
enum Expected {
    ObjectOrEnd,
    CommaOrEnd,
    Object,
}

/// What was found.
pub(super) enum Scanned {
    /// An object, with what stands before it; it may still be damaged.
    Object(Range<usize>),
    /// The end of the array, by the number of bytes up to it.
    ArrayEnd(usize),
    /// Something else.
    Other,
    /// Nothing before more bytes are there.
    Incomplete,
}

impl ElementScan {
    pub(super) fn after(before: Before) -> Self {
        let expected = match before {
            Before::Bracket => Expected::ObjectOrEnd,
            Before::Element => Expected::CommaOrEnd,
        };
        Self { at: 0, expected, start: 0, open: 0, in_string: false }
    }

    /// Goes on in bytes that begin with those it was given before.
    pub(super) fn go_on(&mut self, bytes: &[u8]) -> Scanned {
        while self.open == 0 {
            let Some(byte) = bytes.get(self.at) else { return Scanned::Incomplete };
            match (byte, &self.expected) {
                (b' ' | b'\n' | b'\r' | b'\t', _) => {}
                (b',', Expected::CommaOrEnd) => self.expected = Expected::Object,
                (b'{', Expected::ObjectOrEnd | Expected::Object) => {
                    self.start = self.at;
                    self.open = 1;
                }
                (b']', Expected::ObjectOrEnd | Expected::CommaOrEnd) => {
                    return Scanned::ArrayEnd(self.at + 1);
                }
                _ => return Scanned::Other,
            }
            self.at += 1;
        }
        while self.open > 0 {
            // A backslash that came last lets the place go beyond the bytes.
            let rest = bytes.get(self.at..).unwrap_or_default();
            let sign = if self.in_string {
                memchr::memchr2(b'"', b'\\', rest)
            } else {
                rest.iter().position(|byte| b"\"{}[]".contains(byte))
            };
            let Some(sign) = sign else {
                self.at = self.at.max(bytes.len());
                return Scanned::Incomplete;
            };
            match rest[sign] {
                b'"' => self.in_string = !self.in_string,
                // The byte after a backslash is never the end of the string.
                b'\\' => self.at += 1,
                b'{' | b'[' => self.open += 1,
                _ => self.open -= 1,
            }
            self.at += sign + 1;
        }
        Scanned::Object(self.start..self.at)
    }
}
