//! Turns and conversations to be read.

use longmem_core::{SessionName, Turn};
use longmem_memory::SessionSummary;

use super::style::{aside, title};
use super::{indented, minute, short_title, shortened, speaker, stretch};
use crate::output::{counted, grouped};
use crate::sanitize::for_terminal;

/// How much of a turn is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// The first characters of a long one.
    Beginning,
}

/// Number of characters of a turn of which only the beginning is shown.
const BEGINNING: usize = 1500;

/// A conversation above its turns: its title, its name, its times, its turns.
pub(crate) fn session_glance(session: &SessionSummary) -> String {
    let heading = session_heading(&session.session, session.title.as_deref());
    let turns = counted(session.turns, "turn");
    format!("{heading}\n{}", aside(&format!("{} · {turns}", stretch(session.start, session.end))))
}

/// A conversation's title, with the name by which commands know it.
pub(crate) fn session_heading(session: &SessionName, named: Option<&str>) -> String {
    let name = for_terminal(session.as_str());
    match named {
        Some(named) => format!("{} ({name})", title(&short_title(named))),
        None => title(&name),
    }
}

/// How many turns stand before those that are shown.
pub(crate) fn earlier_turns(count: u64) -> String {
    aside(&format!("… {} before these", counted(count, "turn")))
}

/// A turn: its number, time and speaker, and its text below them.
pub(crate) fn shown_turn(turn: &Turn, extent: Extent) -> String {
    let note = if turn.note { " · note" } else { "" };
    let heading =
        format!("{} · {} · {}{note}", turn.id, minute(turn.time), for_terminal(speaker(turn)));
    let mut lines = vec![aside(&heading)];
    let text = turn.text.trim_end();
    let count = text.chars().count();
    match extent {
        Extent::Beginning if count > BEGINNING => {
            lines.push(indented(&shortened(text, BEGINNING)));
            lines.push(indented(&aside(&format!(
                "the beginning of {} characters; longmem show {} prints all",
                grouped(count as u64),
                turn.id
            ))));
        }
        _ => lines.push(indented(&for_terminal(text))),
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use longmem_core::{Role, TurnId};

    use super::*;

    #[test]
    fn a_long_turn_says_how_long_it_is_and_how_to_see_it() {
        let turn = Turn {
            id: TurnId(7),
            session: SessionName::new("trip").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: Some("Ana\u{1b}[2J".to_owned()),
            time: "2026-03-02T10:15:00Z".parse().unwrap(),
            text: format!("{}\u{1b}]0;owned\u{7}\n", "word ".repeat(400)),
            note: false,
        };
        let beginning = strip_str(&shown_turn(&turn, Extent::Beginning)).to_string();
        assert!(
            beginning
                .ends_with("\n   the beginning of 2,010 characters; longmem show 7 prints all"),
            "{beginning}"
        );
        assert!(beginning.starts_with("7 · 2026-03-02 ") && beginning.contains("Ana\\u{1b}[2J\n"));
        let whole = strip_str(&shown_turn(&turn, Extent::Whole)).to_string();
        assert_eq!(whole.matches("word").count(), 400);
        assert!(whole.ends_with("\\u{1b}]0;owned\\u{7}"), "{whole}");
    }
}
