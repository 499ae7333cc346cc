//! The embedding model for other programs, in the shapes that their clients know: OpenAI's, Ollama's, and
//! that of Text Embeddings Inference.

mod embed;
mod ollama;
mod openai;
mod text_embeddings_inference;

use super::registry::Registry;

pub(super) fn add(registry: &mut Registry) {
    openai::add(registry);
    ollama::add(registry);
    text_embeddings_inference::add(registry);
}
