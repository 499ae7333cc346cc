//! `POST /v1/memory/recall`: finds what was said that is relevant.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_core::Readiness;
use longmem_memory::{Channels, Memory, MemoryError, Recall, RecallRequest};
use longmem_wire as wire;

use super::body::Body;
use super::operation::Operation;
use super::registry::Registry;
use crate::Permission;
use crate::activity::{Brought, Door, Event, Note};
use crate::problem::Problem;
use crate::shared::Shared;

/// With a deadline, a recall does without a model that could not be loaded.
const PATIENCE_WITHOUT_MODEL: Duration = Duration::from_secs(10);

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/v1/memory/recall",
        "recall",
        "Finds turns and facts that are relevant to a question or message, best first.",
    );
    let operation = operation
        .needs(Permission::Read)
        .takes::<wire::RecallRequest>()
        .answers::<wire::Recall>(200, "What was found; nothing if nothing is relevant");
    registry.add(&operation, recall);
}

async fn recall(
    State(shared): State<Arc<Shared>>,
    Body(asked): Body<wire::RecallRequest>,
) -> Result<Json<wire::Recall>, Problem> {
    let mut request = RecallRequest::try_from(asked)
        .map_err(|unknown| Problem::out_of_range(unknown.to_string()))?;
    request.catch_up = request.channels != Channels::Words;
    let memory = &shared.memory;
    let (user, query, began) = (request.scope.user.clone(), request.query.clone(), Instant::now());
    let (found, readiness) = memory
        .read(move |memory| Ok::<_, MemoryError>((found(memory, request)?, memory.readiness())))
        .await?;
    shared.metrics.recall(&found);
    let recalled = Note::new(Door::Api, Event::Recalled(Brought::by(&query, &found)));
    shared.activity.note(&user, memory.now(), recalled.took(began.elapsed()));
    let is_untried = matches!(readiness, Readiness::NotLoaded | Readiness::Missing);
    if is_untried && !found.degraded.is_empty() {
        // The next recall with a deadline should find by meaning.
        let memory = memory.clone();
        tokio::spawn(async move { memory.read(Memory::warm_up).await });
    }
    Ok(Json(found.into()))
}

/// What a recall finds: by words only where the model cannot be used, unless vectors alone were asked for.
pub(crate) fn found(memory: &Memory, mut request: RecallRequest) -> Result<Recall, MemoryError> {
    match memory.recall(&request) {
        Err(MemoryError::Embed(_)) if request.channels == Channels::Both => {
            request.deadline = Some(PATIENCE_WITHOUT_MODEL);
            memory.recall(&request)
        }
        found => found,
    }
}
