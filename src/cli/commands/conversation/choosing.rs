//! Which session a talk goes on in, or begins.

use std::io::{IsTerminal, stderr, stdin};
use std::time::Duration;

use dialoguer::console::Term;
use dialoguer::{FuzzySelect, Select};
use longmem_chat::{AsyncMemory, Blocking, ChatError, last_talk};
use longmem_core::{ErrorCode, SessionName, UserName};
use longmem_memory::{Memory, MemoryError, SessionSummary, StoreError};

use super::answer_view::width;
use crate::arguments::TalkSession;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::{compose, render, waiting};

/// Number of sessions that are offered.
const OFFERED: usize = 100;

/// Who asks for a session, and where it is looked for.
pub(super) struct Choosing<'a> {
    pub(super) memory: &'a AsyncMemory,
    pub(super) user: &'a UserName,
    pub(super) blocking: &'a Blocking,
}

impl Choosing<'_> {
    /// The session that is named by its name, its title or the beginning of one. A name that no session
    /// has is that of a new one, unless it may be a slip for another: then the person is asked, and
    /// without a terminal it is refused, so that nobody begins a second session by mistake.
    ///
    /// # Errors
    /// [`Failure::Refused`] for a slip, and for a new name that is taken; those of the memory, but not
    /// that it cannot be opened now: then the name is taken as it is.
    pub(super) fn named(&self, asked: &TalkSession) -> Result<Option<SessionName>, Failure> {
        let Some(name) = &asked.session else { return Ok(None) };
        let (user, words) = (self.user.clone(), name.as_str().to_owned());
        if asked.new {
            return self.new_session(name).map(Some);
        }
        let found = self.read(move |memory| memory.find_session(&user, &words));
        let found = match found {
            Err(Failure::Chat(ChatError::Memory(error))) => Err(error),
            Err(failure) => return Err(failure),
            Ok(found) => Ok(found),
        };
        let candidates = match found {
            Ok(session) => return Ok(Some(session)),
            Err(error) if error.is_unavailable() => return Ok(Some(name.clone())),
            Err(MemoryError::Store(StoreError::UnknownUser(_))) => Vec::new(),
            Err(MemoryError::UnknownSession { user, asked, near }) => {
                let near: Vec<SessionSummary> =
                    near.into_iter().filter(|known| may_be_a_slip(&asked, known)).collect();
                if !near.is_empty() && !can_ask() {
                    return Err(slip(MemoryError::UnknownSession { user, asked, near }));
                }
                near
            }
            Err(MemoryError::AmbiguousSession { first, .. }) if can_ask() => first,
            Err(error) => return Err(error.into()),
        };
        if candidates.is_empty() {
            return self.new_session(name).map(Some);
        }
        self.asked_about(name, &candidates).map(Some)
    }

    /// Stores what waits of earlier talks, which may be the ones to go on with.
    ///
    /// # Errors
    /// [`Failure::Chat`] if something waits and cannot be stored; it waits on.
    pub(super) fn store_waiting(&self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let (user, spool) = (self.user.clone(), compose::spool(self.user, settings)?);
        let learns = settings.options.talk.conversation.learns;
        let store = move |memory: &Memory| spool.hold()?.store_into(memory, &user, learns);
        let stored = self.blocking.run(self.memory.run(store))?;
        waiting::note(&stored, output);
        Ok(())
    }

    /// The newest session that was held here, rather than imported.
    ///
    /// # Errors
    /// [`Failure::Refused`] if there is none; those of the memory.
    pub(super) fn last(&self) -> Result<SessionName, Failure> {
        let user = self.user.clone();
        let last = self.read(move |memory| last_talk(memory, &user))?;
        let last = last.map(|session| session.session);
        last.ok_or_else(|| {
            Failure::refused(
                ErrorCode::UnknownSession,
                format!("user \"{}\" has no talk to go on with", self.user),
                "longmem chat begins one; chat --session NAME goes on with an imported session.",
            )
        })
    }

    /// The session that the person picks from a list.
    ///
    /// # Errors
    /// [`Failure::Refused`] without a terminal, and if nothing is picked; those of the memory.
    pub(super) fn picked(&self) -> Result<SessionName, Failure> {
        if !can_ask() {
            return Err(Failure::refused(
                ErrorCode::WrongCommandLine,
                "a list to pick from needs a terminal",
                "Name the session with --session, or go on with the last talk: longmem chat --continue.",
            ));
        }
        let user = self.user.clone();
        let sessions = self.read(move |memory| {
            let mut sessions = match memory.sessions(&user) {
                Err(MemoryError::Store(StoreError::UnknownUser(_))) => Vec::new(),
                sessions => sessions?,
            };
            sessions.truncate(OFFERED);
            with_first_words(memory, &user, sessions)
        })?;
        if sessions.is_empty() {
            return self.last();
        }
        // The list stands behind a mark of two columns, and must not wrap.
        let room = width().saturating_sub(4);
        let lines: Vec<String> =
            sessions.iter().map(|(session, first)| render::choice(session, first, room)).collect();
        self.catch_interrupts();
        let picked = FuzzySelect::new()
            .with_prompt("Go on with (type to filter, Esc leaves)")
            .items(&lines)
            .default(0)
            .max_length(12)
            .interact_opt();
        let picked = picked.map_err(dialogue_failed)?;
        let picked = picked.and_then(|place| sessions.into_iter().nth(place));
        picked.map(|(session, _)| session.session).ok_or_else(nothing_picked)
    }

    /// A session that is begun under a name that no other has.
    fn new_session(&self, name: &SessionName) -> Result<SessionName, Failure> {
        let (user, new) = (self.user.clone(), name.clone());
        let known = self.read(move |memory| memory.recent(&user, &new, 1));
        if known.is_ok_and(|turns| !turns.is_empty()) {
            return Err(Failure::refused(
                ErrorCode::WrongCommandLine,
                format!("there is a session \"{name}\" already"),
                "Leave --new out to go on with it, or name another.",
            ));
        }
        Ok(name.clone())
    }

    /// Asks whether another session is meant by a name that none has.
    fn asked_about(
        &self,
        name: &SessionName,
        candidates: &[SessionSummary],
    ) -> Result<SessionName, Failure> {
        let room = width().saturating_sub(4);
        let mut lines: Vec<String> =
            candidates.iter().map(|session| render::choice(session, "", room)).collect();
        lines.push(render::cut(&format!("begin a new session, \"{name}\""), room));
        self.catch_interrupts();
        let picked = Select::new()
            .with_prompt(format!("No session is called \"{name}\". Did you mean"))
            .items(&lines)
            .default(0)
            .interact_opt();
        match picked.map_err(dialogue_failed)? {
            None => Err(nothing_picked()),
            Some(place) => match candidates.get(place) {
                Some(session) => Ok(session.session.clone()),
                None => self.new_session(name),
            },
        }
    }

    /// Lets Ctrl-C leave a list, rather than end the program, which would leave the cursor hidden.
    fn catch_interrupts(&self) {
        self.blocking.run(async {
            let caught = tokio::time::timeout(Duration::ZERO, tokio::signal::ctrl_c());
            let _ = caught.await;
        });
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, Failure> {
        let work = |memory: &Memory| work(memory).map_err(ChatError::from);
        Ok(self.blocking.run(self.memory.run(work))?)
    }
}

/// Whether somebody can be asked.
pub(super) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Whether a name may be a slip for a session: names that differ in their digits alone are meant so
/// ("day-1" and "day-2").
fn may_be_a_slip(asked: &str, known: &SessionSummary) -> bool {
    let without_digits =
        |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    without_digits(asked) != without_digits(known.session.as_str())
}

/// A name that may be a slip, refused.
fn slip(error: MemoryError) -> Failure {
    let failure = Failure::from(error);
    let document = failure.document();
    let mut hint = document.error.hints.join(" ");
    hint.push_str(" To begin a new session of this name, add --new.");
    Failure::refused(ErrorCode::UnknownSession, failure.to_string(), hint.trim_start())
}

fn nothing_picked() -> Failure {
    let hint = "longmem chat begins a new session.";
    Failure::refused(ErrorCode::NotConfirmed, "no session was picked", hint)
}

fn dialogue_failed(error: dialoguer::Error) -> Failure {
    let dialoguer::Error::IO(error) = error;
    // The list hides it.
    let _ = Term::stderr().show_cursor();
    if error.kind() == std::io::ErrorKind::Interrupted {
        return nothing_picked();
    }
    error.into()
}

/// Sessions with the first words of each.
fn with_first_words(
    memory: &Memory,
    user: &UserName,
    sessions: Vec<SessionSummary>,
) -> Result<Vec<(SessionSummary, String)>, MemoryError> {
    let with_words = |session: SessionSummary| {
        let first = memory.session_turns(user, &session.session, None, Some(1))?;
        let first = first.into_iter().next().map(|turn| turn.text).unwrap_or_default();
        Ok((session, first))
    };
    sessions.into_iter().map(with_words).collect()
}
