//! Whether the server is there, whether it can work, and what it counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use longmem_core::closed_words;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{Memory, MemoryError};
use longmem_wire::Permission;
use serde::Serialize;
use std::time::Duration;

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

/// The state of the embedding model, as it was last seen.
#[derive(Debug, Default)]
pub(crate) struct ModelWatch(AtomicU8);

impl ModelWatch {
    pub(crate) fn state(&self) -> ModelState {
        ModelState::ALL[usize::from(self.0.load(Ordering::Relaxed))]
    }

    fn set(&self, state: ModelState) {
        self.0.store(state as u8, Ordering::Relaxed);
    }
}

/// Loads the model, so that the first who asks does not wait for it. Where it cannot be loaded, that is tried
/// again each minute.
pub(crate) async fn load_model(shared: Arc<Shared>) {
    let load = async {
        loop {
            let load = |memory: &Memory| {
                Ok::<_, MemoryError>(memory.embedder().embed_query("load").is_ok())
            };
            if let Ok(true) = shared.memory.run_aside(load).await {
                return shared.model.set(ModelState::Ready);
            }
            shared.model.set(ModelState::Missing);
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

/// Whether the server can work.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Readiness {
    /// `ok`, `unusable`, or `stopping`.
    store: &'static str,
    /// Where the embedding model is; without it, recall is by words.
    model: ModelState,
    /// Turns that are found by their words only, as yet.
    turns_without_vectors: u64,
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

async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Readiness>) {
    let waiting = shared.memory.run_aside(|memory| memory.waiting(None)).await;
    let store = match waiting {
        _ if shared.stopping.is_cancelled() => "stopping",
        Ok(_) => "ok",
        Err(_) => "unusable",
    };
    let status = if store == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let model = shared.model.state();
    let turns_without_vectors = waiting.unwrap_or_default();
    (status, Json(Readiness { store, model, turns_without_vectors }))
}

async fn metrics(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Permission::Admin)?;
    let stats = shared.memory.run_aside(Memory::stats).await;
    let measured = stats.ok().map(|stats| Measured {
        turns: stats.turns,
        turns_without_vectors: stats.turns_without_vectors,
        store_bytes: stats.file_bytes,
        model_ready: shared.model.state() == ModelState::Ready,
    });
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], shared.metrics.text(measured)).into_response())
}
