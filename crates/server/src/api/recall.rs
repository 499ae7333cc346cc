//! `POST /v1/memory/recall`: finds what was said that is relevant.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_memory::RecallRequest;
use longmem_wire as wire;

use super::body::Body;
use super::operation::Operation;
use super::registry::Registry;
use crate::Permission;
use crate::problem::Problem;
use crate::shared::Shared;

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
    registry.add(operation, recall);
}

async fn recall(
    State(shared): State<Arc<Shared>>,
    Body(asked): Body<wire::RecallRequest>,
) -> Result<Json<wire::Recall>, Problem> {
    let mut request = RecallRequest::try_from(asked)
        .map_err(|unknown| Problem::out_of_range(unknown.to_string()))?;
    request.catch_up = request.channels != longmem_memory::Channels::Words;
    let found = shared.memory.read(move |memory| memory.recall(&request)).await?;
    Ok(Json(found.into()))
}
