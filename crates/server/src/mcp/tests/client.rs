//! A client that writes lines of JSON into a pipe, and the memory at its other end.

use std::sync::Arc;

use longmem_chat::AsyncMemory;
use longmem_core::{FixedClock, NewTurn, Role, SessionName, TextEmbedder, UserName};
use longmem_memory::{Memory, Safeguards};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};

use crate::ServerSettings;
use crate::mcp::serve_mcp;

/// What time it is in these tests: a Monday.
pub(super) fn clock() -> FixedClock {
    FixedClock("2026-03-09T10:00:00Z".parse().expect("a moment"))
}

pub(super) fn ana() -> UserName {
    UserName::new("ana").expect("a name")
}

/// A folder with or without a store, and the memory in it as a server has it.
pub(super) struct World {
    pub(super) folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(super) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("memory.db")
    }

    /// The memory, opened when it is needed, and made by the first write.
    pub(super) fn memory(&self) -> AsyncMemory {
        self.memory_with(Arc::new(WordHashEmbedder::default()))
    }

    /// The memory with this model.
    pub(super) fn memory_with(&self, embedder: Arc<dyn TextEmbedder>) -> AsyncMemory {
        let file = self.file();
        let open = move |access| {
            let if_missing = match access {
                longmem_chat::Access::Read => IfMissing::Fail,
                longmem_chat::Access::Write => IfMissing::Create,
            };
            let store = Arc::new(SqliteStore::open(&file, if_missing)?);
            Ok(Memory::new(store, Arc::clone(&embedder), Arc::new(clock())))
        };
        AsyncMemory::opening(open, Arc::new(clock()), Safeguards::default())
    }

    /// Stores what was said in a session, a minute apart, by the user and the assistant in turn.
    pub(super) async fn said(&self, user: &UserName, session: &str, texts: &[&str]) {
        let start: longmem_core::Timestamp = "2026-03-02T09:00:00Z".parse().expect("a moment");
        let session = SessionName::new(session).expect("a name");
        let turn = |(place, text): (usize, &&str)| NewTurn {
            session: session.clone(),
            session_title: Some(format!("About {session}")),
            role: if place % 2 == 0 { Role::User } else { Role::Assistant },
            speaker: None,
            text: (*text).to_owned(),
            time: start + jiff::SignedDuration::from_mins(place as i64),
            note: false,
            source_key: None,
        };
        let turns: Vec<NewTurn> = texts.iter().enumerate().map(turn).collect();
        let user = user.clone();
        let stored = self.memory().run(move |memory| memory.remember(&user, &turns)).await;
        stored.expect("they are stored");
    }

    /// A client of this memory.
    pub(super) async fn client(&self) -> Client {
        Client::of(self.memory(), ServerSettings::new(ana())).await
    }
}

/// A client that has been greeted.
pub(super) struct Client {
    to: WriteHalf<DuplexStream>,
    from: Lines<BufReader<ReadHalf<DuplexStream>>>,
    asked: i64,
}

impl Client {
    pub(super) async fn of(memory: AsyncMemory, settings: ServerSettings) -> Self {
        let mut client = Self::not_greeted(memory, settings);
        let greeting = client.ask("initialize", greeting("2025-11-25")).await;
        assert_eq!(greeting["result"]["serverInfo"]["name"], "longmem");
        client.write(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        client
    }

    pub(super) fn not_greeted(memory: AsyncMemory, settings: ServerSettings) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (input, output) = tokio::io::split(theirs);
        tokio::spawn(serve_mcp(memory, settings, input, output, std::future::pending()));
        let (from, to) = tokio::io::split(ours);
        Self { to, from: BufReader::new(from).lines(), asked: 0 }
    }

    /// Writes a line.
    pub(super) async fn write(&mut self, line: &str) {
        self.write_all(format!("{line}\n").as_bytes()).await;
    }

    /// Writes bytes, and no end of a line.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) {
        self.to.write_all(bytes).await.expect("the pipe is open");
    }

    /// Says that nothing more is asked.
    pub(super) async fn hang_up(&mut self) {
        self.to.shutdown().await.expect("the pipe is open");
    }

    /// Reads a line; none at the end.
    pub(super) async fn read(&mut self) -> Option<Value> {
        let line = self.from.next_line().await.expect("the pipe is open")?;
        Some(serde_json::from_str(&line).expect("a line of JSON"))
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let request =
            json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": parameters});
        self.write(&request.to_string()).await;
        let answer = self.read().await.expect("an answer");
        assert_eq!(answer["id"], self.asked);
        answer
    }

    /// Calls a tool that does what it is asked: its text and its JSON.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> (String, Value) {
        let result = self.result(tool, arguments).await;
        assert_eq!(result["isError"], false, "{result}");
        (text(&result), result["structuredContent"].clone())
    }

    /// Calls a tool that refuses: why.
    pub(super) async fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.result(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        assert_eq!(result["structuredContent"], Value::Null);
        text(&result)
    }

    async fn result(&mut self, tool: &str, arguments: Value) -> Value {
        let called = json!({"name": tool, "arguments": arguments});
        self.ask("tools/call", called).await["result"].clone()
    }
}

/// What a client says first.
pub(super) fn greeting(version: &str) -> Value {
    json!({
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}
    })
}

fn text(result: &Value) -> String {
    result["content"][0]["text"].as_str().expect("a text").to_owned()
}
