//! Conversations, as a person reads them.

use longmem_memory::SessionSummary;
use longmem_wire::{OpenItems, Session};

use super::style::{aside, title};
use super::{indented, short_title, stretch};
use crate::output::counted;
use crate::sanitize::for_terminal;

/// Characters of the shortest beginning that stands for a name.
const SHORTEST_NAME: usize = 8;

/// The names of a user's sessions, sorted, by which a beginning is known that names no other.
pub(crate) struct ShortNames(Vec<String>);

impl ShortNames {
    /// The names of all sessions of a user.
    pub(crate) fn of(sessions: &[SessionSummary]) -> Self {
        let mut names: Vec<String> =
            sessions.iter().map(|session| session.session.to_string()).collect();
        names.sort();
        Self(names)
    }

    /// The beginning of a name that a program made up (a UUID) which names this session alone; other
    /// names whole.
    fn short<'a>(&self, name: &'a str) -> &'a str {
        let is_made_up =
            name.len() == UUID && name.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
        if !is_made_up {
            return name;
        }
        // Of all names, those beside it share the longest beginning with it.
        let place = self.0.partition_point(|other| other.as_str() < name);
        let beside = [place.checked_sub(1), Some(place + 1)].into_iter().flatten();
        let shared = beside.filter_map(|place| self.0.get(place)).map(|other| {
            other.bytes().zip(name.bytes()).take_while(|(other, own)| other == own).count()
        });
        let needed = shared.max().map_or(SHORTEST_NAME, |shared| SHORTEST_NAME.max(shared + 1));
        &name[..needed.min(UUID)]
    }
}

/// Characters of a UUID.
const UUID: usize = 36;

/// One conversation at a glance, its title first and the name that commands know last; with its
/// summary if that was asked for.
pub(crate) fn session(session: &Session, names: &ShortNames) -> String {
    let short = names.short(session.session.as_str());
    let of_title = session.title.as_deref().map(short_title);
    let aside = aside(&format!(
        " · {} · {}{}",
        stretch(session.start, session.end),
        counted(session.turns, "turn"),
        if of_title.is_some() { format!(" · {}", for_terminal(short)) } else { String::new() },
    ));
    let glance = format!("{}{aside}", title(&of_title.unwrap_or_else(|| for_terminal(short))));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_program_made_up_is_shown_by_a_beginning_that_names_no_other() {
        let all = [
            "0803dbe8-77f1-4d2e-9a1b-000000000001",
            "0803dbe8-77f2-4d2e-9a1b-000000000001",
            "71000000-77f2-4d2e-9a1b-000000000001",
            "Kitchen plans",
        ];
        let names = ShortNames(all.map(str::to_owned).to_vec());
        let shown = all.map(|name| names.short(name));
        assert_eq!(shown, ["0803dbe8-77f1", "0803dbe8-77f2", "71000000", "Kitchen plans"]);
    }
}
