//! Where coding agents keep their transcripts.

use std::path::{Path, PathBuf};

use longmem::environment;
use longmem_core::ErrorCode;

use crate::failure::Failure;

/// A coding agent whose transcripts are found without a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agent {
    ClaudeCode,
    Codex,
    GeminiCli,
}

impl Agent {
    /// Its name.
    fn name(self) -> &'static str {
        match self {
            Agent::ClaudeCode => "Claude Code",
            Agent::Codex => "Codex",
            Agent::GeminiCli => "Gemini CLI",
        }
    }

    /// Every agent.
    const ALL: [Self; 3] = [Agent::ClaudeCode, Agent::Codex, Agent::GeminiCli];

    /// The variable that names the agent's own folder.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Agent::ClaudeCode => environment::CLAUDE_CONFIG_DIR,
            Agent::Codex => environment::CODEX_HOME,
            Agent::GeminiCli => environment::GEMINI_CLI_HOME,
        }
    }

    /// The agent's own folder: the one that its variable names, or else in the home folder.
    pub(crate) fn own_folder(self, named: Option<&str>, home: &Path) -> PathBuf {
        match (self, named) {
            (Agent::ClaudeCode | Agent::Codex, Some(folder)) => PathBuf::from(folder),
            // The variable names what stands in the place of the home folder.
            (Agent::GeminiCli, Some(folder)) => Path::new(folder).join(self.folder_name()),
            (_, None) => home.join(self.folder_name()),
        }
    }

    /// The name of the agent's folder in the home folder, and in that of a project.
    pub(crate) fn folder_name(self) -> &'static str {
        match self {
            Agent::ClaudeCode => ".claude",
            Agent::Codex => ".codex",
            Agent::GeminiCli => ".gemini",
        }
    }

    /// The folder in which it writes transcripts now, which need not exist yet.
    pub(crate) fn watched(self, own_folder: Option<&str>, home: &Path) -> PathBuf {
        let below = match self {
            Agent::ClaudeCode => "projects",
            Agent::Codex => "sessions",
            Agent::GeminiCli => "tmp",
        };
        self.own_folder(own_folder, home).join(below)
    }

    /// The folders with its transcripts: below the folder that its own variable names, or else in the
    /// home folder.
    ///
    /// # Errors
    /// [`Failure::Refused`] where there is none.
    pub(crate) fn folders(
        self,
        own_folder: Option<&str>,
        home: &Path,
    ) -> Result<Vec<PathBuf>, Failure> {
        let folder = self.own_folder(own_folder, home);
        let mut folders = match self {
            Agent::ClaudeCode => vec![folder.join("projects")],
            Agent::Codex => vec![folder.join("sessions"), folder.join("archived_sessions")],
            Agent::GeminiCli => {
                let projects = fs_err::read_dir(folder.join("tmp")).into_iter().flatten().flatten();
                projects.map(|project| project.path().join("chats")).collect()
            }
        };
        folders.retain(|folder| folder.is_dir());
        folders.sort();
        if folders.is_empty() {
            return Err(Failure::refused(
                ErrorCode::FileNotFound,
                format!("there are no transcripts of {} in {}", self.name(), folder.display()),
                "If they are elsewhere, name their folder: longmem import FOLDER.",
            ));
        }
        Ok(folders)
    }
}

/// The folders in which all agents write transcripts now, whether they are there yet or not. `named` tells
/// what a variable says.
pub(crate) fn transcript_folders(
    home: &Path,
    named: impl Fn(&str) -> Option<String>,
) -> Vec<PathBuf> {
    let of_agent = |agent: Agent| agent.watched(named(agent.variable()).as_deref(), home);
    Agent::ALL.into_iter().map(of_agent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcripts_are_found_where_each_agent_keeps_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        for made in [
            ".claude/projects/-work",
            ".codex/archived_sessions",
            ".codex/sessions/2026",
            ".gemini/tmp/b/chats",
            ".gemini/tmp/a/chats",
            ".gemini/tmp/bin",
            "moved/projects",
        ] {
            std::fs::create_dir_all(home.join(made)).unwrap();
        }
        let cases = [
            (Agent::ClaudeCode, None, vec![".claude/projects"]),
            (Agent::ClaudeCode, Some("moved"), vec!["moved/projects"]),
            (Agent::Codex, None, vec![".codex/archived_sessions", ".codex/sessions"]),
            (Agent::GeminiCli, None, vec![".gemini/tmp/a/chats", ".gemini/tmp/b/chats"]),
            (Agent::GeminiCli, Some(""), vec![".gemini/tmp/a/chats", ".gemini/tmp/b/chats"]),
        ];
        for (agent, own, expected) in cases {
            let own = own.map(|own| home.join(own).display().to_string());
            let expected: Vec<PathBuf> = expected.iter().map(|path| home.join(path)).collect();
            assert_eq!(agent.folders(own.as_deref(), home).unwrap(), expected, "{agent:?}");
        }
        assert_eq!(Agent::GeminiCli.watched(None, home), home.join(".gemini/tmp"));
        assert_eq!(Agent::Codex.watched(Some("/nowhere"), home), Path::new("/nowhere/sessions"));
        let error = Agent::Codex.folders(Some("/nowhere"), home).unwrap_err();
        assert_eq!(error.to_string(), "there are no transcripts of Codex in /nowhere");
    }
}
