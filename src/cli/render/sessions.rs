//! Conversations, as a person reads them.

use longmem_wire::{OpenItems, Session};

use super::{day, indented, minute};
use crate::output::counted;
use crate::sanitize::for_terminal;

/// One conversation at a glance, with its summary if that was asked for.
pub(crate) fn session(session: &Session) -> String {
    let title = session.title.as_ref().map_or_else(String::new, |title| format!(" · {title}"));
    let glance = for_terminal(&format!(
        "{} – {} · {} · {}{title}",
        day(session.start),
        minute(session.end),
        counted(session.turns, "turn"),
        session.session,
    ));
    match &session.summary {
        None => glance,
        Some(summary) => {
            let summary = summary.as_deref().unwrap_or("(no summary)");
            format!("{glance}\n{}", indented(&for_terminal(summary)))
        }
    }
}

/// What is left to do and to answer after a session.
pub(crate) fn open_items(items: &OpenItems) -> Vec<String> {
    let mut lines = Vec::new();
    for (title, list) in
        [("To do:", &items.action_items), ("Open questions:", &items.open_questions)]
    {
        lines.push(title.to_owned());
        lines.extend(list.iter().map(|item| format!("  - {}", for_terminal(item))));
        if list.is_empty() {
            lines.push("  (none)".to_owned());
        }
    }
    lines
}
