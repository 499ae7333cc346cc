//! Errors as problem details (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use longmem_core::schemars::{self, JsonSchema};
use serde::Serialize;

/// An error as a client gets it: `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// Its kind: `/errors/` and a word that stays the same from version to version.
    #[serde(rename = "type")]
    pub(crate) kind: Box<str>,
    /// The kind in words.
    pub(crate) title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schemars(with = "u16")]
    pub(crate) status: StatusCode,
    /// What happened, for a person.
    pub(crate) detail: String,
    /// What would help; absent if nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// Seconds after which it may succeed.
    #[serde(skip)]
    pub(crate) retry_after: Option<u32>,
    /// What is for the log of the server only.
    #[serde(skip)]
    pub(crate) log: Option<String>,
}

/// A problem with the request that met it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NumberedProblem<'a> {
    /// The problem.
    #[serde(flatten)]
    pub(crate) problem: &'a Problem,
    /// The id of the request, as logs name it.
    pub(crate) request_id: &'a str,
}

/// What is for the log only: the response of a [`Problem`] has it among its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForLog(pub(crate) String);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of a kind.
    pub(crate) fn new(
        status: StatusCode,
        word: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let kind = format!("/errors/{word}").into();
        Self {
            kind,
            title,
            status,
            detail: detail.into(),
            hint: None,
            retry_after: None,
            log: None,
        }
    }

    /// The same problem with what would help.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What happened and what would help.
    pub(crate) fn message(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}. {hint}", self.detail),
            None => self.detail.clone(),
        }
    }

    /// A request that cannot be read.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", "The request is invalid", detail)
    }

    /// A value that can be read, and is not one that is allowed.
    pub(crate) fn out_of_range(detail: impl Into<String>) -> Self {
        let title = "A value is out of range";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "out-of-range", title, detail)
    }

    /// A body that has more bytes than are taken.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    }

    /// No key came, or one that is not known.
    pub(crate) fn no_key() -> Self {
        let detail = "a key is needed here, and none came that is valid";
        Self::new(StatusCode::UNAUTHORIZED, "no-key", "A key is needed", detail)
            .with_hint("Send the header Authorization: Bearer KEY; longmem keys add makes a key.")
    }

    /// What the caller may not do.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// What is not there, or belongs to somebody else: both look alike.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self)).into_response();
        // The outermost layer writes it again, with the request's id.
        response.extensions_mut().insert(self.clone());
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        self.add_to(&mut response);
        response
    }
}

impl Problem {
    /// Adds what stands beside the body: headers, and what is for the log.
    pub(crate) fn add_to(&self, response: &mut Response) {
        if let Some(log) = &self.log {
            response.extensions_mut().insert(ForLog(log.clone()));
        }
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
    }

    /// One caller asks for more than is done at once for one.
    pub(crate) fn too_many(detail: impl Into<String>) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let too_many = Self::new(status, "too-many-requests", "Too many requests", detail);
        Self { retry_after: Some(5), ..too_many }
    }

    /// Something that is done for few at once is done for others now.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        let busy =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much is going on", detail);
        Self { retry_after: Some(5), ..busy }
    }

    /// longmem itself is wrong; what it says of that is for the log.
    pub(crate) fn bug(log: impl Into<String>) -> Self {
        let detail = "longmem itself failed; the server's log says more";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let bug = Self::new(status, "bug", "longmem failed", detail);
        Self { log: Some(log.into()), ..bug }
    }
}
