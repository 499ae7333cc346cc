//! Who asks, and what they may do.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use longmem_core::UserName;
pub(crate) use longmem_wire::Permission;

use crate::problem::Problem;

/// Whose memory a request is about, and what it may do there; the layer that checks keys puts it among
/// the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Whose memory it is.
    pub(crate) user: UserName,
    /// What is allowed.
    pub(crate) permissions: Vec<Permission>,
}

impl Caller {
    /// Fails unless this is allowed.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.permissions.contains(&permission) {
            return Ok(());
        }
        Err(Problem::forbidden(match permission {
            Permission::Write => {
                "writing is not allowed with this key, or this server only reads".to_owned()
            }
            other => format!("this needs a key with the scope {other}"),
        }))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::no_key)
    }
}
