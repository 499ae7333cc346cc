//! Stores what was said in transcripts that wait.

use std::fs::Metadata;
use std::io;
use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use longmem_memory::{ImportRequest, Memory, MemoryError};

use super::waiting::ReadOutcome;
use super::{WaitingTranscript, WaitingTranscripts, profile};

/// How long a transcript must not have grown for its agent to be done with it. Agents write behind what
/// their hooks say: the last answer may come after the hook was called.
const QUIET: SignedDuration = SignedDuration::from_secs(10);

/// What came of reading transcripts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaughtUpTranscripts {
    /// Turns that are new in memory.
    pub new_turns: u64,
    /// Transcripts that were read to their end, but may grow soon, so that they go on waiting.
    pub fresh: u64,
    /// Why transcripts could not be read.
    pub failures: Vec<String>,
}

/// Stores what was said in the transcripts that wait. Nothing is done if another process does so already.
///
/// Reading a transcript again costs little: how far it was read is kept with the user.
///
/// # Errors
/// Those of the system for the folder of those that wait. A transcript that cannot be read is among the
/// failures; after five it waits no longer.
pub fn catch_up_transcripts(
    memory: &Memory,
    waiting: &WaitingTranscripts,
) -> io::Result<CaughtUpTranscripts> {
    let mut caught_up = CaughtUpTranscripts::default();
    let errors = waiting.read_all(&mut |transcript| match read(memory, transcript) {
        Ok(Some((new_turns, outcome))) => {
            caught_up.new_turns += new_turns;
            caught_up.fresh += u64::from(outcome == ReadOutcome::Later);
            outcome
        }
        // A session that was deleted, or whose file is never written.
        Ok(None) => ReadOutcome::Done,
        Err(error) => {
            let path = transcript.path.display();
            caught_up.failures.push(format!("{path} could not be read: {error}"));
            if matches!(error, MemoryError::Transcript(_)) {
                ReadOutcome::Failed
            } else {
                ReadOutcome::Later
            }
        }
    })?;
    caught_up.failures.extend(errors.iter().map(io::Error::to_string));
    Ok(caught_up)
}

/// Stores the turns of a transcript, and says how many were new; none if there is no such file.
fn read(
    memory: &Memory,
    transcript: &WaitingTranscript,
) -> Result<Option<(u64, ReadOutcome)>, MemoryError> {
    let WaitingTranscript { user, path, session, project, .. } = transcript;
    // Looked at before it is read: it may grow in between.
    let Some(metadata) = std::fs::metadata(path).ok().filter(Metadata::is_file) else {
        return Ok(None);
    };
    let mut on = |_: &_| ControlFlow::Continue(());
    let report = memory.import(ImportRequest::new(path, user), &mut on)?;
    if let (Some(session), Some(project)) = (session, project)
        && report.new_turns + report.known_turns > 0
    {
        profile::note_last_session(memory, user, project, session)?;
    }
    let outcome =
        if is_quiet(&metadata, memory.now()) { ReadOutcome::Done } else { ReadOutcome::Later };
    Ok(Some((report.new_turns, outcome)))
}

/// Whether a file has not grown for a while.
fn is_quiet(metadata: &Metadata, now: Timestamp) -> bool {
    let changed = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    changed.is_some_and(|changed| now.duration_since(changed) >= QUIET)
}
