//! Files in UTF-16, as some editors and shells on Windows write them, are read as UTF-8.

use std::io::{self, Read};

/// Bytes that are decoded at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// Reads a file as UTF-8: one in UTF-16 is decoded, with or without a byte order mark; any other
/// stays as it is.
pub(crate) struct Utf8Reader<R> {
    source: R,
    encoding: Option<Encoding>,
    /// What was read of the source, and is not decoded.
    undecoded: Vec<u8>,
    /// What is ready to be read, up to `given` of it given away.
    decoded: Vec<u8>,
    given: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16LittleEndian,
    Utf16BigEndian,
}

impl Encoding {
    /// The encoding of a file that begins with these bytes.
    fn of(beginning: &[u8]) -> Self {
        match beginning {
            // A byte order mark, or two characters of ASCII without one.
            [0xFF, 0xFE, ..] | [1..=0x7F, 0, 1..=0x7F, 0] => Encoding::Utf16LittleEndian,
            [0xFE, 0xFF, ..] | [0, 1..=0x7F, 0, 1..=0x7F] => Encoding::Utf16BigEndian,
            _ => Encoding::Utf8,
        }
    }
}

/// Whether a file that begins with these bytes is read as it is.
pub(crate) fn is_utf8(beginning: &[u8]) -> bool {
    Encoding::of(&beginning[..beginning.len().min(4)]) == Encoding::Utf8
}

impl<R: Read> Utf8Reader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, encoding: None, undecoded: Vec::new(), decoded: Vec::new(), given: 0 }
    }

    /// Finds out the encoding by the first four bytes.
    fn begin(&mut self) -> io::Result<Encoding> {
        let mut beginning = Vec::new();
        (&mut self.source).take(4).read_to_end(&mut beginning)?;
        let encoding = Encoding::of(&beginning);
        if encoding == Encoding::Utf8 {
            self.decoded = beginning;
        } else {
            self.undecoded = beginning;
        }
        self.encoding = Some(encoding);
        Ok(encoding)
    }

    /// Decodes the next bytes of the source; leaves nothing ready only at its end.
    fn decode(&mut self, unit: fn([u8; 2]) -> u16) -> io::Result<()> {
        self.decoded.clear();
        self.given = 0;
        while self.decoded.is_empty() {
            let before = self.undecoded.len();
            (&mut self.source).take(CHUNK_BYTES as u64).read_to_end(&mut self.undecoded)?;
            let at_end = self.undecoded.len() == before;
            let mut units: Vec<u16> =
                self.undecoded.chunks_exact(2).map(|two| unit([two[0], two[1]])).collect();
            // The first half of a pair waits for its second.
            let is_first_half = |unit: &u16| (0xD800..0xDC00).contains(unit);
            if !at_end && units.last().is_some_and(is_first_half) {
                units.pop();
            }
            self.undecoded.drain(..units.len() * 2);
            let text = String::from_utf16_lossy(&units);
            self.decoded.extend(text.trim_start_matches('\u{feff}').bytes());
            if at_end {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => self.begin()?,
        };
        if self.given == self.decoded.len() {
            match encoding {
                Encoding::Utf8 => return self.source.read(buffer),
                Encoding::Utf16LittleEndian => self.decode(u16::from_le_bytes)?,
                Encoding::Utf16BigEndian => self.decode(u16::from_be_bytes)?,
            }
        }
        let bytes = (&self.decoded[self.given..]).read(buffer)?;
        self.given += bytes;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<u8> {
        let mut read = Vec::new();
        Utf8Reader::new(bytes).read_to_end(&mut read).unwrap();
        read
    }

    #[test]
    fn files_that_are_not_utf_16_stay_as_they_are() {
        for bytes in
            [&b""[..], b"a", b"{\"a\"", b"\0\0\0\0{", b"SQLite format 3\0", b"\xEF\xBB\xBF{}"]
        {
            assert_eq!(read(bytes), bytes);
        }
    }

    proptest! {
        #[test]
        fn utf_16_comes_out_as_utf_8(text in "\\{\"(\\PC|\u{1f600}){0,50}", repeat in 1usize..2000) {
            let text = text.repeat(repeat);
            let units = || text.encode_utf16();
            let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
            let expected = text.as_bytes();
            prop_assert_eq!(&read(&little), expected);
            prop_assert_eq!(&read(&big), expected);
            prop_assert_eq!(&read(&[b"\xFF\xFE", &little[..]].concat()), expected);
            prop_assert_eq!(&read(&[b"\xFE\xFF", &big[..]].concat()), expected);
        }
    }
}
