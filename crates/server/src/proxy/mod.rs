//! Memory by changing one base URL: requests to language models are relayed, and what memory knows of the
//! question goes with them.
//!
//! A client of Anthropic's API gets `http://127.0.0.1:7717/anthropic` for its base URL, a client of OpenAI's
//! `http://127.0.0.1:7717/openai/v1`; below `/u/{user}/` it is that user's memory. Everything is relayed byte
//! for byte, in both directions and as it comes, whatever this server knows of it. Only in questions to a model
//! a block of recalled memory is put behind the question.
//!
//! A request never fails and hardly waits for memory: what cannot be looked into is relayed as it is, and what
//! cannot be recalled in time is left out; the header `x-longmem-degraded` of the answer says so.

mod answer;
mod api;
mod capture;
mod conversation;
mod error;
mod exchange;
mod headers;
mod held;
mod metrics;
mod place;
mod prepare;
mod recall;
mod relay;
mod session;
mod settings;
mod sticky;
mod storing;
mod tee;
mod told;
mod wish;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::routing::any;

pub(crate) use api::ProxyApi;
pub(crate) use error::error_json;
pub(crate) use headers::{DEGRADED, key_in_place_of_upstreams};
pub(crate) use metrics::ProxyMetrics;
pub(crate) use relay::Relayed;
pub use settings::{InvalidUpstream, ProxyMode, ProxySettings, Upstream, UpstreamAddress};

use self::capture::Captures;
use self::held::HeldBytes;
use self::session::Responses;
use self::sticky::Blocks;
use crate::problem::Problem;
use crate::shared::Shared;

/// What the proxies work with.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    anthropic: OnceLock<reqwest::Client>,
    openai: OnceLock<reqwest::Client>,
    held: HeldBytes,
    /// What was put behind which question.
    blocks: Blocks,
    /// The sessions of answers that OpenAI's API keeps.
    responses: Responses,
    /// What is being stored.
    pub(crate) captures: Captures,
}

impl Proxies {
    /// The client of an API's upstream, made when it is first needed.
    ///
    /// # Errors
    /// 500 if the system gives none.
    fn client(
        &self,
        api: ProxyApi,
        address: &UpstreamAddress,
    ) -> Result<&reqwest::Client, Problem> {
        let made = match api {
            ProxyApi::Anthropic => &self.anthropic,
            ProxyApi::OpenAi => &self.openai,
        };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let client = longmem_chat::http_client(address.url()).build();
        let client = client.map_err(|error| Problem::bug(error.without_url().to_string()))?;
        Ok(made.get_or_init(|| client))
    }
}

/// The routes of the proxies.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let mut router = Router::new();
    for api in ProxyApi::ALL {
        for below in ["", "/", "/{*path}"] {
            router = router.route(&format!("/{api}{below}"), any(relay::relay));
        }
    }
    router
}
