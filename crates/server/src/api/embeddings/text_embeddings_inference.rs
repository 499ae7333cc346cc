//! `POST /embed`, as Text Embeddings Inference has it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_core::schemars::{self, JsonSchema};
use serde::Deserialize;

use super::embed::{Texts, TooLong, embed};
use crate::Permission;
use crate::api::body::Body;
use crate::api::operation::{ErrorShape, Operation};
use crate::api::other_errors::PlainError;
use crate::api::registry::Registry;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/embed",
        "embed",
        "Gives texts their vectors, as Text Embeddings Inference does.",
    );
    let operation = operation
        .needs(Permission::Read)
        .takes::<EmbedRequest>()
        .answers::<Vec<Vec<f32>>>(200, "One vector for each text, in their order")
        .errors(ErrorShape::Plain);
    registry.add(&operation, embed_texts);
}

/// Asks for the vectors of texts. Fields that are not named here are passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct EmbedRequest {
    /// The texts: one, or up to 256.
    inputs: Texts,
    /// Whether of a text that is too long the beginning is embedded, and not refused.
    #[serde(default)]
    truncate: bool,
    /// Vectors have unit length; nothing else can be asked for.
    #[serde(default = "yes")]
    #[schemars(extend("enum" = [true]))]
    normalize: bool,
}

fn yes() -> bool {
    true
}

async fn embed_texts(
    State(shared): State<Arc<Shared>>,
    asked: Result<Body<EmbedRequest>, Problem>,
) -> Result<Json<Vec<Vec<f32>>>, PlainError> {
    let Body(asked) = asked?;
    debug_assert!(asked.normalize, "the schema allows nothing else");
    let too_long = if asked.truncate { TooLong::Cut } else { TooLong::Refuse };
    let embedded = embed(&shared, asked.inputs.list()?, too_long).await?;
    Ok(Json(embedded.vectors.iter().map(|vector| vector.as_slice().to_vec()).collect()))
}
