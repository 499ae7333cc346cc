//! What a recall found, as a person reads it.

use longmem_chat::excerpt;
use longmem_core::{ChannelHit, EstimatedTokens, Recalled};
use longmem_text::query_words;

use super::{day, indented, session_title, speaker};
use crate::arguments::RecalledDetail;
use crate::sanitize::for_terminal;

/// Tokens of a turn's text, estimated: some 400 characters.
const EXCERPT_TOKENS: usize = 100;

/// A turn that was recalled for a question, on two lines or more: its place, date, session, speaker
/// and score; its text, of a long turn the parts nearest to the question; and the reasons if asked.
pub(crate) fn recalled(
    place: usize,
    found: &Recalled,
    question: &str,
    detail: RecalledDetail,
) -> String {
    let turn = &found.turn;
    let mut lines = vec![format!(
        "{place}. {} · {} · {} · {} {} · score {:.2}",
        day(turn.time),
        session_title(turn),
        for_terminal(speaker(turn)),
        if turn.note { "note" } else { "turn" },
        turn.id,
        found.score,
    )];
    let limit = if detail.full { usize::MAX } else { EXCERPT_TOKENS };
    let text = excerpt(&turn.text, &query_words(question), limit, &EstimatedTokens);
    lines.push(indented(&for_terminal(text.trim_end())));
    if detail.explain {
        lines.push(indented(&explanation(found)));
    }
    lines.join("\n")
}

fn explanation(found: &Recalled) -> String {
    let channel = |name: &str, hit: Option<ChannelHit>| match hit {
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

#[cfg(test)]
mod tests {
    use longmem_core::{Explanation, Role, SessionName, Timestamp, Turn, TurnId};

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
        };
        let explanation = Explanation::default();
        let found = Recalled { turn, score: 0.9, explanation, neighbours: Vec::new() };
        let question = "What does the hostel cost?";
        let shown = recalled(1, &found, question, RecalledDetail::default());
        assert!(shown.contains("[…] ") && shown.contains("hostel in Porto costs 31"), "{shown}");
        assert!(shown.len() < 600 && !shown.contains('\u{1b}'), "{shown}");
        let detail = RecalledDetail { full: true, explain: false };
        let whole = recalled(1, &found, question, detail);
        assert_eq!(whole.matches("Nothing happened").count(), 120);
    }
}
