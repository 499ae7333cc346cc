//! Claude Code's transcripts: one line for everything that happens in a session.

use std::collections::HashMap;
use std::ops::ControlFlow;

use longmem_core::{Role, SessionName};
use serde_json::Value;

use crate::SkipReason;
use crate::content::words;
use crate::injected::without_claude_code_blocks;
use crate::intake::{Draft, Intake};
use crate::json::label;
use crate::key::session_name;
use crate::moment::moment;
use crate::read::ValueReader;
use crate::tool_calls::ToolCalls;

/// Text that is held back for a title, which often comes last; beyond it turns go on without.
const HELD_BYTES: usize = 64 << 20;

/// Reads one line a value, or the lines of `{"loglines": […]}`.
#[derive(Default)]
pub(crate) struct ClaudeCode {
    calls: ToolCalls,
    held: Vec<Draft>,
    held_bytes: usize,
    /// By session; under none, the title for every session that has no other.
    titles: HashMap<Option<SessionName>, (TitleKind, String)>,
}

/// Where a title comes from; a later kind outranks an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TitleKind {
    Summary,
    Generated,
    Chosen,
}

impl ValueReader for ClaudeCode {
    fn value(&mut self, mut value: Value, intake: &mut Intake<'_>) -> ControlFlow<()> {
        match value.get_mut("loglines").map(Value::take) {
            Some(Value::Array(lines)) => {
                lines.into_iter().try_for_each(|line| self.line(&line, intake))
            }
            _ => self.line(&value, intake),
        }
    }

    fn finish(&mut self, intake: &mut Intake<'_>) -> ControlFlow<()> {
        for _ in 0..self.calls.take_unanswered() {
            intake.skip(SkipReason::ToolCall);
        }
        self.deliver(intake)
    }
}

impl ClaudeCode {
    fn line(&mut self, line: &Value, intake: &mut Intake<'_>) -> ControlFlow<()> {
        let role = match speaker(line) {
            Ok(role) => role,
            Err(reason) => {
                self.note_title(line);
                intake.skip(reason);
                return ControlFlow::Continue(());
            }
        };
        let content = &line["message"]["content"];
        let called = self.calls.note(content);
        let results = self.calls.results(content);
        let used_tools = called || !results.is_empty();
        for result in results {
            match result.text {
                Some(text) => self.hold(line, Role::Tool, text, Some(&result.call_id), intake),
                None => intake.skip(SkipReason::ToolResult),
            }
        }
        match said(line, role) {
            Ok(text) => self.hold(line, role, text, None, intake),
            // The call is told with its result.
            Err(SkipReason::ToolCall | SkipReason::ToolResult) if used_tools => {}
            Err(reason) => intake.skip(reason),
        }
        if self.held_bytes < HELD_BYTES { ControlFlow::Continue(()) } else { self.deliver(intake) }
    }

    /// Holds a turn back; what a line holds beside its words has a name of its own.
    fn hold(
        &mut self,
        line: &Value,
        role: Role,
        text: String,
        part: Option<&str>,
        intake: &Intake<'_>,
    ) {
        let session = line["sessionId"].as_str().unwrap_or(intake.stem());
        let uuid = line["uuid"].as_str();
        let names: Option<Vec<&str>> =
            uuid.map(|uuid| [session, uuid].into_iter().chain(part).collect());
        self.held_bytes += text.len();
        self.held.push(Draft {
            user: None,
            session: session_name(session),
            title: None,
            role,
            speaker: None,
            text,
            time: moment(&line["timestamp"]),
            session_time: None,
            key: names.map(|names| intake.key(&names)),
        });
    }

    /// Hands on what is held, session by session.
    fn deliver(&mut self, intake: &mut Intake<'_>) -> ControlFlow<()> {
        let mut order = HashMap::new();
        for draft in &self.held {
            let next = order.len();
            order.entry(draft.session.clone()).or_insert(next);
        }
        self.held.sort_by_key(|draft| order[&draft.session]);
        self.held_bytes = 0;
        for mut draft in std::mem::take(&mut self.held) {
            let own = self.titles.get(&Some(draft.session.clone()));
            draft.title = own.or_else(|| self.titles.get(&None)).map(|(_, title)| title.clone());
            intake.deliver(draft)?;
        }
        ControlFlow::Continue(())
    }

    fn note_title(&mut self, line: &Value) {
        let (kind, field) = match line["type"].as_str() {
            Some("summary") => (TitleKind::Summary, "summary"),
            Some("ai-title") => (TitleKind::Generated, "aiTitle"),
            Some("custom-title") => (TitleKind::Chosen, "customTitle"),
            _ => return,
        };
        let Some(title) = label(&line[field]).or_else(|| label(&line["title"])) else { return };
        let session = line["sessionId"].as_str().map(session_name);
        let known = self.titles.get(&session);
        if known.is_none_or(|(known, _)| *known <= kind) {
            self.titles.insert(session, (kind, title));
        }
    }
}

/// Who speaks in a line, or why nobody does.
fn speaker(line: &Value) -> Result<Role, SkipReason> {
    let role = match line["type"].as_str() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some(_) => return Err(SkipReason::MetaLine),
        None => return Err(SkipReason::Malformed),
    };
    let is = |flag: &str| line[flag] == true;
    if is("isSidechain") {
        return Err(SkipReason::Subagent);
    }
    if is("isCompactSummary") {
        return Err(SkipReason::CompactSummary);
    }
    if is("isVisibleInTranscriptOnly") {
        return Err(SkipReason::Hidden);
    }
    let from_elsewhere = line["origin"]["kind"].as_str().is_some_and(|kind| kind != "human");
    if is("isMeta") || from_elsewhere || line["message"]["model"] == "<synthetic>" {
        return Err(SkipReason::MetaLine);
    }
    Ok(role)
}

/// What is said in a line, or why nothing is.
fn said(line: &Value, role: Role) -> Result<String, SkipReason> {
    if !line["toolUseResult"].is_null() {
        return Err(SkipReason::ToolResult);
    }
    let text = words(&line["message"]["content"])?;
    if role == Role::Assistant {
        return Ok(text);
    }
    let text = without_claude_code_blocks(&text).trim().to_owned();
    if text.is_empty() {
        Err(SkipReason::Empty)
    } else if text.starts_with("[Request interrupted by user") {
        Err(SkipReason::MetaLine)
    } else {
        Ok(text)
    }
}
