//! `/v1/memory/facts`: what is known of a user, listed, noted, corrected, deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{FactId, LINE_PATTERN, Timestamp, UserName};
use longmem_memory::{FactsAt, Memory, MemoryError, StoreError};
use longmem_wire as wire;
use serde::Deserialize;

use super::body::Body;
use super::operation::Operation;
use super::page::{Page, PageQuery, nothing_of_nobody};
use super::query::{Part, Query};
use super::registry::Registry;
use super::waiting;
use crate::Permission;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

const FACTS: &str = "/v1/memory/facts";
const FACT: &str = "/v1/memory/facts/{id}";
const NUMBER: &str = "The number of the fact";

pub(super) fn add(registry: &mut Registry) {
    let list = Operation::new(
        Method::GET,
        FACTS,
        "list_facts",
        "Lists what is known of the user, the newest fact first.",
    );
    let list = list
        .needs(Permission::Read)
        .query::<FactsQuery>()
        .answers::<Page<wire::Fact>>(200, "A page of the facts");
    registry.add(&list, list_facts);

    let note = Operation::new(
        Method::POST,
        FACTS,
        "note_fact",
        "Notes a fact; with \"replaces\", as a change of another one.",
    );
    let note = note
        .needs(Permission::Write)
        .takes::<wire::FactNote>()
        .answers::<wire::FactNoted>(200, "The user has a fact that says the same")
        .answers::<wire::FactNoted>(201, "It is noted")
        .fails(404);
    registry.add(&note, note_fact);

    let read = Operation::new(Method::GET, FACT, "get_fact", "Reads one fact.");
    let read = read
        .needs(Permission::Read)
        .part::<FactId>("id", NUMBER)
        .answers::<wire::Fact>(200, "The fact");
    registry.add(&read, read_fact);

    let edit = Operation::new(
        Method::PATCH,
        FACT,
        "edit_fact",
        "Corrects the words of a fact; its subject and time stay.",
    );
    let edit = edit
        .needs(Permission::Write)
        .part::<FactId>("id", NUMBER)
        .takes::<NewStatement>()
        .answers::<wire::Fact>(200, "The fact as it is now");
    registry.add(&edit, edit_fact);

    let delete = Operation::new(
        Method::DELETE,
        FACT,
        "delete_fact",
        "Deletes a fact for good, with the older ones that it had replaced.",
    );
    let delete = delete
        .needs(Permission::Write)
        .part::<FactId>("id", NUMBER)
        .answers::<wire::FactDeleted>(200, "How many facts are gone");
    registry.add(&delete, delete_fact);
}

/// Which facts are listed.
#[derive(Debug, Deserialize, JsonSchema)]
struct FactsQuery {
    /// Only what is about this name.
    #[serde(default)]
    about: Option<String>,
    /// What held at this time.
    #[serde(default)]
    as_of: Option<Timestamp>,
    /// Also what was replaced: by now, or by `as_of`.
    #[serde(default)]
    history: bool,
    /// Which page.
    #[serde(flatten)]
    page: PageQuery,
}

/// Other words for a fact.
#[derive(Debug, Deserialize, JsonSchema)]
struct NewStatement {
    /// What is said of the subject: one short line.
    #[schemars(length(min = 1, max = 300), regex(pattern = LINE_PATTERN))]
    statement: String,
}

async fn list_facts(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(asked): Query<FactsQuery>,
) -> Result<Json<Page<wire::Fact>>, Problem> {
    let at = match (asked.history, asked.as_of) {
        (true, _) => FactsAt::Ever,
        (false, Some(time)) => FactsAt::Time(time),
        (false, None) => FactsAt::Now,
    };
    let before = asked.page.position(|text| text.parse().ok().map(FactId))?;
    let limit = asked.page.limit();
    let work = move |memory: &Memory| {
        let about = asked.about.as_deref();
        let all = usize::MAX;
        let mut facts =
            nothing_of_nobody(memory.newest_facts(&caller.user, at, about, before, all))?;
        facts.retain(|fact| asked.as_of.is_none_or(|time| fact.since <= time));
        facts.truncate(limit + 1);
        Ok::<_, MemoryError>(facts)
    };
    let facts = shared.memory.read(work).await?;
    let page = Page::of(facts, limit, |fact| fact.id.to_string());
    let items = page.items.into_iter().map(wire::Fact::from).collect();
    Ok(Json(Page { items, next: page.next }))
}

async fn note_fact(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Body(asked): Body<wire::FactNote>,
) -> Result<(StatusCode, Json<wire::FactNoted>), Problem> {
    let (user, replaces) = (caller.user.clone(), asked.replaces);
    let noted = shared.memory.run(move |memory| memory.note_fact(&user, &asked.into())).await?;
    let status = if noted.new { StatusCode::CREATED } else { StatusCode::OK };
    let noted = wire::FactNoted { id: noted.id, new: noted.new, user: caller.user, replaces };
    Ok((status, Json(noted)))
}

async fn read_fact(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<i64>,
) -> Result<Json<wire::Fact>, Problem> {
    Ok(Json(shared.memory.read(move |memory| fact(memory, &caller.user, FactId(id))).await?))
}

/// A fact of a user, also one that was replaced.
fn fact(memory: &Memory, user: &UserName, id: FactId) -> Result<wire::Fact, MemoryError> {
    let found = memory.facts(user, FactsAt::Ever)?.into_iter().find(|fact| fact.id == id);
    let unknown = || StoreError::UnknownFact { user: user.clone(), fact: id };
    Ok(found.ok_or_else(unknown)?.into())
}

async fn edit_fact(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<i64>,
    Body(asked): Body<NewStatement>,
) -> Result<Json<wire::Fact>, Problem> {
    let (user, id) = (caller.user, FactId(id));
    let work = move |memory: &Memory| {
        fact(memory, &user, id)?;
        memory.edit_fact(&user, id, &asked.statement)?;
        fact(memory, &user, id)
    };
    Ok(Json(shared.memory.run(work).await?))
}

async fn delete_fact(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<i64>,
) -> Result<Json<wire::FactDeleted>, Problem> {
    let (user, id) = (caller.user, FactId(id));
    // What waits may hold the instruction that the fact was noted of.
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        fact(memory, &user, id)?;
        let deleted = memory.delete_fact(&user, id)?;
        Ok(wire::FactDeleted {
            deleted: deleted.facts,
            user,
            erased_from_disk: deleted.erasure.is_done(),
        })
    });
    Ok(Json(shared.memory.run(work).await?))
}
