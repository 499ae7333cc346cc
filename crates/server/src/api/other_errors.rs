//! Errors in the shapes of other programs' APIs, so that their clients raise their own classes.

use axum::Json;
use axum::response::{IntoResponse, Response};
use longmem_core::schemars::{self, JsonSchema};
use serde::Serialize;

use crate::problem::Problem;

/// An error as OpenAI's clients read it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct OpenAiError {
    /// What went wrong.
    error: OpenAiErrorBody,
    #[serde(skip)]
    problem: Problem,
}

/// What went wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct OpenAiErrorBody {
    /// What happened, for a person.
    message: String,
    /// `invalid_request_error`, or `api_error` if nothing is wrong with the request.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field that is wrong; it is not told.
    param: Option<String>,
    /// The kind of error as a word.
    code: Option<String>,
}

impl From<Problem> for OpenAiError {
    fn from(problem: Problem) -> Self {
        let kind = match problem.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        };
        let code = Some(word(&problem).replace('-', "_"));
        let error = OpenAiErrorBody { message: problem.message(), kind, param: None, code };
        Self { error, problem }
    }
}

impl IntoResponse for OpenAiError {
    fn into_response(self) -> Response {
        let mut response = (self.problem.status, Json(&self)).into_response();
        self.problem.add_to(&mut response);
        response
    }
}

/// An error as the clients of Ollama and of Text Embeddings Inference read it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct PlainError {
    /// What happened, for a person.
    error: String,
    /// The kind of error as a word.
    error_type: String,
    #[serde(skip)]
    problem: Problem,
}

impl From<Problem> for PlainError {
    fn from(problem: Problem) -> Self {
        Self { error: problem.message(), error_type: word(&problem).to_owned(), problem }
    }
}

impl IntoResponse for PlainError {
    fn into_response(self) -> Response {
        let mut response = (self.problem.status, Json(&self)).into_response();
        self.problem.add_to(&mut response);
        response
    }
}

/// The kind of a problem without what is before it.
fn word(problem: &Problem) -> &str {
    problem.kind.rsplit('/').next().unwrap_or_default()
}
