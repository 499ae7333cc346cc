//! Bytes that are counted as they are consumed.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

const BUFFER_BYTES: usize = 64 * 1024;

/// How many bytes were consumed, seen from outside while a parser holds the [`Input`].
#[derive(Debug, Default, Clone)]
pub(crate) struct Meter(Rc<Meters>);

#[derive(Debug, Default)]
struct Meters {
    position: Cell<u64>,
    limit: Cell<Option<u64>>,
}

impl Meter {
    /// Bytes consumed so far.
    pub(crate) fn position(&self) -> u64 {
        self.0.position.get()
    }

    /// Lets a parser consume at most this many bytes from here.
    pub(crate) fn allow(&self, bytes: u64) {
        self.0.limit.set(Some(self.position().saturating_add(bytes)));
    }

    /// Says whether the parser wanted more than it was allowed.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.0.limit.get().is_some_and(|limit| self.position() >= limit)
    }

    fn advance(&self, bytes: usize) {
        self.0.position.set(self.position() + bytes as u64);
    }
}

/// A buffered reader whose [`Meter`] stands exactly where the parser does.
pub(crate) struct Input<'a> {
    reader: BufReader<&'a mut dyn Read>,
    meter: Meter,
}

impl<'a> Input<'a> {
    pub(crate) fn new(reader: &'a mut dyn Read, meter: Meter) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER_BYTES, reader), meter }
    }

    pub(crate) fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// Skips a byte order mark and white space, and looks at the first byte after them.
    pub(crate) fn first_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffered = self.fill_buf()?;
            // The mark's three bytes begin nothing else that could be JSON.
            let blank = |byte: &u8| byte.is_ascii_whitespace() || b"\xEF\xBB\xBF".contains(byte);
            let skipped = buffered.iter().take_while(|byte| blank(byte)).count();
            let found = buffered.get(skipped).copied();
            let at_end = buffered.is_empty();
            self.consume(skipped);
            if found.is_some() || at_end {
                return Ok(found);
            }
        }
    }

    /// Reads the first bytes after a byte order mark and white space.
    pub(crate) fn beginning(mut self, bytes: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
        self.first_byte()?;
        self.take(bytes).read_to_end(buffer).map(drop)
    }

    /// Skips what is left of a line.
    pub(crate) fn skip_line(&mut self) -> io::Result<()> {
        self.skip_until(b'\n').map(drop)
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_exhausted() {
            return Err(io::Error::other("more than is allowed for one value"));
        }
        let bytes = self.reader.read(buffer)?;
        self.meter.advance(bytes);
        Ok(bytes)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.meter.advance(bytes);
    }
}
