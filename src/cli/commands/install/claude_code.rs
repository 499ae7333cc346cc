//! The plugin for Claude Code: its files, written into the data folder, and the commands that install it.

use std::path::Path;

use longmem::Folders;
use longmem_server::HookClient;
use serde_json::{Value, json};

use super::change::{Change, OWN_FILES};
use super::entries::Entries;
use super::places::{Installed, Place};
use super::program::on_path;
use super::{AgentCommand, Plan};
use crate::arguments::InstallScope;
use crate::failure::Failure;

/// The program of Claude Code.
const CLAUDE: &str = "claude";

/// The plugin, in the marketplace of that name.
const PLUGIN: &str = "longmem@longmem";

/// The file beside the plugin that says for which sessions it is installed.
const INSTALLED: &str = "installed.json";

/// The plugin's files that stay as they are.
const FILES: &[(&str, &[u8])] = &[
    (
        ".claude-plugin/marketplace.json",
        include_bytes!("../../../../integrations/claude-code/.claude-plugin/marketplace.json"),
    ),
    (
        "longmem/.claude-plugin/plugin.json",
        include_bytes!("../../../../integrations/claude-code/longmem/.claude-plugin/plugin.json"),
    ),
    (
        "longmem/.claude-plugin/icon.png",
        include_bytes!("../../../../integrations/claude-code/longmem/.claude-plugin/icon.png"),
    ),
    ("longmem/README.md", include_bytes!("../../../../integrations/claude-code/longmem/README.md")),
    (
        "longmem/skills/memory/SKILL.md",
        include_bytes!("../../../../integrations/claude-code/longmem/skills/memory/SKILL.md"),
    ),
];

/// The plugin's hooks, which name the program.
const HOOKS: &str = include_str!("../../../../integrations/claude-code/longmem/hooks/hooks.json");

/// The plugin's MCP server, which names the program.
const MCP: &str = include_str!("../../../../integrations/claude-code/longmem/.mcp.json");

/// Writes the plugin's files and has Claude Code install it; or the opposite.
pub(super) fn plan(
    entries: &Entries,
    folders: &Folders,
    scope: InstallScope,
    remove: bool,
) -> Result<Plan, Failure> {
    let folder = folders.data.join(OWN_FILES).join("claude-code");
    let place = Place::new(scope, std::env::current_dir()?);
    let installed = Installed::read(&folder.join(INSTALLED))?;
    let left = if remove {
        installed.without(&place)
    } else {
        let Entries { program, http } = entries;
        Some(installed.with(&place, &program.flags, *http)?)
    };
    let changes = changes(entries, &folder, left.as_ref(), remove)?;

    let shown = folder.display().to_string();
    let scope = scope.as_str();
    let mut notes = Vec::new();
    let lines: &[(&[&str], bool)] = if let Some(left) = left.filter(|_| remove) {
        notes.push(format!("The plugin's files stay: it is installed for {}.", left.shown()));
        &[(&["plugin", "uninstall", PLUGIN, "--scope", scope], true)]
    } else if remove {
        &[
            (&["plugin", "uninstall", PLUGIN, "--scope", scope], true),
            (&["plugin", "marketplace", "remove", "longmem"], true),
        ]
    } else {
        &[
            (&["plugin", "marketplace", "add", &shown], false),
            (&["plugin", "install", PLUGIN, "--scope", scope], false),
        ]
    };
    let can_run = on_path(CLAUDE).is_some();
    let commands: Vec<AgentCommand> = lines
        .iter()
        .map(|(words, may_fail)| AgentCommand {
            words: [&[CLAUDE], *words].concat().into_iter().map(str::to_owned).collect(),
            may_fail: *may_fail,
            can_run,
        })
        .collect();
    if !can_run {
        let lines: Vec<String> =
            commands.iter().map(|command| format!("  {}", command.line())).collect();
        let lines = lines.join("\n");
        notes.push(format!("{CLAUDE} is not on the PATH. Where it is, run:\n{lines}"));
    }
    Ok(Plan { changes, commands, notes })
}

/// The plugin's files as they are to be: for these places, or none of them for none.
fn changes(
    entries: &Entries,
    folder: &Path,
    installed: Option<&Installed>,
    remove: bool,
) -> Result<Vec<Change>, Failure> {
    let record = Change::own(folder.join(INSTALLED), installed.map(Installed::to_json).as_deref())?;
    if installed.is_some() && remove {
        return Ok(vec![record]);
    }
    let written =
        [("longmem/hooks/hooks.json", hooks(entries)), ("longmem/.mcp.json", mcp(entries))];
    let same = FILES.iter().map(|(name, bytes)| (*name, *bytes));
    let files = same.chain(written.iter().map(|(name, text)| (*name, text.as_bytes())));
    let change = |(name, bytes)| Change::own(folder.join(name), installed.map(|_| bytes));
    files.map(change).chain([Ok(record)]).collect()
}

/// The plugin's hooks, with this program or for a running server.
fn hooks(entries: &Entries) -> String {
    let mut file: Value = serde_json::from_str(HOOKS).expect("the plugin's hooks are JSON");
    for event in HookClient::ClaudeCode.event_names() {
        file["hooks"][event][0]["hooks"] = json!([entries.claude_hook(event)]);
    }
    format!("{file:#}\n")
}

/// The plugin's MCP server, with this program or for a running one.
fn mcp(entries: &Entries) -> String {
    let mut file: Value = serde_json::from_str(MCP).expect("the plugin's MCP server is JSON");
    let server = &mut file["mcpServers"]["memory"];
    let mut entry = if entries.http {
        json!({"type": "http", "url": Entries::mcp_address()})
    } else {
        Value::Object(entries.mcp_command())
    };
    entry["alwaysLoad"] = server["alwaysLoad"].take();
    *server = entry;
    format!("{file:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::install::program::Program;

    #[test]
    fn the_files_of_the_plugin_are_what_is_written_for_a_program_on_the_path() {
        let program = Program { path: "longmem".to_owned(), flags: Vec::new() };
        let entries = Entries { program, http: false };
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&hooks(&entries)), value(HOOKS));
        assert_eq!(value(&mcp(&entries)), value(MCP));
    }

    #[test]
    fn a_running_server_is_asked_but_at_the_beginning_of_a_session() {
        let program = Program { path: "longmem".to_owned(), flags: Vec::new() };
        let written = hooks(&Entries { program, http: true });
        let file: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(file["hooks"]["SessionStart"][0]["hooks"][0]["type"], "command");
        let url = &file["hooks"]["Stop"][0]["hooks"][0]["url"];
        assert_eq!(url, "http://127.0.0.1:7717/hooks/claude-code/Stop");
    }
}
