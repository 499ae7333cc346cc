//! Which language models a server has, and which servers run on this machine.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::http::is_local;
use super::lenient::{count, member, word};
use super::{Anthropic, Api, ApiKey, OpenAiCompatible, ProviderError};

/// How long a server on this machine is waited for.
const LOCAL_PATIENCE: Duration = Duration::from_millis(1_500);

/// Where llama.cpp's server listens by default.
const LLAMA_CPP: &str = "http://127.0.0.1:8080";

/// Where LM Studio listens by default.
const LM_STUDIO: &str = "http://127.0.0.1:1234";

/// Where Ollama listens by default, without its port.
const OLLAMA_HOST: &str = "127.0.0.1";

/// Ollama's port where nobody names another.
const OLLAMA_PORT: u16 = 11_434;

/// Names under which servers give the tokens of a model's window in their lists of models. The length
/// that a model was trained for is none of them: servers are often started with less.
const WINDOW_NAMES: [&str; 7] = [
    "max_model_len",
    "loaded_context_length",
    "context_length",
    "context_window",
    "max_context_length",
    "max_input_tokens",
    "n_ctx",
];

/// A server of language models, which is asked what it has.
///
/// # Examples
/// ```no_run
/// use longmem_chat::{Api, ModelServer};
/// # async fn list() -> Result<(), longmem_chat::ProviderError> {
///
/// let mut server = ModelServer::new(Api::OpenAiCompatible);
/// server.base_url = "http://localhost:8080/v1".to_owned();
/// for model in server.models().await? {
///     println!("{}: {:?} tokens", model.name, model.window);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ModelServer {
    /// The API that it speaks.
    pub api: Api,
    /// Its base URL; by default that of Anthropic's own service, or of an Ollama on this machine.
    pub base_url: String,
    /// The key that it asks for, which is sent to no other host; none by default.
    pub key: Option<ApiKey>,
}

/// Tokens of the smallest window that is believed.
const LEAST_WINDOW: u64 = 64;

/// A language model that a server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedModel {
    /// The name by which it is asked for.
    pub name: String,
    /// The tokens of its window, prompt and answer together, if the server says so.
    pub window: Option<usize>,
}

/// A server that runs on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalServer {
    /// The program: `Ollama`, `llama.cpp` or `LM Studio`.
    pub name: &'static str,
    /// Its base URL; it speaks [`Api::OpenAiCompatible`].
    pub base_url: String,
    /// Its models.
    pub models: Vec<ServedModel>,
}

impl ModelServer {
    /// The server at the API's usual address, without a key.
    pub fn new(api: Api) -> Self {
        let base_url = match api {
            Api::Anthropic => Anthropic::BASE_URL,
            Api::OpenAiCompatible => OpenAiCompatible::OLLAMA_BASE_URL,
        };
        Self { api, base_url: base_url.to_owned(), key: None }
    }

    /// Whether it is the service of Anthropic or OpenAI itself.
    pub fn is_own_service(&self) -> bool {
        let own = match self.api {
            Api::Anthropic => Anthropic::BASE_URL,
            Api::OpenAiCompatible => OpenAiCompatible::OPENAI_BASE_URL,
        };
        self.base_url.trim().trim_end_matches('/') == own
    }

    /// Its base URL without a user name or a password that may be in it, to be shown.
    pub fn shown_base_url(&self) -> String {
        let base = self.base_url.trim().trim_end_matches('/');
        match Url::parse(base).ok().filter(Url::has_host) {
            Some(url) if url.username().is_empty() && url.password().is_none() => base.to_owned(),
            Some(mut url) => {
                // It fails for addresses that cannot have a user only.
                let _ = (url.set_username(""), url.set_password(None));
                url.as_str().trim_end_matches('/').to_owned()
            }
            None => base.rsplit('@').next().unwrap_or(base).to_owned(),
        }
    }

    /// Whether everyone on the way can read the key: it goes to another machine without encryption.
    pub fn exposes_key(&self) -> bool {
        let url = Url::parse(self.base_url.trim()).ok();
        url.is_some_and(|url| {
            let has_secret = self.key.is_some() || url.password().is_some();
            has_secret && url.scheme() == "http" && !is_local(&url)
        })
    }

    /// Lists its models.
    ///
    /// # Errors
    /// [`ProviderError`]; some servers list nothing and answer 404.
    pub async fn models(&self) -> Result<Vec<ServedModel>, ProviderError> {
        let (base_url, key) = (&self.base_url, self.key.clone());
        match self.api {
            Api::Anthropic => Anthropic::new(base_url, key)?.models().await,
            Api::OpenAiCompatible => OpenAiCompatible::new(base_url, key)?.models().await,
        }
    }
}

impl ServedModel {
    /// Reads an entry of a server's list.
    pub(super) fn read(entry: &Value) -> Option<Self> {
        let name =
            ["id", "name", "model"].iter().find_map(|name| entry.get(name).and_then(word))?;
        // llama.cpp has it among what it says of the file.
        let places = [Some(entry), member(entry, &["meta"]), member(entry, &["top_provider"])];
        let window = places
            .into_iter()
            .flatten()
            .find_map(|place| member(place, &WINDOW_NAMES).and_then(count))
            .filter(|window| *window >= LEAST_WINDOW);
        Some(Self { name: name.to_owned(), window: window.map(|window| window as usize) })
    }
}

/// The entries of a server's list of models.
pub(super) fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    let entries = member(list, &["data", "models"]).unwrap_or(list);
    entries.as_array().into_iter().flatten()
}

/// Finds the model servers that run on this machine at their usual addresses: Ollama, llama.cpp and LM
/// Studio. `ollama` is where Ollama is if that is said, as its variable `OLLAMA_HOST` has it. No key is
/// sent.
pub async fn local_servers(ollama: Option<&str>) -> Vec<LocalServer> {
    let ollama = ollama_address(ollama.unwrap_or_default());
    let (ollama, llama_cpp, lm_studio) = tokio::join!(
        local_server("Ollama", &ollama),
        local_server("llama.cpp", LLAMA_CPP),
        local_server("LM Studio", LM_STUDIO),
    );
    [ollama, llama_cpp, lm_studio].into_iter().flatten().collect()
}

async fn local_server(name: &'static str, address: &str) -> Option<LocalServer> {
    let base_url = format!("{address}/v1");
    let server = ModelServer { api: Api::OpenAiCompatible, base_url: base_url.clone(), key: None };
    let models = tokio::time::timeout(LOCAL_PATIENCE, server.models()).await.ok()?.ok()?;
    Some(LocalServer { name, base_url, models })
}

/// The address of an Ollama: a scheme, a host or a port may be missing.
fn ollama_address(host: &str) -> String {
    let host = host.trim().trim_end_matches('/');
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    // Some write the base URL of its API.
    let rest = rest.strip_suffix("/v1").unwrap_or(rest);
    let port_at = rest.rfind(':').filter(|at| !rest[*at..].contains(']'));
    let (name, port) = port_at.map_or((rest, ""), |at| (&rest[..at], &rest[at + 1..]));
    // A server that listens everywhere is asked here.
    let name = if matches!(name, "" | "0.0.0.0" | "[::]") { OLLAMA_HOST } else { name };
    let usual = if scheme == "https" { 443 } else { OLLAMA_PORT };
    format!("{scheme}://{name}:{}", port.parse().unwrap_or(usual))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn windows_are_read_from_the_lists_of_many_servers() {
        for (entry, window) in [
            (json!({"id": "m", "max_model_len": 8192}), Some(8_192)),
            (json!({"id": "m", "meta": {"n_ctx": 4096, "n_ctx_train": 131_072}}), Some(4_096)),
            (json!({"id": "m", "meta": {"n_ctx_train": 131_072}}), None),
            (json!({"id": "m", "context_length": null, "context_window": "32768"}), Some(32_768)),
            (json!({"id": "m", "max_input_tokens": 200_000, "max_tokens": 64_000}), Some(200_000)),
            (json!({"id": "m", "max_model_len": 7, "context_length": -1}), None),
            (json!({"id": "m", "object": "model"}), None),
        ] {
            let model = ServedModel { name: "m".to_owned(), window };
            assert_eq!(ServedModel::read(&entry), Some(model), "{entry}");
        }
        assert_eq!(ServedModel::read(&json!({"object": "model"})), None);
    }

    #[test]
    fn lists_have_several_shapes() {
        for (list, length) in [
            (json!({"object": "list", "data": [{"id": "m"}]}), 1),
            (json!({"object": "list", "data": null}), 0),
            (json!({"models": [{"name": "m"}]}), 1),
            (json!([{"id": "m"}, {"id": "n"}]), 2),
            (json!({}), 0),
        ] {
            assert_eq!(entries(&list).count(), length, "{list}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_not_shown() {
        for (base_url, shown) in [
            ("http://ana:secret@example.org/v1/", "http://example.org/v1"),
            ("http://secret@example.org", "http://example.org"),
            ("http://localhost:11434/v1/", "http://localhost:11434/v1"),
            ("ana:secret@example.org", "example.org"),
            ("http://ana:secret@example.org:port", "example.org:port"),
        ] {
            let mut server = ModelServer::new(Api::OpenAiCompatible);
            server.base_url = base_url.to_owned();
            assert_eq!(server.shown_base_url(), shown);
        }
    }

    #[test]
    fn a_key_is_exposed_where_it_goes_unencrypted_to_another_machine() {
        for (base_url, with_key, exposed) in [
            ("http://example.org/v1", true, true),
            ("http://192.168.1.5:8080/v1", true, true),
            ("http://ana:secret@example.org", false, true),
            ("http://example.org/v1", false, false),
            ("https://example.org/v1", true, false),
            ("http://localhost:1234/v1", true, false),
            ("http://127.0.0.1/v1", true, false),
            ("http://[::1]:8080", true, false),
            ("no address", true, false),
        ] {
            let mut server = ModelServer::new(Api::OpenAiCompatible);
            server.base_url = base_url.to_owned();
            server.key = with_key.then(|| ApiKey::new("sk-secret").unwrap());
            assert_eq!(server.exposes_key(), exposed, "{base_url}");
        }
    }

    #[test]
    fn ollamas_variable_may_say_a_part_only() {
        for (host, address) in [
            ("", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            (":8000", "http://127.0.0.1:8000"),
            ("box.lan:8000", "http://box.lan:8000"),
            ("http://box.lan/", "http://box.lan:11434"),
            ("https://box.lan", "https://box.lan:443"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("http://box.lan:8000/v1/", "http://box.lan:8000"),
        ] {
            assert_eq!(ollama_address(host), address, "{host}");
        }
    }
}
