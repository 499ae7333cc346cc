//! `POST /v1/memory/index`: gives turns their vectors, as a job.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use longmem_memory::{IndexEvent, IndexOptions, Memory, MemoryError};
use longmem_wire as wire;

use super::jobs::Begun;
use super::operation::Operation;
use super::registry::Registry;
use crate::Permission;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/v1/memory/index",
        "index",
        "Begins to give every turn that has none its vectors, of all users: then it is found by its \
         meaning.",
    );
    let operation = operation
        .needs(Permission::Write)
        .answers::<Begun>(202, "The job that does it; its result is as that of longmem index");
    registry.add(operation, index);
}

async fn index(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let job = shared.ongoing.jobs.begin(&caller.user)?;
    let begun = job.begun();
    let (in_hand, stopping) = (job.clone(), shared.stopping.clone());
    let work = move |memory: &Memory| {
        let began = Instant::now();
        let report = memory.index(IndexOptions::default(), &mut |event| {
            if let IndexEvent::Progress(progress) = event {
                in_hand.is_at(progress.turns, Some(progress.total_turns));
            }
            if stopping.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok::<_, MemoryError>(wire::Indexed::new(report, began.elapsed()))
    };
    let memory = shared.memory.clone();
    job.run(async move { memory.run(work).await });
    Ok((StatusCode::ACCEPTED, Json(begun)))
}
