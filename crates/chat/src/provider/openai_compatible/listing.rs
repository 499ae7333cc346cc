//! The models of an OpenAI-compatible server, with their windows.
//!
//! The API itself says nothing of windows. Many servers add them to their lists; of llama.cpp, Ollama
//! and LM Studio they are asked at addresses of their own.

use serde_json::{Value, json};

use crate::ServedModel;
use crate::provider::ProviderError;
use crate::provider::http::HttpClient;
use crate::provider::lenient::{count, member, word};
use crate::provider::model_server::entries;

/// Tokens of a window in Ollama where neither the model nor its owner sets another. What is longer is
/// cut off without a word.
const OLLAMA_WINDOW: usize = 4_096;

/// Lists the models.
pub(super) async fn models(http: &HttpClient) -> Result<Vec<ServedModel>, ProviderError> {
    let list = list(http).await?;
    let mut models = Vec::new();
    for entry in entries(&list) {
        models.extend(served(http, entry).await);
    }
    Ok(models)
}

/// The window of one model, if the server says so.
pub(super) async fn window(http: &HttpClient, model: &str) -> Option<usize> {
    let list = list(http).await.ok()?;
    let is_named = |entry: &&Value| {
        let name = entry.get("id").and_then(word);
        // Ollama adds the tag that is meant where none is named.
        name.is_some_and(|name| name == model || name.strip_suffix(":latest") == Some(model))
    };
    // A server of one model answers by any name.
    let only = || entries(&list).next().filter(|_| entries(&list).count() == 1);
    let entry = entries(&list).find(is_named).or_else(only)?;
    served(http, entry).await?.window
}

async fn list(http: &HttpClient) -> Result<Value, ProviderError> {
    http.get(&format!("{}/models", http.base())).await
}

async fn served(http: &HttpClient, entry: &Value) -> Option<ServedModel> {
    let mut model = ServedModel::read(entry)?;
    if model.window.is_none() {
        let root = http.base().strip_suffix("/v1").unwrap_or(http.base());
        model.window = match entry.get("owned_by").and_then(word) {
            Some("llamacpp") => llama_cpp_window(http, root).await,
            Some("library") => ollama_window(http, root, &model.name).await,
            Some("organization_owner") => lm_studio_window(http, root, &model.name).await,
            _ => None,
        };
    }
    Some(model)
}

/// llama.cpp gives each request an equal part of its window, and says how large that is.
async fn llama_cpp_window(http: &HttpClient, root: &str) -> Option<usize> {
    let props = http.get(&format!("{root}/props")).await.ok()?;
    let window = member(member(&props, &["default_generation_settings"])?, &["n_ctx"])?;
    count(window).map(|window| window as usize)
}

/// Ollama's window is that with which the model is loaded, or else what its owner set, or else a
/// default that no model of a smaller window exceeds.
async fn ollama_window(http: &HttpClient, root: &str, name: &str) -> Option<usize> {
    let running = http.get(&format!("{root}/api/ps")).await.unwrap_or_default();
    let loaded = entries(&running)
        .filter_map(ServedModel::read)
        .find(|model| model.name == name)
        .and_then(|model| model.window);
    if loaded.is_some() {
        return loaded;
    }
    let shown = http.post(&format!("{root}/api/show"), &json!({ "model": name })).await.ok()?;
    let set = shown.get("parameters").and_then(word).and_then(|parameters| {
        let line = parameters.lines().find_map(|line| line.trim().strip_prefix("num_ctx"))?;
        line.trim().parse().ok()
    });
    let trained = member(&shown, &["model_info"]).and_then(Value::as_object).and_then(|info| {
        let (_, length) = info.iter().find(|(name, _)| name.ends_with(".context_length"))?;
        count(length).map(|length| length as usize)
    });
    set.or_else(|| Some(trained?.min(OLLAMA_WINDOW)))
}

async fn lm_studio_window(http: &HttpClient, root: &str, name: &str) -> Option<usize> {
    let list = http.get(&format!("{root}/api/v0/models")).await.ok()?;
    entries(&list).filter_map(ServedModel::read).find(|model| model.name == name)?.window
}
