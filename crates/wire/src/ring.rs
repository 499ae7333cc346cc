//! A ring of servers: what each holds, and who moved.

use longmem_core::UserName;
use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// The servers of a ring.
///
/// ```json
/// {
///   "ring": "postgres-ring:/etc/longmem/ring.toml", "generation": 2, "servers": [],
///   "away": [{ "user": "ana", "at": "east", "home": "west" }]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RingStatus {
    /// The name of the memory.
    pub ring: String,
    /// The generation of the list of servers.
    pub generation: i64,
    /// The servers, by name.
    pub servers: Vec<RingServer>,
    /// The users of servers that answer who belong to another server, by name.
    pub away: Vec<AwayUser>,
}

/// A server of a ring.
///
/// ```json
/// {
///   "name": "east", "place": "postgres://db-east/memory", "leaving": false, "users": 12, "turns": 4180,
///   "marks": 0
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RingServer {
    /// Its name in the ring.
    pub name: String,
    /// Where it is, without account and password.
    pub place: String,
    /// Whether its users belong elsewhere.
    pub leaving: bool,
    /// Number of users; none if it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<u64>,
    /// Number of turns; none if it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Number of users of whom a move that was broken off left something; none if it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marks: Option<u64>,
    /// Why it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A user who belongs to another server than the user is on.
///
/// ```json
/// { "user": "ana", "at": "east", "home": "west" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AwayUser {
    /// Who it is.
    pub user: UserName,
    /// The name of the server that the user is on.
    pub at: String,
    /// The name of the server that the user belongs to.
    pub home: String,
}

/// Users moved to the servers where they belong.
///
/// ```json
/// { "moved": [], "emptied": ["west"] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RingMoved {
    /// The users who moved, in that order.
    pub moved: Vec<MovedUser>,
    /// The names of leaving servers without users, which can be taken out of the file.
    pub emptied: Vec<String>,
}

/// A user who moved from one server to another.
///
/// ```json
/// {
///   "user": "ana", "from": "east", "to": "west", "turns": 418, "vectors_left_out": 0, "locked_ms": 35
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedUser {
    /// Whose memory it is.
    pub user: UserName,
    /// The name of the server that the user was on.
    pub from: String,
    /// The name of the server that the user is on now.
    pub to: String,
    /// Number of turns.
    pub turns: u64,
    /// Number of vectors of a model that the new server does not have; their turns wait for new ones.
    pub vectors_left_out: u64,
    /// Milliseconds for which nobody could write of the user.
    pub locked_ms: u64,
}
