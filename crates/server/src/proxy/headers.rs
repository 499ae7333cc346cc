//! Which headers are relayed: all, but those of the connection and those that are for longmem.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use longmem_chat::ApiKey;
use reqwest::Url;

use super::api::ProxyApi;
use crate::keys::{Secret, looks_like_key};

/// What the names of headers begin with that are for longmem.
const OWN: &str = "x-longmem-";

/// Tokens that were put into a request.
pub(super) const INJECTED: HeaderName = HeaderName::from_static("x-longmem-injected");

/// Why memory had less of a part in an answer than it could have.
pub(crate) const DEGRADED: HeaderName = HeaderName::from_static("x-longmem-degraded");

/// The header of Anthropic's API that holds a key.
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Reads the base64 of `Basic`, with `=` at its end or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Headers in which other APIs of models take a key.
const OTHER_KEYS: [&str; 2] = ["api-key", "x-goog-api-key"];

/// Tells servers between us and the client to hand a stream on as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Headers that are of one connection only.
const OF_CONNECTION: [&str; 6] =
    ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// What the names of headers begin with that are for a proxy on the way.
const OF_PROXY: &str = "proxy-";

/// Headers of a request that are of this server's address, or that are made anew.
const OF_THIS_SERVER: [&str; 5] = ["content-length", "cookie", "expect", "host", "origin"];

/// The headers of a request as the upstream gets them. `key` is the one that it gets in the place of the
/// client's own; a key of longmem never gets there.
pub(super) fn for_upstream(headers: &HeaderMap, api: ProxyApi, key: Option<&ApiKey>) -> HeaderMap {
    let mut relayed = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let is_kept = !is_of_connection(name, headers)
            && !OF_THIS_SERVER.contains(&name.as_str())
            && !name.as_str().starts_with(OWN)
            && !holds_key_of_longmem(value)
            && !(is_credential(name) && (key.is_some() || key_of_longmem(value).is_some()));
        if is_kept {
            relayed.append(name, value.clone());
        }
    }
    if let Some(key) = key {
        let (name, text) = match api {
            ProxyApi::Anthropic => (API_KEY, key.reveal().to_owned()),
            ProxyApi::OpenAi => (header::AUTHORIZATION, format!("Bearer {}", key.reveal())),
        };
        let mut value = HeaderValue::try_from(text)
            .expect("an ApiKey holds only characters that a header may hold");
        value.set_sensitive(true);
        relayed.insert(name, value);
    }
    relayed
}

/// The headers of an answer as the client gets them. Cookies would be taken for this server's own.
pub(super) fn for_client(headers: &HeaderMap) -> HeaderMap {
    let mut relayed = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let is_own = name.as_str().starts_with(OWN) || name == header::SET_COOKIE;
        if !is_of_connection(name, headers) && !is_own {
            relayed.append(name, value.clone());
        }
    }
    if is_event_stream(headers) {
        relayed.insert(BUFFERING, HeaderValue::from_static("no"));
    }
    relayed
}

/// Whether an answer is a stream of events.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream"))
}

/// Whether an answer's body is compressed.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity")
}

/// Whether a header is of the connection, of itself or because `Connection` names it.
fn is_of_connection(name: &HeaderName, headers: &HeaderMap) -> bool {
    let is_named = |named: &HeaderValue| {
        let named = named.to_str().unwrap_or_default();
        named.split(',').any(|named| named.trim().eq_ignore_ascii_case(name.as_str()))
    };
    OF_CONNECTION.contains(&name.as_str())
        || name.as_str().starts_with(OF_PROXY)
        || headers.get_all(header::CONNECTION).iter().any(is_named)
}

/// Whether a header is one in which clients send the key of a model's API.
fn is_credential(name: &HeaderName) -> bool {
    *name == header::AUTHORIZATION || *name == API_KEY || OTHER_KEYS.contains(&name.as_str())
}

/// The key of longmem that a request bears where clients send the key of a model's API.
pub(crate) fn key_in_place_of_upstreams(headers: &HeaderMap) -> Option<&str> {
    let values =
        [header::AUTHORIZATION, API_KEY].into_iter().flat_map(|name| headers.get_all(name));
    values.into_iter().find_map(key_of_longmem)
}

/// What looks like a key of longmem in a credential, behind its scheme or without one.
fn key_of_longmem(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    text.split_whitespace().find(|word| looks_like_key(word))
}

/// Whether a key of longmem stands anywhere in a value, also in the name or the password of `Basic`.
fn holds_key_of_longmem(value: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(value.as_bytes());
    let mut words = text.split_whitespace();
    let basic = match (words.next(), words.next()) {
        (Some(scheme), Some(both)) if scheme.eq_ignore_ascii_case("basic") => {
            LENIENT.decode(both).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    holds_key(&text) || holds_key(&String::from_utf8_lossy(&basic))
}

/// Whether a key of longmem stands in an address, or in its query once that is decoded.
pub(super) fn address_holds_key(address: &Url) -> bool {
    let mut pairs = address.query_pairs();
    holds_key(address.as_str()) || pairs.any(|(name, value)| holds_key(&name) || holds_key(&value))
}

/// Whether a key of longmem stands anywhere in a text.
fn holds_key(text: &str) -> bool {
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split(|c| !is_of_key(c)).any(|word| Secret::parse(word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn everything_is_relayed_but_what_is_of_the_connection_or_for_longmem() {
        let sent = headers(&[
            ("host", "127.0.0.1:7717"),
            ("connection", "keep-alive, X-Hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("cookie", "longmem_s=1"),
            ("origin", "http://127.0.0.1:7717"),
            ("x-longmem-user", "ana"),
            ("x-longmem-key", "anything"),
            ("authorization", "Bearer sk-of-a-model"),
            ("anthropic-beta", "one"),
            ("anthropic-beta", "two"),
            ("x-never-heard-of", "3"),
        ]);
        let relayed = for_upstream(&sent, ProxyApi::Anthropic, None);
        let expected = headers(&[
            ("authorization", "Bearer sk-of-a-model"),
            ("anthropic-beta", "one"),
            ("anthropic-beta", "two"),
            ("x-never-heard-of", "3"),
        ]);
        assert_eq!(relayed, expected);
    }

    #[test]
    fn the_servers_own_key_takes_the_place_of_the_clients() {
        let key = ApiKey::new("sk-of-the-server").unwrap();
        let sent = headers(&[
            ("authorization", "Bearer lm_x"),
            ("x-api-key", "unused"),
            ("api-key", "unused"),
            ("x-goog-api-key", "unused"),
        ]);
        let relayed = for_upstream(&sent, ProxyApi::Anthropic, Some(&key));
        assert_eq!(relayed, headers(&[("x-api-key", "sk-of-the-server")]));
        let relayed = for_upstream(&sent, ProxyApi::OpenAi, Some(&key));
        assert_eq!(relayed, headers(&[("authorization", "Bearer sk-of-the-server")]));
    }

    #[test]
    fn a_key_of_longmem_never_gets_to_the_upstream() {
        let key = format!("lm_{}", "A".repeat(43));
        let none = HeaderMap::new();
        let basic = |text: String| format!("Basic {}", LENIENT.encode(text));
        for value in [
            key.clone(),
            format!("Bearer {key}"),
            format!("key=\"{key}\""),
            format!("{key},"),
            basic(format!("x:{key}")),
            basic(format!("{key}:")).replace('=', ""),
        ] {
            for name in ["authorization", "x-api-key", "api-key", "x-other"] {
                let sent = headers(&[(name, &value)]);
                assert_eq!(for_upstream(&sent, ProxyApi::OpenAi, None), none, "{name}: {value}");
            }
        }
        for (query, holds) in [
            (format!("key={key}&a=b"), true),
            (format!("a=b&key=%6C{}", &key[1..]), true),
            ("key=lm_short".to_owned(), false),
        ] {
            let address = Url::parse(&format!("http://gateway/v1/models?{query}")).unwrap();
            assert_eq!(address_holds_key(&address), holds, "{query}");
        }
        // One that was cut is judged as a key of longmem, too.
        let cut = headers(&[("authorization", "Bearer lm_cut"), ("x-other", "lm_of_somebody")]);
        assert_eq!(key_in_place_of_upstreams(&cut), Some("lm_cut"));
        let relayed = for_upstream(&cut, ProxyApi::OpenAi, None);
        assert_eq!(relayed, headers(&[("x-other", "lm_of_somebody")]));
    }

    #[test]
    fn an_answer_keeps_its_headers_but_for_cookies() {
        let came = headers(&[
            ("content-type", "Text/Event-Stream; charset=utf-8"),
            ("request-id", "req_1"),
            ("transfer-encoding", "chunked"),
            ("set-cookie", "a=b"),
            ("x-longmem-injected", "9"),
        ]);
        let expected = headers(&[
            ("content-type", "Text/Event-Stream; charset=utf-8"),
            ("request-id", "req_1"),
            ("x-accel-buffering", "no"),
        ]);
        assert_eq!(for_client(&came), expected);
    }
}
