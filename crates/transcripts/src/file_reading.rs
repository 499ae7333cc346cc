//! One file that is read, value by value, and marked.

use std::cell::Cell;
use std::io::{self, Read};
use std::ops::ControlFlow;

use crate::content::Content;
use crate::detect::{format_of, unread_format_of};
use crate::ended_early::EndReason;
use crate::error::TranscriptError;
use crate::files::{Marked, TranscriptFiles};
use crate::formats::{Format, FormatReader};
use crate::json::{FileEnd, JsonShape, Limits, OnValue, for_each_further_value, for_each_value};
use crate::left_out::LeftOutReason;
use crate::mark::{Mark, Place, SinceMark, since_mark};
use crate::metered_reader::{Meter, MeteredReader};
use crate::text_lines::for_each_text_line;
use crate::turn_output::TurnOutput;
use crate::unread_formats::UnreadFormat;

/// What became of a file.
pub(crate) enum FileOutcome {
    Read,
    /// The receiver broke off.
    Stopped,
    /// It did not change since it was read before.
    Unchanged,
    LeftOut(LeftOutReason),
}

/// Reads a file, or says why not.
pub(crate) fn read_file(
    files: &mut TranscriptFiles,
    index: usize,
    wanted: Option<Format>,
    output: &mut TurnOutput<'_>,
) -> Result<FileOutcome, TranscriptError> {
    let mut marked = files.marked(index).filter(|marked| !marked.is_zip);
    let since = since_mark(files, marked.as_mut(), output);
    if let Some(marked) = &marked {
        files.set_stem(index, marked.stem.clone());
    }
    let marked = marked.filter(|_| output.receiver().keeps_marks());
    let resume = match since {
        SinceMark::Unchanged => return Ok(FileOutcome::Unchanged),
        SinceMark::Grown(format, resume) => Some((format, resume)),
        SinceMark::Other => None,
    };
    let format = match (&resume, wanted) {
        (Some((marked, _)), wanted) if wanted.is_none_or(|wanted| wanted == *marked) => *marked,
        _ => match format_of(files, index, wanted)? {
            Some(found) if wanted.is_some_and(|wanted| wanted != found) => {
                return Ok(FileOutcome::LeftOut(LeftOutReason::OtherFormat(found)));
            }
            Some(format) => format,
            None => return Ok(FileOutcome::LeftOut(why_unknown(files, index)?)),
        },
    };
    let resume = resume.filter(|(marked, _)| *marked == format).map(|(_, resume)| resume);
    let mut reader = format.reader();
    for name in format.companions() {
        if let Some(value) = files.companion(index, name)? {
            reader.read_companion(name, &value);
        }
    }
    let meter = Meter::starting_at(resume.as_ref().map_or(0, |resume| resume.offset));
    output.begin_file(&files.files()[index], format, meter.clone());
    let offset = resume.map(|resume| {
        reader.restore(resume.state);
        output.restore_file(resume.memory);
        resume.offset
    });
    let lines = offset.is_some();
    let bytes_for_marks = Cell::default();
    let mut reading = FileReading { format, reader, meter, marked, lines, bytes_for_marks };
    let ended = match format.content() {
        Content::Database => read_rows(files, index, &mut *reading.reader, output),
        Content::Json | Content::Text => reading.read_values(files, index, offset, output),
    };
    // One damaged file does not stop the others.
    let end = match ended {
        Err(_) if files.is_one_of_many() && output.turns_of_file() > 0 => {
            FileEnd::Early { byte: reading.meter.position(), reason: EndReason::Unreadable }
        }
        ended => ended?,
    };
    let flow = match end {
        FileEnd::Stopped => ControlFlow::Break(()),
        FileEnd::Complete | FileEnd::Early { .. } => reading.reader.finish(output),
    };
    if flow.is_continue() && offset.is_none() && output.found_only_malformed() {
        return Ok(FileOutcome::LeftOut(LeftOutReason::UnknownFormat));
    }
    output.end_file(end);
    if flow.is_break() {
        return Ok(FileOutcome::Stopped);
    }
    if !matches!(end, FileEnd::Early { reason: EndReason::Unreadable, .. }) {
        reading.set_mark(true, output);
    }
    files.count_bytes_read(reading.bytes_for_marks.get());
    Ok(FileOutcome::Read)
}

/// Why a file in which no format is recognised is left out.
fn why_unknown(
    files: &mut TranscriptFiles,
    index: usize,
) -> Result<LeftOutReason, TranscriptError> {
    if files.beginning(index)?.trim_ascii().is_empty() {
        return Ok(LeftOutReason::Empty);
    }
    Ok(match unread_format_of(files, index)? {
        Some(UnreadFormat { description, instead, .. }) => {
            LeftOutReason::UnreadFormat { description, instead }
        }
        None => LeftOutReason::UnknownFormat,
    })
}

/// Takes a file apart into values.
type ForEachValue = fn(MeteredReader<'_>, Limits, &mut OnValue<'_>) -> io::Result<FileEnd>;

/// Turns of a file before its first mark, after which an import that is interrupted goes on. Each
/// further mark comes after a fifth of the turns so far, since marks grow with the file.
const TURNS_BEFORE_MARK: u64 = 1000;

/// A file that is being read.
struct FileReading {
    format: Format,
    reader: Box<dyn FormatReader>,
    meter: Meter,
    /// What marks are kept for.
    marked: Option<Marked>,
    /// Whether all values so far came from lines, after which reading can go on.
    lines: bool,
    /// Bytes that were read once more to make marks.
    bytes_for_marks: Cell<u64>,
}

impl FileReading {
    /// Reads the values of a file, from an offset or from its beginning.
    fn read_values(
        &mut self,
        files: &mut TranscriptFiles,
        index: usize,
        offset: Option<u64>,
        output: &mut TurnOutput<'_>,
    ) -> Result<FileEnd, TranscriptError> {
        let for_each_value: ForEachValue = match (self.format.content(), offset) {
            (Content::Text, _) => for_each_text_line,
            (_, Some(_)) => for_each_further_value,
            (_, None) => for_each_value,
        };
        let mut marked_turns = 0;
        let meter = self.meter.clone();
        let read = |bytes: &mut dyn Read| {
            let bytes = MeteredReader::new(bytes, meter);
            for_each_value(bytes, Limits::default(), &mut |shape, value| {
                let turns = output.turns_of_file();
                if self.reader.holds_nothing_back()
                    && turns >= marked_turns + marked_turns / 5 + TURNS_BEFORE_MARK
                {
                    marked_turns = turns;
                    self.set_mark(false, output);
                }
                self.lines = matches!(shape, JsonShape::Lines | JsonShape::AfterDamage);
                match value {
                    Ok(value)
                        if shape == JsonShape::AfterDamage
                            && !self.format.recognizes(&value, JsonShape::Lines) =>
                    {
                        ControlFlow::Continue(())
                    }
                    Ok(value) => self.reader.read_value(value, output),
                    Err(reason) => {
                        output.skip(reason);
                        ControlFlow::Continue(())
                    }
                }
            })
        };
        match offset {
            Some(offset) => files.with_reader_from(index, offset, read),
            None => files.with_reader(index, read),
        }
    }

    /// Marks how far the file was read: to its end, or to the end of a line.
    fn set_mark(&self, is_whole: bool, output: &mut TurnOutput<'_>) {
        let Some(marked) = &self.marked else { return };
        let place = match (self.lines, self.reader.state(), output.file_memory()) {
            (true, Some(state), Some(memory)) => {
                Some(Place { offset: self.meter.line_end(), state, memory })
            }
            _ => None,
        };
        if !is_whole && place.is_none() {
            return;
        }
        // Without a mark, the file is read again, which adds nothing.
        if let Ok((mark, bytes)) = Mark::new(&marked.facts(), Some(self.format), is_whole, place) {
            self.bytes_for_marks.set(self.bytes_for_marks.get() + bytes);
            output.receiver().set_mark(&marked.path, mark);
        }
    }
}

fn read_rows(
    files: &mut TranscriptFiles,
    index: usize,
    reader: &mut dyn FormatReader,
    output: &mut TurnOutput<'_>,
) -> Result<FileEnd, TranscriptError> {
    files.with_database(index, |database| {
        let Some(query) = reader.query(&database.tables()?) else { return Ok(FileEnd::Complete) };
        let flow = database.for_each_row(&query, &mut |row| reader.read_value(row, output))?;
        Ok(if flow.is_break() { FileEnd::Stopped } else { FileEnd::Complete })
    })
}
