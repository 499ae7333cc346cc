//! A server, and the keys with which other programs reach it.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Timestamp, UserName, closed_words};
use serde::{Deserialize, Serialize};

closed_words! {
    /// What a key allows.
    pub enum Permission: "a permission" {
        /// Reading one's own memory.
        Read = "read",
        /// Adding to it, changing it and deleting from it.
        Write = "write",
        /// The same for any user, and what concerns the whole store.
        Admin = "admin",
        /// Sending requests on to a language model.
        Proxy = "proxy",
    }
}

/// A key of a server, without its secret.
///
/// ```json
/// {
///   "id": "5f0c9a1be2d4", "name": "laptop", "user": "ana", "scopes": ["read", "write"],
///   "created": "2026-03-02T10:00:00Z", "expires": null, "last_used": "2026-03-08T18:00:00Z"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerKey {
    /// By which it is revoked: 12 hexadecimal digits.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Whose memory it opens.
    pub user: UserName,
    /// What it allows.
    pub scopes: Vec<Permission>,
    /// When it was made.
    pub created: Timestamp,
    /// When it stops to be valid, if ever.
    pub expires: Option<Timestamp>,
    /// The hour in which it was last used, if it was.
    pub last_used: Option<Timestamp>,
}

/// All keys of a server.
///
/// ```json
/// { "keys": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerKeys {
    /// The keys, oldest first; those that are no longer valid are among them until they are revoked.
    pub keys: Vec<ServerKey>,
}

/// A key was made. The key itself stands here and nowhere else: the store keeps its digest only.
///
/// ```json
/// {
///   "key": "lm_n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
///   "id": "5f0c9a1be2d4", "name": "laptop", "user": "ana", "scopes": ["read", "write"],
///   "created": "2026-03-02T10:00:00Z", "expires": null, "last_used": null
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerKeyAdded {
    /// The key.
    pub key: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    pub added: ServerKey,
}

/// A key was revoked: it opens nothing any more.
///
/// ```json
/// { "revoked": "5f0c9a1be2d4" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerKeyRevoked {
    /// Its id.
    pub revoked: String,
}

/// A server listens.
///
/// ```json
/// {
///   "addresses": ["http://127.0.0.1:7717"], "socket": null, "new_store": false,
///   "login": "http://127.0.0.1:7717/ui/login?t=7cV2nB0yq3…"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Serving {
    /// The addresses.
    pub addresses: Vec<String>,
    /// The file of the unix socket, if there is one.
    pub socket: Option<String>,
    /// Whether there was no store, and one was made.
    #[serde(default)]
    pub new_store: bool,
    /// A link that opens the page, once and within a minute; none where the page is not served.
    #[serde(default)]
    pub login: Option<String>,
}
