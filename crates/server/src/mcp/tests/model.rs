//! Searches with a model that loads, and with one that does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use longmem_core::{
    Diagnose, EmbedError, Embedding, EmbeddingModel, ErrorCode, Fault, PassageSpan, Readiness,
    Remedy, TextEmbedder,
};
use longmem_test_support::WordHashEmbedder;
use serde_json::{Value, json};
use thiserror::Error;

use super::client::{Client, World, ana};
use crate::ServerSettings;

/// A model that can be loaded from the so manyth attempt on.
struct Stubborn {
    inner: WordHashEmbedder,
    loads_at: usize,
    attempts: AtomicUsize,
}

#[derive(Debug, Error)]
#[error("the disk with the model is not there")]
struct NotThere;

impl Diagnose for NotThere {
    fn code(&self) -> ErrorCode {
        ErrorCode::ModelMissing
    }

    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn remedies(&self) -> Vec<Remedy> {
        Vec::new()
    }
}

impl Stubborn {
    fn new(loads_at: usize) -> Arc<Self> {
        let inner = WordHashEmbedder::default();
        Arc::new(Self { inner, loads_at, attempts: AtomicUsize::new(0) })
    }
}

impl TextEmbedder for Stubborn {
    fn model(&self) -> &EmbeddingModel {
        self.inner.model()
    }

    fn readiness(&self) -> Readiness {
        match self.attempts.load(Ordering::SeqCst) {
            0 if self.loads_at == usize::MAX => Readiness::Missing,
            0 => Readiness::NotLoaded,
            attempts if attempts >= self.loads_at => Readiness::Ready,
            _ => Readiness::Failed,
        }
    }

    fn load(&self) -> Result<(), EmbedError> {
        let attempts = self.attempts.fetch_add(1, Ordering::SeqCst) + 1;
        if attempts >= self.loads_at { Ok(()) } else { Err(Box::new(NotThere)) }
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.inner.embed_query(text)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.inner.embed_passages(texts)
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.inner.passages(text)
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}

async fn client(world: &World, model: &Arc<Stubborn>) -> Client {
    world.said(&ana(), "gateway", &["The gateway listens on port 7443."]).await;
    let memory = world.memory_with(Arc::clone(model) as Arc<dyn TextEmbedder>);
    Client::of(memory, ServerSettings::new(ana())).await
}

#[tokio::test]
async fn the_model_is_loaded_by_the_first_search_and_not_before() {
    let (world, model) = (World::new(), Stubborn::new(1));
    let mut client = client(&world, &model).await;
    client.ask("tools/list", json!({})).await;
    client.call("memory_recent", json!({})).await;
    let (_, status) = client.call("memory_status", json!({})).await;
    assert_eq!(status["model_state"], "not_loaded");
    assert_eq!(model.attempts.load(Ordering::SeqCst), 0);
    let (_, found) = client.call("memory_search", json!({"query": "Which port?"})).await;
    assert_eq!(found.get("degraded"), None);
    assert_eq!(found["turns_without_vectors"], 0, "what had none was embedded on the way");
    assert_eq!(model.attempts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_model_that_is_not_there_is_said_with_what_to_do() {
    let (world, model) = (World::new(), Stubborn::new(usize::MAX));
    world.said(&ana(), "gateway", &["The gateway listens on port 7443."]).await;
    let mut settings = ServerSettings::new(ana());
    settings.hint = |remedy| match remedy {
        Remedy::FetchModel => "Fetch it.".to_owned(),
        _ => String::new(),
    };
    let memory = world.memory_with(Arc::clone(&model) as Arc<dyn TextEmbedder>);
    let mut client = Client::of(memory, settings).await;
    let (text, status) = client.call("memory_status", json!({})).await;
    assert_eq!(status["model_state"], "missing");
    assert!(text.contains("The embedding model is not on this machine yet. Fetch it."), "{text}");
}

#[tokio::test]
async fn a_model_that_fails_leaves_the_words_and_is_tried_again() {
    let (world, model) = (World::new(), Stubborn::new(3));
    let mut client = client(&world, &model).await;
    let query = json!({"query": "Which port has the gateway?"});
    let (text, found) = client.call("memory_search", query.clone()).await;
    assert_eq!(found["degraded"], json!(["model_missing"]), "{found}");
    assert_eq!(found["results"][0]["text"], "The gateway listens on port 7443.");
    let why = "Everything was found by words only, since the embedding model cannot be used: the disk \
               with the model is not there.";
    assert!(text.ends_with(why), "{text}");
    let (text, _) = client.call("memory_status", json!({})).await;
    assert!(text.contains("the disk with the model is not there."), "{text}");
    // It is tried again beside each search, which does not wait for it a second time.
    let mut degraded = found["degraded"].clone();
    while degraded != Value::Null {
        let (_, found) = client.call("memory_search", query.clone()).await;
        degraded = found["degraded"].clone();
    }
    assert!(model.attempts.load(Ordering::SeqCst) >= 3);
}
