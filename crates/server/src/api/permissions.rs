//! Who may use which operation, for whoever asks before the handler is called.

use std::collections::HashMap;

use axum::http::Method;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::{Permission, ServerSettings};

/// The permission that each operation needs, by the template of its path and its method.
#[derive(Debug, Default)]
pub(crate) struct Permissions(HashMap<&'static str, HashMap<Method, Option<Permission>>>);

impl Permissions {
    /// Those of a server with these settings.
    pub(crate) fn of(settings: &ServerSettings) -> Self {
        super::registered(settings).permissions()
    }

    /// Adds an operation.
    pub(super) fn add(&mut self, method: Method, path: &'static str, needs: Option<Permission>) {
        self.0.entry(path).or_default().insert(method, needs);
    }

    /// Whether a method may be there for this caller: of paths that are not of the API, nothing is known.
    ///
    /// # Errors
    /// 403 for a caller who lacks the permission, 401 for one who is not known where one is needed.
    pub(crate) fn check(
        &self,
        path: &str,
        method: &Method,
        caller: Option<&Caller>,
    ) -> Result<bool, Problem> {
        let Some(methods) = self.0.get(path) else { return Ok(true) };
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let Some(needs) = methods.get(method) else { return Ok(false) };
        if let Some(permission) = *needs {
            caller.ok_or_else(Problem::no_key)?.require(permission)?;
        }
        Ok(true)
    }
}
