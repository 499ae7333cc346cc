//! What a recall found, as a person reads it.

use std::borrow::Cow;

use longmem_chat::excerpt;
use longmem_core::{ChannelHit, EstimatedTokens, Explanation, Recalled, Strength, Turn};
use longmem_memory::{Found, Recall, RecalledFact};
use longmem_text::{places_of_words, query_words};

use super::style::{aside, matched};
use super::{day, indented, minute, session_title, speaker};
use crate::arguments::RecalledDetail;
use crate::output::grouped;
use crate::sanitize::for_terminal;

/// Tokens of a turn's text, estimated: some 400 characters.
const EXCERPT_TOKENS: usize = 100;

/// What a recall found in the order of its scores: turns and facts, a block of lines each.
pub(crate) fn recall(recall: &Recall, question: &str, detail: RecalledDetail) -> Vec<String> {
    let found = recall.in_order().enumerate();
    found
        .map(|(place, found)| match found {
            Found::Turn(found) => recalled_turn(place + 1, found, question, detail),
            Found::Fact(found) => recalled_fact(place + 1, found, question, detail),
        })
        .collect()
}

/// A recalled turn on two lines or more: its place, date, session, speaker, whether it is a note, and
/// how strong a result it is; its text, of a long turn the parts nearest to the question; and the score
/// and the reasons if asked.
fn recalled_turn(place: usize, found: &Recalled, question: &str, detail: RecalledDetail) -> String {
    let turn = &found.turn;
    let copies = match found.copies.len() {
        0 => String::new(),
        count => format!(" · said {} times", count + 1),
    };
    let mut lines = vec![format!(
        "{place}. {} · {} · {} · {} {}{copies} · {}",
        minute(turn.time),
        session_title(turn),
        for_terminal(speaker(turn)),
        if turn.note { "note" } else { "turn" },
        turn.id,
        strength(found.score, detail.explain),
    )];
    let limit = if detail.full { usize::MAX } else { EXCERPT_TOKENS };
    let question_words = query_words(question);
    let text = excerpt(&turn.text, &question_words, limit, &EstimatedTokens);
    lines.push(indented(&highlighted(&for_terminal(text.trim_end()), &question_words)));
    if matches!(text, Cow::Owned(_)) {
        lines.push(indented(&aside(&left_out(turn, detail))));
    }
    if detail.explain {
        lines.push(indented(&explanation(&found.explanation, &found.neighbours)));
    }
    lines.join("\n")
}

/// A recalled fact on two lines or more.
fn recalled_fact(
    place: usize,
    found: &RecalledFact,
    question: &str,
    detail: RecalledDetail,
) -> String {
    let fact = &found.fact;
    let until = fact.until.map_or_else(String::new, |until| format!(" until {}", day(until)));
    let mut lines = vec![format!(
        "{place}. {}{until} · fact {} · {}",
        day(fact.since),
        fact.id,
        strength(found.score, detail.explain),
    )];
    lines.push(indented(&highlighted(&for_terminal(&fact.line()), &query_words(question))));
    if detail.explain {
        lines.push(indented(&explanation(&found.explanation, &[])));
    }
    lines.join("\n")
}

/// A text in which the words of the question stand out.
fn highlighted(text: &str, question_words: &[String]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut written_to = 0;
    for place in places_of_words(text, question_words) {
        shown.push_str(&text[written_to..place.start]);
        shown.push_str(&matched(&text[place.clone()]));
        written_to = place.end;
    }
    shown.push_str(&text[written_to..]);
    shown
}

/// How long a turn is of which a part is shown, and how to see all of it.
fn left_out(turn: &Turn, detail: RecalledDetail) -> String {
    let part = format!("a part of {} characters", grouped(turn.text.chars().count() as u64));
    if detail.opens { format!("{part}; longmem show {} prints all", turn.id) } else { part }
}

/// A word for how likely a result is to be of use, with `explain` the number as well.
fn strength(score: f32, explain: bool) -> String {
    let word = Strength::of(score);
    if explain { format!("{word} ({score:.2})") } else { word.to_string() }
}

fn explanation(why: &Explanation, neighbours: &[Turn]) -> String {
    let channel = |name: &str, hit: Option<ChannelHit>| match hit {
        Some(hit) => format!("{name} #{} ({:.2})", hit.rank, hit.score),
        None => format!("{name} –"),
    };
    let meaning = match (why.dense, why.cosine) {
        (None, Some(cosine)) => format!("meaning ({cosine:.2})"),
        (dense, _) => channel("meaning", dense),
    };
    let mut reasons = vec![meaning, channel("words", why.lexical)];
    for adjustment in &why.adjustments {
        reasons.push(format!("{} {:+.2}", adjustment.reason, adjustment.amount));
    }
    for neighbour in neighbours {
        reasons.push(format!("beside it: turn {}", neighbour.id));
    }
    format!("why: {}", reasons.join(" · "))
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use longmem_core::{Role, SessionName, Timestamp, Turn, TurnId};

    use super::*;

    #[test]
    fn a_long_turn_shows_the_place_that_matched_or_all_of_it() {
        let filler = "Nothing happened that day. ".repeat(60);
        let turn = Turn {
            id: TurnId(1),
            session: SessionName::new("trip").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            time: Timestamp::UNIX_EPOCH,
            text: format!("{filler}The hostel in Porto costs 31 euros.\u{1b}[2J {filler}"),
            note: false,
        };
        let found = Recalled::new(turn, 0.9);
        let question = "What does the hostel cost?";
        let shown = recalled_turn(1, &found, question, RecalledDetail::default());
        let hostel = matched("hostel");
        assert!(shown.contains(&format!("The {hostel} in Porto")), "{shown}");
        let plain = strip_str(&shown).to_string();
        assert!(plain.contains("[…] ") && plain.contains("31 euros.\\u{1b}[2J"), "{plain}");
        assert!(plain.ends_with("\n   a part of 3,280 characters"), "{plain}");
        assert!(plain.len() < 600, "{plain}");
        let detail = RecalledDetail { full: true, ..RecalledDetail::default() };
        let whole = recalled_turn(1, &found, question, detail);
        assert_eq!(whole.matches("Nothing happened").count(), 120);
    }
}
