//! `/v1/memory/sessions`: a user's conversations.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_chat::ChatError;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{LINE_PATTERN, Scope, SessionName, UserName};
use longmem_memory::{ForgetTarget, Memory, MemoryError, SessionSummary, StoreError};
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

const SESSIONS: &str = "/v1/memory/sessions";
const SESSION: &str = "/v1/memory/sessions/{name}";
const NAME: &str = "The name of the session";

pub(super) fn add(registry: &mut Registry) {
    let list = Operation::new(
        Method::GET,
        SESSIONS,
        "list_sessions",
        "Lists the user's sessions, the one with the newest turn first.",
    );
    let list = list
        .needs(Permission::Read)
        .query::<SessionsQuery>()
        .answers::<Page<wire::Session>>(200, "A page of the sessions");
    registry.add(&list, list_sessions);

    let read =
        Operation::new(Method::GET, SESSION, "get_session", "Reads one session at a glance.");
    let read = read
        .needs(Permission::Read)
        .part::<SessionName>("name", NAME)
        .query::<SessionQuery>()
        .answers::<wire::Session>(200, "The session");
    registry.add(&read, read_session);

    let rename = Operation::new(
        Method::PATCH,
        SESSION,
        "rename_session",
        "Gives a session another title, or another name.",
    );
    let rename = rename
        .needs(Permission::Write)
        .part::<SessionName>("name", NAME)
        .takes::<NewNames>()
        .answers::<wire::Session>(200, "The session as it is now")
        .fails(409);
    registry.add(&rename, rename_session);

    let delete = Operation::new(
        Method::DELETE,
        SESSION,
        "delete_session",
        "Deletes a session for good, with what was made of it.",
    );
    let delete = delete
        .needs(Permission::Write)
        .part::<SessionName>("name", NAME)
        .answers::<wire::Forgotten>(200, "What was deleted");
    registry.add(&delete, delete_session);
}

/// Which sessions are listed.
#[derive(Debug, Deserialize, JsonSchema)]
struct SessionsQuery {
    /// Whether each comes with its summary.
    #[serde(default)]
    summary: bool,
    /// Which page.
    #[serde(flatten)]
    page: PageQuery,
}

/// What is shown of a session.
#[derive(Debug, Deserialize, JsonSchema)]
struct SessionQuery {
    /// Whether it comes with its summary.
    #[serde(default)]
    summary: bool,
}

/// Another title or name for a session.
#[derive(Debug, Deserialize, JsonSchema)]
struct NewNames {
    /// The title: one line.
    #[serde(default)]
    #[schemars(length(min = 1, max = 300), regex(pattern = LINE_PATTERN))]
    title: Option<String>,
    /// The name, which no other session of the user has.
    #[serde(default)]
    name: Option<SessionName>,
}

/// Where a session stands in the list: by its last turn, then by its name.
type SessionPlace = (Reverse<i64>, String);

fn place(session: &SessionSummary) -> SessionPlace {
    (Reverse(session.end.as_millisecond()), session.session.to_string())
}

fn written(session: &SessionSummary) -> String {
    let (Reverse(end), name) = place(session);
    format!("{end} {name}")
}

fn read_place(text: &str) -> Option<SessionPlace> {
    let (end, name) = text.split_once(' ')?;
    Some((Reverse(end.parse().ok()?), name.to_owned()))
}

async fn list_sessions(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(asked): Query<SessionsQuery>,
) -> Result<Json<Page<wire::Session>>, Problem> {
    let after = asked.page.position(read_place)?;
    let limit = asked.page.limit();
    let work = move |memory: &Memory| {
        let mut sessions = nothing_of_nobody(memory.sessions(&caller.user))?;
        sessions.sort_by_cached_key(place);
        sessions.retain(|session| after.as_ref().is_none_or(|after| place(session) > *after));
        let page = Page::of(sessions, limit, written);
        let items = with_summaries(memory, &caller.user, page.items, asked.summary)?;
        Ok::<_, MemoryError>(Page { items, next: page.next })
    };
    Ok(Json(shared.memory.read(work).await?))
}

/// Sessions as documents, with their summaries where these are asked for.
fn with_summaries(
    memory: &Memory,
    user: &UserName,
    sessions: Vec<SessionSummary>,
    summaries: bool,
) -> Result<Vec<wire::Session>, MemoryError> {
    let mut sessions = wire::Sessions::from(sessions);
    if summaries {
        sessions = sessions.with_summaries(&memory.session_summaries(user)?);
    }
    Ok(sessions.sessions)
}

/// A session of a user.
fn session(
    memory: &Memory,
    user: &UserName,
    name: &SessionName,
    summary: bool,
) -> Result<wire::Session, MemoryError> {
    let mut found = nothing_of_nobody(memory.sessions(user))?;
    found.retain(|known| known.session == *name);
    let unknown = || StoreError::UnknownSession { user: user.clone(), session: name.clone() };
    Ok(with_summaries(memory, user, found, summary)?.pop().ok_or_else(unknown)?)
}

async fn read_session(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(name): Part<SessionName>,
    Query(asked): Query<SessionQuery>,
) -> Result<Json<wire::Session>, Problem> {
    let work = move |memory: &Memory| session(memory, &caller.user, &name, asked.summary);
    Ok(Json(shared.memory.read(work).await?))
}

async fn rename_session(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(name): Part<SessionName>,
    Body(asked): Body<NewNames>,
) -> Result<Json<wire::Session>, Problem> {
    let user = caller.user;
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        session(memory, &user, &name, false)?;
        let new = asked.name.as_ref().filter(|new| **new != name);
        // Whatever may be refused is looked at before anything is changed.
        if let Some(new) = new
            && session(memory, &user, new, false).is_ok()
        {
            let taken = StoreError::SessionExists { user, session: new.clone() };
            return Err(MemoryError::from(taken).into());
        }
        if let Some(title) = &asked.title {
            memory.set_session_title(&user, &name, title)?;
        }
        if let Some(new) = new {
            memory.rename_session(&user, &name, new)?;
        }
        let name = asked.name.unwrap_or(name);
        Ok::<_, ChatError>(session(memory, &user, &name, false)?)
    });
    Ok(Json(shared.memory.run(work).await?))
}

async fn delete_session(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(name): Part<SessionName>,
) -> Result<Json<wire::Forgotten>, Problem> {
    let user = caller.user;
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        session(memory, &user, &name, false)?;
        let mut scope = Scope::of(user);
        scope.sessions.push(name);
        Ok(wire::Forgotten::from(memory.forget(&ForgetTarget::Scope(scope))?))
    });
    Ok(Json(shared.memory.run(work).await?))
}
