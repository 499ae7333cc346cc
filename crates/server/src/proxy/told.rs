//! What a client is told of memory's part in its request, and what is counted of it.

use axum::http::{HeaderMap, HeaderValue};

use super::headers::{DEGRADED, INJECTED};
use super::prepare::Prepared;

/// What was done with a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Tokens that were put into it; none if it is no question to a model.
    pub(crate) injected: Option<usize>,
    /// Why memory has less of a part in it than it could.
    pub(crate) degraded: Option<&'static str>,
    /// Why a question to a model was not looked into.
    pub(crate) uninspected: Option<&'static str>,
}

impl Told {
    /// What was done with a question to a model.
    pub(super) fn of(prepared: &Prepared) -> Self {
        let Prepared { injected, degraded, uninspected, .. } = *prepared;
        Self { injected: Some(injected), degraded, uninspected }
    }

    /// What came of it, in a word.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self { uninspected: Some(_), .. } => "uninspected",
            Self { injected: None, .. } => "relayed",
            Self { injected: Some(0), .. } => "nothing",
            Self { .. } => "injected",
        }
    }

    /// Tells the client.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(injected) = self.injected {
            headers.insert(INJECTED, injected.into());
        }
        if let Some(reason) = self.degraded.or(self.uninspected) {
            headers.insert(DEGRADED, HeaderValue::from_static(reason));
        }
    }
}
