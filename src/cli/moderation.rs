//! Asks a program of the user's own about each text: one line of JSON to it, one line back.
//!
//! It is started when the first text comes and kept for the next ones. One that ends after an answer is
//! started again for the next text. Whatever it does wrong ends it, with all that it started.

mod running;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use longmem_memory::{Moderator, ModeratorFailure, Statement, Verdict};
use longmem_wire::{ModerationAnswer, ModerationQuestion};

use self::running::{Event, Running};

/// A program that moderates.
pub(crate) struct ModerationCommand {
    /// The program as it was named: an absolute path, or a name to be found in `search`.
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The folders in which a name is looked for, as in the variable PATH.
    pub(crate) search: OsString,
    /// All that it gets of the environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    pub(crate) running: Mutex<Option<Running>>,
}

impl Moderator for ModerationCommand {
    fn judge(&self, statement: &Statement<'_>) -> Result<Verdict, ModeratorFailure> {
        let failed =
            |reason: String| ModeratorFailure(format!("{} {reason}", self.program.display()));
        let mut question = serde_json::to_vec(&ModerationQuestion::from(statement))
            .map_err(|error| failed(error.to_string()))?;
        question.push(b'\n');
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.ask(&mut running, &question);
        if answer.is_err() {
            // Dropping it ends it; what it would still say belongs to no text.
            *running = None;
        }
        answer.map(Verdict::from).map_err(failed)
    }
}

impl ModerationCommand {
    /// Asks the program that runs, or starts it.
    fn ask(
        &self,
        running: &mut Option<Running>,
        question: &[u8],
    ) -> Result<ModerationAnswer, String> {
        let deadline = Instant::now() + self.timeout;
        if let Some(kept) = running {
            match kept.pending() {
                None => {
                    kept.ask(question);
                    match kept.next(deadline) {
                        // It ended after its last answer, before it read this question.
                        Some(Event::Ended) => {}
                        event => return self.answer(event, kept),
                    }
                }
                Some(Event::Ended) => {}
                Some(Event::Line(_) | Event::TooMuch) => return Err(TOO_MUCH.to_owned()),
            }
        }
        let program = self.found()?;
        let fresh = Running::start(&program, &self.arguments, &self.environment)
            .map_err(|error| format!("cannot be started: {error}"))?;
        let fresh = running.insert(fresh);
        fresh.ask(question);
        let event = fresh.next(deadline);
        self.answer(event, fresh)
    }

    fn answer(&self, event: Option<Event>, from: &mut Running) -> Result<ModerationAnswer, String> {
        match event {
            Some(Event::Line(line)) => serde_json::from_slice(&line).map_err(|error| {
                format!(
                    "answered with something else than one line of JSON with an action (allow, replace \
                     with a text, or refuse): {error}"
                )
            }),
            Some(Event::TooMuch) => Err(TOO_MUCH.to_owned()),
            Some(Event::Ended) => Err(format!("ended without an answer{}", from.last_words())),
            None => Err(format!(
                "gave no answer within {} seconds; it is asked one line at a time, and has to flush what \
                 it answers",
                self.timeout.as_secs_f32()
            )),
        }
    }

    /// The program's absolute path. Neither a relative path nor the working folder is searched: what
    /// lies there is not the user's own choice.
    fn found(&self) -> Result<PathBuf, String> {
        if self.program.is_absolute() {
            return Ok(self.program.clone());
        }
        let folders = std::env::split_paths(&self.search).filter(|folder| folder.is_absolute());
        let mut places = folders.map(|folder| folder.join(&self.program));
        places
            .find(|place| is_executable(place))
            .ok_or_else(|| "is not in any folder that PATH names".to_owned())
    }
}

const TOO_MUCH: &str = "answered one text with more than one line";

#[cfg(unix)]
fn is_executable(place: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    place.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(place: &Path) -> bool {
    place.is_file()
}
