//! `POST /api/embed`, as Ollama has it.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

use super::embed::{Texts, TooLong, check_model, embed};
use super::openai::known_model;
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
        "/api/embed",
        "embed_as_ollama",
        "Gives texts their vectors, as Ollama does.",
    );
    let operation = operation
        .needs(Permission::Read)
        .takes::<EmbedRequest>()
        .answers::<EmbedAnswer>(200, "One vector for each text, in their order")
        .fails(404)
        .errors(ErrorShape::Plain);
    registry.add(&operation, embed_as_ollama);
}

/// Asks for the vectors of texts. Fields that are not named here are passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct EmbedRequest {
    /// The embedding model.
    #[schemars(example = "all-minilm")]
    model: String,
    /// The texts: one, or up to 256.
    input: Texts,
    /// Whether of a text that is too long the beginning is embedded, and not refused.
    #[serde(default = "yes")]
    truncate: bool,
}

fn yes() -> bool {
    true
}

/// The vectors of texts.
#[derive(Debug, Serialize, JsonSchema)]
struct EmbedAnswer {
    /// The model as it was asked for.
    model: String,
    /// The vectors, of unit length.
    embeddings: Vec<Vec<f32>>,
    /// How long it took, in nanoseconds.
    total_duration: u64,
    /// The part of that in which the model was loaded; it is not told, and 0.
    load_duration: u64,
    /// Tokens of the texts.
    prompt_eval_count: usize,
}

async fn embed_as_ollama(
    State(shared): State<Arc<Shared>>,
    asked: Result<Body<EmbedRequest>, Problem>,
) -> Result<Json<EmbedAnswer>, PlainError> {
    let Body(asked) = asked?;
    let began = Instant::now();
    check_model(&asked.model, &known_model(&shared).await?)?;
    let too_long = if asked.truncate { TooLong::Cut } else { TooLong::Refuse };
    let embedded = embed(&shared, asked.input.list()?, too_long).await?;
    Ok(Json(EmbedAnswer {
        model: asked.model,
        embeddings: embedded.vectors.iter().map(|vector| vector.as_slice().to_vec()).collect(),
        total_duration: began.elapsed().as_nanos() as u64,
        load_duration: 0,
        prompt_eval_count: embedded.tokens,
    }))
}
