//! Reads small files of every format through the public interface.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chatgpt;
mod claude_ai;
mod claude_code;
mod claude_code_queue;
mod codex;
mod containers;
mod deepseek;
mod gemini_activity;
mod gemini_cli;
mod hostile;
mod librechat;
mod llm;
mod lm_studio;
mod marks;
mod mem0;
mod messages;
mod open_webui;
mod robustness;
mod samples;
mod server_memory;
mod sharegpt;
mod slack;
mod telegram;
mod whatsapp;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use longmem_transcripts::{Format, ImportedTurn, Report, SkipReason};
use serde_json::Value;

/// A folder of files that goes away with the test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn read(path: &Path) -> (Vec<ImportedTurn>, Report) {
    let mut turns = Vec::new();
    let report = longmem_transcripts::read(path, None, &mut |turn, _| {
        turns.push(turn);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(report.turns, turns.len() as u64);
    for imported in &turns {
        assert!(!imported.turn.text.trim().is_empty());
        assert!(imported.turn.source_key.is_some());
    }
    (turns, report)
}

/// Reads content from a file of that name.
fn read_as(name: &str, content: impl AsRef<[u8]>) -> (Vec<ImportedTurn>, Report) {
    let files = Files::new();
    read(&files.write(name, content))
}

/// The format of what was read, where all of it has one.
fn only_format(report: &Report) -> Format {
    assert_eq!(report.formats.len(), 1, "{:?}", report.formats);
    *report.formats.keys().next().unwrap()
}

fn lines(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n"
}

fn texts(turns: &[ImportedTurn]) -> Vec<&str> {
    turns.iter().map(|imported| imported.turn.text.as_str()).collect()
}

fn keys(turns: &[ImportedTurn]) -> Vec<&str> {
    turns.iter().map(|imported| imported.turn.source_key.as_ref().unwrap().0.as_str()).collect()
}

fn times(turns: &[ImportedTurn]) -> Vec<String> {
    turns.iter().map(|imported| imported.turn.time.to_string()).collect()
}

fn sessions(turns: &[ImportedTurn]) -> Vec<&str> {
    turns.iter().map(|imported| imported.turn.session.as_str()).collect()
}

fn skipped(reasons: &[(SkipReason, u64)]) -> BTreeMap<SkipReason, u64> {
    reasons.iter().copied().collect()
}

fn formats_of(names: &[&str]) -> Vec<Format> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}
