//! `GET /mem0/v1/ping/` and `GET /mem0/v1/entities/`: who is there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_core::UserName;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{FactsAt, Memory, MemoryError};
use serde::Serialize;

use crate::Permission;
use crate::api::operation::Operation;
use crate::api::page::nothing_of_nobody;
use crate::api::registry::Registry;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) fn add(registry: &mut Registry) {
    let ping = Operation::new(
        Method::GET,
        "/mem0/v1/ping/",
        "mem0_ping",
        "Says that the server is there and the key valid, as mem0 does.",
    );
    let ping = ping.needs(Permission::Read).answers::<Pong>(200, "Whose memories the key opens");
    registry.add(&ping, answer_ping);

    let entities = Operation::new(
        Method::GET,
        "/mem0/v1/entities/",
        "mem0_users",
        "Lists the users whose memories the key opens, as mem0 does: one.",
    );
    let entities = entities.needs(Permission::Read).answers::<Entities>(200, "The user");
    registry.add(&entities, list_entities);
}

/// The server is there.
#[derive(Debug, Serialize, JsonSchema)]
struct Pong {
    /// `ok`.
    status: &'static str,
    /// There are no organizations here.
    org_id: &'static str,
    /// There are no projects here.
    project_id: &'static str,
    /// Whose memories the key opens.
    user_email: UserName,
}

async fn answer_ping(caller: Caller) -> Json<Pong> {
    let id = "longmem";
    Json(Pong { status: "ok", org_id: id, project_id: id, user_email: caller.user })
}

/// Who has memories.
#[derive(Debug, Serialize, JsonSchema)]
struct Entities {
    /// How many there are.
    count: usize,
    /// Always null: there is one page.
    next: Option<()>,
    /// Always null.
    previous: Option<()>,
    /// Who they are.
    results: Vec<Entity>,
}

/// A user with memories.
#[derive(Debug, Serialize, JsonSchema)]
struct Entity {
    /// What names the user.
    id: UserName,
    /// The same.
    name: UserName,
    /// `user`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Turns and facts.
    total_memories: u64,
}

async fn list_entities(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
) -> Result<Json<Entities>, Problem> {
    let user = caller.user.clone();
    let work = move |memory: &Memory| {
        let sessions = nothing_of_nobody(memory.sessions(&user))?;
        let turns: u64 = sessions.iter().map(|session| session.turns).sum();
        Ok::<_, MemoryError>(turns + memory.facts(&user, FactsAt::Now)?.len() as u64)
    };
    let total_memories = shared.memory.read(work).await?;
    let name = caller.user.clone();
    let user = Entity { id: caller.user, name, kind: "user", total_memories };
    let results: Vec<Entity> = (total_memories > 0).then_some(user).into_iter().collect();
    Ok(Json(Entities { count: results.len(), next: None, previous: None, results }))
}
