//! The HTTP API: its routes, and the OpenAPI document that is made from them.

mod body;
mod check;
pub(crate) mod context;
mod embeddings;
mod events;
mod export;
mod facts;
pub(crate) mod failure;
mod forget;
mod import;
mod indexing;
mod jobs;
mod mem0;
mod ongoing;
mod operation;
mod other_errors;
pub(crate) mod page;
mod permissions;
mod place_of_error;
mod query;
pub(crate) mod recall;
mod registry;
mod schema;
mod sessions;
mod stats;
pub(crate) mod stream_body;
pub(crate) mod turns;
pub(crate) mod waiting;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};

pub(crate) use self::import::take_up_imports;
pub(crate) use self::ongoing::Ongoing;
pub(crate) use self::other_errors::OpenAiError;
pub(crate) use self::permissions::Permissions;
use self::registry::Registry;
pub(crate) use self::turns::note_instructions;
use crate::ServerSettings;
use crate::problem::Problem;
use crate::shared::Shared;

/// All routes of the API, and `/openapi.json`.
pub(crate) fn routes(settings: &ServerSettings) -> Router<Arc<Shared>> {
    let (router, document) = registered(settings).finish(settings.auth);
    let document = Arc::new(document);
    router
        .route("/openapi.json", get(move || std::future::ready(Json(Arc::clone(&document)))))
        .method_not_allowed_fallback(|| async { wrong_method() })
}

/// The OpenAPI document of all routes.
#[cfg(test)]
fn document(settings: &ServerSettings) -> serde_json::Value {
    registered(settings).finish(settings.auth).1
}

fn registered(settings: &ServerSettings) -> Registry {
    let mut registry = Registry::new();
    turns::add(&mut registry);
    recall::add(&mut registry);
    context::add(&mut registry);
    facts::add(&mut registry);
    sessions::add(&mut registry);
    forget::add(&mut registry);
    import::add(&mut registry);
    export::add(&mut registry);
    indexing::add(&mut registry);
    jobs::add(&mut registry);
    stats::add(&mut registry);
    events::add(&mut registry);
    embeddings::add(&mut registry);
    if settings.mem0 {
        mem0::add(&mut registry);
    }
    registry
}

/// A path that is there, without this method; the header `Allow` says which there are.
pub(crate) fn wrong_method() -> Problem {
    let title = "There is no such method here";
    let detail = "this path has other methods; the header Allow names them";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, detail)
}
