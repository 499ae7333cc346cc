//! What is written into agents' files, and taken out again.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::change::{Change, make_all};
use super::entries::Entries;
use super::program::Program;
use super::{Plan, agents};

/// A folder with the files of an agent.
struct Folder(TempDir);

type Agent = fn(&Entries, &Path, bool) -> Result<Plan, crate::failure::Failure>;

const AGENTS: [Agent; 3] = [agents::codex, agents::gemini, agents::cursor];

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Carries a plan out, and says how many files changed.
    fn run(&self, agent: Agent, entries: &Entries, remove: bool) -> usize {
        let plan = agent(entries, self.0.path(), remove).unwrap();
        make_all(&plan.changes).unwrap();
        plan.changes.iter().filter(|change| !change.changes_nothing()).count()
    }
}

fn entries(path: &str, http: bool) -> Entries {
    Entries { program: Program { path: path.to_owned(), flags: Vec::new() }, http }
}

#[test]
fn installing_twice_is_installing_once_and_removing_leaves_nothing() {
    for agent in AGENTS {
        let folder = Folder::with(&[]);
        assert!(folder.run(agent, &entries("longmem", false), false) > 0);
        assert_eq!(folder.run(agent, &entries("longmem", false), false), 0);
        // Another program, and a server, take its place.
        assert!(folder.run(agent, &entries("/opt/my tools/longmem", false), false) > 0);
        assert!(folder.run(agent, &entries("longmem", true), false) > 0);
        assert!(folder.run(agent, &entries("longmem", false), true) > 0);
        assert_eq!(folder.names(), [""; 0]);
        assert_eq!(folder.run(agent, &entries("longmem", false), true), 0);
    }
}

#[test]
fn what_else_stands_in_a_file_stays_and_comes_back_byte_by_byte() {
    let hooks = r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]},
      "size": 1.50, "z": 1, "a": 2}"#;
    let config = "# mine\nmodel = 'x' # keep\n\n[mcp_servers.other]\ncommand = \"o\"\n";
    let folder = Folder::with(&[("hooks.json", hooks), ("config.toml", config)]);
    folder.run(agents::codex, &entries("longmem", false), false);
    let written = folder.text("hooks.json");
    assert!(written.contains("say done") && written.contains("longmem hook codex Stop"));
    assert!(written.find("\"z\"") < written.find("\"a\""), "the order stays: {written}");
    assert!(folder.text("config.toml").starts_with(config.trim_end()));
    assert_eq!(folder.text("hooks.json.before-longmem"), hooks);
    folder.run(agents::codex, &entries("longmem", true), false);
    folder.run(agents::codex, &entries("longmem", false), true);
    assert_eq!(
        (folder.text("hooks.json").as_str(), folder.text("config.toml").as_str()),
        (hooks, config)
    );
    assert_eq!(folder.names(), ["config.toml", "hooks.json"]);
}

#[test]
fn what_a_person_added_since_stays_when_longmem_goes() {
    let folder = Folder::with(&[("settings.json", "{\n\t\"theme\": \"dark\"\n}\n")]);
    folder.run(agents::gemini, &entries("longmem", false), false);
    let written = folder.text("settings.json");
    assert!(written.contains("\n\t\"mcpServers\""), "tabs stay tabs: {written}");
    let changed = written.replace("\"theme\"", "\"new\": true,\n\t\"theme\"").replace(
        "\"AfterAgent\": [",
        "\"AfterAgent\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"beep hook gemini x\"}]},",
    );
    fs::write(folder.0.path().join("settings.json"), changed).unwrap();
    folder.run(agents::gemini, &entries("longmem", false), true);
    let left = folder.text("settings.json");
    assert!(left.contains("\"new\": true") && left.contains("beep") && !left.contains("longmem"));
}

#[test]
fn the_copy_stays_where_the_file_is_not_as_it_was() {
    let folder = Folder::with(&[("mcp.json", "{\"theme\": \"dark\"}")]);
    folder.run(agents::cursor, &entries("longmem", false), false);
    let edited = folder.text("mcp.json").replace("dark", "light");
    fs::write(folder.0.path().join("mcp.json"), edited).unwrap();
    let plan = agents::cursor(&entries("longmem", false), folder.0.path(), true).unwrap();
    assert!(plan.changes[0].told().copy.is_some());
    folder.run(agents::cursor, &entries("longmem", false), true);
    assert_eq!(folder.text("mcp.json"), "{\"theme\": \"light\"}");
    assert_eq!(folder.text("mcp.json.before-longmem"), "{\"theme\": \"dark\"}");
}

#[test]
fn the_environment_that_a_person_gave_the_server_stays() {
    let written = r#"{"mcpServers": {"longmem": {"command": "/old/longmem", "args": ["mcp"],
        "env": {"LONGMEM_USER": "ana"}}}}"#;
    let folder = Folder::with(&[("mcp.json", written)]);
    folder.run(agents::cursor, &entries("longmem", false), false);
    let text = folder.text("mcp.json");
    assert!(text.contains("LONGMEM_USER") && !text.contains("/old/"), "{text}");
}

#[test]
fn comments_numbers_and_line_ends_stay_as_they_are() {
    let settings = "\u{feff}{\r\n  // my theme\r\n  \"theme\": \"dark\", /* \"hooks\": {} */\r\n  \"id\": \
                    123456789012345678901234567890,\r\n  \"hooks\": {\r\n    // mine\r\n  },\r\n}\r\n";
    let config = "\u{feff}model = 'x' # keep\r\n\r\n[tui]\r\ntheme = 'dark'\r\n";
    let files = [("settings.json", settings), ("config.toml", config), ("mcp.json", settings)];
    for agent in AGENTS {
        let folder = Folder::with(&files);
        assert!(folder.run(agent, &entries("longmem", false), false) > 0);
        assert_eq!(folder.run(agent, &entries("longmem", false), false), 0);
        for (name, text) in files {
            // What a person adds since stays, too.
            let edited = folder.text(name).replace("theme", "look");
            let lone_ends = edited.replace("\r\n", "").matches('\n').count();
            assert_eq!(lone_ends, 0, "{edited}");
            assert_eq!(edited.matches("// mine").count(), text.matches("// mine").count());
            fs::write(folder.0.path().join(name), edited).unwrap();
        }
        assert!(folder.run(agent, &entries("longmem", false), true) > 0);
        for (name, text) in files {
            assert_eq!(folder.text(name), text.replace("theme", "look"));
        }
    }
}

#[test]
fn a_server_of_a_persons_own_is_neither_taken_over_nor_taken_out() {
    let own = [
        r#"{"mcpServers": {"longmem": {"command": "/my/longmem", "args": ["mcp", "--read-only"]}}}"#,
        r#"{"mcpServers": {"longmem": {"command": "longmem-proxy", "args": ["mcp"]}}}"#,
        r#"{"mcpServers": {"longmem": {"url": "http://127.0.0.1:9000/mcp"}}}"#,
        r#"{"mcpServers": {"longmem": {}}}"#,
    ];
    for text in own {
        let folder = Folder::with(&[("mcp.json", text)]);
        assert!(agents::cursor(&entries("longmem", false), folder.0.path(), false).is_err());
        let plan = agents::cursor(&entries("longmem", false), folder.0.path(), true).unwrap();
        assert!(plan.changes[0].changes_nothing(), "{text}");
        assert!(plan.notes[0].contains("it stays"), "{:?}", plan.notes);
    }
    let own = "[mcp_servers.longmem]\ncommand = 'longmem'\nargs = ['mcp', '--read-only']\n";
    let folder = Folder::with(&[("config.toml", own)]);
    assert!(agents::codex(&entries("longmem", false), folder.0.path(), false).is_err());
    let plan = agents::codex(&entries("longmem", false), folder.0.path(), true).unwrap();
    assert!(plan.changes.iter().all(Change::changes_nothing) && plan.notes.len() == 1);
    let hooks = r#"{"hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": "longmem hook codex Stop && beep"}]}]}}"#;
    let folder = Folder::with(&[("hooks.json", hooks)]);
    assert_eq!(folder.run(agents::codex, &entries("longmem", false), true), 0);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_read_only_is_an_error_and_nothing_changes() {
    let files = [("hooks.json", "{}"), ("config.toml", "a = 1\n")];
    for read_only in ["hooks.json", "config.toml"] {
        let folder = Folder::with(&files);
        let path = folder.0.path().join(read_only);
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        let plan = agents::codex(&entries("longmem", false), folder.0.path(), false).unwrap();
        let error = make_all(&plan.changes).unwrap_err().to_string();
        assert!(error.contains(read_only) && error.contains("read-only"), "{error}");
        assert_eq!(folder.names(), ["config.toml", "hooks.json"]);
        for (name, text) in files {
            assert_eq!(folder.text(name), text);
        }
    }
}

#[test]
fn a_file_that_cannot_be_understood_is_not_touched() {
    let broken = [
        ("settings.json", "{ /* a comment without an end\n}"),
        ("settings.json", "[]"),
        ("settings.json", r#"{"hooks": []}"#),
        ("settings.json", r#"{"hooks": {"AfterAgent": {}}}"#),
        ("settings.json", r#"{"mcpServers": {"longmem": {"command": "npx"}}}"#),
        ("config.toml", "a = = 1"),
        ("config.toml", "[mcp_servers.longmem]\ncommand = 'npx'\n"),
        ("config.toml", "mcp_servers = 1\n"),
    ];
    for (name, text) in broken {
        let folder = Folder::with(&[(name, text)]);
        let agent = if name == "config.toml" { agents::codex } else { agents::gemini };
        assert!(agent(&entries("longmem", false), folder.0.path(), false).is_err(), "{text}");
        assert_eq!(folder.text(name), text);
        assert_eq!(folder.names(), [name], "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_a_mode_stays_as_it_is() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::with(&[("real.json", "{}")]);
    let real = folder.0.path().join("real.json");
    fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
    symlink("real.json", folder.0.path().join("mcp.json")).unwrap();
    folder.run(agents::cursor, &entries("longmem", false), false);
    assert!(folder.0.path().join("mcp.json").is_symlink());
    assert!(folder.text("real.json").contains("longmem"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    folder.run(agents::cursor, &entries("longmem", false), true);
    assert_eq!(folder.text("real.json"), "{}");
    assert!(folder.0.path().join("mcp.json").is_symlink());

    // A link to a file that is still to be made.
    fs::remove_file(&real).unwrap();
    folder.run(agents::cursor, &entries("longmem", false), false);
    assert!(folder.0.path().join("mcp.json").is_symlink());
    assert!(folder.text("real.json").contains("longmem"));
    folder.run(agents::cursor, &entries("longmem", false), true);
    assert_eq!(folder.names(), ["mcp.json"]);
}

#[test]
fn the_files_in_integrations_are_what_is_written_where_nothing_stands() {
    let folders = [("codex", AGENTS[0]), ("gemini", AGENTS[1]), ("cursor", AGENTS[2])];
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    for (name, agent) in folders {
        let folder = Folder::with(&[]);
        folder.run(agent, &entries("longmem", false), false);
        let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations").join(name);
        for file in folder.names() {
            let shown = fs::read_to_string(shown.join(&file)).unwrap();
            let written = folder.text(&file);
            assert_eq!(value(&shown), value(&written), "{name}/{file}");
            assert!(value(&shown).is_some() || shown == written, "{name}/{file}");
        }
    }
}
