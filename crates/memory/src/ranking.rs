//! Joins what was found by meaning and by words into one order.

use std::collections::HashMap;

use longmem_core::{Adjustment, Explanation, Turn, TurnId};
use longmem_search::{Candidate, DenseParameters, LexicalParameters, SessionNumber};

use crate::alike::{ECHO_LIKENESS, Said};
use crate::signals::{Signalled, Signals};

/// How candidates are scored and ordered.
///
/// score = meaning + `word_weight` · words + what else speaks for or against the turn ([`Signals`]),
/// and then + `session_share` · the best score of the session, where a note is a session of its own.
///
/// The weights were chosen on four families of data together (talk between people, notes, notes within
/// a long history, talk with an assistant), and each family was judged by weights that had not seen
/// it: `longmem-lab fit` does both. They lie on a plateau; which signals there are matters more than
/// any one weight. More signals or trees win where they are fitted and lose on what they have not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankingParameters {
    /// How a turn's cosine is taken together with its neighbours'.
    pub dense: DenseParameters,
    /// How words are scored.
    pub lexical: LexicalParameters,
    /// How many of its best each channel brings.
    pub per_channel: usize,
    /// What words weigh against meaning.
    pub word_weight: f32,
    /// What the part of the question's words that stand in the turn or beside it weighs where people
    /// talk with each other: unlike BM25 it does not ask how often, or in how long a turn.
    pub people_coverage_weight: f32,
    /// Added if the turn is by the person whom the question names.
    pub speaker_boost: f32,
    /// Added if the question asks for what the person said, and the turn is by the person.
    pub user_boost: f32,
    /// Added if the question asks for what the assistant said, and the turn is by the assistant.
    pub assistant_boost: f32,
    /// Added if the turn was said on a day that the question names.
    pub date_boost: f32,
    /// Added if the question asks when, and the turn speaks of a time.
    pub when_boost: f32,
    /// Added if the question asks how many, and the turn is short and holds a number.
    pub number_boost: f32,
    /// Added to a note: somebody wanted it remembered.
    pub note_boost: f32,
    /// Taken away if the turn does nothing but ask.
    pub question_penalty: f32,
    /// Taken away besides if nobody answered it.
    pub unanswered_penalty: f32,
    /// Taken away from what a tool printed. It is found by words alone, so that it competes with
    /// half a score already; a log that repeats a question's words still stays behind what people
    /// said about it.
    pub tool_penalty: f32,
    /// What part of its session's best score is added to each turn.
    pub session_share: f32,
    /// Number of sentences of a long message that are asked one by one, beside the whole; 0 asks
    /// the whole alone.
    pub most_parts: usize,
    /// What a cosine is multiplied by where a message is asked part by part.
    pub part_scale: f32,
    /// Taken away from what was found by a sentence that asks nothing.
    pub aside_penalty: f32,
    /// Taken away besides from what was found by a sentence in the middle of a long message.
    pub middle_penalty: f32,
    /// A turn whose words are this much like the question's, 0 to 1, is the question put before,
    /// and goes last.
    pub echo_likeness: f32,
    /// Turns whose words are more alike than this, 0 to 1, count as one.
    pub copy_likeness: f32,
}

impl RankingParameters {
    /// Each turn for itself, nothing added: what a vector database and a word index do.
    pub const PLAIN: Self = Self {
        dense: DenseParameters::PLAIN,
        lexical: LexicalParameters::PLAIN,
        per_channel: 100,
        word_weight: 1.0,
        people_coverage_weight: 0.0,
        speaker_boost: 0.0,
        user_boost: 0.0,
        assistant_boost: 0.0,
        date_boost: 0.0,
        when_boost: 0.0,
        number_boost: 0.0,
        note_boost: 0.0,
        question_penalty: 0.0,
        unanswered_penalty: 0.0,
        tool_penalty: 0.0,
        session_share: 0.0,
        most_parts: 0,
        part_scale: 1.0,
        aside_penalty: 0.0,
        middle_penalty: 0.0,
        echo_likeness: f32::INFINITY,
        copy_likeness: f32::INFINITY,
    };
}

impl Default for RankingParameters {
    fn default() -> Self {
        Self {
            dense: DenseParameters { before: 0.2, after: 0.1, longest_neighbour: 100 },
            lexical: LexicalParameters {
                neighbour_weight: 0.35,
                neighbours: 2,
                longest_neighbour: 100,
            },
            per_channel: 100,
            word_weight: 1.1,
            people_coverage_weight: 0.3,
            speaker_boost: 0.2,
            user_boost: 0.4,
            assistant_boost: 0.4,
            date_boost: 0.35,
            when_boost: 0.05,
            number_boost: 0.15,
            note_boost: 0.1,
            question_penalty: 0.05,
            unanswered_penalty: 0.6,
            tool_penalty: 0.2,
            session_share: 0.25,
            most_parts: 32,
            part_scale: 1.6,
            aside_penalty: 0.2,
            middle_penalty: 0.3,
            echo_likeness: ECHO_LIKENESS,
            copy_likeness: 0.8,
        }
    }
}

/// Taken away from an echo of the question: more than all else can add.
const ECHO_PENALTY: f32 = 10.0;

/// A turn with its score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) turn: Turn,
    /// The turn before it in its session, if there is one.
    pub(crate) before: Option<TurnId>,
    /// The turn after it in its session, if there is one.
    pub(crate) after: Option<TurnId>,
    pub(crate) signals: Signals,
    pub(crate) explanation: Explanation,
    /// Older turns that say nearly the same, in the order of their scores.
    pub(crate) copies: Vec<TurnId>,
}

impl RankingParameters {
    /// Scores a question's candidates, in the order given.
    pub fn scores(&self, candidates: &[Signals]) -> Vec<f32> {
        let alone: Vec<f32> = candidates.iter().map(|signals| self.alone(signals)).collect();
        let best = best_of_sessions(candidates, &alone);
        let shared = candidates.iter().zip(alone).map(|(signals, score)| {
            score + self.session_share * best[&own_session(signals)].max(0.0)
        });
        shared.collect()
    }

    /// The score before the session's part.
    pub(crate) fn alone(&self, signals: &Signals) -> f32 {
        let adjustments = self.adjustments(signals).map(|(_, amount)| amount);
        signals.meaning + self.word_weight * signals.words + adjustments.iter().sum::<f32>()
    }

    /// What is added to the two channels, each with its reason; 0 where it does not apply.
    fn adjustments(&self, signals: &Signals) -> [(&'static str, f32); 14] {
        let given = |applies: bool, amount: f32| if applies { amount } else { 0.0 };
        let among_people = given(signals.among_people, self.people_coverage_weight);
        [
            ("holds the question's words", among_people * signals.coverage),
            ("by whom is asked about", self.speaker_boost * signals.by_speaker),
            ("by the person who asks", given(signals.by_user, self.user_boost)),
            ("by the assistant who is asked", given(signals.by_assistant, self.assistant_boost)),
            ("on a day that is asked about", given(signals.on_day, self.date_boost)),
            ("tells when", given(signals.tells_when, self.when_boost)),
            ("tells a number", given(signals.tells_number, self.number_boost)),
            ("a note", given(signals.note, self.note_boost)),
            ("only asks", given(signals.only_asks, -self.question_penalty)),
            ("was not answered", given(signals.unanswered, -self.unanswered_penalty)),
            ("printed by a tool", given(signals.printed_by_tool, -self.tool_penalty)),
            ("found by a remark", given(signals.found_by_aside, -self.aside_penalty)),
            ("found in the middle", given(signals.found_in_middle, -self.middle_penalty)),
            ("says what the question says", given(signals.echo, -ECHO_PENALTY)),
        ]
    }
}

/// The session whose best score a turn shares: a note has one of its own.
fn own_session(signals: &Signals) -> (SessionNumber, Option<TurnId>) {
    (signals.session, signals.note.then_some(signals.turn))
}

fn best_of_sessions(
    candidates: &[Signals],
    scores: &[f32],
) -> HashMap<(SessionNumber, Option<TurnId>), f32> {
    let mut best = HashMap::new();
    for (signals, score) in candidates.iter().zip(scores) {
        let best = best.entry(own_session(signals)).or_insert(f32::NEG_INFINITY);
        *best = score.max(*best);
    }
    best
}

/// Orders candidates; equal scores are ordered by turn number.
pub(crate) fn rank(candidates: Vec<Signalled>, parameters: &RankingParameters) -> Vec<Ranked> {
    let signals: Vec<Signals> = candidates.iter().map(|candidate| candidate.signals).collect();
    let scores = parameters.scores(&signals);
    let ranked = candidates.into_iter().zip(scores).map(|(found, score)| {
        let Signalled { candidate, turn, signals } = found;
        let explanation = parameters.explanation(&signals, score);
        let explanation =
            Explanation { dense: candidate.dense, lexical: candidate.lexical, ..explanation };
        let Candidate { before, after, .. } = candidate;
        Ranked { turn, before, after, signals, explanation, copies: Vec::new() }
    });
    let mut ranked: Vec<Ranked> = ranked.collect();
    ranked.sort_by(|a, b| {
        let (a_score, b_score) = (a.explanation.rank_score, b.explanation.rank_score);
        b_score.total_cmp(&a_score).then(a.turn.id.cmp(&b.turn.id))
    });
    ranked
}

impl RankingParameters {
    /// How a score came about, but for the places in the channels.
    pub(crate) fn explanation(&self, signals: &Signals, score: f32) -> Explanation {
        let session = score - self.alone(signals);
        let adjustments = self.adjustments(signals).into_iter();
        let adjustments = adjustments.chain([("best of its session", session)]);
        Explanation {
            dense: None,
            lexical: None,
            cosine: signals.cosine,
            coverage: signals.coverage,
            adjustments: adjustments
                .filter(|(_, amount)| *amount != 0.0)
                .map(|(reason, amount)| Adjustment { reason: reason.to_owned(), amount })
                .collect(),
            rank_score: score,
        }
    }
}

/// Makes one of turns that say nearly the same, among the first `within`: the newest stands at the
/// place of the best, and names the others. Only the first `shown` that are left have copies, which is
/// all that anybody sees.
pub(crate) fn merge_copies(
    ranked: Vec<Ranked>,
    within: usize,
    shown: usize,
    likeness: f32,
) -> Vec<Ranked> {
    if likeness >= 1.0 {
        return ranked;
    }
    let mut said: Vec<Said<'_>> =
        ranked.iter().take(within).map(|found| Said::new(&found.turn.text)).collect();
    // For each place the first place that says the same.
    let mut first: Vec<usize> = Vec::with_capacity(said.len());
    let mut firsts: Vec<usize> = Vec::with_capacity(shown);
    for place in 0..said.len() {
        let (before, rest) = said.split_at_mut(place);
        let mut others = firsts.iter().copied();
        let copied = others.find(|other| rest[0].is_copy_of(&mut before[*other], likeness));
        if copied.is_none() && firsts.len() < shown {
            firsts.push(place);
        }
        first.push(copied.unwrap_or(place));
    }
    drop(said);
    let mut merged: Vec<Ranked> = Vec::with_capacity(ranked.len());
    let mut place_of: HashMap<usize, usize> = HashMap::new();
    for (place, found) in ranked.into_iter().enumerate() {
        let first = first.get(place).copied().unwrap_or(place);
        match place_of.get(&first) {
            Some(kept) => merged[*kept].add_copy(found),
            None => {
                place_of.insert(first, merged.len());
                merged.push(found);
            }
        }
    }
    merged
}

impl Ranked {
    /// Counts a turn that says the same. Of the two the newer is shown, or the one that was said on a
    /// day that is asked about.
    fn add_copy(&mut self, mut other: Ranked) {
        let rank = |found: &Self| (found.signals.on_day, found.turn.time, found.turn.id);
        if rank(&other) > rank(self) {
            // The place and its reasons stay those of the better one.
            std::mem::swap(&mut self.turn, &mut other.turn);
            (self.before, self.after) = (other.before, other.after);
            self.signals.on_day = other.signals.on_day;
        }
        self.copies.push(other.turn.id);
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Role, SessionName, Timestamp};

    use super::*;

    fn signals(session: i64, meaning: f32) -> Signals {
        Signals {
            cosine: Some(meaning),
            own_cosine: Some(meaning),
            meaning,
            ..Signals::none(TurnId(1), SessionNumber(session))
        }
    }

    #[test]
    fn plain_parameters_add_the_channels_and_nothing_else() {
        let found = Signals {
            words: 0.25,
            coverage: 1.0,
            by_speaker: 1.0,
            by_user: true,
            on_day: true,
            tells_when: true,
            tells_number: true,
            printed_by_tool: true,
            only_asks: true,
            unanswered: true,
            among_people: true,
            found_by_aside: true,
            ..signals(1, 0.25)
        };
        assert_eq!(RankingParameters::PLAIN.scores(&[found]), [0.5]);
    }

    #[test]
    fn a_turn_gains_from_the_best_of_its_own_session_and_a_note_from_itself() {
        let parameters = RankingParameters { session_share: 0.5, ..RankingParameters::PLAIN };
        let note = Signals { note: true, turn: TurnId(2), ..signals(1, 0.25) };
        let found = [signals(1, 0.25), signals(1, 1.0), signals(2, 0.25), note];
        assert_eq!(parameters.scores(&found), [0.75, 1.5, 0.375, 0.375]);
    }

    #[test]
    fn every_signal_pulls_its_own_way() {
        let parameters = RankingParameters { middle_penalty: 0.1, ..RankingParameters::default() };
        let plain = signals(1, 0.5);
        let score = |signals: Signals| parameters.scores(&[signals])[0];
        for better in [
            Signals { words: 1.0, ..plain },
            Signals { coverage: 1.0, among_people: true, ..plain },
            Signals { by_speaker: 0.5, ..plain },
            Signals { by_user: true, ..plain },
            Signals { by_assistant: true, ..plain },
            Signals { on_day: true, ..plain },
            Signals { tells_when: true, ..plain },
            Signals { tells_number: true, ..plain },
            Signals { note: true, ..plain },
        ] {
            assert!(score(better) > score(plain), "{better:?}");
        }
        for worse in [
            Signals { only_asks: true, ..plain },
            Signals { unanswered: true, ..plain },
            Signals { printed_by_tool: true, ..plain },
            Signals { found_by_aside: true, ..plain },
            Signals { found_in_middle: true, ..plain },
            Signals { echo: true, words: 1.0, by_user: true, ..plain },
        ] {
            assert!(score(worse) < score(plain), "{worse:?}");
        }
    }

    fn ranked(id: i64, day: i64, text: &str) -> Ranked {
        let turn = Turn {
            id: TurnId(id),
            session: SessionName::new("s").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            note: false,
            time: Timestamp::from_second(day * 86_400).unwrap(),
            text: text.to_owned(),
        };
        let explanation = Explanation { rank_score: -(id as f32), ..Explanation::default() };
        let signals = signals(1, 0.5);
        Ranked { turn, before: None, after: None, signals, explanation, copies: Vec::new() }
    }

    #[test]
    fn of_copies_the_newest_stands_at_the_place_of_the_best() {
        let same = "The meeting with the architect is on the first floor";
        let found = vec![
            ranked(1, 5, "Something else altogether"),
            ranked(2, 1, same),
            ranked(3, 9, same),
            ranked(4, 3, same),
            ranked(5, 4, "The last of them"),
        ];
        let merged = merge_copies(found.clone(), 30, 10, 0.8);
        let seen: Vec<i64> = merged.iter().map(|found| found.turn.id.0).collect();
        assert_eq!(seen, [1, 3, 5]);
        assert_eq!(merged[1].copies, [TurnId(2), TurnId(4)]);
        assert!((merged[1].explanation.rank_score + 2.0).abs() < 1e-6);
        assert_eq!(merge_copies(found.clone(), 30, 10, f32::INFINITY), found);
        assert_eq!(merge_copies(found.clone(), 2, 10, 0.8).len(), 5, "only the first are compared");
        assert_eq!(merge_copies(found, 30, 1, 0.8).len(), 5, "only what is shown has copies");
    }
}
