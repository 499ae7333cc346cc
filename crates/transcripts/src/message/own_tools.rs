//! Knows the calls that read longmem itself: what they print is in memory already.

use serde_json::Value;

/// The name of the program, of its MCP server and of its plugin.
const OWN_NAME: &str = "longmem";

/// Fields in which tools that run commands take them.
const COMMAND_FIELDS: [&str; 5] = ["command", "cmd", "script", "code", "input"];

/// Whether a call reads longmem's memory: a tool of its MCP server, or its command line in a shell.
///
/// Clients name an MCP server's tools in their own ways (`mcp__longmem__recall`,
/// `mcp__plugin_longmem_memory__recall`, `mcp_longmem_recall`), and each has longmem's name in it.
pub(super) fn reads_memory(tool: &str, arguments: &Value) -> bool {
    tool.to_ascii_lowercase().contains(OWN_NAME)
        || COMMAND_FIELDS.iter().any(|field| command_runs_longmem(&arguments[*field]))
        || command_runs_longmem(arguments)
}

/// Whether a command, as one text or as a list of words, runs longmem.
fn command_runs_longmem(command: &Value) -> bool {
    match command {
        Value::String(text) => runs_longmem(text),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            runs_longmem(&words.join(" "))
        }
        _ => false,
    }
}

/// Whether a shell's text runs longmem: its name, with or without a folder, stands where a program
/// is named, and is not only the name of a file or a folder.
fn runs_longmem(text: &str) -> bool {
    if !text.contains(OWN_NAME) {
        return false;
    }
    // A program that a tool runs can call other tools by their names.
    let mut identifiers = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if identifiers.any(|name| name.starts_with("mcp_") && name.contains(OWN_NAME)) {
        return true;
    }
    let mut at_program = true;
    let mut words = text.split_inclusive(|c: char| c.is_whitespace() || ";|&()`{}".contains(c));
    words.any(|piece| {
        let separates = piece.ends_with(|c: char| ";|&()`{}\n".contains(c));
        let word = piece
            .trim_end_matches(|c: char| c.is_whitespace() || ";|&()`{}".contains(c))
            .trim_matches(['"', '\'', '$']);
        let runs = at_program && is_own_program(word);
        if separates || (at_program && leaves_program_open(word)) || runs_a_text(word) {
            at_program = true;
        } else if !word.is_empty() {
            at_program = false;
        }
        runs
    })
}

fn is_own_program(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name) == OWN_NAME
}

/// Whether the program that runs is named after this word: a program that runs another, one of its
/// options or numbers, a shell's keyword, or a variable's value.
fn leaves_program_open(word: &str) -> bool {
    const RUN_ANOTHER: [&str; 17] = [
        "bash", "sh", "zsh", "env", "sudo", "time", "nice", "nohup", "exec", "command", "xargs",
        "timeout", "then", "do", "else", "if", "!",
    ];
    word.is_empty()
        || word.starts_with('-')
        || word.contains('=')
        || word.starts_with(|c: char| c.is_ascii_digit())
        || RUN_ANOTHER.contains(&word.rsplit('/').next().unwrap_or(word))
}

/// Whether the word after this one begins a shell's text: `-c`, `-lc`, `cmd:`.
fn runs_a_text(word: &str) -> bool {
    if word.ends_with(':') {
        return COMMAND_FIELDS.contains(&word.trim_matches(['"', ':']));
    }
    word.strip_prefix('-').is_some_and(|options| {
        options.len() <= 4
            && options.ends_with('c')
            && options.chars().all(|c| c.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn our_own_tools_are_known_under_every_name_that_clients_give_them() {
        for name in [
            "mcp__longmem__recall",
            "mcp__plugin_longmem_memory__memory_search",
            "mcp_longmem_memory_search",
            "longmem.recall",
            "Longmem__recall",
        ] {
            assert!(reads_memory(name, &json!({})), "{name}");
        }
        assert!(!reads_memory("mcp__memory__search", &json!({"query": "longmem"})));
    }

    #[test]
    fn a_shell_that_runs_longmem_is_known() {
        for command in [
            "longmem recall port",
            "cd /tmp && longmem context x",
            "LONGMEM_DB=/a/b longmem recall x | head -3",
            "echo $(/usr/local/bin/longmem recall x)",
            "timeout 5 longmem.exe ask y",
            "set -e\nlongmem export",
            "bash -lc \"longmem recall x\"",
            "if longmem recall x; then echo y; fi",
            "longmem",
        ] {
            assert!(reads_memory("Bash", &json!({"command": command})), "{command}");
        }
        let words = json!({"command": ["bash", "-lc", "longmem recall x"]});
        assert!(reads_memory("shell", &words));
        assert!(reads_memory("exec_command", &json!({"cmd": "longmem recall x"})));
        for code in [
            "longmem recall x",
            "await tools.exec_command({cmd: \"longmem recall x\"})",
            "const r = await tools.mcp__longmem__memory_search({query: 'x'})",
        ] {
            assert!(reads_memory("exec", &json!(code)), "{code}");
        }
    }

    #[test]
    fn a_folder_by_the_same_name_is_no_program() {
        for command in [
            "cd /src/longmem && cargo test",
            "ls longmem ",
            "grep -r longmem src",
            "git commit -m \"longmem reads Codex\"",
            "cat ~/.config/longmem/settings.toml",
            "longmemory recall x",
        ] {
            assert!(!reads_memory("Bash", &json!({"command": command})), "{command}");
        }
    }
}
