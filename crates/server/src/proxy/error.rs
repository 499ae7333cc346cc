//! longmem's own errors in the shapes of the APIs that are relayed, so that their clients raise their own
//! classes.

use axum::http::StatusCode;
use serde_json::json;

use super::api::ProxyApi;
use crate::api::OpenAiError;
use crate::problem::Problem;

/// Where a key goes that is longmem's, and not the upstream's.
const KEY_HINT: &str =
    "Send longmem's key as the header X-Longmem-Key; longmem keys add --scope proxy makes one.";

/// The JSON of a problem for the clients of an API.
pub(crate) fn error_json(api: ProxyApi, mut problem: Problem, request_id: &str) -> Vec<u8> {
    if problem.status == StatusCode::UNAUTHORIZED {
        problem.hint = Some(KEY_HINT.to_owned());
    }
    let json = match api {
        ProxyApi::Anthropic => serde_json::to_vec(&json!({
            "type": "error",
            "error": {"type": anthropic_word(problem.status), "message": problem.message()},
            "request_id": request_id,
        })),
        ProxyApi::OpenAi => serde_json::to_vec(&OpenAiError::from(problem)),
    };
    json.expect("an error is words")
}

/// The word by which clients of Anthropic know an error.
fn anthropic_word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}
