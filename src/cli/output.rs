//! The one place that writes to the terminal: data to standard output, the rest to standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use indicatif::{DecimalBytes, HumanCount};
use longmem_wire::ErrorDocument;
use serde::Serialize;
use terminal_size::{Height, Width, terminal_size_of};

use crate::pager;
use crate::progress_bar;
use crate::sanitize::{for_terminal_in_colour, json_for_terminal};
use crate::wrap::wrapped;

/// What every command writes through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Whether data is printed as JSON.
    pub(crate) json: bool,
    /// Whether notes and progress are left out.
    pub(crate) quiet: bool,
}

#[expect(clippy::unused_self, reason = "only who was handed the output may write")]
impl Output {
    /// Writes a line of data; on a terminal, a long one on several.
    pub(crate) fn line(self, line: impl AsRef<str>) -> io::Result<()> {
        self.line_as_it_is(&fitted(line.as_ref(), terminal_size_of(io::stdout())))
    }

    /// Writes a line of data that is to stay one: of a table, a picture, or what a program gets.
    pub(crate) fn line_as_it_is(self, line: &str) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        out.write_all(for_terminal_in_colour(line).as_bytes())?;
        out.write_all(b"\n")
    }

    /// Writes blocks of lines with an empty line between them: in the pager if they are longer than the
    /// screen, unless nobody wants one.
    pub(crate) fn pages(self, blocks: &[String], no_pager: bool) -> io::Result<()> {
        let terminal = terminal_size_of(io::stdout());
        let text = for_terminal_in_colour(&blocks.join("\n\n")).into_owned();
        let text = fitted(&text, terminal).into_owned();
        let is_longer = |(_, Height(rows))| text.lines().count() >= usize::from(rows);
        if !no_pager && terminal.is_some_and(is_longer) {
            let has_colours = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
            let shown = if has_colours { text.clone() } else { strip_str(&text).to_string() };
            if pager::show(&format!("{shown}\n"))? {
                return Ok(());
            }
        }
        self.line_as_it_is(&text)
    }

    /// Writes lines of data.
    pub(crate) fn lines(self, lines: impl IntoIterator<Item = String>) -> io::Result<()> {
        lines.into_iter().try_for_each(|line| self.line(line))
    }

    /// Writes a piece of a line and shows it at once: answers arrive in pieces.
    pub(crate) fn piece(self, piece: &str) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        out.write_all(piece.as_bytes())?;
        out.flush()
    }

    /// Writes data as one JSON document. On a terminal, characters that act on it are escaped, which
    /// changes nothing for a program.
    pub(crate) fn document(self, data: &impl Serialize) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if out.is_terminal() {
            let json = serde_json::to_string_pretty(data)?;
            out.write_all(json_for_terminal(&json).as_bytes())?;
        } else {
            serde_json::to_writer_pretty(&mut out, data).map_err(io::Error::from)?;
        }
        out.write_all(b"\n")
    }

    /// Passes on that the report of something done was printed. Where it could not be, what was done
    /// stays done: the command says so and ends well, so that nobody does it a second time.
    pub(crate) fn reported(self, done: &str, printed: io::Result<()>) {
        if let Err(error) = printed
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.warn(format!("{done}, but that could not be printed: {error}"));
        }
    }

    /// Where lines of JSON are written to; on a terminal as [`document`](Self::document) does.
    pub(crate) fn json_lines(self) -> Box<dyn Write> {
        let out = io::stdout().lock();
        if out.is_terminal() {
            Box::new(JsonForTerminal { out, line: Vec::new() })
        } else {
            Box::new(io::BufWriter::new(out))
        }
    }

    /// Writes a note beside the data, unless quiet.
    pub(crate) fn note(self, note: impl AsRef<str>) {
        if !self.quiet {
            self.say(note.as_ref());
        }
    }

    /// Writes a warning, also when quiet.
    pub(crate) fn warn(self, warning: impl AsRef<str>) {
        self.say(&format!("warning: {}", warning.as_ref()));
    }

    /// Whether progress is shown: standard error is a terminal, and nobody asked for quiet.
    pub(crate) fn shows_progress(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Writes why a command failed, for a person.
    pub(crate) fn error(self, text: &str) {
        self.say(text);
    }

    /// Writes why a command failed, for a program: one line of JSON.
    pub(crate) fn error_document(self, error: &ErrorDocument) {
        let mut line = serde_json::to_string(error).expect("an error is words and lists of words");
        if io::stderr().is_terminal() {
            line = json_for_terminal(&line).into_owned();
        }
        line.push('\n');
        // A closed standard error is no failure of the command.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }

    fn say(self, text: &str) {
        let text = &*for_terminal_in_colour(text);
        // Whoever closed standard error does not want to know.
        let _ = progress_bar::aside(|| {
            let text = fitted(text, terminal_size_of(io::stderr()));
            writeln!(anstream::stderr().lock(), "{text}")
        });
    }
}

/// Writes lines of JSON to a terminal.
struct JsonForTerminal {
    out: io::StdoutLock<'static>,
    line: Vec<u8>,
}

impl Write for JsonForTerminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if bytes.contains(&b'\n') {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    /// Writes the lines that are whole; a part of a character waits for the rest.
    fn flush(&mut self) -> io::Result<()> {
        let whole = self.line.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let rest = self.line.split_off(whole);
        let lines = String::from_utf8_lossy(&self.line);
        self.out.write_all(json_for_terminal(&lines).as_bytes())?;
        self.line = rest;
        self.out.flush()
    }
}

/// The narrowest terminal that lines are broken for.
const LEAST_COLUMNS: u16 = 20;

/// A text as it fits on a terminal; as it is, where it goes elsewhere.
fn fitted(text: &str, terminal: Option<(Width, Height)>) -> Cow<'_, str> {
    match terminal {
        Some((Width(columns), _)) => wrapped(text, columns.max(LEAST_COLUMNS).into()).into(),
        None => text.into(),
    }
}

/// A count with its noun: "1 turn", "12,345 turns".
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A count with a comma at each thousand: "12,345".
pub(crate) fn grouped(count: u64) -> String {
    HumanCount(count).to_string()
}

/// A size with a unit: "1.50 MB".
pub(crate) fn bytes(count: u64) -> String {
    DecimalBytes(count).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_sizes_have_units() {
        assert_eq!(counted(1, "turn"), "1 turn");
        assert_eq!(counted(0, "turn"), "0 turns");
        assert_eq!(counted(1_234_567, "turn"), "1,234,567 turns");
        assert_eq!(counted(999, "turn"), "999 turns");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500_000), "1.50 MB");
    }
}
