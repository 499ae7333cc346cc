//! What speaks for and against a candidate, before it is weighed.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use longmem_core::{Role, Turn, TurnId};
use longmem_search::{Candidate, Candidates, SessionNumber};
use longmem_text::{only_asks, tells_when};

use crate::question::{About, Question};

/// A turn of so many bytes or more is not short. Counted in UTF-8, most languages take about as
/// much to say the same thing, with spaces between words or without.
const ENOUGH_BYTES: usize = 200;

/// What speaks for and against one candidate for a question.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a signal, and all of them go together")]
pub struct Signals {
    /// The turn.
    pub turn: TurnId,
    /// Its session, by the store's number.
    pub session: SessionNumber,
    /// Its cosine with its neighbours' part; none if it has no vector.
    pub cosine: Option<f32>,
    /// The same, scaled so that the lowest in scope is 0 and the highest 1.
    pub dense: f32,
    /// Its BM25 score, scaled so that the highest in scope is 1.
    pub lexical: f32,
    /// The part of the question's words, weighted by rarity, that it or its neighbours hold: 0 to 1.
    pub coverage: f32,
    /// Whether it is by whom the question asks about.
    pub by_whom_asked: bool,
    /// Whether it was said on a day that the question names.
    pub on_day: bool,
    /// Whether the question asks when, and it speaks of a time.
    pub tells_when: bool,
    /// Whether a tool printed it.
    pub printed_by_tool: bool,
    /// Whether it does nothing but ask.
    pub only_asks: bool,
    /// How short it is: ln(200 / bytes of its text), at least 0.
    pub shortness: f32,
}

impl Signals {
    fn of(
        candidate: &Candidate,
        all: &Candidates,
        turn: &Turn,
        question: &Question,
        zone: &TimeZone,
    ) -> Self {
        let dense = match (candidate.cosine, all.cosine_range) {
            (Some(_), Some((low, high))) if high <= low => 1.0,
            (Some(cosine), Some((low, high))) => (cosine - low) / (high - low),
            _ => 0.0,
        };
        let by_whom_asked = match &question.about {
            Some(About::Speaker(name)) => turn.speaker.as_ref() == Some(name),
            Some(About::Role(role)) => turn.speaker.is_none() && turn.role == *role,
            None => false,
        };
        let day = turn.time.to_zoned(zone.clone()).date();
        let bytes = turn.text.trim().len().clamp(1, ENOUGH_BYTES);
        Self {
            turn: turn.id,
            session: candidate.session,
            cosine: candidate.cosine,
            dense,
            lexical: if all.most_bm25 > 0.0 { candidate.bm25 / all.most_bm25 } else { 0.0 },
            coverage: candidate.coverage,
            by_whom_asked,
            on_day: question.days.iter().any(|days| days.contains(day)),
            tells_when: question.asks_when && tells_when(&turn.text),
            printed_by_tool: turn.role == Role::Tool,
            only_asks: only_asks(&turn.text),
            shortness: (ENOUGH_BYTES as f32 / bytes as f32).ln(),
        }
    }
}

/// A candidate with its turn and its signals.
pub(crate) struct Signalled {
    pub(crate) candidate: Candidate,
    pub(crate) turn: Turn,
    pub(crate) signals: Signals,
}

/// Reads the signals of candidates, given with their turns. A turn that was deleted since it was
/// scored is left out.
pub(crate) fn signalled(
    candidates: &Candidates,
    turns: Vec<Turn>,
    question: &Question,
    zone: &TimeZone,
) -> Vec<Signalled> {
    let mut turns: HashMap<TurnId, Turn> = turns.into_iter().map(|turn| (turn.id, turn)).collect();
    let with_turn = candidates.turns.iter().filter_map(|candidate| {
        let turn = turns.remove(&candidate.turn)?;
        let signals = Signals::of(candidate, candidates, &turn, question, zone);
        Some(Signalled { candidate: *candidate, turn, signals })
    });
    with_turn.collect()
}
