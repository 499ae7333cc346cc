//! Reads a path and hands over its turns.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use crate::content::Content;
use crate::detect::{format_of, unread_format_of};
use crate::ended_early::EndReason;
use crate::error::TranscriptError;
use crate::files::TranscriptFiles;
use crate::formats::{Format, FormatReader};
use crate::imported_turn::ImportedTurn;
use crate::json::{FileEnd, JsonShape, Limits, OnValue, for_each_value};
use crate::left_out::{LeftOutFiles, LeftOutReason};
use crate::metered_reader::{Meter, MeteredReader};
use crate::progress::Progress;
use crate::report::Report;
use crate::text_lines::for_each_text_line;
use crate::turn_output::TurnOutput;
use crate::unread_formats::UnreadFormat;

/// Reads a file, a folder or a zip, and hands each turn to `sink` as it comes.
///
/// Each file is read in its own format, which is detected by content; what no format recognises is
/// named in the report. With a format, only files of that one are read. The turns of a session come
/// in the order of the conversation. They come together where the file keeps them together; lines of
/// JSON Lines come in the order of the file.
///
/// A turn without a time follows its session's previous turn by one millisecond. The first turn of
/// a session gets the session's own time, or else the time of the file's last change. When `sink`
/// breaks off, the report covers what was read until then.
///
/// # Errors
/// [`TranscriptError`] when the path cannot be read or unpacked, or no file in it is of a format
/// that is known or asked for. What is wrong inside a file is counted in the report and is never an
/// error.
///
/// # Examples
/// See the [crate's example](crate#examples).
pub fn read(
    path: &Path,
    format: Option<Format>,
    sink: &mut dyn FnMut(ImportedTurn, &Progress) -> ControlFlow<()>,
) -> Result<Report, TranscriptError> {
    let mut files = TranscriptFiles::open(path)?;
    let mut left_out = LeftOutFiles::default();
    let mut first_error = None;
    let mut give_up_on = |left_out: &mut LeftOutFiles, label: &str, error: TranscriptError| {
        left_out.add(label, LeftOutReason::Unreadable(error.to_string()));
        first_error.get_or_insert(error);
    };
    for (label, error) in files.take_unreadable() {
        give_up_on(&mut left_out, &label, error);
    }
    let mut output = TurnOutput::new(files.bytes(), sink);
    for index in 0..files.files().len() {
        match read_file(&mut files, index, format, &mut output) {
            Ok(FileOutcome::Read) => {}
            Ok(FileOutcome::Stopped) => break,
            Ok(FileOutcome::LeftOut(reason)) => {
                let file = &files.files()[index];
                output.pass_over(file.bytes.unwrap_or(0));
                if reason != LeftOutReason::UnknownFormat || file.may_be_expected_to_hold_chats() {
                    left_out.add(&file.label, reason);
                }
            }
            Err(error) => give_up_on(&mut left_out, &files.files()[index].label, error),
        }
    }
    let (progress, counts) = output.finish();
    if counts.formats.is_empty() {
        return Err(match first_error {
            Some(error) => error,
            None => nothing_read(&mut files, format, &left_out)?,
        });
    }
    Ok(Report {
        formats: counts.formats,
        sessions: progress.sessions,
        turns: progress.turns,
        turns_without_time: counts.turns_without_time,
        skipped: counts.skipped,
        ended_early: counts.ended_early,
        left_out,
    })
}

/// The error where no file is of a format that is known or asked for.
fn nothing_read(
    files: &mut TranscriptFiles,
    wanted: Option<Format>,
    left_out: &LeftOutFiles,
) -> Result<TranscriptError, TranscriptError> {
    for file in &left_out.named {
        let path = files.path_of(&file.file);
        match (&file.reason, wanted) {
            (LeftOutReason::OtherFormat(found), Some(wanted)) => {
                let (wanted, found) = (wanted.description(), found.description());
                return Ok(TranscriptError::OtherFormat { path, wanted, found });
            }
            (LeftOutReason::UnreadFormat { description, instead }, _) => {
                return Ok(TranscriptError::UnreadFormat { path, description, instead });
            }
            _ => {}
        }
    }
    files.nothing_recognised()
}

/// What became of a file.
enum FileOutcome {
    Read,
    /// The sink broke off.
    Stopped,
    LeftOut(LeftOutReason),
}

fn read_file(
    files: &mut TranscriptFiles,
    index: usize,
    wanted: Option<Format>,
    output: &mut TurnOutput<'_>,
) -> Result<FileOutcome, TranscriptError> {
    let format = match format_of(files, index, wanted)? {
        Some(found) if wanted.is_some_and(|wanted| wanted != found) => {
            return Ok(FileOutcome::LeftOut(LeftOutReason::OtherFormat(found)));
        }
        Some(format) => format,
        None => return Ok(FileOutcome::LeftOut(why_unknown(files, index)?)),
    };
    let mut reader = format.reader();
    for name in format.companions() {
        if let Some(value) = files.companion(index, name)? {
            reader.read_companion(name, &value);
        }
    }
    let meter = Meter::default();
    output.begin_file(&files.files()[index], format, meter.clone());
    let position = meter.clone();
    let ended = match format.content() {
        Content::Database => read_rows(files, index, &mut *reader, output),
        Content::Json | Content::Text => {
            read_values(files, index, format, meter, &mut *reader, output)
        }
    };
    // One damaged file does not stop the others.
    let end = match ended {
        Err(_) if files.is_one_of_many() && output.turns_of_file() > 0 => {
            FileEnd::Early { byte: position.position(), reason: EndReason::Unreadable }
        }
        ended => ended?,
    };
    let flow = match end {
        FileEnd::Stopped => ControlFlow::Break(()),
        FileEnd::Complete | FileEnd::Early { .. } => reader.finish(output),
    };
    if flow.is_continue() && output.found_only_malformed() {
        return Ok(FileOutcome::LeftOut(LeftOutReason::UnknownFormat));
    }
    output.end_file(end);
    Ok(if flow.is_break() { FileOutcome::Stopped } else { FileOutcome::Read })
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

fn read_values(
    files: &mut TranscriptFiles,
    index: usize,
    format: Format,
    meter: Meter,
    reader: &mut dyn FormatReader,
    output: &mut TurnOutput<'_>,
) -> Result<FileEnd, TranscriptError> {
    let for_each_value: ForEachValue = match format.content() {
        Content::Text => for_each_text_line,
        Content::Json | Content::Database => for_each_value,
    };
    files.with_reader(index, |bytes: &mut dyn Read| {
        let bytes = MeteredReader::new(bytes, meter);
        for_each_value(bytes, Limits::default(), &mut |shape, value| match value {
            Ok(value) if shape == JsonShape::AfterDamage && !format.recognizes(&value, shape) => {
                ControlFlow::Continue(())
            }
            Ok(value) => reader.read_value(value, output),
            Err(reason) => {
                output.skip(reason);
                ControlFlow::Continue(())
            }
        })
    })
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
