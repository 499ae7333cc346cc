//! The MCP server in Codex's configuration file, beside whatever else stands in it.

use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::diff::{Line, compared};
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
                "{SERVERS} has a server {SERVER:?} that longmem did not write; give that another name"
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
    Ok(with_line_ends_of(text, &document.to_string()))
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
        // A table that stands there by itself is a person's own, and stays; one that only names of
        // servers imply goes with the last of them.
        servers.remove(SERVER);
    }
    let text = with_line_ends_of(text, &document.to_string());
    Ok((!text.trim().is_empty()).then_some(text))
}

/// Whether there is an MCP server with longmem's name that longmem did not write.
pub(super) fn has_foreign_server(text: &str) -> bool {
    let document = read(text).unwrap_or_default();
    let servers = document.get(SERVERS).and_then(Item::as_table_like);
    servers.and_then(|servers| servers.get(SERVER)).is_some_and(|server| !is_own(server))
}

/// Reads the text; `toml_edit` writes all line ends as `\n`.
fn read(text: &str) -> Result<DocumentMut, String> {
    let text = text.replace("\r\n", "\n");
    text.parse().map_err(|error: toml_edit::TomlError| format!("expected TOML: {error}"))
}

fn is_own(server: &Item) -> bool {
    let text = |name| server.get(name).and_then(Item::as_str);
    let arguments = server.get("args").and_then(Item::as_array).into_iter().flatten();
    let arguments: Option<Vec<String>> =
        arguments.map(|argument| argument.as_str().map(str::to_owned)).collect();
    is_own_server(text("command"), &arguments.unwrap_or_default(), text("url"))
}

/// The new text with the byte order mark and the line ends that the old one has: a line that stays keeps
/// its own, and a new one gets that of most others.
fn with_line_ends_of(old: &str, new: &str) -> String {
    let mark = if old.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    if !old.contains("\r\n") {
        return format!("{mark}{}", new.trim_start_matches('\u{feff}'));
    }
    let (old, new) = (old.trim_start_matches('\u{feff}'), new.trim_start_matches('\u{feff}'));
    let content = |line: &str| line.trim_end_matches('\n').trim_end_matches('\r').to_owned();
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let carried = old.iter().filter(|line| line.ends_with("\r\n")).count();
    let end = if carried * 2 > old.len() { "\r\n" } else { "\n" };
    let contents: Vec<String> = old.iter().map(|line| content(line)).collect();
    let contents: Vec<&str> = contents.iter().map(String::as_str).collect();
    let mut rest = old.iter();
    let mut text = mark.to_owned();
    for line in compared(&contents, &new.lines().collect::<Vec<_>>()) {
        match line {
            Line::Same(line) => {
                let old = rest.next().copied().unwrap_or_default();
                text.push_str(line);
                text.push_str(if old.ends_with("\r\n") { "\r\n" } else { "\n" });
            }
            Line::Out(_) => drop(rest.next()),
            Line::In(line) => text.extend([line, end]),
        }
    }
    if !new.ends_with('\n') {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::install::program::Program;

    #[test]
    fn every_other_byte_of_a_file_stays_when_the_server_comes_and_goes() {
        let program = Program { path: "longmem".to_owned(), flags: Vec::new() };
        let entries = Entries { program, http: false };
        for text in [
            "",
            "# mine\nmodel = 'x' # keep\n\n[mcp_servers.other]\ncommand = \"o\"\n",
            "# mine\r\nmodel = 'x' # keep\r\n\r\n[mcp_servers.other]\r\ncommand = \"o\"\r\n",
            "\u{feff}model = 'x'\r\ntext = \"\"\"\r\na\r\n\"\"\"\r\n",
            "a = 1\r\nb = 2\nc = 123_456\r\n[t]\n  indented = { x = 1,y = 2 }\n\n\n# the end\n",
            "a = 1\n[[hooks]]\nx = 1\n\n[[hooks]]\nx = 2\n",
            "[mcp_servers]\n# mine\n",
            "a = 1\n\n[mcp_servers] # mine\n\n[z]\nx = 2\n",
        ] {
            let with = with_server(text, &entries).unwrap();
            assert!(with.contains("[mcp_servers.longmem]"), "{with}");
            if text.contains("\r\n") && !text.contains("b = 2\n") {
                assert_eq!(with.matches('\n').count(), with.matches("\r\n").count(), "{with:?}");
            }
            assert_eq!(without_server(&with).unwrap().unwrap_or_default(), text, "{with:?}");
        }
    }
}
