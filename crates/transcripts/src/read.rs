//! Reads a path and hands over its turns.

use std::ops::ControlFlow;
use std::path::Path;

use crate::detect::detect_among;
use crate::error::TranscriptError;
use crate::files::TranscriptFiles;
use crate::formats::Format;
use crate::imported_turn::ImportedTurn;
use crate::json::{FileEnd, Limits, for_each_value};
use crate::metered_reader::{Meter, MeteredReader};
use crate::progress::Progress;
use crate::report::Report;
use crate::turn_output::TurnOutput;

/// Reads a file, a folder or a zip, and hands each turn to `sink` as it comes.
///
/// Without a format, the format is detected first, as [`detect`](crate::detect()) does. A folder or
/// zip is read in one format. The turns of a session come in the order of the conversation. They
/// come together where the file keeps them together; lines of JSON Lines come in the order of the
/// file.
///
/// A turn without a time follows its session's previous turn by one millisecond. The first turn of
/// a session gets the session's own time, or else the time of the file's last change. When `sink`
/// breaks off, the report covers what was read until then.
///
/// # Errors
/// [`TranscriptError`] when the path cannot be read or unpacked, or no format is recognised in it.
/// Wrong content inside a file is counted in the report and is never an error.
///
/// # Examples
/// See the [crate's example](crate#examples).
pub fn read(
    path: &Path,
    format: Option<Format>,
    sink: &mut dyn FnMut(ImportedTurn, &Progress) -> ControlFlow<()>,
) -> Result<Report, TranscriptError> {
    let mut files = TranscriptFiles::open(path)?;
    let format = match format {
        Some(format) => format,
        None => detect_among(&mut files)?,
    };
    let mut output = TurnOutput::new(format.as_str(), files.bytes(), sink);
    for index in 0..files.files().len() {
        let meter = Meter::default();
        output.begin_file(&files.files()[index], meter.clone());
        let mut reader = format.reader();
        let end = files.with_reader(index, |bytes| {
            let bytes = MeteredReader::new(bytes, meter);
            for_each_value(bytes, Limits::default(), &mut |_, value| match value {
                Ok(value) => reader.read_value(value, &mut output),
                Err(reason) => {
                    output.skip(reason);
                    ControlFlow::Continue(())
                }
            })
        })?;
        output.end_file(end);
        if end == FileEnd::Stopped || reader.finish(&mut output).is_break() {
            break;
        }
    }
    let (progress, counts) = output.finish();
    Ok(Report {
        format,
        files: counts.files,
        sessions: progress.sessions,
        turns: progress.turns,
        skipped: counts.skipped,
        ended_early: counts.ended_early,
    })
}
