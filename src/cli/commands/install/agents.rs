//! The files of agents that have no plugins: Codex, Gemini CLI, Cursor.

use std::path::Path;

use longmem_server::HookClient;
use serde_json::{Map, Value, json};

use super::Plan;
use super::change::Change;
use super::entries::{Entries, PATIENCE_SECONDS, SERVER};
use super::json_file::JsonFile;
use super::toml_file;
use crate::failure::Failure;

/// Codex: hooks in `hooks.json`, the MCP server in `config.toml`.
pub(super) fn codex(entries: &Entries, folder: &Path, remove: bool) -> Result<Plan, Failure> {
    let (hooks, config) = (folder.join("hooks.json"), folder.join("config.toml"));
    if remove {
        let mut notes = Vec::new();
        let without_server = |text: Option<&str>| {
            let Some(text) = text else { return Ok(None) };
            if toml_file::has_foreign_server(text) {
                notes = vec![foreign_stays(&config)];
            }
            toml_file::without_server(text)
        };
        let config = Change::undo(config.clone(), without_server)?;
        let hooks = Change::undo(hooks, |text| {
            let mut file = JsonFile::read(text)?;
            file.remove_hooks(HookClient::Codex)?;
            Ok(file.text())
        })?;
        return Ok(Plan { changes: vec![hooks, config], notes, ..Plan::default() });
    }
    let hooks = Change::edit(hooks, |text| {
        Ok(with_hooks(text, entries, HookClient::Codex, PATIENCE_SECONDS)?.text())
    })?;
    let config = Change::edit(config, |text| {
        toml_file::with_server(text.unwrap_or_default(), entries).map(Some)
    })?;
    let trust = "Codex runs hooks once you trust them: start codex and open /hooks.";
    Ok(Plan { changes: vec![hooks, config], notes: vec![trust.to_owned()], ..Plan::default() })
}

/// Gemini CLI: both in `settings.json`; it counts in milliseconds.
pub(super) fn gemini(entries: &Entries, folder: &Path, remove: bool) -> Result<Plan, Failure> {
    let path = folder.join("settings.json");
    if remove {
        return without_entries(&path, Some(HookClient::Gemini));
    }
    let change = Change::edit(path, |text| {
        let patience = PATIENCE_SECONDS * 1_000;
        let mut file = with_hooks(text, entries, HookClient::Gemini, patience)?;
        file.put_server(&server(entries, "httpUrl"))?;
        Ok(file.text())
    })?;
    Ok(Plan { changes: vec![change], ..Plan::default() })
}

/// Cursor: the MCP server alone, since its hooks put nothing into a prompt.
pub(super) fn cursor(entries: &Entries, folder: &Path, remove: bool) -> Result<Plan, Failure> {
    let path = folder.join("mcp.json");
    if remove {
        return without_entries(&path, None);
    }
    let change = Change::edit(path, |text| {
        let mut file = JsonFile::read(text)?;
        file.put_server(&server(entries, "url"))?;
        Ok(file.text())
    })?;
    let note = "Cursor's conversations are not captured; it gets memory by MCP.";
    Ok(Plan { changes: vec![change], notes: vec![note.to_owned()], ..Plan::default() })
}

/// The MCP server as an entry; a running one is named in the field that the agent has for addresses.
fn server(entries: &Entries, address_field: &str) -> Map<String, Value> {
    if !entries.http {
        return entries.mcp_command();
    }
    let address = json!(Entries::mcp_address());
    [(address_field.to_owned(), address)].into_iter().collect()
}

fn with_hooks(
    text: Option<&str>,
    entries: &Entries,
    client: HookClient,
    patience: u64,
) -> Result<JsonFile, String> {
    let mut file = JsonFile::read(text)?;
    for event in client.event_names() {
        file.put_hook(client, event, &entries.shell_hook(client, event, patience))?;
    }
    Ok(file)
}

/// Takes the MCP server out of a file of JSON, and the hooks of a client that has them there.
fn without_entries(path: &Path, hooks_of: Option<HookClient>) -> Result<Plan, Failure> {
    let mut notes = Vec::new();
    let change = Change::undo(path.to_owned(), |text| {
        let mut file = JsonFile::read(text)?;
        if let Some(client) = hooks_of {
            file.remove_hooks(client)?;
        }
        if file.has_foreign_server() {
            notes = vec![foreign_stays(path)];
        }
        file.remove_server()?;
        Ok(file.text())
    })?;
    Ok(Plan { changes: vec![change], notes, ..Plan::default() })
}

/// Says that a person's own server stays.
fn foreign_stays(path: &Path) -> String {
    format!(
        "{} has an MCP server {SERVER:?} that longmem install did not write; it stays.",
        path.display()
    )
}
