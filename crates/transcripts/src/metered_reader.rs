//! A buffered reader that counts the bytes its consumer takes, and can stop it at a limit.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::rc::Rc;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Bytes that the buffer keeps once all in it is consumed.
const KEPT_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// The position of a [`MeteredReader`], shared with others while a parser owns the reader.
#[derive(Debug, Default, Clone)]
pub(crate) struct Meter(Rc<MeterState>);

#[derive(Debug, Default)]
struct MeterState {
    position: Cell<u64>,
    /// Where the last line ended that was handed over whole.
    line_end: Cell<u64>,
    /// The position from which on reading fails.
    limit: Cell<Option<u64>>,
}

impl Meter {
    /// Bytes consumed so far.
    pub(crate) fn position(&self) -> u64 {
        self.0.position.get()
    }

    /// A meter that begins at an offset.
    pub(crate) fn starting_at(offset: u64) -> Self {
        let meter = Self::default();
        meter.0.position.set(offset);
        meter.0.line_end.set(offset);
        meter
    }

    /// Where the last line ended that was handed over whole.
    pub(crate) fn line_end(&self) -> u64 {
        self.0.line_end.get()
    }

    /// Notes that everything until here was handed over, and that a line ends here.
    pub(crate) fn end_line(&self) {
        self.0.line_end.set(self.position());
    }

    /// Lets the parser consume at most this many more bytes.
    pub(crate) fn allow(&self, bytes: u64) {
        self.0.limit.set(Some(self.position().saturating_add(bytes)));
    }

    /// Whether the parser has consumed all that it was allowed.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.0.limit.get().is_some_and(|limit| self.position() >= limit)
    }

    fn advance(&self, bytes: usize) {
        self.0.position.set(self.position() + bytes as u64);
    }
}

/// A buffered reader whose [`Meter`] counts what was consumed, not what was buffered.
pub(crate) struct MeteredReader<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// What of the buffer was read and is not consumed.
    filled: Range<usize>,
    /// An error that comes behind what is buffered.
    failed: Option<io::Error>,
    meter: Meter,
}

impl<'a> MeteredReader<'a> {
    pub(crate) fn new(source: &'a mut dyn Read, meter: Meter) -> Self {
        Self { source, buffer: vec![0; BUFFER_BYTES], filled: 0..0, failed: None, meter }
    }

    /// What was read and is not consumed.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.filled.clone()]
    }

    /// Reads on behind what is buffered. `false` where that fails: at the end of the file, or with an error,
    /// which comes once all that is buffered is consumed.
    pub(crate) fn buffer_more(&mut self) -> bool {
        if self.filled.start > 0 {
            self.buffer.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        if self.filled.end == self.buffer.len() {
            // A value is copied a few times at most until it fits in, however large it is.
            let more = BUFFER_BYTES.max(self.buffer.len() / 4);
            self.buffer.resize(self.buffer.len() + more, 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.filled.end..]) {
                Ok(bytes) => {
                    self.filled.end += bytes;
                    return bytes > 0;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    return false;
                }
            }
        }
    }

    pub(crate) fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// Skips a byte order mark, white space and zeros, and returns the byte after them without consuming
    /// it; `None` at the end of the file.
    pub(crate) fn peek_first_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffered = self.fill_buf()?;
            // The three bytes of the mark are looked for one by one, since no JSON begins with any
            // of them.
            let blank = |byte: &u8| byte.is_ascii_whitespace() || b"\0\xEF\xBB\xBF".contains(byte);
            let skipped = buffered.iter().take_while(|byte| blank(byte)).count();
            let first = buffered.get(skipped).copied();
            let at_end = buffered.is_empty();
            self.consume(skipped);
            if first.is_some() || at_end {
                return Ok(first);
            }
        }
    }

    /// Skips a byte order mark of UTF-8, where the file begins with one.
    pub(crate) fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        if self.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
            self.consume(3);
        }
        Ok(())
    }

    /// Skips the rest of a line, its end included.
    pub(crate) fn skip_line(&mut self) -> io::Result<()> {
        self.skip_until(b'\n').map(drop)
    }
}

impl Read for MeteredReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_exhausted() {
            return Err(io::Error::other("more bytes than one value may have"));
        }
        let mut buffered = self.fill_buf()?;
        let bytes = buffered.read(buffer)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

impl BufRead for MeteredReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.filled.is_empty() {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            // After a huge value.
            if self.buffer.len() > KEPT_BUFFER_BYTES {
                self.buffer = vec![0; BUFFER_BYTES];
            }
            self.filled = 0..0;
            self.filled.end = self.source.read(&mut self.buffer)?;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, bytes: usize) {
        self.filled.start += bytes;
        self.meter.advance(bytes);
    }
}
