//! What is written into an agent's files, and how it is known again.

use longmem_server::HookClient;
use serde_json::{Map, Value, json};

use super::program::{Program, is_longmem};

/// The name of the MCP server in files of several servers.
pub(super) const SERVER: &str = "longmem";

/// Where a server of longmem listens that was started without an address.
const ADDRESS: &str = "http://127.0.0.1:7717";

/// The variable with a key, for a server that asks for one.
const KEY_VARIABLE: &str = "LONGMEM_API_KEY";

/// Seconds that an agent waits for a hook.
pub(super) const PATIENCE_SECONDS: u64 = 5;

/// What is written.
pub(super) struct Entries {
    pub(super) program: Program,
    /// Whether a running server is asked instead of a program.
    pub(super) http: bool,
}

impl Entries {
    /// The entry of an MCP server that is started: its command.
    pub(super) fn mcp_command(&self) -> Map<String, Value> {
        let arguments = self.program.arguments(&["mcp"]);
        let entry = json!({"command": self.program.path, "args": arguments});
        entry.as_object().cloned().unwrap_or_default()
    }

    /// Where the MCP server of a running longmem is.
    pub(super) fn mcp_address() -> String {
        format!("{ADDRESS}/mcp")
    }

    /// A hook of a client whose hooks are commands of a shell.
    pub(super) fn shell_hook(&self, client: HookClient, event: &str, patience: u64) -> Value {
        let line = self.program.line(&["hook", client.as_str(), event]);
        json!({"type": "command", "command": line, "timeout": patience})
    }

    /// A hook of Claude Code. At the beginning of a session it takes commands only.
    pub(super) fn claude_hook(&self, event: &str) -> Value {
        let client = HookClient::ClaudeCode.as_str();
        if self.http && event != "SessionStart" {
            return json!({
                "type": "http",
                "url": format!("{ADDRESS}/hooks/{client}/{event}"),
                "headers": {"Authorization": format!("Bearer ${KEY_VARIABLE}")},
                "allowedEnvVars": [KEY_VARIABLE],
                "timeout": PATIENCE_SECONDS,
            });
        }
        let arguments = self.program.arguments(&["hook", client, event]);
        json!({
            "type": "command", "command": self.program.path, "args": arguments,
            "timeout": PATIENCE_SECONDS,
        })
    }
}

/// Says whether a hook of this client is one that longmem wrote.
pub(super) fn is_own_hook(hook: &Value, client: HookClient) -> bool {
    let Some(line) = hook["command"].as_str() else { return false };
    // Up to the words that follow the program stands its path, perhaps quoted.
    let words = format!(" hook {client} ");
    line.split_once(&words).is_some_and(|(path, _)| is_longmem(path.trim_matches('\'')))
}

/// Says whether an MCP server's entry is one that longmem wrote.
pub(super) fn is_own_server(command: Option<&str>, address: Option<&str>) -> bool {
    match (command, address) {
        (Some(command), _) => is_longmem(command),
        (None, Some(address)) => address == Entries::mcp_address(),
        (None, None) => false,
    }
}
