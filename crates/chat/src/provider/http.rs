//! One request over HTTP: sending it, reading its stream, telling its errors apart.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url};
use serde::Serialize;
use serde_json::Value;

use super::event_stream::{EventParser, ServerEvent};
use super::{Api, ApiKey, Completion, Endpoint, OnText, ProviderError, RetryAdvice};

/// A connection that takes longer does not come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest silence: a local server may load a model of many gigabytes before its first word.
const READ_TIMEOUT: Duration = Duration::from_mins(10);

/// As much of an error's body is read; the rest says nothing new.
const LONGEST_ERROR_BODY: usize = 64 * 1024;

/// As many characters of a body that is not JSON are shown.
const SHOWN_CHARACTERS: usize = 200;

/// Sends requests to one address of one server.
#[derive(Debug)]
pub(super) struct HttpClient {
    client: Client,
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
}

/// Makes sense of one API's events.
pub(super) trait EventReader {
    /// Reads the next event.
    ///
    /// # Errors
    /// What is wrong with it, if it makes no sense.
    fn read(&mut self, event: &ServerEvent) -> Result<Step, String>;

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
        let url = Url::parse(&format!("{}{path}", base.trim_end_matches('/')))
            .map_err(|error| invalid(error.to_string()))?;
        if !matches!(checked.scheme(), "http" | "https") {
            return Err(invalid(format!("it begins with {}:, not http:", checked.scheme())));
        }
        let endpoint = Endpoint { api, base_url: shown(&url, path), with_key: key.is_some() };
        let key = key.map(|(name, prefix, key)| {
            let mut value = HeaderValue::try_from(format!("{prefix}{}", key.reveal()))
                .expect("an ApiKey holds only characters that a header may hold");
            value.set_sensitive(true);
            headers.insert(name, value);
            key
        });
        let client = client(is_local(&url))?;
        Ok(Self { client, url, headers, key, endpoint })
    }

    /// Sends a request and reads the answer's stream to its end.
    pub(super) async fn stream(
        &self,
        body: &(impl Serialize + Sync),
        reader: impl EventReader,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let request = self.client.post(self.url.clone()).headers(self.headers.clone()).json(body);
        let response = request.send().await.map_err(|source| ProviderError::Unreachable {
            endpoint: self.endpoint.clone(),
            source: source.without_url(),
        })?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let content_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        if !content_type.starts_with("text/event-stream") {
            let came =
                if content_type.is_empty() { "no content type" } else { content_type }.to_owned();
            return Err(ProviderError::NotAStream { endpoint: self.endpoint.clone(), came });
        }
        self.read(response, reader, on_text).await
    }

    async fn read(
        &self,
        mut response: Response,
        mut reader: impl EventReader,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let mut parser = EventParser::default();
        let mut text = String::new();
        let interrupted = |partial: String, reason: String| {
            Err(ProviderError::Interrupted { endpoint: self.endpoint.clone(), partial, reason })
        };
        loop {
            let bytes = match response.chunk().await {
                Ok(Some(bytes)) => bytes,
                _ if reader.has_stopped() => return Ok(reader.finish(text)),
                Ok(None) => return interrupted(text, "the stream ended too early".to_owned()),
                Err(error) => return interrupted(text, with_sources(&error.without_url())),
            };
            for event in parser.push(&bytes) {
                match reader.read(&event) {
                    Ok(Step::Text(more)) if !more.is_empty() => {
                        on_text(&more);
                        text.push_str(&more);
                    }
                    Ok(Step::Text(_) | Step::Nothing) => {}
                    Ok(Step::End) => return Ok(reader.finish(text)),
                    Ok(Step::Failed { status, message }) if text.is_empty() => {
                        return Err(self.answered(status, &message, None, RetryAdvice::default()));
                    }
                    Ok(Step::Failed { message, .. }) => {
                        return interrupted(text, self.without_key(&message));
                    }
                    Err(reason) => return interrupted(text, reason),
                }
            }
        }
    }

    async fn refused(&self, mut response: Response) -> ProviderError {
        let status = response.status();
        let advice = retry_advice(response.headers());
        let request_id = ["request-id", "x-request-id"]
            .iter()
            .find_map(|name| header(response.headers(), name))
            .map(str::to_owned);
        let mut body = Vec::new();
        while body.len() < LONGEST_ERROR_BODY {
            // What has come of the body is better than nothing.
            let Ok(Some(bytes)) = response.chunk().await else { break };
            body.extend_from_slice(&bytes);
        }
        let message = error_message(&String::from_utf8_lossy(&body))
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

fn client(local: bool) -> Result<Client, ProviderError> {
    // It fails when the program has chosen another provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("longmem/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT);
    // A proxy cannot reach this machine under the name by which it calls itself.
    let builder = if local { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| ProviderError::NoClient(error.without_url()))
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The base URL without a user name or a password.
fn shown(url: &Url, path: &str) -> String {
    let base = url.path().strip_suffix(path).unwrap_or_default();
    format!("{}{base}", url.origin().ascii_serialization())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads what the server says about asking again: milliseconds before seconds, and a date as
/// measured from the server's own clock.
fn retry_advice(headers: &HeaderMap) -> RetryAdvice {
    let seconds = |name: &str, unit: f64| {
        let number: f64 = header(headers, name)?.trim().parse().ok()?;
        Duration::try_from_secs_f64(number * unit).ok()
    };
    let date = |name: &str| rfc2822::parse(header(headers, name)?).ok();
    let until_date = || {
        let wait = date("retry-after")?.duration_since(&date("date")?);
        Duration::try_from(wait).ok()
    };
    let after =
        seconds("retry-after-ms", 1e-3).or_else(|| seconds("retry-after", 1.0)).or_else(until_date);
    let should_retry = header(headers, "x-should-retry").and_then(|value| value.parse().ok());
    RetryAdvice { after, should_retry }
}

/// Finds what an error's body says, in the shapes of Anthropic, OpenAI, Ollama and vLLM; of a
/// web page its title, of other text the beginning.
fn error_message(body: &str) -> Option<String> {
    if let Ok(json) = serde_json::from_str::<Value>(body) {
        let places = ["/error/message", "/error", "/message", "/detail"];
        let found = places.iter().find_map(|place| json.pointer(place)?.as_str());
        if let Some(message) = found {
            return Some(message.to_owned());
        }
    }
    let title = body.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let text = title.map_or(body, |(title, _)| title);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = words.chars().take(SHOWN_CHARACTERS).collect();
    (!shown.is_empty()).then_some(shown)
}

/// An error with what caused it, on one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn advice_is_read_in_every_form() {
        let after = |pairs: &[_]| retry_advice(&headers(pairs)).after;
        assert_eq!(after(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(
            after(&[("retry-after", "2"), ("retry-after-ms", "1500")]),
            Some(Duration::from_millis(1_500))
        );
        assert_eq!(
            after(&[
                ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
                ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")
            ]),
            Some(Duration::from_secs(30))
        );
        for nonsense in ["-1", "soon", "NaN", "1e300"] {
            assert_eq!(after(&[("retry-after", nonsense)]), None);
        }
        assert_eq!(
            retry_advice(&headers(&[("x-should-retry", "false")])).should_retry,
            Some(false)
        );
    }

    #[test]
    fn the_message_is_found_in_every_shape() {
        let cases = [
            (r#"{"type":"error","error":{"type":"x","message":"no"}}"#, Some("no")),
            (r#"{"error":"no model"}"#, Some("no model")),
            (r#"{"detail":"bad"}"#, Some("bad")),
            ("<html>\n<title>502 Bad\nGateway</title><body>…", Some("502 Bad Gateway")),
            ("plain\n text", Some("plain text")),
            ("", None),
            (" \n", None),
        ];
        for (body, message) in cases {
            assert_eq!(error_message(body).as_deref(), message, "{body}");
        }
        assert_eq!(error_message(&"x".repeat(999)).unwrap().len(), SHOWN_CHARACTERS);
    }

    #[test]
    fn the_base_url_is_shown_without_its_password() {
        let url = Url::parse("http://ana:secret@example.org:8080/v1/chat/completions").unwrap();
        assert_eq!(shown(&url, "/chat/completions"), "http://example.org:8080/v1");
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
