//! `GET /v1/memory/events`: tells a client when something of its user has changed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use longmem_core::UserName;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{ChangeMark, FactsAt, Memory, MemoryError};
use serde::Serialize;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::operation::Operation;
use super::page::nothing_of_nobody;
use super::registry::Registry;
use super::stream_body::stream_body;
use crate::Permission;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// How often the store is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How often something is sent, so that nobody between takes the connection for dead.
const PING: Duration = Duration::from_secs(15);
const EVENT_STREAM: &str = "text/event-stream";

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::GET,
        "/v1/memory/events",
        "follow_changes",
        "Sends an event `changed` whenever turns or facts of the user were stored, changed or deleted, \
         by whichever program.",
    );
    let operation = operation.needs(Permission::Read).answers_bytes(
        200,
        "Server-sent events: the first says how much there is, the others how much there is now",
        EVENT_STREAM,
    );
    registry.add(&operation, follow);
}

/// How much there is of a user now.
#[derive(Debug, Serialize, JsonSchema)]
struct Changed {
    /// Messages.
    turns: u64,
    /// Facts that hold now.
    facts: u64,
}

async fn follow(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    let place = shared.ongoing.stream(&caller.user)?;
    let (sender, body) = stream_body();
    tokio::spawn(async move {
        let _place = place;
        let stopping = shared.stopping.clone();
        tokio::select! {
            () = stopping.cancelled() => {}
            () = sender.closed() => {}
            () = tell(&shared, &caller.user, &sender) => {}
        }
    });
    let headers = [(header::CONTENT_TYPE, EVENT_STREAM), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

/// Sends changes until nobody reads them any more, or the store cannot be read.
async fn tell(shared: &Shared, user: &UserName, sender: &Sender<io::Result<Bytes>>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut known, mut sent) = (None, Instant::now());
    loop {
        ticks.tick().await;
        let user = user.clone();
        let seen = known;
        let looked = shared.memory.read(move |memory| changes_since(memory, &user, seen)).await;
        let piece = match looked {
            Err(error) => {
                (shared.settings.log)(&format!("changes cannot be followed: {error}"));
                // The client connects again, and learns what is wrong if it is still so.
                let _ = sender.send(Err(io::Error::other(error))).await;
                return;
            }
            Ok(Some((mark, changed))) => {
                known = Some(mark);
                let data = serde_json::to_string(&changed).expect("two numbers are JSON");
                format!("event: changed\ndata: {data}\n\n")
            }
            Ok(None) if sent.elapsed() >= PING => ": ping\n\n".to_owned(),
            Ok(None) => continue,
        };
        if sender.send(Ok(piece.into())).await.is_err() {
            return;
        }
        sent = Instant::now();
    }
}

/// How much there is of a user, unless the store shows the mark that was seen before.
fn changes_since(
    memory: &Memory,
    user: &UserName,
    seen: Option<ChangeMark>,
) -> Result<Option<(ChangeMark, Changed)>, MemoryError> {
    let mark = memory.change_mark(user)?;
    if seen == Some(mark) {
        return Ok(None);
    }
    let sessions = nothing_of_nobody(memory.sessions(user))?;
    let facts = memory.facts(user, FactsAt::Now)?.len() as u64;
    let turns = sessions.iter().map(|session| session.turns).sum();
    Ok(Some((mark, Changed { turns, facts })))
}
