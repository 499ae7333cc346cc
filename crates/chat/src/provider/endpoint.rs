//! The server that answers.

use std::fmt;

use longmem_core::{Remedy, closed_words};

closed_words! {
    /// Which network API a server speaks.
    pub enum Api: "an API of language models" {
        /// The Anthropic Messages API.
        Anthropic = "anthropic",
        /// The chat completions API of OpenAI and many others.
        OpenAiCompatible = "openai",
    }
}

impl Api {
    /// Helps somebody who may have given the wrong base URL.
    pub(super) fn check_base_url(self) -> Remedy {
        match self {
            Self::Anthropic => Remedy::CheckBaseUrl { path: "/v1/messages", usual_end: "" },
            Self::OpenAiCompatible => {
                Remedy::CheckBaseUrl { path: "/chat/completions", usual_end: "/v1" }
            }
        }
    }
}

/// The server that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The API that it speaks.
    pub api: Api,
    /// Its base URL, without a user name or password that may have been in it.
    pub base_url: String,
    /// Whether a key was sent.
    pub with_key: bool,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base_url)
    }
}
