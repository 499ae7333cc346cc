//! What a recall found, as a person reads it.

use longmem_chat::excerpt;
use longmem_core::{ChannelHit, EstimatedTokens, Explanation, Recalled, Strength, Turn};
use longmem_memory::{Found, Recall, RecalledFact};
use longmem_text::query_words;

use super::{day, indented, session_title, speaker};
use crate::arguments::RecalledDetail;
use crate::sanitize::for_terminal;

/// Tokens of a turn's text, estimated: some 400 characters.
const EXCERPT_TOKENS: usize = 100;

/// What a recall found in the order of its scores: turns and facts, a block of lines each.
pub(crate) fn recall(recall: &Recall, question: &str, detail: RecalledDetail) -> Vec<String> {
    let found = recall.in_order().enumerate();
    found
        .map(|(place, found)| match found {
            Found::Turn(found) => recalled_turn(place + 1, found, question, detail),
            Found::Fact(found) => recalled_fact(place + 1, found, detail.explain),
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
        day(turn.time),
        session_title(turn),
        for_terminal(speaker(turn)),
        if turn.note { "note" } else { "turn" },
        turn.id,
        strength(found.score, detail.explain),
    )];
    let limit = if detail.full { usize::MAX } else { EXCERPT_TOKENS };
    let text = excerpt(&turn.text, &query_words(question), limit, &EstimatedTokens);
    lines.push(indented(&for_terminal(text.trim_end())));
    if detail.explain {
        lines.push(indented(&explanation(&found.explanation, &found.neighbours)));
    }
    lines.join("\n")
}

/// A recalled fact on two lines or more.
fn recalled_fact(place: usize, found: &RecalledFact, explain: bool) -> String {
    let fact = &found.fact;
    let until = fact.until.map_or_else(String::new, |until| format!(" until {}", day(until)));
    let mut lines = vec![format!(
        "{place}. {}{until} · fact {} · {}",
        day(fact.since),
        fact.id,
        strength(found.score, explain),
    )];
    lines.push(indented(&for_terminal(&fact.line())));
    if explain {
        lines.push(indented(&explanation(&found.explanation, &[])));
    }
    lines.join("\n")
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
        assert!(shown.contains("[…] ") && shown.contains("hostel in Porto costs 31"), "{shown}");
        assert!(shown.len() < 600 && !shown.contains('\u{1b}'), "{shown}");
        let detail = RecalledDetail { full: true, explain: false };
        let whole = recalled_turn(1, &found, question, detail);
        assert_eq!(whole.matches("Nothing happened").count(), 120);
    }
}
