//! The language models that can be reached.

use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// The servers of language models: first the one that is set up, then those that run on this machine.
///
/// ```json
/// { "servers": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelServers {
    /// The servers.
    pub servers: Vec<ModelServer>,
}

/// A server and its models.
///
/// ```json
/// {
///   "name": "Ollama", "api": "openai", "base_url": "http://127.0.0.1:11434/v1",
///   "set_up": false, "error": null,
///   "models": [{ "name": "llama3.2:latest", "window": 4096 }]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelServer {
    /// The program, where it is known: `Ollama`, `llama.cpp` or `LM Studio`; else the provider.
    pub name: String,
    /// The API that it speaks: `anthropic` or `openai`.
    pub api: String,
    /// Its address.
    pub base_url: String,
    /// Whether it is the one that answers.
    pub set_up: bool,
    /// Why it could not be asked; none if it was.
    pub error: Option<String>,
    /// Its models, in its own order.
    pub models: Vec<ServedModel>,
}

/// A language model that a server has.
///
/// ```json
/// { "name": "llama3.2:latest", "window": 4096 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServedModel {
    /// The name by which it is asked for.
    pub name: String,
    /// The tokens of its window, prompt and answer together; none if the server does not say.
    pub window: Option<usize>,
}

impl From<longmem_chat::ServedModel> for ServedModel {
    fn from(model: longmem_chat::ServedModel) -> Self {
        Self { name: model.name, window: model.window }
    }
}

impl From<longmem_chat::LocalServer> for ModelServer {
    fn from(server: longmem_chat::LocalServer) -> Self {
        Self {
            name: server.name.to_owned(),
            api: longmem_chat::Api::OpenAiCompatible.to_string(),
            base_url: server.base_url,
            set_up: false,
            error: None,
            models: server.models.into_iter().map(ServedModel::from).collect(),
        }
    }
}
