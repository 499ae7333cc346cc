//! `memory_status`: how much is stored, and whether it is found by meaning.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Readiness, Remedy, Scope, UserName};
use longmem_memory::{FactsAt, Memory, MemoryError};
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::mcp::call::{Call, NOTHING_YET};
use crate::mcp::quotes::counted;
use crate::mcp::reply::{Refusal, Reply};

/// Nothing is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Nothing {}

/// What is stored of the user.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Status {
    /// Whose memory it is.
    user: UserName,
    /// Messages and notes.
    turns: u64,
    /// Conversations.
    sessions: u64,
    /// Facts that hold.
    facts: u64,
    /// Turns that are found by their words only, because they have no vectors yet.
    turns_without_vectors: u64,
    /// Where the store is; left out where there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Whether the embedding model is loaded: `ready`, `loading`, `not_loaded`, which it is until the first
    /// search, `missing`, if it is not on this machine, or `failed`; left out where there is no store yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_state: Option<&'static str>,
    /// The embedding model whose vectors serve searches; left out before the first were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

pub(super) fn entry() -> Entry {
    Entry::reading::<Nothing, Status>(
        "memory_status",
        "Memory status",
        "Says how much is stored of this user, where, and whether it is found by meaning.",
        |call, arguments| Box::pin(status(call, arguments)),
    )
}

async fn status(call: Call, _: Nothing) -> Result<Reply, Refusal> {
    let Some(mut status) = call.read(read).await? else {
        let user = call.user().clone();
        let (turns, sessions, facts, turns_without_vectors) = (0, 0, 0, 0);
        let (file, model_state, model) = (None, None, None);
        let empty = Status {
            user,
            turns,
            sessions,
            facts,
            turns_without_vectors,
            file,
            model_state,
            model,
        };
        return Ok(Reply::new(format!("{NOTHING_YET}."), &empty));
    };
    status.file = status.file.filter(|_| call.is_owner);
    let mut sentences = vec![format!(
        "Memory of {}: {} in {}, and {}.",
        status.user,
        counted(status.turns, "turn"),
        counted(status.sessions, "session"),
        counted(status.facts, "fact"),
    )];
    if status.turns_without_vectors > 0 {
        let waiting = counted(status.turns_without_vectors, "turn");
        sentences.push(format!("Found by words only, without a vector yet: {waiting}."));
    }
    if let Some(model) = &status.model {
        sentences.push(format!("Found by meaning with {model}."));
    }
    if status.model_state == Some("missing") {
        sentences.push("The embedding model is not on this machine yet.".to_owned());
        let hint = (call.shared.settings.hint)(&Remedy::FetchModel);
        sentences.extend(Some(hint).filter(|hint| call.is_owner && !hint.is_empty()));
    }
    if let Some(why) = call.warmth.failure().filter(|_| call.is_owner) {
        sentences.push(format!("The embedding model cannot be used: {why}."));
    }
    if let Some(file) = &status.file {
        sentences.push(format!("Stored in {file}."));
    }
    Ok(Reply::new(sentences.join(" "), &status))
}

fn read(memory: &Memory, user: &UserName) -> Result<Status, MemoryError> {
    memory.check_names(&Scope::of(user.clone()))?;
    let stored = memory.users()?.into_iter().find(|known| known.user == *user);
    let (turns, sessions) = stored.map_or((0, 0), |known| (known.turns, known.sessions));
    Ok(Status {
        user: user.clone(),
        turns,
        sessions,
        facts: memory.facts(user, FactsAt::Now)?.len() as u64,
        turns_without_vectors: memory.waiting(Some(user))?,
        file: Some(memory.place()),
        model_state: Some(match memory.readiness() {
            Readiness::Ready => "ready",
            Readiness::Loading => "loading",
            Readiness::NotLoaded => "not_loaded",
            Readiness::Missing => "missing",
            Readiness::Failed => "failed",
        }),
        model: memory.serving_model()?.map(|model| model.name),
    })
}
