//! What is watched: the folders of agents, and folders and files of the user's own.

use std::path::{Component, Path, PathBuf};

use longmem_core::closed_words;

closed_words! {
    /// An agent whose transcripts are captured.
    pub enum WatchSource: "an agent whose transcripts are captured" {
        /// Claude Code; its folder is `projects`.
        ClaudeCode = "claude-code",
        /// Codex; its folder is `sessions`.
        Codex = "codex",
        /// Gemini CLI; its folder is `tmp`.
        GeminiCli = "gemini" | "gemini-cli",
    }
}

/// A folder or file that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFolder {
    path: PathBuf,
    /// Whose folder it is; none for the user's own.
    source: Option<WatchSource>,
}

impl WatchedFolder {
    /// The folder in which an agent keeps its transcripts. It need not exist yet.
    pub fn of_agent(source: WatchSource, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), source: Some(source) }
    }

    /// A transcript, or a folder in which every file `*.json` and `*.jsonl` may be one.
    pub fn own(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), source: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same folder by its real path, under which the system tells of changes; none if it does not
    /// exist.
    pub(crate) fn resolved(&self) -> Option<Self> {
        let path = std::fs::canonicalize(&self.path).ok()?;
        Some(Self { path, source: self.source })
    }

    /// Number of folders below it in which transcripts are looked for.
    pub(crate) fn depth(&self) -> usize {
        match self.source {
            Some(WatchSource::ClaudeCode) => 1,
            Some(WatchSource::GeminiCli) => 2,
            Some(WatchSource::Codex) | None => 12,
        }
    }

    /// Whether a file may be a transcript of it, by its path. What subagents of Claude Code said is
    /// none.
    pub(crate) fn admits(&self, file: &Path) -> bool {
        let Ok(within) = file.strip_prefix(&self.path) else { return false };
        let names: Vec<_> = within
            .components()
            .map(|part| match part {
                Component::Normal(name) => name.to_string_lossy(),
                _ => "".into(),
            })
            .collect();
        let Some(name) = names.last() else { return self.source.is_none() };
        let extension = Path::new(&**name).extension().and_then(|extension| extension.to_str());
        let (is_lines, is_document) = (extension == Some("jsonl"), extension == Some("json"));
        match self.source {
            Some(WatchSource::ClaudeCode) => {
                names.len() == 2 && is_lines && !name.starts_with("agent-")
            }
            Some(WatchSource::Codex) => is_lines && name.starts_with("rollout-"),
            Some(WatchSource::GeminiCli) => {
                names.len() == 3
                    && names[1] == "chats"
                    && name.starts_with("session-")
                    && (is_lines || is_document)
            }
            None => (is_lines || is_document) && !names.iter().any(|name| name.starts_with('.')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_transcripts_of_conversations_are_admitted() {
        let root = Path::new("/r");
        let cases = [
            (Some(WatchSource::ClaudeCode), "-work/0f1e.jsonl", true),
            (Some(WatchSource::ClaudeCode), "-work/agent-0f1e.jsonl", false),
            (Some(WatchSource::ClaudeCode), "-work/0f1e/subagents/agent-1.jsonl", false),
            (Some(WatchSource::ClaudeCode), "-work/memory/notes.md", false),
            (Some(WatchSource::Codex), "2026/03/08/rollout-2026-03-08.jsonl", true),
            (Some(WatchSource::Codex), "2026/03/08/rollout-2026-03-08.jsonl.tmp", false),
            (Some(WatchSource::Codex), "history.jsonl", false),
            (Some(WatchSource::GeminiCli), "5f3a/chats/session-1.jsonl", true),
            (Some(WatchSource::GeminiCli), "5f3a/chats/session-1.json", true),
            (Some(WatchSource::GeminiCli), "5f3a/logs.json", false),
            (Some(WatchSource::GeminiCli), "5f3a/chats/x/session-1.json", false),
            (None, "talks/a.jsonl", true),
            (None, "talks/.git/a.json", false),
            (None, "talks/a.md", false),
        ];
        for (source, file, admitted) in cases {
            let folder = WatchedFolder { path: root.to_owned(), source };
            assert_eq!(folder.admits(&root.join(file)), admitted, "{source:?} {file}");
        }
        assert!(WatchedFolder::own("/r/talk.txt").admits(Path::new("/r/talk.txt")));
        assert!(!WatchedFolder::own("/r").admits(Path::new("/elsewhere/a.jsonl")));
    }
}
