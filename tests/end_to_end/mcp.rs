//! `longmem mcp`: what a program that starts it gets over the pipe, and how it ends.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::Home;

/// How long a process may take to end before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client at the other end of the pipe.
struct Client {
    child: Child,
    input: Option<ChildStdin>,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    asked: u64,
}

impl Client {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::of(home.longmem(&[&["mcp"], arguments].concat()))
    }

    fn of(mut command: Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, lines, asked: 0 }
    }

    fn write(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Asks, and reads the next line, which must be the answer.
    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters});
        self.write(&request.to_string());
        let line = self.lines.next().expect("an answer").unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(id)), "{line}");
        answer
    }

    fn greeted(mut self, version: &str) -> Self {
        let client = json!({"name": "test", "version": "1"});
        let hello = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
        let greeting = self.ask("initialize", &hello);
        assert_eq!(greeting["result"]["protocolVersion"], version);
        self.write(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        self
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        answer["result"].clone()
    }

    /// Closes the pipe; all that is still written must be answers. Gives the exit code.
    fn hang_up(mut self) -> Option<i32> {
        drop(self.input.take());
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            let answer: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(answer["jsonrpc"], "2.0", "{line}");
        }
        ended(&mut self.child)
    }
}

/// Waits for the end, which must come; the exit code.
fn ended(child: &mut Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[test]
fn the_output_holds_the_protocol_and_nothing_else() {
    for version in ["2025-06-18", "2025-11-25"] {
        let home = Home::new().with_history().with("RUST_LOG", "trace").with("RUST_BACKTRACE", "1");
        let mut client = Client::start(&home, &[]).greeted(version);
        client.write("this is no JSON");
        let answer = client.lines.next().expect("an answer").unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &Value::Null));
        let tools = client.ask("tools/list", &json!({}));
        assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 8);
        let found = client.call("memory_search", &json!({"query": "kitchen budget"}));
        assert!(text(&found).contains("11,500 euros"), "{found}");
        client.call("memory_search", &json!({"query": 7}));
        assert_eq!(client.ask("no/method", &json!({}))["error"]["code"], -32601);
        assert_eq!(client.hang_up(), Some(0));
    }
}

#[test]
fn the_newest_version_of_the_protocol_needs_no_greeting() {
    let home = Home::new().with_history();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut client = Client::start(&home, &[]);
    let found = client.ask("server/discover", &json!({"_meta": meta}));
    let server = &found["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(server["name"], "longmem", "{found}");
    let asked = json!({"name": "memory_recent", "arguments": {"limit": 1}, "_meta": meta});
    let recent = client.ask("tools/call", &asked);
    assert_eq!(recent["result"]["structuredContent"]["turns"][0]["id"], 7);
    assert_eq!(client.hang_up(), Some(0));
}

#[test]
fn without_the_model_words_are_searched_and_it_is_said_why() {
    let home = Home::new().with_history();
    let mut client = Client::start(&home, &[]).greeted("2025-06-18");
    let found = client.call("memory_search", &json!({"query": "Which budget has the kitchen?"}));
    assert_eq!(found["structuredContent"]["degraded"], json!(["model_missing"]), "{found}");
    let said = text(&found);
    assert!(
        said.contains("11,500 euros") && said.contains("by words only, since the embedding model")
    );
    let status = client.call("memory_status", &json!({}));
    assert_eq!(status["structuredContent"]["model_state"], "failed", "{status}");
    assert_eq!(client.hang_up(), Some(0));
}

#[test]
fn with_the_model_the_first_search_finds_by_meaning_what_was_just_added() {
    let home = Home::with_model();
    let mut client = Client::start(&home, &[]).greeted("2025-11-25");
    client.call("memory_add", &json!({"text": "I moved to Lisbon in March."}));
    let found = client.call("memory_search", &json!({"query": "In which city do I live?"}));
    let found = &found["structuredContent"];
    assert_eq!(found["results"][0]["text"], "I moved to Lisbon in March.", "{found}");
    assert!(found.get("degraded").is_none(), "{found}");
    assert_eq!(client.hang_up(), Some(0));
    let stats = home.run(&["stats", "--json"]).succeeds().json();
    assert_eq!((&stats["turns"], &stats["vectors"]), (&json!(1), &json!(1)));
}

#[test]
fn a_store_that_is_none_is_said_by_every_tool() {
    let home = Home::new();
    std::fs::create_dir_all(home.store().parent().unwrap()).unwrap();
    std::fs::write(home.store(), "this is a letter, and no store").unwrap();
    let mut client = Client::start(&home, &[]).greeted("2025-11-25");
    for (tool, arguments) in [
        ("memory_search", json!({"query": "port"})),
        ("memory_add", json!({"text": "Tea is at five."})),
        ("memory_status", json!({})),
    ] {
        let refused = client.call(tool, &arguments);
        assert_eq!(refused["isError"], true);
        let said = text(&refused);
        assert!(said.contains("memory.db") && said.contains("--db"), "{said}");
    }
    // The same server works once the file is gone.
    std::fs::remove_file(home.store()).unwrap();
    assert_eq!(client.call("memory_add", &json!({"text": "Tea."}))["isError"], false);
    assert_eq!(client.hang_up(), Some(0));
}

#[test]
fn a_store_is_made_by_the_first_write_and_never_by_a_reader() {
    let home = Home::new();
    let mut reader = Client::start(&home, &["--read-only"]).greeted("2025-11-25");
    assert_eq!(text(&reader.call("memory_recent", &json!({}))), "Nothing is stored yet.");
    assert_eq!(reader.call("memory_add", &json!({"text": "Tea."}))["isError"], true);
    assert!(!home.store().exists());
    let mut writer = Client::start(&home, &["--user", "ana"]).greeted("2025-11-25");
    writer.call("memory_add", &json!({"text": "Tea is at five."}));
    assert_eq!(writer.hang_up(), Some(0));
    assert_eq!(home.exported("ana")[0]["text"], "Tea is at five.");
    assert_eq!(text(&reader.call("memory_recent", &json!({}))), "Nothing is stored yet.");
    assert_eq!(reader.hang_up(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_well() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let home = Home::new();
        let mut client = Client::start(&home, &[]).greeted("2025-11-25");
        let id = client.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(ended(&mut client.child), Some(0), "{signal}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn it_ends_when_its_parent_is_gone_though_somebody_holds_its_input_open() {
    let home = Home::new();
    // The shell stays its parent, and hands its own input on.
    let mut shell = home.process("sh");
    shell.args(["-c", "exec 3<&0; longmem mcp <&3 & echo $! > child; wait"]);
    let mut client = Client::of(shell).greeted("2025-11-25");
    let child: u32 = std::fs::read_to_string(home.path("child")).unwrap().trim().parse().unwrap();
    let place = std::path::PathBuf::from(format!("/proc/{child}"));
    assert!(place.exists());
    client.child.kill().unwrap();
    client.child.wait().unwrap();
    let began = Instant::now();
    while is_running(&place) {
        assert!(began.elapsed() < PATIENCE, "it stays behind");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a process is there, and not one that has ended and waits to be seen.
#[cfg(target_os = "linux")]
fn is_running(place: &std::path::Path) -> bool {
    let status = std::fs::read_to_string(place.join("stat")).unwrap_or_default();
    let state = status.rsplit(") ").next().unwrap_or_default();
    !state.is_empty() && !state.starts_with('Z')
}
