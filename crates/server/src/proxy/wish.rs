//! What a request wants of memory.

use axum::http::HeaderMap;

use super::settings::{ProxyMode, ProxySettings};

/// Chooses a mode for one request.
const MODE: &str = "x-longmem-mode";

/// `off` stores nothing of one request.
const CAPTURE: &str = "x-longmem-capture";

/// Set by Claude Code.
const CLAUDE_CODE: &str = "x-claude-code-session-id";

/// Set by Claude Code where no person asks: for a subagent.
const SUBAGENTS: [&str; 2] = ["x-claude-code-agent-id", "x-claude-code-parent-agent-id"];

/// How the value of `originator` begins that Codex sends.
const CODEX: &str = "codex_";

/// What a request wants of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    /// What is done with what is recalled.
    pub(super) mode: ProxyMode,
    /// Whether what is asked and answered is stored.
    pub(super) captures: bool,
    /// Why that is not what the request says.
    pub(super) degraded: Option<&'static str>,
}

impl Wish {
    /// What the headers of a request say, else the settings.
    pub(super) fn of(headers: &HeaderMap, settings: &ProxySettings) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_codex = || text("originator").is_some_and(|program| program.starts_with(CODEX));
        let is_coding_agent = headers.contains_key(CLAUDE_CODE) || is_codex();
        let is_subagent = SUBAGENTS.iter().any(|name| headers.contains_key(*name));
        if is_subagent || (is_coding_agent && !settings.coding_agents) {
            return Self { mode: ProxyMode::Off, captures: false, degraded: None };
        }
        let named = headers.get(MODE).map(|_| text(MODE).unwrap_or_default().trim().parse());
        let (mode, degraded) = match named {
            Some(Ok(mode)) => (mode, None),
            Some(Err(_)) => (settings.mode, Some("unknown_mode")),
            None => (settings.mode, None),
        };
        let is_off = text(CAPTURE).is_some_and(|value| value.trim().eq_ignore_ascii_case("off"));
        Self { mode, captures: settings.capture && !is_off, degraded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(headers: &[(&'static str, &str)], settings: &ProxySettings) -> (ProxyMode, bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let wish = Wish::of(&map, settings);
        (wish.mode, wish.captures)
    }

    #[test]
    fn a_request_may_choose_and_coding_agents_get_nothing_unless_they_are_allowed_to() {
        let mut settings = ProxySettings::default();
        let (sticky, off) = (ProxyMode::Sticky, ProxyMode::Off);
        assert_eq!(wish(&[], &settings), (sticky, true));
        assert_eq!(wish(&[(MODE, "Ephemeral")], &settings), (ProxyMode::Ephemeral, true));
        assert_eq!(wish(&[(MODE, "off"), (CAPTURE, "Off")], &settings), (off, false));
        assert_eq!(wish(&[(MODE, "always")], &settings), (sticky, true));
        let codex = ("originator", "codex_exec");
        for agent in [(CLAUDE_CODE, "9482"), codex, (SUBAGENTS[0], "1")] {
            assert_eq!(wish(&[agent], &settings), (off, false), "{agent:?}");
        }
        settings.coding_agents = true;
        assert_eq!(wish(&[codex], &settings), (sticky, true));
        assert_eq!(wish(&[(CLAUDE_CODE, "9482"), (SUBAGENTS[1], "1")], &settings), (off, false));
        settings.capture = false;
        assert_eq!(wish(&[], &settings), (sticky, false));
    }
}
