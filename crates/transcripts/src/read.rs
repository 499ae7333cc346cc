//! Reads a path and hands over its turns.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use longmem_core::{NewTurn, UserName};
use serde_json::Value;

use crate::chatgpt::ChatGpt;
use crate::claude_ai::ClaudeAi;
use crate::claude_code::ClaudeCode;
use crate::detect::detect_among;
use crate::elements::{End, Limits, each_element};
use crate::input::{Input, Meter};
use crate::intake::Intake;
use crate::messages::Messages;
use crate::source::Sources;
use crate::{Format, Progress, Report, TranscriptError};

/// A turn out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedTurn {
    /// Whose turn it is, if the file says so: JSON Lines and message arrays can.
    pub user: Option<UserName>,
    /// The turn, always with a source key.
    pub turn: NewTurn,
}

/// Takes turns; breaking off stops the reading.
pub(crate) type Sink<'a> = dyn FnMut(ImportedTurn, &Progress) -> ControlFlow<()> + 'a;

/// Reads the values of one file in one format.
pub(crate) trait ValueReader {
    /// Takes the next value of the file.
    fn value(&mut self, value: Value, intake: &mut Intake<'_>) -> ControlFlow<()>;

    /// Hands over what was held back, after the last value.
    fn finish(&mut self, _intake: &mut Intake<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Format {
    fn reader(self) -> Box<dyn ValueReader> {
        match self {
            Format::ChatGpt => Box::new(ChatGpt),
            Format::ClaudeAi => Box::new(ClaudeAi),
            Format::ClaudeCode => Box::new(ClaudeCode::default()),
            Format::Messages | Format::JsonLines => Box::new(Messages::default()),
        }
    }
}

/// Reads a file, a folder or a zip, and hands each turn to `sink` as it comes.
///
/// Without a format it is detected first ([`detect`](crate::detect)); a folder or zip is read in
/// one format. Turns of a session come in the order of the conversation, and together where the
/// file keeps them together; lines of JSON Lines come in the order of the file.
///
/// A turn without a time gets the session's previous time and one millisecond, the first one the
/// session's own time, or else that of the file's last change. When `sink` breaks off, the report
/// covers what was read so far.
///
/// # Errors
/// [`TranscriptError`] when the path cannot be read or unpacked, or is of no known format. Wrong
/// content inside a file never fails: it is counted in the report.
///
/// # Examples
/// See the [crate's example](crate#examples).
pub fn read(
    path: &Path,
    format: Option<Format>,
    sink: &mut dyn FnMut(ImportedTurn, &Progress) -> ControlFlow<()>,
) -> Result<Report, TranscriptError> {
    let mut sources = Sources::open(path)?;
    let format = match format {
        Some(format) => format,
        None => detect_among(&mut sources)?,
    };
    let report = Report {
        format,
        files: 0,
        sessions: 0,
        turns: 0,
        skipped: BTreeMap::new(),
        ended_early: Vec::new(),
    };
    let mut intake = Intake::new(report, sources.bytes(), sink);
    for index in 0..sources.files().len() {
        let meter = Meter::default();
        intake.begin(&sources.files()[index], meter.clone());
        let mut reader = format.reader();
        let end = sources.with_reader(index, |bytes| {
            each_element(Input::new(bytes, meter), Limits::default(), &mut |_, json| match json {
                Ok(value) => reader.value(value, &mut intake),
                Err(reason) => {
                    intake.skip(reason);
                    ControlFlow::Continue(())
                }
            })
        })?;
        intake.end(end);
        if end == End::Stopped || reader.finish(&mut intake).is_break() {
            break;
        }
    }
    Ok(intake.into_report())
}
