//! What the commands of a talk do.

use std::sync::{Arc, Mutex, PoisonError};

use dialoguer::Confirm;
use longmem_chat::{Context, Conversation, TraceKind};
use longmem_core::{Fact, FactId, FactKind, Role, Scope, SessionName, TurnId};
use longmem_memory::{
    FactNote, FactsAt, Memory, MemoryError, NOTES_SESSION, RecallRequest, forget_target,
};
use longmem_wire as wire;

use super::choosing::can_ask;
use super::completer::Known;
use crate::arguments::RecalledDetail;
use crate::commands::forget::warn_of_erasure;
use crate::commands::{facts, recall};
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render::{self, Extent, ShortNames};
use crate::sanitize::for_terminal;

/// Number of turns of the session in which the last exchange is looked for.
const LAST_TURNS: usize = 20;

/// Number of sessions that are listed.
const LISTED: usize = 10;

/// A memory, open for what one command of a talk does.
pub(super) struct InTalk<'a> {
    pub(super) memory: &'a Memory,
    pub(super) conversation: &'a Conversation,
    pub(super) output: Output,
}

impl InTalk<'_> {
    /// What was said that is relevant to a question.
    pub(super) fn recall(&self, question: &str) -> Result<(), Failure> {
        if question.is_empty() {
            self.output.note("/recall needs a question, as: /recall the budget");
            return Ok(());
        }
        let request = RecallRequest::new(Scope::of(self.conversation.user.clone()), question);
        let found = self.memory.recall(&request)?;
        recall::show(found, question, RecalledDetail::default(), self.output)
    }

    /// What is known of the user.
    pub(super) fn known(&self) -> Result<(), Failure> {
        facts::show(&self.facts()?, self.output)
    }

    /// Lists facts, adds one, or changes one of them.
    pub(super) fn change_facts(&self, arguments: &str) -> Result<(), Failure> {
        let user = &self.conversation.user;
        let (verb, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let (number, text) =
            rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        match (verb, number.parse::<i64>()) {
            ("", _) => return self.known(),
            ("add", _) if !rest.trim().is_empty() => {
                let note = FactNote::new(rest.trim(), FactKind::Identity);
                let noted = self.memory.note_fact(user, &note)?;
                let what = if noted.new { "Noted" } else { "Known already" };
                self.output.note(format!("{what}: fact {}", noted.id));
            }
            ("edit", Ok(fact)) if !text.trim().is_empty() => {
                let erasure = self.memory.edit_fact(user, FactId(fact), text.trim())?;
                warn_of_erasure(erasure, self.output);
                self.output.note(format!("Corrected: fact {fact}"));
            }
            ("delete", Ok(fact)) => {
                let deleted = self.memory.delete_fact(user, FactId(fact))?;
                warn_of_erasure(deleted.erasure, self.output);
                self.output.note(format!("Deleted {}", counted(deleted.facts, "fact")));
            }
            _ => self.output.note(
                "Write /facts, /facts add TEXT, /facts edit NUMBER TEXT, or /facts delete NUMBER.",
            ),
        }
        Ok(())
    }

    /// Notes something outside the talk.
    pub(super) fn remember(&self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            self.output.note("/remember needs a text, as: /remember the wifi code is 4711");
            return Ok(());
        }
        let user = &self.conversation.user;
        let session = SessionName::new(NOTES_SESSION).expect("the constant is a valid name");
        let mut note = self.memory.new_turn(session, Role::User, text);
        note.note = true;
        let stored = self.memory.remember(user, std::slice::from_ref(&note))?[0];
        self.output.note(format!("Remembered: turn {}", stored.id));
        if self.conversation.settings.learns {
            for instruction in self.memory.note_instructions(user, stored.id, &note)? {
                self.output.note(render::noted(&instruction));
            }
        }
        Ok(())
    }

    /// A turn, whole.
    pub(super) fn show(&self, number: &str) -> Result<(), Failure> {
        let Ok(number) = number.parse::<i64>() else {
            self.output.note("/show needs the number of a turn, as: /show 17");
            return Ok(());
        };
        let turns = self.memory.turns(&self.conversation.user, &[TurnId(number)])?;
        match turns.first() {
            None => self.output.note(format!("You have no turn {number}.")),
            Some(turn) => self.output.line(render::shown_turn(turn, Extent::Whole))?,
        }
        Ok(())
    }

    /// What was recalled for the last answer.
    pub(super) fn why(&self, sent: Option<&Context>) -> Result<(), Failure> {
        let Some(sent) = sent else {
            self.output.note("Nothing was sent yet.");
            return Ok(());
        };
        let recalled = sent.trace.iter().filter(|entry| entry.included);
        let recalled = recalled.filter(|entry| entry.kind == TraceKind::Recalled);
        let numbers: Vec<TurnId> = recalled.filter_map(|entry| entry.turn).collect();
        let facts = sent.trace.iter().filter(|entry| entry.included);
        let facts = facts.filter(|entry| entry.kind == TraceKind::Fact).count() as u64;
        if numbers.is_empty() && facts == 0 {
            self.output.note("Nothing was recalled for the last answer.");
            return Ok(());
        }
        for turn in self.memory.turns(&self.conversation.user, &numbers)? {
            self.output.line(render::turn_at_a_glance(&turn))?;
        }
        if facts > 0 {
            self.output.note(format!("({} went along; /facts lists them)", counted(facts, "fact")));
        }
        if !numbers.is_empty() {
            self.output.note("(/show NUMBER shows a turn whole)");
        }
        Ok(())
    }

    /// The newest sessions.
    pub(super) fn sessions(&self) -> Result<(), Failure> {
        let mut sessions = self.memory.sessions(&self.conversation.user)?;
        let names = ShortNames::of(&sessions);
        let more = sessions.len().saturating_sub(LISTED);
        sessions.truncate(LISTED);
        for session in &wire::Sessions::from(sessions).sessions {
            self.output.line(render::session(session, &names))?;
        }
        if more > 0 {
            self.output.note(format!("… and {more} more: longmem sessions lists all"));
        }
        Ok(())
    }

    /// Forgets the last exchange, or the turn of this number, after asking. Returns what the person had
    /// said in it.
    pub(super) fn forget(&self, number: &str) -> Result<Vec<String>, Failure> {
        let Conversation { user, session, .. } = self.conversation;
        let turns = if number.is_empty() {
            let last = self.memory.recent(user, session, LAST_TURNS)?;
            let message =
                last.iter().rposition(|turn| turn.role == Role::User).unwrap_or(last.len());
            last[message..].to_vec()
        } else if let Ok(number) = number.parse::<i64>() {
            self.memory.turns(user, &[TurnId(number)])?
        } else {
            self.output.note("/forget forgets the last exchange; /forget 17 forgets turn 17.");
            return Ok(Vec::new());
        };
        if turns.is_empty() {
            self.output.note("There is nothing to forget.");
            return Ok(Vec::new());
        }
        if !can_ask() {
            let all: Vec<_> = turns.iter().map(|turn| format!("--turn {}", turn.id)).collect();
            let all = all.join(" ");
            self.output.note(format!("/forget asks, so it needs a terminal: longmem forget {all}"));
            return Ok(Vec::new());
        }
        let numbers = turns.iter().map(|turn| turn.id).collect();
        let target = forget_target(Scope::of(user.clone()), numbers, false);
        let preview = self.memory.preview_forget(&target, LAST_TURNS)?;
        for line in render::would_forget(&preview) {
            self.output.note(line);
        }
        let what = render::contents(preview.turns, preview.derived());
        let asked = Confirm::new().with_prompt(format!("Forget {what} for good?")).default(false);
        // Esc and Ctrl-C are no.
        if !matches!(asked.interact_opt(), Ok(Some(true))) {
            self.output.note("Nothing was forgotten.");
            return Ok(Vec::new());
        }
        let forgotten = self.memory.forget(&target)?;
        warn_of_erasure(forgotten.erasure, self.output);
        let what = render::contents(forgotten.turns, forgotten.derived);
        self.output.note(format!("Forgot {what}."));
        let said = turns.into_iter().filter(|turn| turn.role == Role::User);
        Ok(said.map(|turn| turn.text).collect())
    }

    fn facts(&self) -> Result<Vec<Fact>, MemoryError> {
        self.memory.facts(&self.conversation.user, FactsAt::Now)
    }
}

/// Reads the facts that hold now for the prompt, and says which of them are new since it was read last.
pub(super) fn see_facts(
    memory: &Memory,
    conversation: &Conversation,
    known: &Arc<Mutex<Known>>,
    announced: &[FactId],
    is_first: bool,
    output: Output,
) -> Result<(), MemoryError> {
    let facts = memory.facts(&conversation.user, FactsAt::Now)?;
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_first {
        let is_new = |fact: &&Fact| {
            !announced.contains(&fact.id) && !known.facts.iter().any(|before| before.id == fact.id)
        };
        for fact in facts.iter().filter(is_new) {
            output.note(for_terminal(&format!(
                "(memory updated: {} · fact {})",
                fact.line(),
                fact.id
            )));
        }
    }
    known.facts = facts;
    Ok(())
}
