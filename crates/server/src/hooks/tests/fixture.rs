//! A memory with something in it, and calls of hooks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use longmem_chat::AsyncMemory;
use longmem_core::{Clock, FixedClock, Role, SessionName, Timestamp, UserName};
use longmem_memory::{Memory, MemoryError};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shared::Shared;
use crate::{
    CaughtUpTranscripts, Hook, HookAnswer, ServerSettings, TranscriptCapture, WaitingTranscripts,
    catch_up_transcripts,
};

/// A memory in a folder of its own.
pub(super) struct Fixture {
    pub(super) memory: Arc<Memory>,
    pub(super) user: UserName,
    pub(super) folder: TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::at("2026-03-02T10:00:00Z".parse().unwrap())
    }

    /// A memory whose clock says this.
    pub(super) fn at(now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(FixedClock(now));
        let embedder = Arc::new(WordHashEmbedder::default());
        let memory = Arc::new(Memory::new(Arc::new(store), embedder, clock));
        Self { memory, user: UserName::new("ana").unwrap(), folder }
    }

    /// Stores turns of a person and indexes them.
    pub(super) fn say(&self, session: &str, texts: &[&str]) {
        for text in texts {
            let session = SessionName::new(session).unwrap();
            let turn = self.memory.new_turn(session, Role::User, *text);
            self.memory.remember(&self.user, &[turn]).unwrap();
        }
        self.memory.catch_up(&self.user).unwrap();
    }

    /// What a hook answers.
    pub(super) fn answer(&self, client: &str, event: &str, input: &Value) -> HookAnswer {
        self.try_answer(client, event, input).unwrap()
    }

    pub(super) fn try_answer(
        &self,
        client: &str,
        event: &str,
        input: &Value,
    ) -> Result<HookAnswer, MemoryError> {
        let hook = Hook::read(client, event, input.to_string().as_bytes()).unwrap();
        hook.answer(&self.memory, &self.user, &TimeZone::UTC)
    }

    /// What a prompt gets.
    pub(super) fn prompt(&self, session: &str, prompt: &str) -> Option<String> {
        let input = json!({"session_id": session, "prompt": prompt});
        self.answer("claude-code", "UserPromptSubmit", &input).text().map(str::to_owned)
    }

    /// The transcripts that wait.
    pub(super) fn waiting(&self) -> WaitingTranscripts {
        WaitingTranscripts::in_folder(self.folder.path().join("waiting"))
    }

    /// What a server of this memory shares.
    pub(super) fn shared(&self) -> Arc<Shared> {
        let mut settings = ServerSettings::new(self.user.clone());
        settings.transcripts = Some(TranscriptCapture::new(self.waiting(), Vec::new()));
        let memory = AsyncMemory::one_at_a_time(Arc::clone(&self.memory));
        Arc::new(Shared::new(memory, settings))
    }

    /// Notes that a transcript has grown, as the hook after an answer does.
    pub(super) fn stop(&self, client: &str, transcript: &Path) {
        let event = if client == "gemini" { "AfterAgent" } else { "Stop" };
        let input = json!({
            "session_id": "s1", "transcript_path": transcript, "cwd": "/projects/gateway",
        });
        let hook = Hook::read(client, event, input.to_string().as_bytes()).unwrap();
        self.waiting().note(&hook.grown_transcript(&self.user).unwrap()).unwrap();
    }

    pub(super) fn catch_up(&self) -> CaughtUpTranscripts {
        catch_up_transcripts(&self.memory, &self.waiting()).unwrap()
    }

    /// The texts of all turns of a session.
    pub(super) fn texts(&self, session: &str) -> Vec<String> {
        let session = SessionName::new(session).unwrap();
        let turns = self.memory.session_turns(&self.user, &session, None, None).unwrap();
        turns.into_iter().map(|turn| turn.text).collect()
    }

    /// Writes a transcript of Claude Code with these prompts, each with an answer.
    pub(super) fn transcript(&self, name: &str, prompts: &[&str]) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut lines = String::new();
        for (place, prompt) in prompts.iter().enumerate() {
            for (role, text) in
                [("user", (*prompt).to_owned()), ("assistant", format!("On {prompt}"))]
            {
                let content = match role {
                    "user" => json!(text),
                    _ => json!([{"type": "text", "text": text}]),
                };
                let line = json!({
                    "type": role, "uuid": format!("{name}-{role}-{place}"), "sessionId": "s1",
                    "parentUuid": null, "isSidechain": false, "version": "2.1.332",
                    "timestamp": format!("2026-03-01T09:{place:02}:00Z"),
                    "message": {"role": role, "content": content},
                });
                lines.extend([line.to_string().as_str(), "\n"]);
            }
        }
        std::fs::write(&path, lines).unwrap();
        path
    }
}
