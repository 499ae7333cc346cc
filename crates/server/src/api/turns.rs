//! `/v1/memory/turns`: stores turns, reads them, replaces their texts, deletes them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{
    NewTurn, Role, Scope, SessionName, SourceKey, Timestamp, Turn, TurnId, UserName,
};
use longmem_memory::{ForgetTarget, Memory, MemoryError, NamedRequest, StoreError, key_in_request};
use longmem_wire as wire;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::operation::{Header, Operation};
use super::page::{Page, PageQuery, ScopeQuery, nothing_of_nobody};
use super::query::{Part, Query};
use super::registry::Registry;
use super::waiting;
use crate::Permission;
use crate::activity::{Door, Event, Note};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

const TURNS: &str = "/v1/memory/turns";
const TURN: &str = "/v1/memory/turns/{id}";
/// Bytes of a request that stores turns.
const STORED_BYTES: usize = 8 << 20;
/// Bytes of the texts of a page; a text that is longer alone has a page of its own.
const PAGE_BYTES: usize = 4 << 20;
/// The header whose value names the request, and with it turns that bear no key.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Characters of that value at most.
const IDEMPOTENCY_CHARACTERS: usize = 200;

pub(super) fn add(registry: &mut Registry) {
    let store = Operation::new(
        Method::POST,
        TURNS,
        "store_turns",
        "Stores what was said. When this is answered, it is on disk and found by its words.",
    );
    let store = store
        .needs(Permission::Write)
        .header(Header {
            name: IDEMPOTENCY_KEY,
            meaning: "Names the request, so that the same request again stores nothing and is answered as \
                      the first was. Turns without a key get one of it and their place. Another request \
                      with the same name is refused with 409: one with other roles or texts, or with more \
                      or fewer turns, or whose turns were amended since.",
            pattern: "^[!-~]{1,200}$",
        })
        .takes::<NewTurns>()
        .up_to(STORED_BYTES)
        .answers::<StoredTurns>(201, "Which turns are new, and which were there already")
        .fails(409);
    registry.add(&store, store_turns);

    let list = Operation::new(
        Method::GET,
        TURNS,
        "list_turns",
        "Lists what was said, the newest turn first.",
    );
    let list = list
        .needs(Permission::Read)
        .query::<TurnsQuery>()
        .answers::<Page<wire::Turn>>(200, "A page of the turns");
    registry.add(&list, list_turns);

    let read = Operation::new(Method::GET, TURN, "get_turn", "Reads one turn.");
    let read = read
        .needs(Permission::Read)
        .part::<TurnId>("id", "The number of the turn")
        .answers::<wire::Turn>(200, "The turn");
    registry.add(&read, read_turn);

    let amend = Operation::new(
        Method::PATCH,
        TURN,
        "amend_turn",
        "Replaces the text of a turn for good: the old text, and the facts and summaries that were made \
         of it, are deleted.",
    );
    let amend = amend
        .needs(Permission::Write)
        .part::<TurnId>("id", "The number of the turn")
        .takes::<NewText>()
        .answers::<wire::Turn>(200, "The turn as it is now");
    registry.add(&amend, amend_turn);

    let delete = Operation::new(
        Method::DELETE,
        TURN,
        "delete_turn",
        "Deletes a turn for good, with what was made of it.",
    );
    let delete = delete
        .needs(Permission::Write)
        .part::<TurnId>("id", "The number of the turn")
        .answers_nothing(204, "It is gone");
    registry.add(&delete, delete_turn);
}

/// Which turns are listed.
#[derive(Debug, Deserialize, JsonSchema)]
struct TurnsQuery {
    /// Which part of memory.
    #[serde(flatten)]
    scope: ScopeQuery,
    /// Which page.
    #[serde(flatten)]
    page: PageQuery,
}

/// Asks for turns of one conversation to be stored, all or none.
#[derive(Debug, Deserialize, JsonSchema)]
struct NewTurns {
    /// The conversation; it is made if there is none of this name.
    session: SessionName,
    /// What was said, in its order.
    #[schemars(length(min = 1, max = 500))]
    turns: Vec<SaidTurn>,
}

/// One turn to be stored.
#[derive(Debug, Deserialize, JsonSchema)]
struct SaidTurn {
    /// Who speaks.
    role: Role,
    /// What was said.
    #[schemars(length(min = 1), regex(pattern = r"\S"))]
    text: String,
    /// The speaker's name.
    #[serde(default)]
    speaker: Option<String>,
    /// When it was said; now if it is left out.
    #[serde(default)]
    time: Option<Timestamp>,
    /// A name for the turn, so that asking again stores nothing.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    key: Option<String>,
}

/// Which turns were stored, by this request or when it was sent before, and which were there already.
#[derive(Debug, Serialize, JsonSchema)]
struct StoredTurns {
    /// Those that the request stored, in the order given.
    stored: Vec<StoredTurn>,
    /// Those whose own keys the user had already, in the order given.
    known: Vec<StoredTurn>,
}

/// The number of a turn that was to be stored.
#[derive(Debug, Serialize, JsonSchema)]
struct StoredTurn {
    /// Its number.
    id: TurnId,
    /// Its key, if it has one.
    key: Option<String>,
}

/// Another text for a turn.
#[derive(Debug, Deserialize, JsonSchema)]
struct NewText {
    /// The text.
    #[schemars(length(min = 1), regex(pattern = r"\S"))]
    text: String,
}

async fn store_turns(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    headers: HeaderMap,
    Body(asked): Body<NewTurns>,
) -> Result<(StatusCode, Json<StoredTurns>), Problem> {
    let name = idempotency_key(&headers)?;
    let now = shared.memory.now();
    let (learns, log) = (shared.settings.talk.conversation.learns, shared.settings.log);
    let NewTurns { session, turns } = asked;
    let user = caller.user.clone();
    let new_turn = |turn: SaidTurn| NewTurn {
        session: session.clone(),
        session_title: None,
        role: turn.role,
        speaker: turn.speaker,
        text: turn.text,
        time: turn.time.unwrap_or(now),
        note: session.as_str() == longmem_memory::NOTES_SESSION,
        source_key: turn.key.map(SourceKey),
    };
    let turns: Vec<NewTurn> = turns.into_iter().map(new_turn).collect();
    let work = move |memory: &Memory| {
        let inserted = match &name {
            None => memory.remember(&caller.user, &turns)?,
            Some(name) => match memory.remember_request(&caller.user, name, &turns)? {
                NamedRequest::Stored(inserted) => inserted,
                NamedRequest::NameTaken => return Ok(None),
            },
        };
        let new = inserted.iter().filter(|turn| turn.new).count() as u64;
        let mut stored = StoredTurns { stored: Vec::new(), known: Vec::new() };
        for (place, (turn, inserted)) in turns.iter().zip(inserted).enumerate() {
            if inserted.new && learns {
                note_instructions(memory, &caller.user, inserted.id, turn, log);
            }
            let named = name.as_ref().filter(|_| turn.source_key.is_none());
            let list = if inserted.new || named.is_some() {
                &mut stored.stored
            } else {
                &mut stored.known
            };
            let key = named.map(|name| key_in_request(name, place)).or(turn.source_key.clone());
            list.push(StoredTurn { id: inserted.id, key: key.map(|SourceKey(key)| key) });
        }
        Ok::<_, MemoryError>(Some((stored, new)))
    };
    let (stored, new) = shared.memory.run(work).await?.ok_or_else(name_taken)?;
    if new > 0 {
        let captured = Event::Captured { turns: new, session: Some(session) };
        shared.activity.note(&user, now, Note::new(Door::Api, captured));
    }
    Ok((StatusCode::CREATED, Json(stored)))
}

/// Another request had the same `Idempotency-Key`.
fn name_taken() -> Problem {
    let status = StatusCode::CONFLICT;
    let title = "The Idempotency-Key was used for another request";
    let detail = "an earlier request with this Idempotency-Key stored other turns, or they were amended \
                  since; nothing was stored";
    let problem = Problem::new(status, "idempotency-conflict", title, detail);
    problem.with_hint("Send a request that is not a repetition with a key of its own.")
}

/// Makes facts of the standing instructions in a turn that is stored. If that fails, the turn is stored all
/// the same, so only the log says it.
pub(crate) fn note_instructions(
    memory: &Memory,
    user: &UserName,
    id: TurnId,
    turn: &NewTurn,
    log: fn(&str),
) {
    if let Err(error) = memory.note_instructions(user, id, turn) {
        log(&format!("the instructions of turn {id} were not noted: {error}"));
    }
}

/// The name that the request has, if it has one.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let is_word = |key: &&str| {
        (1..=IDEMPOTENCY_CHARACTERS).contains(&key.len())
            && key.bytes().all(|c| c.is_ascii_graphic())
    };
    let key = value.to_str().ok().filter(is_word).ok_or_else(|| {
        Problem::invalid(format!(
            "the header {IDEMPOTENCY_KEY} must be 1 to {IDEMPOTENCY_CHARACTERS} characters of ASCII, \
             without spaces"
        ))
    })?;
    Ok(Some(key.to_owned()))
}

async fn list_turns(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(asked): Query<TurnsQuery>,
) -> Result<Json<Page<wire::Turn>>, Problem> {
    let before = asked.page.position(|text| text.parse().ok().map(TurnId))?;
    let limit = asked.page.limit();
    let work = move |memory: &Memory| {
        let scope = asked.scope.of(caller.user);
        nothing_of_nobody(memory.newest_turns(&scope, before, limit + 1))
    };
    let turns = shared.memory.read(work).await?;
    let limit = within(PAGE_BYTES, &turns).min(limit);
    let page = Page::of(turns, limit, |turn| turn.id.to_string());
    let items = page.items.into_iter().map(wire::Turn::from).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// How many of these turns have so many bytes together; one at least.
fn within(most: usize, turns: &[Turn]) -> usize {
    let mut bytes = 0;
    let fitting = turns.iter().take_while(|turn| {
        bytes += turn.text.len();
        bytes <= most
    });
    fitting.count().max(1)
}

async fn read_turn(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<i64>,
) -> Result<Json<wire::Turn>, Problem> {
    let turn = shared.memory.read(move |memory| turn(memory, &caller.user, TurnId(id))).await?;
    Ok(Json(turn))
}

/// A turn of a user.
fn turn(memory: &Memory, user: &UserName, id: TurnId) -> Result<wire::Turn, MemoryError> {
    let found = memory.turns(user, &[id])?.pop();
    let unknown = || StoreError::UnknownTurn { user: user.clone(), turn: id };
    Ok(found.ok_or_else(unknown)?.into())
}

async fn amend_turn(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<i64>,
    Body(asked): Body<NewText>,
) -> Result<Json<wire::Turn>, Problem> {
    Ok(Json(amend(&shared, &caller.user, TurnId(id), asked.text).await?))
}

/// Gives a turn of a user another text, and makes facts of the standing instructions in it.
///
/// # Errors
/// A turn that the user does not have, a text that is refused, and a store that cannot be written.
pub(crate) async fn amend(
    shared: &Shared,
    user: &UserName,
    id: TurnId,
    text: String,
) -> Result<wire::Turn, Problem> {
    let user = user.clone();
    let work = waiting::stored_first(shared, &user.clone(), move |memory, waiting| {
        turn(memory, &user, id)?;
        memory.amend_turn(&user, id, &text)?;
        let amended = memory.turns(&user, &[id])?.pop();
        if let Some(amended) = amended.filter(|_| waiting.learns) {
            let said = NewTurn {
                session: amended.session,
                session_title: amended.session_title,
                role: amended.role,
                speaker: amended.speaker,
                text: amended.text,
                time: amended.time,
                note: amended.note,
                source_key: None,
            };
            memory.note_instructions(&user, id, &said)?;
        }
        Ok(turn(memory, &user, id)?)
    });
    Ok(shared.memory.run(work).await?)
}

async fn delete_turn(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<i64>,
) -> Result<StatusCode, Problem> {
    let (user, id) = (caller.user, TurnId(id));
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        turn(memory, &user, id)?;
        let target = ForgetTarget::Turns(Scope::of(user.clone()), vec![id]);
        Ok(memory.forget(&target)?)
    });
    shared.memory.run(work).await?;
    Ok(StatusCode::NO_CONTENT)
}
