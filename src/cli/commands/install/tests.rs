//! What is written into agents' files, and taken out again.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

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
        plan.changes.iter().filter(|change| change.make().unwrap().is_some()).count()
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
fn the_environment_that_a_person_gave_the_server_stays() {
    let written = r#"{"mcpServers": {"longmem": {"command": "/old/longmem", "args": ["mcp"],
        "env": {"LONGMEM_USER": "ana"}}}}"#;
    let folder = Folder::with(&[("mcp.json", written)]);
    folder.run(agents::cursor, &entries("longmem", false), false);
    let text = folder.text("mcp.json");
    assert!(text.contains("LONGMEM_USER") && !text.contains("/old/"), "{text}");
}

#[test]
fn a_file_that_cannot_be_understood_is_not_touched() {
    let broken = [
        ("settings.json", "{ // a comment\n}"),
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
