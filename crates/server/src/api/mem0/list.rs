//! `POST /mem0/v3/memories/search/`, `POST /mem0/v3/memories/` and `DELETE /mem0/v1/memories/`: many memories
//! at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_core::SessionName;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{
    FactsAt, ForgetTarget, Found, MemoryError, RecallRequest, StoreError, forget_target,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::filters::scope_of;
use super::memory::{Memory, not_done_here};
use crate::Permission;
use crate::api::body::Body;
use crate::api::operation::Operation;
use crate::api::page::nothing_of_nobody;
use crate::api::query::Query;
use crate::api::recall::found;
use crate::api::registry::Registry;
use crate::api::waiting;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Memories of a search, unless it says otherwise.
const USUAL_RESULTS: usize = 10;
/// Memories of a page, unless a request says otherwise.
const USUAL_PAGE: usize = 100;

pub(super) fn add(registry: &mut Registry) {
    let search = Operation::new(
        Method::POST,
        "/mem0/v3/memories/search/",
        "mem0_search",
        "Finds memories, as mem0 does.",
    );
    let search = search
        .needs(Permission::Read)
        .takes::<SearchOrder>()
        .answers::<FoundMemories>(200, "The memories, the likeliest first")
        .fails(501);
    registry.add(&search, search_memories);

    let list = Operation::new(
        Method::POST,
        "/mem0/v3/memories/",
        "mem0_get_all",
        "Lists memories, as mem0 does: facts first, and the newest first.",
    );
    let list = list
        .needs(Permission::Read)
        .query::<PageQuery>()
        .takes::<ListOrder>()
        .answers::<MemoryPage>(200, "A page of the memories")
        .fails(501);
    registry.add(&list, list_memories);

    let delete = Operation::new(
        Method::DELETE,
        "/mem0/v1/memories/",
        "mem0_delete_all",
        "Deletes all memories of the user, or of one run, for good.",
    );
    let delete = delete
        .needs(Permission::Write)
        .query::<DeleteQuery>()
        .answers::<Done>(200, "They are gone")
        .fails(501);
    registry.add(&delete, delete_memories);
}

/// Asks for memories that are relevant to a query.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct SearchOrder {
    /// The question.
    #[schemars(length(min = 1), regex(pattern = r"\S"))]
    query: String,
    /// Whose memories.
    filters: Map<String, Value>,
    /// Memories at most; 10 if it is left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    top_k: Option<usize>,
    /// The least score, 0 to 1; this memory's own threshold if it is left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    threshold: Option<f32>,
    /// What else mem0 knows.
    #[serde(flatten)]
    #[schemars(skip)]
    others: Map<String, Value>,
}

/// Memories that were found.
#[derive(Debug, Serialize, JsonSchema)]
struct FoundMemories {
    /// The likeliest first.
    results: Vec<Memory>,
}

/// Asks for a list of memories.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct ListOrder {
    /// Whose memories.
    filters: Map<String, Value>,
    /// What else mem0 knows.
    #[serde(flatten)]
    #[schemars(skip)]
    others: Map<String, Value>,
}

/// Which page of a list.
#[derive(Debug, Deserialize, JsonSchema)]
struct PageQuery {
    /// Its number, from 1.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    page: Option<usize>,
    /// Memories of a page.
    #[serde(default)]
    #[schemars(range(min = 1, max = 500))]
    page_size: Option<usize>,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
struct MemoryPage {
    /// How many there are in all.
    count: u64,
    /// The address of the next page; none if this is the last.
    next: Option<String>,
    /// The address of the page before; none if this is the first.
    previous: Option<String>,
    /// The memories.
    results: Vec<Memory>,
}

/// Whose memories are deleted.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct DeleteQuery {
    /// The user: the caller.
    user_id: String,
    /// Only those of this run.
    #[serde(default)]
    run_id: Option<String>,
    /// What else mem0 knows.
    #[serde(flatten)]
    #[schemars(skip)]
    others: Map<String, Value>,
}

/// It is done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Done {
    /// What was done.
    pub(super) message: &'static str,
    /// False if the deleted bytes leave the disk later, because another process reads an older state, the
    /// disk is full, or a database server keeps them until it overwrites them.
    pub(super) erased_from_disk: bool,
}

async fn search_memories(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Body(asked): Body<SearchOrder>,
) -> Result<Json<FoundMemories>, Problem> {
    // How results are ranked is this memory's own matter.
    let is_unknown = |name: &&String| !["rerank", "keyword_search"].contains(&name.as_str());
    if let Some(name) = asked.others.keys().find(is_unknown) {
        return Err(not_done_here(name));
    }
    let mut request = RecallRequest::new(scope_of(&asked.filters, &caller.user)?, asked.query);
    request.limit = asked.top_k.unwrap_or(USUAL_RESULTS);
    request.threshold = asked.threshold.unwrap_or(request.threshold);
    request.catch_up = true;
    let limit = request.limit;
    let recall = shared.memory.read(move |memory| found(memory, request)).await?;
    let results = recall.in_order().take(limit).map(|found| match found {
        Found::Turn(found) => {
            Memory::of_turn(found.turn.clone(), &caller.user).with_score(found.score)
        }
        Found::Fact(found) => {
            Memory::of_fact(found.fact.clone(), &caller.user).with_score(found.score)
        }
    });
    Ok(Json(FoundMemories { results: results.collect() }))
}

async fn list_memories(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
    Body(asked): Body<ListOrder>,
) -> Result<Json<MemoryPage>, Problem> {
    if let Some(name) = asked.others.keys().next() {
        return Err(not_done_here(name));
    }
    let scope = scope_of(&asked.filters, &caller.user)?;
    let (number, size) = (page.page.unwrap_or(1), page.page_size.unwrap_or(USUAL_PAGE));
    let work = move |memory: &longmem_memory::Memory| {
        let user = &scope.user;
        let is_meant =
            |session: &SessionName| scope.sessions.is_empty() || scope.sessions.contains(session);
        let mut facts =
            nothing_of_nobody(memory.newest_facts(user, FactsAt::Now, None, None, usize::MAX))?;
        facts.retain(|fact| {
            scope.sessions.is_empty() || fact.session.as_ref().is_some_and(is_meant)
        });
        let sessions = nothing_of_nobody(memory.sessions(user))?;
        let sessions = sessions.iter().filter(|session| is_meant(&session.session));
        let turns: u64 = sessions.map(|session| session.turns).sum();
        let count = facts.len() as u64 + turns;
        let before = (number - 1) * size;
        let wanted = before + size;
        let of_turns = wanted.saturating_sub(facts.len());
        let turns = match memory.newest_turns(&scope, None, of_turns) {
            Err(MemoryError::Store(StoreError::UnknownSession { .. })) => Vec::new(),
            turns => nothing_of_nobody(turns)?,
        };
        let facts = facts.into_iter().map(|fact| Memory::of_fact(fact, user));
        let turns = turns.into_iter().map(|turn| Memory::of_turn(turn, user));
        let results = facts.chain(turns).skip(before).take(size).collect();
        let address = |page: usize| format!("/mem0/v3/memories/?page={page}&page_size={size}");
        let next = (count > wanted as u64).then(|| address(number + 1));
        let previous = (number > 1).then(|| address(number - 1));
        Ok::<_, MemoryError>(MemoryPage { count, next, previous, results })
    };
    Ok(Json(shared.memory.read(work).await?))
}

async fn delete_memories(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(asked): Query<DeleteQuery>,
) -> Result<Json<Done>, Problem> {
    if let Some(name) = asked.others.keys().next() {
        return Err(not_done_here(name));
    }
    let mut filters = Map::new();
    filters.insert("user_id".to_owned(), asked.user_id.into());
    filters.extend(asked.run_id.map(|run| ("run_id".to_owned(), run.into())));
    let scope = scope_of(&filters, &caller.user)?;
    let everything = scope.is_whole_user();
    let target = forget_target(scope, Vec::new(), everything);
    let work = waiting::stored_first(&shared, &caller.user, move |memory, waiting| {
        let erased_from_disk = match memory.forget(&target) {
            // There is nothing to delete, which mem0 calls done.
            Err(MemoryError::Store(
                StoreError::UnknownUser(_) | StoreError::UnknownSession { .. },
            )) => true,
            forgotten => forgotten?.erasure.is_done(),
        };
        if matches!(target, ForgetTarget::User(_)) {
            waiting.delete_unreadable()?;
        }
        Ok(erased_from_disk)
    });
    let erased_from_disk = shared.memory.run(work).await?;
    Ok(Json(Done { message: "Memories deleted successfully!", erased_from_disk }))
}
