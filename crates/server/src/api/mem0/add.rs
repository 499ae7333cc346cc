//! `POST /mem0/v3/memories/add/`: stores messages.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{NewTurn, Role, Timestamp};
use longmem_memory::{MemoryError, NOTES_SESSION};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::filters::{scope_of, session};
use super::memory::{MemoryId, not_done_here};
use crate::Permission;
use crate::api::body::Body;
use crate::api::operation::Operation;
use crate::api::registry::Registry;
use crate::api::turns::note_instructions;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Fields that change nothing here: what is asked for is always so, or never.
const PASSED_OVER: [&str; 4] = ["infer", "async_mode", "output_format", "version"];

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/mem0/v3/memories/add/",
        "mem0_add",
        "Stores messages, as mem0 does; each becomes a memory as it stands.",
    );
    let operation = operation
        .needs(Permission::Write)
        .takes::<NewMemories>()
        .answers::<AddedMemories>(200, "The memories that were made")
        .fails(501);
    registry.add(&operation, add_memories);
}

/// Messages to be stored.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct NewMemories {
    /// What was said.
    #[schemars(length(min = 1, max = 500))]
    messages: Vec<SaidMessage>,
    /// Whose memories they become: the caller's.
    #[serde(default)]
    user_id: Option<String>,
    /// The conversation that they belong to; without one, each stands alone.
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    run_id: Option<String>,
    /// The same two, in one.
    #[serde(default)]
    filters: Option<Map<String, Value>>,
    /// When it was said, in seconds since 1970; now if it is left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 253_402_300_799_i64))]
    timestamp: Option<i64>,
    /// What else mem0 knows.
    #[serde(flatten)]
    #[schemars(skip)]
    others: Map<String, Value>,
}

/// One message.
#[derive(Debug, Deserialize, JsonSchema)]
struct SaidMessage {
    /// Who speaks.
    role: Role,
    /// What is said.
    #[schemars(length(min = 1), regex(pattern = r"\S"))]
    content: String,
    /// The speaker's name.
    #[serde(default)]
    name: Option<String>,
}

/// The memories that were made.
#[derive(Debug, Serialize, JsonSchema)]
struct AddedMemories {
    /// One for each message.
    results: Vec<AddedMemory>,
}

/// A memory that was made.
#[derive(Debug, Serialize, JsonSchema)]
struct AddedMemory {
    /// What names it.
    id: String,
    /// `ADD`.
    event: &'static str,
    /// What it says.
    memory: String,
}

async fn add_memories(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Body(asked): Body<NewMemories>,
) -> Result<Json<AddedMemories>, Problem> {
    let is_unknown = |name: &&String| !PASSED_OVER.contains(&name.as_str());
    if let Some(name) = asked.others.keys().find(is_unknown) {
        return Err(not_done_here(name));
    }
    let mut filters = asked.filters.unwrap_or_default();
    filters.extend(asked.user_id.map(|user| ("user_id".to_owned(), user.into())));
    let mut scope = scope_of(&filters, &caller.user)?;
    let run = match asked.run_id {
        Some(run) => Some(session(&run)?),
        None => scope.sessions.pop(),
    };
    let is_note = run.is_none();
    let session = match run {
        Some(run) => run,
        None => session(NOTES_SESSION)?,
    };
    let time = match asked.timestamp {
        Some(seconds) => Timestamp::from_second(seconds)
            .map_err(|error| Problem::out_of_range(error.to_string()))?,
        None => shared.memory.now(),
    };
    let turns: Vec<NewTurn> = asked
        .messages
        .into_iter()
        .map(|message| NewTurn {
            session: session.clone(),
            session_title: None,
            role: message.role,
            speaker: message.name,
            text: message.content,
            time,
            note: is_note,
            source_key: None,
        })
        .collect();
    let (learns, log) = (shared.settings.talk.conversation.learns, shared.settings.log);
    let work = move |memory: &longmem_memory::Memory| {
        let inserted = memory.remember(&caller.user, &turns)?;
        let mut results = Vec::with_capacity(turns.len());
        for (turn, inserted) in turns.into_iter().zip(inserted) {
            if learns {
                note_instructions(memory, &caller.user, inserted.id, &turn, log);
            }
            let id = MemoryId::Turn(inserted.id).to_string();
            results.push(AddedMemory { id, event: "ADD", memory: turn.text });
        }
        Ok::<_, MemoryError>(AddedMemories { results })
    };
    Ok(Json(shared.memory.run(work).await?))
}
