//! Turns and results as people read them; nothing here prints.

mod answer;
mod config;
mod context;
mod copied;
mod facts;
mod forgotten;
mod learning;
mod markdown;
mod models;
mod places;
mod recalled;
mod replay;
mod reports;
mod ring;
mod server_keys;
mod sessions;
mod stats;
mod streamed;
mod style;
mod turns;
mod watch_events;

pub(crate) use answer::{notice, sources, spent, stop_reason};
pub(crate) use config::configuration;
pub(crate) use context::{prompt, prompt_cost};
pub(crate) use copied::copied;
pub(crate) use facts::{facts, name};
pub(crate) use forgotten::{contents, made_of_turns, would_forget};
pub(crate) use learning::{learned, noted, outcome};
pub(crate) use markdown::{facts_page, file_name, session_page};
pub(crate) use models::{how_to_get_answers, model_server};
pub(crate) use places::{choice, cut, turn_at_a_glance};
pub(crate) use recalled::recall;
pub(crate) use replay::{REPLAYED_TURNS, replayed};
pub(crate) use reports::{import_preview, imported, indexed, new_store, opening_notice};
pub(crate) use ring::{ring_moved, ring_status};
pub(crate) use server_keys::server_key;
pub(crate) use sessions::{ShortNames, open_items, session};
pub(crate) use stats::{check, model, stats};
pub(crate) use streamed::Markdown;
pub(crate) use turns::{Extent, earlier_turns, session_glance, session_heading, shown_turn};
pub(crate) use watch_events::watch_event;

use jiff::tz::TimeZone;
use longmem_core::{Role, Timestamp, Turn};

use crate::sanitize::for_terminal;

/// A turn's date, for people in their time zone.
pub(crate) fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string()
}

/// A turn's date and time, for people in their time zone.
pub(crate) fn minute(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// From one time to another, for people in their time zone: "2026-11-25 16:02 – 16:40".
pub(crate) fn stretch(first: Timestamp, last: Timestamp) -> String {
    let (begins, ends) = (minute(first), minute(last));
    if begins == ends {
        return begins;
    }
    let time = ends.strip_prefix(&day(first)).map(str::trim_start);
    format!("{begins} – {}", time.unwrap_or(&ends))
}

/// Who speaks in a turn.
pub(crate) fn speaker(turn: &Turn) -> &str {
    match (&turn.speaker, turn.role) {
        (Some(name), _) => name,
        (None, Role::User) => "you",
        (None, role) => role.as_str(),
    }
}

/// Number of characters of a session's title that a list shows: some programs make it a paragraph.
const TITLE: usize = 60;

/// The title of a turn's session, or else its name.
fn session_title(turn: &Turn) -> String {
    let title = turn.session_title.as_deref().unwrap_or(turn.session.as_str());
    short_title(title)
}

/// A title on one line, cut at a word where it is long.
fn short_title(title: &str) -> String {
    shortened(&title.split_whitespace().collect::<Vec<_>>().join(" "), TITLE)
}

/// Number of characters that show which turn is meant.
const BEGINNING: usize = 400;

/// The beginning of a text, cut at a word and safe for a terminal.
fn shortened(text: &str, characters: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(characters) else {
        return for_terminal(text.trim_end());
    };
    let end = text[..end].rfind(char::is_whitespace).unwrap_or(end);
    format!("{} …", for_terminal(text[..end].trim_end()))
}

/// A turn with the beginning of its text below it.
pub(crate) fn turn(turn: &Turn) -> String {
    format!(
        "turn {} · {} · {} · {}\n{}",
        turn.id,
        day(turn.time),
        session_title(turn),
        for_terminal(speaker(turn)),
        indented(&shortened(&turn.text, BEGINNING))
    )
}

/// A text with its lines indented.
pub(crate) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_ends_at_a_word_and_says_that_it_was_cut() {
        let long = "wort ".repeat(200);
        let cut = shortened(&long, 400);
        assert!(cut.ends_with("wort …"));
        assert!(cut.chars().count() <= 402);
        assert_eq!(shortened("short\n", 400), "short");
        assert!(shortened(&"世".repeat(500), 400).ends_with("世 …"));
    }
}
