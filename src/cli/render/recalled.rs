//! What a recall found, as a person reads it.

use longmem_core::{ChannelHit, Recalled};

use super::{day, excerpt, indented, session_title, speaker};
use crate::sanitize::for_terminal;

/// A recalled turn on two lines or more: its place, date, session, speaker and score, and whether it is
/// a note; its text; and with `explain` the reasons.
pub(crate) fn recalled(place: usize, found: &Recalled, explain: bool) -> String {
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
    lines.push(indented(&excerpt(&turn.text)));
    if explain {
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
