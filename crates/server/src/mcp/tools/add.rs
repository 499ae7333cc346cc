//! `memory_add`: keeps something, as a note or as a fact.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{FactId, FactKind, NewTurn, Role, SessionName, SourceKey, closed_words};
use longmem_memory::{FactNote, Memory, NOTES_SESSION, Statement};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Entry;
use crate::activity::{Door, Event, Note};
use crate::mcp::arguments::{Handle, new_text};
use crate::mcp::call::Call;
use crate::mcp::reply::{Refusal, Reply};

/// Characters of the longest text.
const MAX_TEXT: usize = 16_000;

closed_words! {
    /// In which form something is kept.
    pub(super) enum Kind: "a kind of memory" {
        /// One short line that holds until it is replaced.
        Fact = "fact",
        /// A text of any length, found by searching.
        Note = "note",
    }
}

/// What is to be kept.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Add {
    /// What to remember, so that it is understood without this conversation.
    #[schemars(length(min = 1, max = 16000))]
    text: String,
    /// Whom or what a fact is about: a name, or "user", which it is about if this is left out.
    about: Option<String>,
    /// "fact" for one short line that holds until it is replaced, such as "prefers metric units"; "note"
    /// for anything longer. A note if this is left out, but a fact where about is given.
    kind: Option<Kind>,
}

/// Something is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Added {
    /// Its number: that of a fact for a fact, and that of a turn for a note.
    id: i64,
    /// In which form it is kept.
    kind: Kind,
    /// False if it was known already.
    new: bool,
    /// The numbers of the facts that standing instructions in it became.
    noted: Vec<FactId>,
}

pub(super) fn entry() -> Entry {
    Entry::writing::<Add, Added>(
        "memory_add",
        "Remember",
        "Keeps something for later conversations. Add only what the user asks to keep, or what will \
         matter in another conversation: a preference, a decision, a plan, a person. Adding the same \
         again changes nothing. To correct something, use memory_update.",
        false,
        |call, arguments| Box::pin(add(call, arguments)),
    )
}

async fn add(call: Call, asked: Add) -> Result<Reply, Refusal> {
    new_text("text", &asked.text, MAX_TEXT)?;
    let about = asked.about.filter(|name| !name.trim().is_empty());
    let usual = if about.is_some() { Kind::Fact } else { Kind::Note };
    let kind = asked.kind.unwrap_or(usual);
    if about.is_some() && kind == Kind::Note {
        let message = "about belongs to a fact, and this is to be a note";
        return Err(Refusal::new(message, "Leave about out, or make it a fact."));
    }
    let said = asked.text;
    let learns = call.learns();
    let (handle, new, noted) = match kind {
        Kind::Fact => {
            let mut note = FactNote::new(said, FactKind::Identity);
            note.subject = about.unwrap_or(note.subject);
            let noted = call.add(move |memory, user| memory.note_fact(user, &note)).await?;
            (Handle::Fact(noted.id), noted.new, Vec::new())
        }
        Kind::Note => {
            let stored = call.add(move |memory, user| {
                let judged = memory.safeguards().checked(&Statement::note(user, &said))?;
                let turn = note(memory, judged);
                let stored = memory.remember_checked(user, std::slice::from_ref(&turn))?[0];
                // What was there already keeps what was noted then.
                let noted = if learns && stored.new {
                    memory.note_instructions(user, stored.id, &turn)?
                } else {
                    Vec::new()
                };
                Ok((stored, noted))
            });
            let (stored, noted) = stored.await?;
            if stored.new {
                let captured =
                    Event::Captured { turns: 1, session: SessionName::new(NOTES_SESSION).ok() };
                let shared = &call.shared;
                shared.activity.note(
                    call.user(),
                    shared.memory.now(),
                    Note::new(Door::Mcp, captured),
                );
            }
            let noted = noted.iter().map(|instruction| instruction.fact).collect();
            (Handle::Turn(stored.id), stored.new, noted)
        }
    };
    let what = if new { "Remembered" } else { "Known already" };
    let mut lines = vec![format!("{what}, as {kind} {handle}.")];
    if !noted.is_empty() {
        let facts: Vec<String> = noted.iter().map(|id: &FactId| format!("f{id}")).collect();
        lines.push(format!("Noted as a standing instruction: {}.", facts.join(", ")));
    }
    Ok(Reply::new(lines.join(" "), &Added { id: handle.number(), kind, new, noted }))
}

/// A note whose source key is made of its text, so that the same text is one note. What was redacted
/// is no part of the key.
fn note(memory: &Memory, text: String) -> NewTurn {
    let digest = Sha256::digest(text.trim().as_bytes());
    let digest = URL_SAFE_NO_PAD.encode(digest);
    let session = SessionName::new(NOTES_SESSION).expect("the constant is a valid name");
    NewTurn {
        note: true,
        source_key: Some(SourceKey(format!("note:{digest}"))),
        ..memory.new_turn(session, Role::User, text)
    }
}
