//! `GET /v1/memory/export`: turns, facts and summaries as JSON Lines, sent while they are read.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use longmem_core::Scope;
use longmem_memory::{Memory, MemoryError, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::operation::Operation;
use super::page::ScopeQuery;
use super::query::Query;
use super::registry::Registry;
use super::stream_body::stream_body;
use crate::Permission;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Bytes that are sent together.
const PIECE: usize = 64 << 10;
/// How long a client may read nothing.
const PATIENCE: Duration = Duration::from_secs(30);
const JSON_LINES: &str = "application/x-ndjson";

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::GET,
        "/v1/memory/export",
        "export",
        "Sends turns, facts and summaries as JSON Lines, which an import reads back.",
    );
    let operation = operation
        .needs(Permission::Read)
        .query::<ScopeQuery>()
        .fails(404)
        .answers_bytes(200, "The lines; if it fails midway, the connection breaks off", JSON_LINES);
    registry.add(&operation, export);
}

async fn export(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(asked): Query<ScopeQuery>,
) -> Result<Response, Problem> {
    let scope = asked.of(caller.user);
    let checked = scope.clone();
    // What can be refused is refused before the first byte.
    shared.memory.read(move |memory| known(memory, &checked)).await?;
    let place = shared.ongoing.export()?;
    let (sender, body) = stream_body();
    let memory = shared.memory.clone();
    let stopping = shared.stopping.clone();
    tokio::spawn(async move {
        let handle = Handle::current();
        let pieces = sender.clone();
        let exporting = memory.run_aside(move |memory| {
            let _place = place;
            let mut out = BufWriter::with_capacity(PIECE, Pieces { sender: pieces, handle });
            if known(memory, &scope)? {
                memory.export(&scope, &mut out)?;
            }
            out.flush().map_err(MemoryError::Output)
        });
        let failed = tokio::select! {
            exported = exporting => exported.err().map(|error| error.to_string()),
            () = stopping.cancelled() => Some("the server stops".to_owned()),
        };
        if let Some(why) = failed.filter(|_| !sender.is_closed()) {
            (shared.settings.log)(&format!("an export broke off: {why}"));
            // Nobody reads it any more if this fails.
            let _ = sender.send(Err(io::Error::other(why))).await;
        }
    });
    Ok(([(header::CONTENT_TYPE, JSON_LINES)], body).into_response())
}

/// Whether there is anything of the user; fails for sessions that are not there.
fn known(memory: &Memory, scope: &Scope) -> Result<bool, MemoryError> {
    match memory.check_names(scope) {
        Err(MemoryError::Store(StoreError::UnknownUser(_))) if scope.is_whole_user() => Ok(false),
        checked => checked.map(|()| true),
    }
}

/// Sends what is written to the client, and waits for it to read.
struct Pieces {
    sender: Sender<io::Result<Bytes>>,
    handle: Handle,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Ok(Bytes::copy_from_slice(bytes));
        self.handle
            .block_on(async { self.sender.send_timeout(piece, PATIENCE).await })
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
