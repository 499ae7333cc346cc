//! A turn as a quote: who said it, when, where, and its text.

use longmem_chat::{excerpt_about, places_about};
use longmem_core::{EstimatedTokens, Role, Turn, TurnId};
use maud::{Markup, html};

use super::dates::Dates;
use super::fields::encoded;

/// Tokens of a quote of which a part is shown, estimated: some 800 characters.
const PART_TOKENS: usize = 200;

/// Tokens of a turn at a glance.
const GLANCE_TOKENS: usize = 60;

/// Bytes of a text that is shown whole in a list.
const WHOLE_BYTES: usize = 4_000;

/// Characters of a session's title that a list shows: some programs make it a paragraph.
const TITLE_CHARACTERS: usize = 80;

/// Who said it.
pub(super) fn speaker(turn: &Turn) -> &str {
    match (&turn.speaker, turn.role) {
        (Some(name), _) => name,
        (None, Role::User) => "you",
        (None, role) => role.as_str(),
    }
}

/// The address of a session.
pub(super) fn session_address(name: &str) -> String {
    format!("/ui/session?name={}", encoded(name))
}

/// The title of a session, or else its name, cut where it is long.
pub(super) fn session_title(title: Option<&str>, name: &str) -> String {
    let title = title.unwrap_or(name);
    match title.char_indices().nth(TITLE_CHARACTERS) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

/// Who said a turn, when, and in which session.
pub(super) fn attribution(turn: &Turn, dates: &Dates<'_>) -> Markup {
    let title = session_title(turn.session_title.as_deref(), turn.session.as_str());
    html! {
        p.attribution {
            strong.speaker { bdi { (speaker(turn)) } }
            @if turn.note { " " span.tag { "note" } }
            " · " (Dates::marked(turn.time, &dates.minute(turn.time)))
            " · " a href=(session_address(turn.session.as_str())) { bdi { (title) } }
        }
    }
}

/// A few sentences of a turn.
pub(super) fn glance(turn: &Turn) -> Markup {
    part("", turn, GLANCE_TOKENS)
}

/// A text with the words of a question marked; of a long one, what has most to do with the question.
pub(super) fn about(question: &str, turn: &Turn) -> Markup {
    part(question, turn, PART_TOKENS)
}

fn part(question: &str, turn: &Turn, tokens: usize) -> Markup {
    let text = &turn.text;
    let part = excerpt_about(text, question, tokens, &EstimatedTokens);
    let is_part = part.len() < text.trim_end().len();
    html! {
        blockquote dir="auto" { (marked(part.trim_end(), question)) }
        @if is_part { (rest(turn)) }
    }
}

/// The text of a turn; of a long one, its beginning.
pub(super) fn beginning(turn: &Turn) -> Markup {
    let text = turn.text.trim_end();
    let shown = if text.len() <= WHOLE_BYTES {
        text
    } else {
        &text[..text.floor_char_boundary(WHOLE_BYTES)]
    };
    html! {
        blockquote dir="auto" { (shown) @if shown.len() < text.len() { " […]" } }
        @if shown.len() < text.len() { (rest(turn)) }
    }
}

/// Leads to the whole of a turn of which a part is shown.
fn rest(turn: &Turn) -> Markup {
    let characters = super::layout::grouped(turn.text.chars().count() as u64);
    html! {
        p.rest {
            "A part of " (characters) " characters. "
            a href={ "/ui/turns/" (turn.id) } { "Read all of turn " (turn.id) }
        }
    }
}

/// A text with the words of a question marked.
pub(super) fn marked(text: &str, question: &str) -> Markup {
    let mut written_to = 0;
    let mut parts = Vec::new();
    for place in places_about(text, question) {
        parts.push((&text[written_to..place.start], &text[place.clone()]));
        written_to = place.end;
    }
    html! {
        @for (before, word) in parts { (before) mark { (word) } }
        (text[written_to..])
    }
}

/// What can be done with a turn: it is opened, and in a form, if there is one, chosen and deleted.
pub(super) fn choices(turn: TurnId, form: Option<&str>) -> Markup {
    html! {
        a href={ "/ui/turns/" (turn) } {
            @if form.is_some() { "Open or edit" } @else { "Open" }
            span.hidden { " turn " (turn) }
        }
        @if let Some(form) = form {
            label.choose {
                input type="checkbox" name="turn" value=(turn) form=(form);
                " Choose" span.hidden { " turn " (turn) }
            }
            button.quiet.danger type="submit" form=(form) name="only" value={ "turn:" (turn) } {
                "Delete" span.hidden { " turn " (turn) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_question_are_marked_and_nothing_becomes_markup() {
        let text = "<b>Lisbon</b> & \"the\" moving van moved";
        assert_eq!(
            marked(text, "Did I move to Lisbon?").into_string(),
            "&lt;b&gt;<mark>Lisbon</mark>&lt;/b&gt; &amp; &quot;the&quot; <mark>moving</mark> van \
             <mark>moved</mark>"
        );
        assert_eq!(marked("", "Lisbon").into_string(), "");
    }

    #[test]
    fn a_title_is_one_short_line() {
        assert_eq!(session_title(None, "trip"), "trip");
        let long = session_title(Some(&"ä ".repeat(100)), "trip");
        assert_eq!(long.chars().count(), TITLE_CHARACTERS);
        assert!(long.ends_with('…'));
        assert_eq!(session_address("a/b c"), "/ui/session?name=a%2Fb%20c");
    }
}
