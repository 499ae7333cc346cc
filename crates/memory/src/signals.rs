//! What speaks for and against a candidate, before it is weighed.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use longmem_core::{Role, Turn, TurnId};
use longmem_search::{Candidate, Candidates, SessionNumber};
use longmem_text::{Party, only_asks, tells_number, tells_when};

use crate::alike::is_echo;
use crate::question::{About, Question};

/// The narrowest range of cosines that meaning is scaled by. In a store of a few notes all cosines lie
/// close together; stretched to 0 and 1, what is a little nearer would look like the answer.
const NARROWEST_RANGE: f32 = 0.5;

/// How much quieter words speak that cover little of a question: see [`Signals::words`].
const LOUDNESS: f32 = 2.0 / 3.0;

/// Ceiling of a question of one or two words, at which words speak half as loud. Whoever asks "where do I
/// live?" searches by a single word, and every turn that holds it holds all.
const FEW_WORDS_CEILING: f32 = 8.0;

/// Number of turns at which the rarity of a word is half believed.
const DOUBTED_TURNS: f32 = 4.0;

/// Bytes of the longest turn in which a number answers "how many?". A longer one nearly always holds
/// some number.
const LONGEST_COUNT: usize = 360;

/// What speaks for and against one candidate for a question.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a signal, and all of them go together")]
pub struct Signals {
    /// The turn.
    pub turn: TurnId,
    /// Its session, by the store's number.
    pub session: SessionNumber,
    /// Whether it is a note, which stands alone: a session of its own.
    pub note: bool,
    /// Its cosine with its neighbours' part; none if it has no vector.
    pub cosine: Option<f32>,
    /// Its own cosine.
    pub own_cosine: Option<f32>,
    /// Its cosine, scaled so that the lowest in scope is 0 and the highest 1. Where a message is
    /// asked part by part it is the cosine times [`RankingParameters::part_scale`], so that parts can
    /// be compared: the nearest turn of a sentence that asks nothing would be 1 as well.
    ///
    /// [`RankingParameters::part_scale`]: crate::RankingParameters::part_scale
    pub meaning: f32,
    /// How loud its words speak, 0 to 1: its BM25 score, scaled so that the highest in scope is 1,
    /// times (highest / ceiling)^⅔, where the ceiling is what a turn would get that held every word
    /// of the question without end, times turns / (turns + 4), times ceiling / (ceiling + 8). So a
    /// single common word cannot outrank a clear meaning; and words say little among a few notes, where
    /// every word is rare, and of a question of one word, which every turn with that word covers.
    pub words: f32,
    /// The part of the question's words, weighted by rarity, that it or its neighbours hold: 0 to 1.
    pub coverage: f32,
    /// The part that it holds itself.
    pub own_coverage: f32,
    /// How surely it is by the person whom the question names, 0 to 1.
    pub by_speaker: f32,
    /// Whether the question asks for what the person said, and it is by the person.
    pub by_user: bool,
    /// Whether the question asks for what the assistant said, and it is by the assistant.
    pub by_assistant: bool,
    /// Whether it was said on a day that the question names.
    pub on_day: bool,
    /// Whether the question asks when, and it speaks of a time.
    pub tells_when: bool,
    /// Whether the question asks how many, and it is short and holds a number.
    pub tells_number: bool,
    /// Whether a tool printed it.
    pub printed_by_tool: bool,
    /// Whether it does nothing but ask.
    pub only_asks: bool,
    /// Whether it does nothing but ask, and nobody answered.
    pub unanswered: bool,
    /// Whether people talk in its session, and no assistant.
    pub among_people: bool,
    /// Whether it says what the question says: no evidence, but the question put before.
    pub echo: bool,
    /// Whether the part of a long message that it was found by asks nothing.
    pub found_by_aside: bool,
    /// Whether that part stands in the middle of the message.
    pub found_in_middle: bool,
}

impl Signals {
    /// Nothing speaks for a turn or against it.
    pub fn none(turn: TurnId, session: SessionNumber) -> Self {
        Self {
            turn,
            session,
            note: false,
            cosine: None,
            own_cosine: None,
            meaning: 0.0,
            words: 0.0,
            coverage: 0.0,
            own_coverage: 0.0,
            by_speaker: 0.0,
            by_user: false,
            by_assistant: false,
            on_day: false,
            tells_when: false,
            tells_number: false,
            printed_by_tool: false,
            only_asks: false,
            unanswered: false,
            among_people: false,
            echo: false,
            found_by_aside: false,
            found_in_middle: false,
        }
    }
}

/// How far meaning reaches from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MeaningScale {
    /// From the lowest to the highest cosine in scope.
    Range,
    /// The cosine times a number.
    Times(f32),
}

impl MeaningScale {
    /// Meaning as it is weighed; 0 without a vector.
    pub(crate) fn of(self, cosine: Option<f32>, range: Option<(f32, f32)>) -> f32 {
        let Some(cosine) = cosine else { return 0.0 };
        match (self, range) {
            (Self::Times(scale), _) => scale * cosine,
            (Self::Range, Some((low, high))) => (cosine - low) / (high - low).max(NARROWEST_RANGE),
            (Self::Range, None) => 0.0,
        }
    }
}

/// What the words of a question can score at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WordScale {
    /// The greatest BM25 score of all that may answer.
    pub(crate) most: f32,
    /// What a turn would get that held every word without end.
    pub(crate) ceiling: f32,
    /// Number of turns over which rarity was counted.
    pub(crate) turns: usize,
}

impl WordScale {
    /// The scale of turns alone.
    pub(crate) fn of(candidates: &Candidates) -> Self {
        let Candidates { most_bm25, bm25_ceiling, counted_turns, .. } = candidates;
        Self { most: *most_bm25, ceiling: *bm25_ceiling, turns: *counted_turns }
    }

    /// How loud a BM25 score speaks: see [`Signals::words`].
    pub(crate) fn loudness(self, bm25: f32) -> f32 {
        if self.most <= 0.0 || self.ceiling <= 0.0 {
            return 0.0;
        }
        let covered = (self.most / self.ceiling).min(1.0).powf(LOUDNESS);
        let believed = self.turns as f32 / (self.turns as f32 + DOUBTED_TURNS);
        let asked = self.ceiling / (self.ceiling + FEW_WORDS_CEILING);
        bm25 / self.most * covered * believed * asked
    }
}

/// What the signals of all candidates of one question are read with.
pub(crate) struct Reader<'a> {
    pub(crate) question: &'a Question,
    pub(crate) word_scale: WordScale,
    /// The range of cosines of all that may answer.
    pub(crate) cosine_range: Option<(f32, f32)>,
    pub(crate) scale: MeaningScale,
    /// The names of the person who keeps the memory.
    pub(crate) owners: &'a HashSet<String>,
    pub(crate) zone: &'a TimeZone,
    /// From which likeness on a turn says what the question says.
    pub(crate) echo_likeness: f32,
}

impl Reader<'_> {
    /// Says whether a turn says what the question says. The same words from the other side tell what it
    /// was about.
    pub(crate) fn is_echo(&self, turn: &Turn) -> bool {
        let Question { words, text, .. } = self.question;
        turn.role == Role::User
            && !turn.note
            && self.question.asks
            && is_echo(words, text, &turn.text, self.echo_likeness)
    }

    /// Reads the signals of one candidate.
    pub(crate) fn read(&self, candidate: &Candidate, turn: &Turn) -> Signals {
        let question = self.question;
        let is_owner = |name: &str| self.owners.contains(name);
        let (mut by_speaker, mut by_user, mut by_assistant) = (0.0, false, false);
        match question.about(is_owner) {
            About::Nobody => {}
            About::Speaker { name, share } => {
                if turn.speaker.as_deref() == Some(name) {
                    by_speaker = share;
                }
            }
            About::Party(Party::User) => {
                by_user = turn.role == Role::User && turn.speaker.as_deref().is_none_or(is_owner);
            }
            About::Party(Party::Assistant) => {
                by_assistant = turn.role == Role::Assistant && !candidate.note;
            }
        }
        let day = turn.time.to_zoned(self.zone.clone()).date();
        let asks = only_asks(&turn.text);
        Signals {
            turn: turn.id,
            session: candidate.session,
            note: candidate.note,
            cosine: candidate.cosine,
            own_cosine: candidate.own_cosine,
            meaning: self.scale.of(candidate.cosine, self.cosine_range),
            words: self.word_scale.loudness(candidate.bm25),
            coverage: candidate.coverage,
            own_coverage: candidate.own_coverage,
            by_speaker,
            by_user,
            by_assistant,
            on_day: question.days.iter().any(|days| days.contains(day)),
            tells_when: question.asks_when && tells_when(&turn.text),
            tells_number: question.asks_number
                && turn.text.len() <= LONGEST_COUNT
                && tells_number(&turn.text),
            printed_by_tool: turn.role == Role::Tool,
            only_asks: asks,
            unanswered: asks && !candidate.note && !is_answered(candidate, turn),
            among_people: is_among_people(candidate, turn),
            echo: self.is_echo(turn),
            found_by_aside: !question.asks,
            found_in_middle: question.in_middle,
        }
    }
}

/// Says whether somebody else speaks after a turn in its session. Of people who talk with each other,
/// nearly always it is the other one.
fn is_answered(candidate: &Candidate, turn: &Turn) -> bool {
    candidate.role_after.is_some_and(|role| role != Role::User || turn.speaker.is_some())
}

/// Says whether people talk in a turn's session, and no assistant.
fn is_among_people(candidate: &Candidate, turn: &Turn) -> bool {
    turn.role == Role::User
        && turn.speaker.is_some()
        && !candidate.note
        && !candidate.session_has_assistant
}

/// The names of the person who keeps the memory, as far as candidates tell: who speaks as the user in
/// talks with an assistant, or wrote notes.
pub(crate) fn owners<'a>(
    candidates: impl Iterator<Item = &'a Candidate>,
    turns: &HashMap<TurnId, Turn>,
) -> HashSet<String> {
    let tells = candidates.filter(|found| found.note || found.session_has_assistant);
    let turns = tells.filter_map(|found| turns.get(&found.turn));
    turns.filter(|turn| turn.role == Role::User).filter_map(|turn| turn.speaker.clone()).collect()
}

/// A candidate with its turn and its signals.
pub(crate) struct Signalled {
    pub(crate) candidate: Candidate,
    pub(crate) turn: Turn,
    pub(crate) signals: Signals,
}
