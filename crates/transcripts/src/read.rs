//! Reads a path and hands over its turns.

use std::ops::ControlFlow;
use std::path::Path;

use crate::error::TranscriptError;
use crate::file_reading::{FileOutcome, read_file};
use crate::files::TranscriptFiles;
use crate::formats::Format;
use crate::imported_turn::ImportedTurn;
use crate::left_out::{LeftOutFiles, LeftOutReason};
use crate::progress::Progress;
use crate::receiver::{ReceivingFunction, TurnReceiver};
use crate::report::Report;
use crate::source::Source;
use crate::turn_output::TurnOutput;
use crate::zip_marks::ZipMarks;

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
    read_from(Source::Path(path), format, &mut ReceivingFunction(sink))
}

/// Reads a source as [`read`] does, for a receiver that may keep marks of how far each file was read.
///
/// A file that has its mark and did not change is passed over. A transcript that has grown at its end
/// is read on from there, and gives the turns that reading the whole would give.
///
/// # Errors
/// Those of [`read`].
pub fn read_from(
    source: Source<'_>,
    format: Option<Format>,
    receiver: &mut dyn TurnReceiver,
) -> Result<Report, TranscriptError> {
    let mut files = TranscriptFiles::open(source)?;
    let mut left_out = LeftOutFiles::default();
    let mut first_error = None;
    let mut give_up_on = |left_out: &mut LeftOutFiles, label: &str, error: TranscriptError| {
        let reason = match &error {
            TranscriptError::UnreadFormat { description, instead, .. } => {
                LeftOutReason::UnreadFormat { description, instead }
            }
            _ => LeftOutReason::Unreadable(error.to_string()),
        };
        left_out.add(label, reason);
        first_error.get_or_insert(error);
    };
    for (label, error) in files.take_unreadable() {
        give_up_on(&mut left_out, &label, error);
    }
    for label in files.take_links_outside() {
        left_out.add(&label, LeftOutReason::LinkOutside);
    }
    let mut unchanged = 0;
    let mut zips = ZipMarks::default();
    let mut output = TurnOutput::new(files.bytes(), receiver);
    for index in 0..files.files().len() {
        let outcome = if zips.is_unchanged(&files, index, &mut output) {
            Ok(FileOutcome::Unchanged)
        } else {
            read_file(&mut files, index, format, &mut output)
        };
        match outcome {
            Ok(FileOutcome::Read) => {}
            Ok(FileOutcome::Stopped) => {
                zips.stop();
                break;
            }
            Ok(FileOutcome::Unchanged) => {
                unchanged += 1;
                output.pass_over(files.files()[index].bytes.unwrap_or(0));
            }
            Ok(FileOutcome::LeftOut(reason)) => {
                let file = &files.files()[index];
                output.pass_over(file.bytes.unwrap_or(0));
                if reason != LeftOutReason::UnknownFormat || file.may_be_expected_to_hold_chats() {
                    left_out.add(&file.label, reason);
                }
            }
            Err(error) => {
                zips.stop();
                give_up_on(&mut left_out, &files.files()[index].label, error);
            }
        }
    }
    zips.finish(&mut output);
    let (progress, counts) = output.finish();
    if counts.formats.is_empty() && unchanged == 0 {
        return Err(match first_error {
            Some(error) => error,
            None => nothing_read(&mut files, format, &left_out)?,
        });
    }
    Ok(Report {
        formats: counts.formats,
        unchanged,
        bytes_read: counts.bytes_read,
        bytes_read_in_all: files.bytes_read_in_all(),
        sessions: progress.sessions,
        turns: progress.turns,
        turns_without_time: counts.turns_without_time,
        unreadable_times: counts.unreadable_times,
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
