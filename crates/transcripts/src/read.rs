//! Reads a path and hands over its turns.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use crate::content::Content;
use crate::detect::format_of;
use crate::error::TranscriptError;
use crate::files::TranscriptFiles;
use crate::formats::{Format, FormatReader};
use crate::imported_turn::ImportedTurn;
use crate::json::{FileEnd, Limits, OnValue, for_each_value};
use crate::left_out::{LeftOutFiles, LeftOutReason};
use crate::metered_reader::{Meter, MeteredReader};
use crate::progress::Progress;
use crate::report::Report;
use crate::text_lines::for_each_text_line;
use crate::turn_output::TurnOutput;

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
    let mut left_out = files.unreadable().clone();
    let mut first_error = None;
    let mut output = TurnOutput::new(files.bytes(), sink);
    for index in 0..files.files().len() {
        match read_file(&mut files, index, format, &mut output) {
            Ok(FileOutcome::Read) => {}
            Ok(FileOutcome::Stopped) => break,
            Ok(FileOutcome::LeftOut(reason)) => {
                let file = &files.files()[index];
                output.pass_over(file.bytes.unwrap_or(0));
                if reason != LeftOutReason::UnknownFormat || file.is_expected_to_be_a_chat() {
                    left_out.add(&file.label, reason);
                }
            }
            Err(error) => {
                let reason = LeftOutReason::Unreadable(error.to_string());
                left_out.add(&files.files()[index].label, reason);
                first_error.get_or_insert(error);
            }
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
    let other = left_out.named.iter().find_map(|file| match file.reason {
        LeftOutReason::OtherFormat(found) => Some((file, found)),
        _ => None,
    });
    Ok(match (wanted, other) {
        (Some(wanted), Some((file, found))) => TranscriptError::OtherFormat {
            path: files.path_of(&file.file),
            wanted: wanted.description(),
            found: found.description(),
        },
        _ => files.nothing_recognised()?,
    })
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
        None if files.beginning(index)?.trim_ascii().is_empty() => {
            return Ok(FileOutcome::LeftOut(LeftOutReason::Empty));
        }
        None => return Ok(FileOutcome::LeftOut(LeftOutReason::UnknownFormat)),
        Some(found) if wanted.is_some_and(|wanted| wanted != found) => {
            return Ok(FileOutcome::LeftOut(LeftOutReason::OtherFormat(found)));
        }
        Some(format) => format,
    };
    let mut reader = format.reader();
    for name in format.companions() {
        if let Some(value) = files.companion(index, name)? {
            reader.read_companion(name, value);
        }
    }
    let meter = Meter::default();
    output.begin_file(&files.files()[index], format, meter.clone());
    let end = match format.content() {
        Content::Json => read_values(files, index, for_each_value, meter, &mut *reader, output)?,
        Content::Text => {
            read_values(files, index, for_each_text_line, meter, &mut *reader, output)?
        }
        Content::Database => read_rows(files, index, &mut *reader, output)?,
    };
    output.end_file(end);
    let flow = match end {
        FileEnd::Stopped => ControlFlow::Break(()),
        FileEnd::Complete | FileEnd::Early { .. } => reader.finish(output),
    };
    Ok(if flow.is_break() { FileOutcome::Stopped } else { FileOutcome::Read })
}

/// Takes a file apart into values.
type ForEachValue = fn(MeteredReader<'_>, Limits, &mut OnValue<'_>) -> io::Result<FileEnd>;

fn read_values(
    files: &mut TranscriptFiles,
    index: usize,
    for_each_value: ForEachValue,
    meter: Meter,
    reader: &mut dyn FormatReader,
    output: &mut TurnOutput<'_>,
) -> Result<FileEnd, TranscriptError> {
    files.with_reader(index, |bytes: &mut dyn Read| {
        let bytes = MeteredReader::new(bytes, meter);
        for_each_value(bytes, Limits::default(), &mut |_, value| match value {
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
