//! The MCP server in Codex's configuration file, beside whatever else stands in it.

use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::entries::{Entries, SERVER, is_own_server};

/// The table of MCP servers.
const SERVERS: &str = "mcp_servers";

/// The text of the file with the server in it.
///
/// # Errors
/// What is wrong with the file, in words; if another server has the name.
pub(super) fn with_server(text: &str, entries: &Entries) -> Result<String, String> {
    let mut document = read(text)?;
    if document.get(SERVERS).is_none() {
        let mut servers = Table::new();
        servers.set_implicit(true);
        document.insert(SERVERS, Item::Table(servers));
    }
    let servers =
        document[SERVERS].as_table_like_mut().ok_or_else(|| format!("{SERVERS} is no table"))?;
    match servers.get(SERVER) {
        None => {
            servers.insert(SERVER, Item::Table(Table::new()));
        }
        Some(old) if !is_own(old) => {
            return Err(format!(
                "{SERVERS}.{SERVER} is there already, and longmem did not write it"
            ));
        }
        Some(_) => {}
    }
    let server = servers
        .get_mut(SERVER)
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("{SERVERS}.{SERVER} is no table"))?;
    let (put, taken_out) = if entries.http {
        (vec![("url", value(Entries::mcp_address()))], ["command", "args"].as_slice())
    } else {
        let arguments: Array = entries.program.arguments(&["mcp"]).into_iter().collect();
        (
            vec![("command", value(&entries.program.path)), ("args", value(arguments))],
            ["url"].as_slice(),
        )
    };
    for name in taken_out {
        server.remove(name);
    }
    for (name, item) in put {
        // What is the same keeps its comment.
        if server
            .get(name)
            .map(Item::to_string)
            .is_none_or(|old| old.trim() != item.to_string().trim())
        {
            server.insert(name, item);
        }
    }
    Ok(document.to_string())
}

/// The text of the file without the server; none if nothing is left of it.
///
/// # Errors
/// What is wrong with the file, in words.
pub(super) fn without_server(text: &str) -> Result<Option<String>, String> {
    let mut document = read(text)?;
    if let Some(servers) = document.get_mut(SERVERS).and_then(Item::as_table_like_mut)
        && servers.get(SERVER).is_some_and(is_own)
    {
        servers.remove(SERVER);
        if servers.is_empty() {
            document.remove(SERVERS);
        }
    }
    let text = document.to_string();
    Ok((!text.trim().is_empty()).then_some(text))
}

fn read(text: &str) -> Result<DocumentMut, String> {
    text.parse().map_err(|error: toml_edit::TomlError| format!("expected TOML: {error}"))
}

fn is_own(server: &Item) -> bool {
    let text = |name| server.get(name).and_then(Item::as_str);
    is_own_server(text("command"), text("url"))
}
