//! Agents whose hooks are answered, and what their events mean.

use longmem_core::closed_words;

closed_words! {
    /// An agent that calls hooks.
    pub enum HookClient: "an agent with hooks" {
        /// Claude Code.
        ClaudeCode = "claude-code",
        /// Codex CLI.
        Codex = "codex",
        /// Gemini CLI.
        Gemini = "gemini",
    }
}

/// What an event means, whatever the agent calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A session begins, or goes on after its beginning was summed up.
    SessionBegins,
    /// A person sent a prompt, and the model has not seen it yet.
    Prompt,
    /// The transcript has grown, or is about to be cut.
    TranscriptGrew,
}

impl HookClient {
    /// The names of the events that are answered, as the agent has them.
    pub fn event_names(self) -> impl Iterator<Item = &'static str> {
        self.events().iter().map(|(name, _)| *name)
    }

    /// The events that are answered, by the names that the agent has for them, and what they mean.
    pub(crate) fn events(self) -> &'static [(&'static str, Meaning)] {
        match self {
            Self::ClaudeCode | Self::Codex => &[
                ("SessionStart", Meaning::SessionBegins),
                ("UserPromptSubmit", Meaning::Prompt),
                ("Stop", Meaning::TranscriptGrew),
                ("PreCompact", Meaning::TranscriptGrew),
                ("SessionEnd", Meaning::TranscriptGrew),
            ],
            Self::Gemini => &[
                ("SessionStart", Meaning::SessionBegins),
                ("BeforeAgent", Meaning::Prompt),
                ("AfterAgent", Meaning::TranscriptGrew),
                ("PreCompress", Meaning::TranscriptGrew),
                ("SessionEnd", Meaning::TranscriptGrew),
            ],
        }
    }
}
