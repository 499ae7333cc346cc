//! What a read may see.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Role, SessionName, Timestamp, UserName};
use serde::{Deserialize, Serialize};

/// One user's memory, or a part of it. Only the user is needed.
///
/// ```json
/// {
///   "user": "ana", "sessions": ["kitchen"], "roles": ["user"],
///   "since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Scope {
    /// Whose memory is read.
    pub user: UserName,
    /// Only these sessions; empty means all.
    #[serde(default)]
    pub sessions: Vec<SessionName>,
    /// Only these roles; empty means all.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Only turns at or after this time.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Only turns before this time.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Scope {
    /// Everything of one user.
    pub fn of(user: UserName) -> Self {
        Self { user, sessions: Vec::new(), roles: Vec::new(), since: None, until: None }
    }
}

impl From<Scope> for longmem_core::Scope {
    fn from(scope: Scope) -> Self {
        let mut seen = Self::of(scope.user);
        seen.sessions = scope.sessions;
        seen.roles = scope.roles;
        seen.since = scope.since;
        seen.until = scope.until;
        seen
    }
}
