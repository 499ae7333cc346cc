//! What is written into an agent's files, and how it is known again.

use longmem_server::HookClient;
use serde_json::{Map, Value, json};

use super::program::{Program, are_written_flags, is_longmem, shell_words};

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

/// Says whether the command line of a hook of this client is one that longmem wrote.
pub(super) fn is_own_hook(line: &str, client: HookClient) -> bool {
    let Some(words) = shell_words(line) else { return false };
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // Another version may have known other events.
        [program, "hook", name, _, flags @ ..] => {
            is_longmem(program) && *name == client.as_str() && are_written_flags(flags)
        }
        _ => false,
    }
}

/// Says whether an MCP server's entry is one that longmem wrote: one with flags that it never writes is a
/// person's own.
pub(super) fn is_own_server(
    command: Option<&str>,
    arguments: &[String],
    address: Option<&str>,
) -> bool {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match (command, arguments.as_slice()) {
        (Some(command), ["mcp", flags @ ..]) => is_longmem(command) && are_written_flags(flags),
        (Some(_), _) => false,
        (None, _) => address == Some(&Entries::mcp_address()),
    }
}
