//! Turns and sessions on one line each, cut to the width of a terminal.

use longmem_core::Turn;
use longmem_memory::SessionSummary;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{minute, session_title, speaker};
use crate::output::counted;
use crate::sanitize::for_terminal;

/// Number of characters of a turn that show which one it is.
const GLANCE: usize = 80;

/// A text without line breaks, cut to so many columns.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.width() <= columns {
        return text;
    }
    let mut shown = String::new();
    for character in text.graphemes(true) {
        if shown.width() + character.width() + 1 > columns {
            break;
        }
        shown.push_str(character);
    }
    shown + "…"
}

/// A session to be chosen, on one line of so many columns: its date, its size, its title or name, and
/// its first words.
pub(crate) fn choice(session: &SessionSummary, first: &str, columns: usize) -> String {
    let name = session.title.as_deref().unwrap_or(session.session.as_str());
    let mut line = format!("{} · {} · {name}", minute(session.end), counted(session.turns, "turn"));
    // A title is often made of the first words.
    if !first.trim_start().starts_with(name) && !first.is_empty() {
        line.push_str(" · ");
        line.push_str(first);
    }
    // As few bytes as are surely enough.
    let line: String = line.chars().take(columns * 2).collect();
    cut(&for_terminal(&line), columns)
}

/// A turn on one line: its number, its time, its session, who speaks, and its beginning.
pub(crate) fn turn_at_a_glance(turn: &Turn) -> String {
    let text: String = turn.text.chars().take(GLANCE * 2).collect();
    let (time, who, session) =
        (minute(turn.time), for_terminal(speaker(turn)), session_title(turn));
    format!("turn {} · {time} · {session} · {who}: {}", turn.id, cut(&for_terminal(&text), GLANCE))
}

#[cfg(test)]
mod tests {
    use longmem_core::{SessionName, Timestamp};

    use super::*;

    #[test]
    fn lines_are_cut_at_their_columns() {
        assert_eq!(cut("one  two\nthree", 20), "one two three");
        assert_eq!(cut("one two three", 8), "one two…");
        assert_eq!(cut("世界世界", 5), "世界…");
        assert_eq!(cut("👩‍👩‍👧👩‍👩‍👧", 3), "👩‍👩‍👧…");
    }

    #[test]
    fn a_choice_shows_what_a_session_is_about_and_obeys_nothing() {
        let session = SessionSummary {
            session: SessionName::new("chat 2026-03-02 10:00:00").unwrap(),
            title: Some("Moving \u{1b}[2J".to_owned()),
            turns: 7,
            start: Timestamp::UNIX_EPOCH,
            end: Timestamp::UNIX_EPOCH,
        };
        let line = choice(&session, "I live in Lisbon now!", 80);
        assert!(line.ends_with("7 turns · Moving \\u{1b}[2J · I live in Lisbon now!"), "{line}");
        assert!(choice(&session, &"long ".repeat(1_000), 40).width() <= 40);
    }
}
