//! `POST /v1/embeddings` and `GET /v1/models`, as OpenAI has them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longmem_core::closed_words;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::MemoryError;
use serde::{Deserialize, Serialize};

use super::embed::{Texts, TooLong, check_model, embed};
use crate::Permission;
use crate::api::body::Body;
use crate::api::operation::{ErrorShape, Operation};
use crate::api::other_errors::OpenAiError;
use crate::api::registry::Registry;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) fn add(registry: &mut Registry) {
    let embeddings = Operation::new(
        Method::POST,
        "/v1/embeddings",
        "create_embeddings",
        "Gives texts their vectors, as OpenAI's API does.",
    );
    let embeddings = embeddings
        .needs(Permission::Read)
        .takes::<EmbeddingsRequest>()
        .answers::<EmbeddingList>(200, "One vector for each text, in their order")
        .fails(404)
        .errors(ErrorShape::OpenAi);
    registry.add(&embeddings, embeddings_of_texts);

    let models = Operation::new(
        Method::GET,
        "/v1/models",
        "list_models",
        "Lists the models that answer here, as OpenAI's API does.",
    );
    let models = models
        .needs(Permission::Read)
        .answers::<ModelList>(200, "The embedding model")
        .errors(ErrorShape::OpenAi);
    registry.add(&models, models_here);
}

closed_words! {
    /// How a vector is written.
    enum EncodingFormat: "an encoding of vectors" {
        /// As numbers.
        Float = "float",
        /// As base64 of 32-bit numbers, the least significant byte first.
        Base64 = "base64",
    }
}

/// Asks for the vectors of texts. Fields that are not named here are passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
struct EmbeddingsRequest {
    /// The embedding model.
    #[schemars(example = "sentence-transformers/all-MiniLM-L6-v2")]
    model: String,
    /// The texts: one, or up to 256. Lists of tokens are refused.
    input: Texts,
    /// How vectors are written; `float` if it is left out.
    #[serde(default)]
    encoding_format: Option<EncodingFormat>,
    /// Numbers of a vector; only as many as the model gives.
    #[serde(default)]
    dimensions: Option<usize>,
}

/// The vectors of texts.
#[derive(Debug, Serialize, JsonSchema)]
struct EmbeddingList {
    /// `list`.
    object: &'static str,
    /// The vectors, in the order of the texts.
    data: Vec<EmbeddingEntry>,
    /// The embedding model.
    model: String,
    /// What it cost.
    usage: EmbeddingUsage,
}

/// The vector of one text.
#[derive(Debug, Serialize, JsonSchema)]
struct EmbeddingEntry {
    /// `embedding`.
    object: &'static str,
    /// The text's place in the request, from 0.
    index: usize,
    /// The vector, of unit length.
    embedding: WrittenVector,
}

/// A vector as it was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum WrittenVector {
    /// As numbers.
    Numbers(Vec<f32>),
    /// As base64 of 32-bit numbers, the least significant byte first.
    Base64(String),
}

/// What embedding cost.
#[derive(Debug, Serialize, JsonSchema)]
struct EmbeddingUsage {
    /// Tokens of the texts.
    prompt_tokens: usize,
    /// The same.
    total_tokens: usize,
}

async fn embeddings_of_texts(
    State(shared): State<Arc<Shared>>,
    asked: Result<Body<EmbeddingsRequest>, Problem>,
) -> Result<Json<EmbeddingList>, OpenAiError> {
    let Body(asked) = asked?;
    let known = known_model(&shared).await?;
    check_model(&asked.model, &known)?;
    if asked.dimensions.is_some_and(|dimensions| dimensions != known.dimensions) {
        let detail = format!("dimensions: {} has {} only", known.name, known.dimensions);
        return Err(Problem::invalid(detail).into());
    }
    let embedded = embed(&shared, asked.input.list()?, TooLong::Refuse).await?;
    let written = |vector: &longmem_core::Embedding| match asked.encoding_format {
        Some(EncodingFormat::Base64) => {
            let bytes: Vec<u8> = vector.as_slice().iter().flat_map(|n| n.to_le_bytes()).collect();
            WrittenVector::Base64(STANDARD.encode(bytes))
        }
        Some(EncodingFormat::Float) | None => WrittenVector::Numbers(vector.as_slice().to_vec()),
    };
    let entries = embedded.vectors.iter().enumerate().map(|(index, vector)| EmbeddingEntry {
        object: "embedding",
        index,
        embedding: written(vector),
    });
    Ok(Json(EmbeddingList {
        object: "list",
        data: entries.collect(),
        model: known.name,
        usage: EmbeddingUsage { prompt_tokens: embedded.tokens, total_tokens: embedded.tokens },
    }))
}

/// The model that embeds here; it need not be there yet.
pub(super) async fn known_model(shared: &Shared) -> Result<longmem_core::EmbeddingModel, Problem> {
    let model =
        |memory: &longmem_memory::Memory| Ok::<_, MemoryError>(memory.embedder().model().clone());
    Ok(shared.memory.read(model).await?)
}

/// The models of this server.
#[derive(Debug, Serialize, JsonSchema)]
struct ModelList {
    /// `list`.
    object: &'static str,
    /// The models.
    data: Vec<ModelEntry>,
}

/// One model.
#[derive(Debug, Serialize, JsonSchema)]
struct ModelEntry {
    /// The name that requests call it by.
    id: String,
    /// `model`.
    object: &'static str,
    /// When it was made, in seconds since 1970; it is not known, and 0.
    created: u64,
    /// Who serves it.
    owned_by: &'static str,
}

async fn models_here(State(shared): State<Arc<Shared>>) -> Result<Json<ModelList>, OpenAiError> {
    let id = known_model(&shared).await?.name;
    let model = ModelEntry { id, object: "model", created: 0, owned_by: "longmem" };
    Ok(Json(ModelList { object: "list", data: vec![model] }))
}
