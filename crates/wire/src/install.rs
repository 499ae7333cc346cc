//! What connecting an agent with memory changes.

use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// An agent was connected with memory, or the connection was taken out; or this would be done.
///
/// ```json
/// {
///   "client": "claude-code",
///   "scope": "user",
///   "remove": false,
///   "dry_run": false,
///   "files": [
///     {
///       "file": "/home/ana/.local/share/longmem/integrations/claude-code/longmem/.mcp.json",
///       "deleted": false,
///       "copy": null,
///       "diff": "+ {\n+ }\n"
///     }
///   ],
///   "commands": [{ "command": "claude plugin install longmem@longmem --scope user", "ran": true }],
///   "notes": []
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Installation {
    /// The agent.
    pub client: String,
    /// For which sessions: `user` (all) or `project` (those in the working folder).
    pub scope: String,
    /// Whether the connection was taken out.
    pub remove: bool,
    /// Whether nothing was changed, and this is what would be.
    pub dry_run: bool,
    /// The files that changed; none if all was as it should be.
    pub files: Vec<FileChange>,
    /// Commands of the agent's own that belong to it.
    pub commands: Vec<AgentCommand>,
    /// What a person has to know or to do.
    pub notes: Vec<String>,
}

/// A file that changed.
///
/// ```json
/// {
///   "file": "/home/ana/.codex/config.toml",
///   "deleted": false,
///   "copy": "/home/ana/.codex/config.toml.before-longmem",
///   "diff": "  model = \"x\"\n+ [mcp_servers.longmem]\n"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// The file; where its name is a link, what that leads to.
    pub file: String,
    /// Whether it is gone, because nothing is left to stand in it.
    pub deleted: bool,
    /// The copy of the file as it was before longmem's entries, if one is kept.
    pub copy: Option<String>,
    /// The lines that went (`- `), that came (`+ `), and a few around them.
    pub diff: String,
}

/// A command of an agent's own.
///
/// ```json
/// { "command": "claude plugin marketplace remove longmem", "ran": false }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentCommand {
    /// The command, as a shell reads it.
    pub command: String,
    /// Whether it was run; if not, it is left to a person.
    pub ran: bool,
}
