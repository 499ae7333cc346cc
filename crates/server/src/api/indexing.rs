//! `POST /v1/memory/index`: gives turns their vectors, as a job.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{IndexReport, MemoryError};
use longmem_wire as wire;
use serde::Deserialize;

use super::body::Body;
use super::jobs::{Begun, JobInHand};
use super::operation::Operation;
use super::registry::Registry;
use crate::Permission;
use crate::background::index_a_batch;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/v1/memory/index",
        "index",
        "Begins to give every turn that has none its vectors, of all users: then it is found by its \
         meaning. The server does so by itself, too, when nobody asks anything.",
    );
    let operation = operation
        .needs(Permission::Write)
        .takes::<IndexOrder>()
        .answers::<Begun>(202, "The job that does it; its result is as that of longmem index");
    registry.add(&operation, index);
}

/// Asks for vectors; there is nothing to choose.
#[derive(Debug, Deserialize, JsonSchema)]
struct IndexOrder {}

async fn index(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Body(IndexOrder {}): Body<IndexOrder>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let job = shared.ongoing.jobs.begin(&caller.user)?;
    let begun = job.begun();
    let in_hand = job.clone();
    job.run(shared.settings.log, async move { index_all(&shared, &in_hand).await });
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Gives all turns their vectors, in pieces between which requests are answered.
async fn index_all(shared: &Shared, job: &JobInHand) -> Result<wire::Indexed, MemoryError> {
    let began = Instant::now();
    let waiting = shared.memory.read(|memory| memory.waiting(None)).await?;
    let mut all = IndexReport {
        turns: 0,
        passages: 0,
        wordless_passages: 0,
        remaining: waiting,
        replaced_model: false,
    };
    while all.remaining > 0 && !shared.stopping.is_cancelled() {
        job.is_at(all.turns, Some(waiting.max(all.turns)));
        let batch = index_a_batch(shared).await?;
        all.turns += batch.turns;
        all.passages += batch.passages;
        all.wordless_passages += batch.wordless_passages;
        all.remaining = batch.remaining;
        all.replaced_model |= batch.replaced_model;
        if batch.turns == 0 {
            // Another process is at it.
            break;
        }
    }
    Ok(wire::Indexed::new(all, began.elapsed()))
}
