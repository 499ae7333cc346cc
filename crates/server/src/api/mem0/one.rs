//! `/mem0/v1/memories/{id}/`: one memory, read, changed, deleted, and its history.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_chat::ChatError;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Scope, Timestamp, UserName};
use longmem_memory::{FactsAt, ForgetTarget, MemoryError, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::list::Done;
use super::memory::{Memory, MemoryId, not_done_here};
use crate::Permission;
use crate::api::body::Body;
use crate::api::operation::Operation;
use crate::api::query::Part;
use crate::api::registry::Registry;
use crate::api::waiting;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

const MEMORY: &str = "/mem0/v1/memories/{id}/";
const NAME: &str = "What names the memory";

pub(super) fn add(registry: &mut Registry) {
    let read = Operation::new(Method::GET, MEMORY, "mem0_get", "Reads a memory, as mem0 does.");
    let read = read
        .needs(Permission::Read)
        .part::<String>("id", NAME)
        .answers::<Memory>(200, "The memory");
    registry.add(&read, read_memory);

    let update = Operation::new(
        Method::PUT,
        MEMORY,
        "mem0_update",
        "Replaces the text of a memory for good, as mem0 does.",
    );
    let update = update
        .needs(Permission::Write)
        .part::<String>("id", NAME)
        .takes::<NewMemoryText>()
        .answers::<Memory>(200, "The memory as it is now")
        .fails(501);
    registry.add(&update, update_memory);

    let delete =
        Operation::new(Method::DELETE, MEMORY, "mem0_delete", "Deletes a memory for good.");
    let delete = delete
        .needs(Permission::Write)
        .part::<String>("id", NAME)
        .answers::<Done>(200, "It is gone");
    registry.add(&delete, delete_memory);

    let history = Operation::new(
        Method::GET,
        "/mem0/v1/memories/{id}/history/",
        "mem0_history",
        "Says how a memory came to be, as mem0 does. What was replaced is not kept.",
    );
    let history = history
        .needs(Permission::Read)
        .part::<String>("id", NAME)
        .answers::<Vec<HistoryEntry>>(200, "How it was added");
    registry.add(&history, read_history);
}

/// Another text for a memory.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct NewMemoryText {
    /// The text.
    #[schemars(length(min = 1), regex(pattern = r"\S"))]
    text: String,
    /// What else mem0 knows.
    #[serde(flatten)]
    #[schemars(skip)]
    others: Map<String, Value>,
}

/// How a memory came to be.
#[derive(Debug, Serialize, JsonSchema)]
struct HistoryEntry {
    /// What names the entry: the same as the memory.
    id: String,
    /// What names the memory.
    memory_id: String,
    /// Always null: what was replaced is not kept.
    old_memory: Option<()>,
    /// What it says.
    new_memory: String,
    /// `ADD`.
    event: &'static str,
    /// When it was said.
    created_at: Timestamp,
    /// The same.
    updated_at: Timestamp,
    /// Whose it is.
    user_id: UserName,
}

/// A memory of a user.
fn memory_of(
    memory: &longmem_memory::Memory,
    user: &UserName,
    id: MemoryId,
) -> Result<Memory, MemoryError> {
    match id {
        MemoryId::Turn(id) => {
            let turn = memory.turns(user, &[id])?.pop();
            let unknown = || StoreError::UnknownTurn { user: user.clone(), turn: id };
            Ok(Memory::of_turn(turn.ok_or_else(unknown)?, user))
        }
        MemoryId::Fact(id) => {
            let facts = memory.facts(user, FactsAt::Ever)?;
            let fact = facts.into_iter().find(|fact| fact.id == id);
            let unknown = || StoreError::UnknownFact { user: user.clone(), fact: id };
            Ok(Memory::of_fact(fact.ok_or_else(unknown)?, user))
        }
    }
}

async fn read_memory(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<String>,
) -> Result<Json<Memory>, Problem> {
    let id: MemoryId = id.parse()?;
    Ok(Json(shared.memory.read(move |memory| memory_of(memory, &caller.user, id)).await?))
}

async fn update_memory(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<String>,
    Body(asked): Body<NewMemoryText>,
) -> Result<Json<Memory>, Problem> {
    let id: MemoryId = id.parse()?;
    if let Some(name) = asked.others.keys().next() {
        return Err(not_done_here(name));
    }
    let user = caller.user;
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        memory_of(memory, &user, id)?;
        match id {
            MemoryId::Turn(id) => {
                memory.amend_turn(&user, id, &asked.text)?;
            }
            MemoryId::Fact(id) => {
                memory.edit_fact(&user, id, &asked.text)?;
            }
        }
        Ok::<_, ChatError>(memory_of(memory, &user, id)?)
    });
    Ok(Json(shared.memory.run(work).await?))
}

async fn delete_memory(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<String>,
) -> Result<Json<Done>, Problem> {
    let id: MemoryId = id.parse()?;
    let user = caller.user;
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        memory_of(memory, &user, id)?;
        let erasure = match id {
            MemoryId::Turn(id) => {
                let target = ForgetTarget::Turns(Scope::of(user), vec![id]);
                memory.forget(&target)?.erasure
            }
            MemoryId::Fact(id) => memory.delete_fact(&user, id)?.erasure,
        };
        let erased_from_disk = erasure.is_done();
        Ok::<_, ChatError>(Done { message: "Memory deleted successfully!", erased_from_disk })
    });
    Ok(Json(shared.memory.run(work).await?))
}

async fn read_history(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<String>,
) -> Result<Json<Vec<HistoryEntry>>, Problem> {
    let id: MemoryId = id.parse()?;
    let memory = shared.memory.read(move |memory| memory_of(memory, &caller.user, id)).await?;
    Ok(Json(vec![HistoryEntry {
        id: memory.id.clone(),
        memory_id: memory.id,
        old_memory: None,
        new_memory: memory.memory,
        event: "ADD",
        created_at: memory.created_at,
        updated_at: memory.updated_at,
        user_id: memory.user_id,
    }]))
}
