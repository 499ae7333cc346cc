//! A question and its answer, as they are stored.

use std::fmt::Write as _;

use longmem_chat::{BROKEN_OFF, session_title, without_thinking};
use longmem_core::{NewTurn, Role, SessionName, SourceKey, Timestamp, UserName};
use longmem_memory::own_words;
use sha2::{Digest as _, Sha256};

use super::answer::Answer;
use super::conversation::Conversation;
use super::recall::Sender;

/// Begins the source keys of what is captured here.
const CAPTURED: &str = "proxy:";

/// Bytes of a text that are stored; what is longer is a file that somebody pasted.
const STORED_BYTES: usize = 1 << 20;

/// Bytes of a digest that name a question, and an answer to it.
const NAME_BYTES: usize = 16;

/// A question that was relayed, for when its answer has come.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) user: UserName,
    pub(super) session: SessionName,
    /// The beginning of the message, with what clients put around what a person wrote; empty if there were images
    /// only.
    said: String,
    /// Whether it began the session.
    is_first: bool,
    asked_at: Timestamp,
    /// Names the question with all before it, in its session.
    name: String,
}

impl Exchange {
    /// The question of a request; none if nobody asked one, or if the model answers a program.
    pub(super) fn of(sender: &Sender, conversation: &Conversation, now: Timestamp) -> Option<Self> {
        let question = conversation.questions.last().filter(|_| conversation.answers_person)?;
        let session = sender.session.clone()?;
        let mut digest = Sha256::new();
        digest.update(session.as_str());
        digest.update([0]);
        digest.update(question.hash.0);
        if conversation.kept_as.is_some() {
            // What was said before is not in the request, so that the same words again are another question.
            digest.update(now.as_nanosecond().to_le_bytes());
        }
        Some(Self {
            user: sender.user.clone(),
            session,
            said: beginning(&question.said).to_owned(),
            is_first: conversation.questions.len() == 1,
            asked_at: now,
            name: hexadecimal(&digest.finalize()[..NAME_BYTES]),
        })
    }

    /// The turns of the question and its answer; none if nothing came that is worth keeping. A question bears
    /// the same key whenever it is sent; an answer bears one of its text, so that another answer to the same
    /// question is another turn. Of long texts this takes long.
    pub(super) fn turns(&self, answer: &Answer, now: Timestamp) -> Vec<NewTurn> {
        let text = without_thinking(beginning(&answer.text));
        let text = own_words(&text).trim().to_owned();
        if !answer.is_whole && text.is_empty() {
            return Vec::new();
        }
        let key = format!("{CAPTURED}{}:assistant:{}", self.name, name_of(&text));
        let text = match text {
            text if answer.is_whole || text.is_empty() => text,
            part => format!("{part}\n\n{BROKEN_OFF}"),
        };
        let question_key = format!("{CAPTURED}{}:user", self.name);
        let said = own_words(&self.said).trim().to_owned();
        let title = session_title(&said).filter(|_| self.is_first);
        let question = self.turn(Role::User, said, self.asked_at, question_key);
        let question = NewTurn { session_title: title, ..question };
        let answer = self.turn(Role::Assistant, text, now, key);
        [question, answer].into_iter().filter(|turn| !turn.text.is_empty()).collect()
    }

    fn turn(&self, role: Role, text: String, time: Timestamp, key: String) -> NewTurn {
        NewTurn {
            session: self.session.clone(),
            session_title: None,
            role,
            speaker: None,
            text,
            time,
            note: false,
            source_key: Some(SourceKey(key)),
        }
    }
}

/// The beginning of a text, as much as is stored.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(STORED_BYTES)]
}

/// A short name for a text.
fn name_of(text: &str) -> String {
    hexadecimal(&Sha256::digest(text)[..NAME_BYTES])
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes what is written to it");
        text
    })
}
