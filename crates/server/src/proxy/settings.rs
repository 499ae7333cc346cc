//! What the proxies are told.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use longmem_chat::ApiKey;
use longmem_core::closed_words;
use reqwest::Url;
use thiserror::Error;

use super::api::ProxyApi;

closed_words! {
    /// What is done with what is recalled for a question.
    pub enum ProxyMode: "a mode of the proxies" {
        /// It is put behind the question, and again whenever the client sends that question as a part of its
        /// history: what the model has read once stays as it was, and so does the provider's cache of it.
        Sticky = "sticky",
        /// It is put behind the question, once.
        Ephemeral = "ephemeral",
        /// Nothing is recalled.
        Off = "off",
    }
}

/// What the proxies are told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProxySettings {
    /// What is done with what is recalled; a request may choose another mode.
    pub mode: ProxyMode,
    /// How long a request waits for what is recalled; then it goes on without.
    pub recall_deadline: Duration,
    /// Tokens of what is recalled for one question, at most; four characters are counted as a token.
    pub budget: usize,
    /// Whether what was asked and answered is stored.
    pub capture: bool,
    /// Whether that is so for coding agents, too. Their hooks and transcripts do it better.
    pub coding_agents: bool,
    /// Where requests below `/anthropic` go.
    pub anthropic: Upstream,
    /// Where requests below `/openai` go.
    pub openai: Upstream,
}

impl Default for ProxySettings {
    /// Sticky, 150 ms, 1,000 tokens, with capture but of coding agents, to the two public services.
    fn default() -> Self {
        let public = |address: &str| Upstream { address: address.parse().ok(), api_key: None };
        Self {
            mode: ProxyMode::Sticky,
            recall_deadline: Duration::from_millis(150),
            budget: 1_000,
            capture: true,
            coding_agents: false,
            anthropic: public("https://api.anthropic.com"),
            openai: public("https://api.openai.com"),
        }
    }
}

impl ProxySettings {
    /// Where the requests of an API go.
    pub(crate) fn upstream(&self, api: ProxyApi) -> &Upstream {
        match api {
            ProxyApi::Anthropic => &self.anthropic,
            ProxyApi::OpenAi => &self.openai,
        }
    }
}

/// The server that a proxy stands before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upstream {
    /// Its address; nothing is relayed without one.
    pub address: Option<UpstreamAddress>,
    /// The key that it gets in the place of the client's own.
    pub api_key: Option<ApiKey>,
}

/// The base URL of a server: `http` or `https`, without a user's name, a query, or a slash at its end.
///
/// # Examples
/// ```
/// use longmem_server::UpstreamAddress;
///
/// let address: UpstreamAddress = "http://127.0.0.1:11434/".parse()?;
/// assert_eq!(address.to_string(), "http://127.0.0.1:11434");
/// assert!("127.0.0.1:11434".parse::<UpstreamAddress>().is_err());
/// # Ok::<(), longmem_server::InvalidUpstream>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamAddress(Url);

/// Why a text is no address of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an address such as https://api.example.com is expected: {reason}")]
pub struct InvalidUpstream {
    reason: String,
}

impl FromStr for UpstreamAddress {
    type Err = InvalidUpstream;

    fn from_str(text: &str) -> Result<Self, InvalidUpstream> {
        let invalid = |reason: &str| InvalidUpstream { reason: reason.to_owned() };
        let url = Url::parse(text.trim().trim_end_matches('/'))
            .map_err(|error| invalid(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("it begins with neither http:// nor https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("it may hold no name and no password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("it may hold no ? and no #"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl UpstreamAddress {
    /// The address of what is behind it; `rest` is a path and a query. None if that leads out of the base
    /// URL, or is no address.
    pub(crate) fn join(&self, rest: &str) -> Option<Url> {
        let url = Url::parse(&format!("{self}{rest}")).ok()?;
        let base = self.0.path().trim_end_matches('/');
        let below = url.path().strip_prefix(base)?;
        let is_below = below.is_empty() || below.starts_with('/');
        (is_below && url.origin() == self.0.origin()).then_some(url)
    }

    /// The address as a URL.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_base_url_and_holds_no_secret() {
        for (text, shown) in [
            ("https://api.example.com", Some("https://api.example.com")),
            (" http://127.0.0.1:11434/v1/ ", Some("http://127.0.0.1:11434/v1")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("api.example.com", None),
            ("ftp://example.com", None),
            ("https://ana:secret@example.com", None),
            ("https://example.com/?key=1", None),
            ("", None),
        ] {
            let address = text.parse::<UpstreamAddress>().ok().map(|address| address.to_string());
            assert_eq!(address.as_deref(), shown, "{text}");
        }
        let error = "https://ana:secret@example.com".parse::<UpstreamAddress>().unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn a_path_stays_below_the_base_url() {
        let base: UpstreamAddress = "http://gateway/team".parse().unwrap();
        for (rest, joined) in [
            ("/v1/messages?beta=true", Some("http://gateway/team/v1/messages?beta=true")),
            ("", Some("http://gateway/team")),
            ("/v1/a%2Fb?q=%20", Some("http://gateway/team/v1/a%2Fb?q=%20")),
            ("/../admin", None),
            ("/%2e%2e/admin", None),
            ("x/v1", None),
            ("@evil.example/", None),
        ] {
            assert_eq!(base.join(rest).as_ref().map(Url::as_str), joined, "{rest}");
        }
        let host: UpstreamAddress = "http://gateway".parse().unwrap();
        for rest in [".evil.example/", "@evil.example/", ":80@evil.example/"] {
            assert_eq!(host.join(rest), None, "{rest}");
        }
    }
}
