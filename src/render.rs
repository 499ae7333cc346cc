//! Turns and results as a person reads them.

use jiff::tz::TimeZone;
use longmem_core::{Recalled, Role, Timestamp, Turn};

use crate::sanitize::for_terminal;

/// A turn's date, for people in their time zone.
pub(crate) fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string()
}

/// A turn's date and time, for people in their time zone.
pub(crate) fn minute(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Who said it.
pub(crate) fn speaker(turn: &Turn) -> &str {
    match (&turn.speaker, turn.role) {
        (Some(name), _) => name,
        (None, Role::User) => "you",
        (None, role) => role.as_str(),
    }
}

/// Characters of a session's title that a list shows: some programs make it a paragraph.
const TITLE: usize = 60;

/// The session's title, or else its name.
fn session(turn: &Turn) -> String {
    let title = turn.session_title.as_deref().unwrap_or(turn.session.as_str());
    shortened(title, TITLE)
}

/// A recalled turn on two lines or more: its place, date, session, speaker and score; its text;
/// and with `explain` the reasons.
pub(crate) fn recalled(place: usize, found: &Recalled, explain: bool) -> String {
    let turn = &found.turn;
    let mut lines = vec![format!(
        "{place}. {} · {} · {} · turn {} · score {:.2}",
        day(turn.time),
        session(turn),
        for_terminal(speaker(turn)),
        turn.id,
        found.score,
    )];
    lines.push(indented(&excerpt(&turn.text)));
    if explain {
        lines.push(indented(&explanation(found)));
    }
    lines.join("\n")
}

fn explanation(found: &Recalled) -> String {
    let channel = |name: &str, hit: Option<longmem_core::ChannelHit>| match hit {
        Some(hit) => format!("{name} #{} ({:.2})", hit.rank, hit.score),
        None => format!("{name} –"),
    };
    let mut reasons = vec![
        channel("meaning", found.explanation.dense),
        channel("words", found.explanation.lexical),
    ];
    for adjustment in &found.explanation.adjustments {
        reasons.push(format!("{} {:+.2}", adjustment.reason, adjustment.amount));
    }
    for neighbour in &found.neighbours {
        reasons.push(format!("beside it: turn {}", neighbour.id));
    }
    format!("why: {}", reasons.join(" · "))
}

/// Characters of a turn that a list shows.
const EXCERPT: usize = 400;

/// The beginning of a turn's text, safe for a terminal.
pub(crate) fn excerpt(text: &str) -> String {
    shortened(text, EXCERPT)
}

/// At most so many characters of a text, cut at a word, safe for a terminal.
fn shortened(text: &str, characters: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(characters) else {
        return for_terminal(text.trim_end());
    };
    let end = text[..end].rfind(char::is_whitespace).unwrap_or(end);
    format!("{} …", for_terminal(text[..end].trim_end()))
}

pub(crate) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_at_a_word_and_says_that_it_was_cut() {
        let long = "wort ".repeat(200);
        let cut = excerpt(&long);
        assert!(cut.ends_with("wort …"));
        assert!(cut.chars().count() <= EXCERPT + 2);
        assert_eq!(excerpt("short\n"), "short");
        assert!(excerpt(&"世".repeat(500)).ends_with("世 …"));
    }
}
