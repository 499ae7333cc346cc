//! One request over HTTP and its answer, streamed or not.

mod answer_body;
mod document;
mod failure;
mod refusal;

pub(super) use failure::failure;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url};
use serde::Serialize;
use serde_json::Value;

use self::answer_body::{AnswerBody, End};
use self::refusal::{MAX_SHOWN_CHARACTERS, error_message, header, retry_advice};
use super::{Api, ApiKey, Completion, Endpoint, OnText, ProviderError, RetryAdvice};

/// Time to make a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest silence of a server: a local one may load a model of many gigabytes before its first
/// word.
const READ_TIMEOUT: Duration = Duration::from_mins(10);

/// Bytes of an error's body that are read.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How long a document that is looked up is waited for.
const LOOK_UP_PATIENCE: Duration = Duration::from_secs(10);

/// Most bytes of a document that is looked up.
const MAX_LOOKED_UP: usize = 8 * 1024 * 1024;

/// Sends requests to one address of one server.
#[derive(Debug)]
pub(super) struct HttpClient {
    client: Client,
    /// The base URL, without a slash at its end.
    base: String,
    url: Url,
    headers: HeaderMap,
    key: Option<ApiKey>,
    endpoint: Endpoint,
}

/// What one event means.
pub(super) enum Step {
    /// Nothing to show.
    Nothing,
    /// More of the answer.
    Text(String),
    /// The end of the stream.
    End,
    /// The server says that something went wrong.
    Failed {
        /// The HTTP status that stands for it.
        status: u16,
        message: String,
    },
    /// The event is none of the API's.
    NotUnderstood,
}

/// Reads the events of one API; a whole answer in one document is one event.
pub(super) trait AnswerReader {
    /// Reads the next event: its name, empty if it has none, and its object. `came` is the text that
    /// came before, thinking included.
    fn read(&mut self, name: &str, event: &Value, came: &str) -> Step;

    /// Says whether the model has said why it stopped, so that nothing of the answer is missing.
    fn has_stopped(&self) -> bool;

    /// The whole answer, once it has stopped.
    fn finish(self, text: String) -> Completion;
}

impl HttpClient {
    /// Prepares requests to `path` under a base URL, with `headers` and the key in its own one.
    pub(super) fn new(
        api: Api,
        base_url: &str,
        path: &str,
        mut headers: HeaderMap,
        key: Option<(HeaderName, &str, ApiKey)>,
    ) -> Result<Self, ProviderError> {
        let invalid = |reason: String| ProviderError::InvalidBaseUrl { reason };
        let base = base_url.trim();
        let checked = Url::parse(base).map_err(|error| invalid(error.to_string()))?;
        let base = base.trim_end_matches('/').to_owned();
        let url =
            Url::parse(&format!("{base}{path}")).map_err(|error| invalid(error.to_string()))?;
        if !matches!(checked.scheme(), "http" | "https") {
            return Err(invalid(format!("it begins with {}:, not http:", checked.scheme())));
        }
        let base_url = without_password(&url, path);
        let endpoint = Endpoint { api, base_url, with_key: key.is_some() };
        let key = key.map(|(name, prefix, key)| {
            let mut value = HeaderValue::try_from(format!("{prefix}{}", key.reveal()))
                .expect("an ApiKey holds only characters that a header may hold");
            value.set_sensitive(true);
            headers.insert(name, value);
            key
        });
        let client = client(&url)?;
        Ok(Self { client, base, url, headers, key, endpoint })
    }

    /// Sends a request and reads the answer to its end.
    pub(super) async fn answer(
        &self,
        body: &(impl Serialize + Sync),
        reader: impl AnswerReader + Send,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let response = self.send(self.client.post(self.url.clone()).json(body)).await?;
        let content_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        let called_stream = content_type.to_ascii_lowercase().starts_with("text/event-stream");
        self.read(response, AnswerBody::new(reader, called_stream, on_text)).await
    }

    /// Reads a JSON document at an address that begins with the base URL, or with its origin.
    pub(super) async fn get(&self, address: &str) -> Result<Value, ProviderError> {
        self.look_up(self.client.get(address)).await
    }

    /// Asks for a JSON document with another one: see [`get`](Self::get).
    pub(super) async fn post(&self, address: &str, body: &Value) -> Result<Value, ProviderError> {
        self.look_up(self.client.post(address).json(body)).await
    }

    async fn look_up(&self, request: RequestBuilder) -> Result<Value, ProviderError> {
        let mut response = self.send(request.timeout(LOOK_UP_PATIENCE)).await?;
        let document = self.whole(&mut response).await?;
        serde_json::from_slice(&document).map_err(|_| self.not_an_answer(&response, &document))
    }

    /// Reads a document to its end.
    async fn whole(&self, response: &mut Response) -> Result<Vec<u8>, ProviderError> {
        let mut document = Vec::new();
        let broke_off = |error: reqwest::Error| ProviderError::Interrupted {
            endpoint: self.endpoint.clone(),
            partial: String::new(),
            reason: with_sources(&error.without_url()),
        };
        while let Some(bytes) = response.chunk().await.map_err(broke_off)? {
            document.extend_from_slice(&bytes);
            if document.len() > MAX_LOOKED_UP {
                return Err(ProviderError::TooMuch {
                    endpoint: self.endpoint.clone(),
                    partial: String::new(),
                    what: "a document",
                    limit: MAX_LOOKED_UP,
                });
            }
        }
        Ok(document)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ProviderError> {
        let response = request.headers(self.headers.clone()).send().await;
        let response = response.map_err(|source| ProviderError::Unreachable {
            endpoint: self.endpoint.clone(),
            source: source.without_url().into(),
        })?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.refused(response).await)
        }
    }

    /// The base URL, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    async fn read(
        &self,
        mut response: Response,
        mut body: AnswerBody<'_, impl AnswerReader>,
    ) -> Result<Completion, ProviderError> {
        loop {
            let (end, reason) = match response.chunk().await {
                Ok(Some(bytes)) => match body.push(&bytes) {
                    Some(end) => (Some(end), String::new()),
                    None => continue,
                },
                Ok(None) => (body.end(), "the stream ended too early".to_owned()),
                Err(error) => (body.end(), with_sources(&error.without_url())),
            };
            return match end {
                Some(End::Finished) => Ok(body.finish()),
                None if body.has_stopped() => Ok(body.finish()),
                None => Err(self.interrupted(body, reason)),
                Some(End::Failed { status, message }) => Err(self.failed(body, status, &message)),
                Some(End::Foreign(said)) => Err(self.not_an_answer(&response, &said)),
                Some(End::TooMuch { what, limit }) => {
                    let (endpoint, partial) = (self.endpoint.clone(), body.partial());
                    Err(ProviderError::TooMuch { endpoint, partial, what, limit })
                }
            };
        }
    }

    /// The answer broke off.
    fn interrupted(
        &self,
        body: AnswerBody<'_, impl AnswerReader>,
        reason: String,
    ) -> ProviderError {
        let reason = match body.unreadable() {
            0 => reason,
            1 => format!("{reason}; 1 event could not be read"),
            events => format!("{reason}; {events} events could not be read"),
        };
        let (endpoint, partial) = (self.endpoint.clone(), body.partial());
        ProviderError::Interrupted { endpoint, partial, reason }
    }

    /// The server said in its answer that something went wrong.
    fn failed(
        &self,
        body: AnswerBody<'_, impl AnswerReader>,
        status: u16,
        message: &str,
    ) -> ProviderError {
        let partial = body.partial();
        if partial.is_empty() {
            return self.answered(status, message, None, RetryAdvice::default());
        }
        let (endpoint, reason) = (self.endpoint.clone(), self.without_key(message));
        ProviderError::Interrupted { endpoint, partial, reason }
    }

    fn not_an_answer(&self, response: &Response, body: &[u8]) -> ProviderError {
        let named =
            header(response.headers(), CONTENT_TYPE.as_str()).filter(|name| !name.is_empty());
        let content_type = named.unwrap_or("no content type").to_owned();
        let said = error_message(&String::from_utf8_lossy(body));
        let said = said.map(|said| self.without_key(&said));
        ProviderError::NotAStream { endpoint: self.endpoint.clone(), content_type, said }
    }

    async fn refused(&self, mut response: Response) -> ProviderError {
        let status = response.status();
        let advice = retry_advice(response.headers());
        let request_id = ["request-id", "x-request-id"]
            .iter()
            .find_map(|name| header(response.headers(), name))
            .map(str::to_owned);
        let mut body = Vec::new();
        while body.len() < MAX_ERROR_BODY {
            // What has come of the body is better than nothing.
            let Ok(Some(bytes)) = response.chunk().await else { break };
            body.extend_from_slice(&bytes);
        }
        let moved = header(response.headers(), LOCATION.as_str())
            .filter(|_| status.is_redirection())
            .map(|address| address.chars().take(MAX_SHOWN_CHARACTERS).collect::<String>())
            .map(|address| format!("the server has moved to {address}; nothing was sent there"));
        let message = moved
            .or_else(|| error_message(&String::from_utf8_lossy(&body)))
            .unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason given").to_owned());
        self.answered(status.as_u16(), &message, request_id, advice)
    }

    fn answered(
        &self,
        status: u16,
        message: &str,
        request_id: Option<String>,
        advice: RetryAdvice,
    ) -> ProviderError {
        let endpoint = self.endpoint.clone();
        let message = self.without_key(message);
        ProviderError::Answered { endpoint, status, message, request_id, advice }
    }

    fn without_key(&self, message: &str) -> String {
        self.key.as_ref().map_or_else(|| message.to_owned(), |key| key.redact(message))
    }
}

fn client(url: &Url) -> Result<Client, ProviderError> {
    let builder = http_client(url).user_agent(concat!("longmem/", env!("CARGO_PKG_VERSION")));
    builder.build().map_err(|error| ProviderError::NoClient { source: error.without_url().into() })
}

/// Prepares a client for the server at an address: it has ten seconds to make a connection, bears ten minutes
/// of silence, follows no redirects, and goes through the system's proxy, but not to this machine itself.
pub fn http_client(url: &Url) -> ClientBuilder {
    // It fails when the program has chosen another provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        // The key and the prompt are for the address that was named, and for no other.
        .redirect(Policy::none());
    // A proxy cannot reach this machine under the name by which it calls itself.
    if is_local(url) { builder.no_proxy() } else { builder }
}

/// Whether an address is of this machine.
pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The base URL without a user name or a password.
fn without_password(url: &Url, path: &str) -> String {
    let base = url.path().strip_suffix(path).unwrap_or_default();
    format!("{}{base}", url.origin().ascii_serialization())
}

/// An error with what caused it, on one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_is_shown_without_its_password() {
        let url = Url::parse("http://ana:secret@example.org:8080/v1/chat/completions").unwrap();
        assert_eq!(without_password(&url, "/chat/completions"), "http://example.org:8080/v1");
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for (url, local) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.1:1/", true),
            ("http://[::1]:1/", true),
            ("http://localhost.example.org/", false),
        ] {
            assert_eq!(is_local(&Url::parse(url).unwrap()), local, "{url}");
        }
    }
}
