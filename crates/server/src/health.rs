//! Whether the server is there, whether it can work, and what it counted.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Readiness, closed_words};
use longmem_memory::{Memory, MemoryError};
use longmem_wire::Permission;
use serde::Serialize;

use crate::caller::Caller;
use crate::metrics::Measured;
use crate::problem::Problem;
use crate::shared::Shared;

/// How often loading the model is tried again.
const LOAD_AGAIN: Duration = Duration::from_mins(1);

closed_words! {
    /// Where the embedding model is.
    pub(crate) enum ModelState: "the state of a model" {
        /// It is being looked for, fetched or loaded.
        Loading = "loading",
        /// It is loaded.
        Ready = "ready",
        /// It was not found, or cannot be used; recall is by words.
        Missing = "missing",
    }
}

impl From<Readiness> for ModelState {
    fn from(readiness: Readiness) -> Self {
        match readiness {
            Readiness::Ready => Self::Ready,
            Readiness::NotLoaded | Readiness::Loading => Self::Loading,
            Readiness::Missing | Readiness::Failed => Self::Missing,
        }
    }
}

/// Loads the model, so that the first who asks does not wait for it. Where it cannot be loaded, that is tried
/// again each minute.
pub(crate) async fn load_model(shared: Arc<Shared>) {
    let load = async {
        while shared.memory.run_aside(Memory::warm_up).await.is_err() {
            tokio::time::sleep(LOAD_AGAIN).await;
        }
    };
    tokio::select! {
        () = load => {}
        () = shared.stopping.cancelled() => {}
    }
}

/// The server is there.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// Which server it is: `longmem`.
    server: &'static str,
}

/// Whether the server can work. Anybody may ask, so it says nothing of any user, and counts nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ready {
    /// `ok`, `unusable`, or `stopping`.
    store: &'static str,
    /// Where the embedding model is; without it, recall is by words.
    model: ModelState,
}

/// The routes of this module.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", server: "longmem" })
}

async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Ready>) {
    let seen = shared.memory.run_aside(|memory| {
        // What it says does not matter: it shows that the store can be read.
        memory.waiting(None)?;
        Ok::<_, MemoryError>(memory.readiness().into())
    });
    let seen = seen.await;
    let store = match seen {
        _ if shared.stopping.is_cancelled() => "stopping",
        Ok(_) => "ok",
        Err(_) => "unusable",
    };
    let status = if store == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let model = seen.unwrap_or(ModelState::Missing);
    (status, Json(Ready { store, model }))
}

async fn metrics(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Permission::Admin)?;
    let measured = shared.memory.run_aside(|memory| {
        let stats = memory.stats()?;
        Ok::<_, MemoryError>(Measured {
            turns: stats.turns,
            turns_without_vectors: stats.turns_without_vectors,
            store_bytes: stats.file_bytes,
            model_ready: memory.readiness() == Readiness::Ready,
        })
    });
    let measured = measured.await.ok();
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], shared.metrics.text(measured)).into_response())
}
