//! Coordinate ascent over the ranking's numbers.

use std::collections::HashMap;

use longmem_core::TurnId;
use longmem_memory::{RankingParameters, Signals};

use super::asked::Asked;
use crate::EvalError;
use crate::haystack::Haystack;

/// Where recall is measured; their mean is what is searched for.
const CUTS: [usize; 3] = [5, 10, 20];

/// A smaller gain than this is chance, and does not move a number.
const LEAST_GAIN: f64 = 5e-4;

/// Rounds over all numbers at most; three were enough wherever it was tried.
const ROUNDS: usize = 6;

/// One number of the ranking, and the values that are tried for it.
struct Dial {
    set: fn(&mut RankingParameters, f32),
    step: f32,
    steps: u8,
}

const DIALS: [Dial; 10] = [
    // A turn before counts twice as much as one after: the answer follows what is asked.
    Dial {
        set: |p, value| {
            p.dense.before = value;
            p.dense.after = value / 2.0;
            p.dense.longest_neighbour = 100;
        },
        step: 0.1,
        steps: 4,
    },
    Dial {
        set: |p, value| {
            p.lexical.neighbour_weight = value;
            p.lexical.neighbours = 2;
            p.lexical.longest_neighbour = 100;
        },
        step: 0.175,
        steps: 3,
    },
    Dial { set: |p, value| p.lexical_weight = value, step: 0.1, steps: 10 },
    Dial { set: |p, value| p.coverage_weight = value, step: 0.1, steps: 10 },
    Dial { set: |p, value| p.speaker_boost = value, step: 0.1, steps: 8 },
    Dial { set: |p, value| p.date_boost = value, step: 0.1, steps: 8 },
    Dial { set: |p, value| p.when_boost = value, step: 0.1, steps: 8 },
    Dial { set: |p, value| p.question_penalty = value, step: 0.1, steps: 6 },
    Dial { set: |p, value| p.shortness_penalty = value, step: 0.05, steps: 6 },
    Dial { set: |p, value| p.session_share = value, step: 0.1, steps: 8 },
];

/// Mean recall over some questions, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Recalls {
    /// Among the first 5, 10 and 20, over all questions.
    pub all: [f64; 3],
    /// The same without LoCoMo's adversarial questions.
    pub not_adversarial: [f64; 3],
    /// How many questions, all and without the adversarial ones.
    pub questions: [usize; 2],
}

impl Recalls {
    /// Sums of `self` become those of both.
    fn add(&mut self, other: &Self) {
        for cut in 0..CUTS.len() {
            self.all[cut] += other.all[cut];
            self.not_adversarial[cut] += other.not_adversarial[cut];
        }
        self.questions[0] += other.questions[0];
        self.questions[1] += other.questions[1];
    }

    /// The mean of several, each by its number of questions.
    pub fn mean<'a>(several: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for recalls in several {
            sum.add(&recalls.scaled(|questions| questions as f64));
        }
        sum.scaled(|questions| 1.0 / questions.max(1) as f64)
    }

    fn scaled(&self, factor: impl Fn(usize) -> f64) -> Self {
        let [all, others] = self.questions;
        Self {
            all: self.all.map(|share| share * factor(all)),
            not_adversarial: self.not_adversarial.map(|share| share * factor(others)),
            questions: self.questions,
        }
    }

    /// What is searched for.
    fn aim(&self) -> f64 {
        self.all.iter().sum::<f64>() / CUTS.len() as f64
    }
}

/// Questions with the signals of their candidates, read once for each way of scoring the channels.
pub(super) struct Bench<'a> {
    haystacks: &'a [Haystack<'a>],
    asked: &'a [Asked],
    /// By the numbers that the channels need: the candidates of each question.
    signals: HashMap<[u32; 2], Vec<Vec<Signals>>>,
    /// By all numbers: the recall in each conversation.
    measured: HashMap<Vec<u32>, Vec<Recalls>>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(haystacks: &'a [Haystack<'a>], asked: &'a [Asked]) -> Self {
        Self { haystacks, asked, signals: HashMap::new(), measured: HashMap::new() }
    }

    /// The best parameters for these conversations that turning one number at a time finds.
    pub(super) fn search(
        &mut self,
        conversations: &[usize],
    ) -> Result<RankingParameters, EvalError> {
        let mut best = RankingParameters { lexical_weight: 0.0, ..RankingParameters::PLAIN };
        let mut aim = self.recalls(&best, conversations)?.aim();
        for _ in 0..ROUNDS {
            let before = best;
            for dial in &DIALS {
                for step in 0..=dial.steps {
                    let mut tried = best;
                    // Rounded, so that 3 · 0.1 is what a person writes as 0.3.
                    (dial.set)(&mut tried, (f32::from(step) * dial.step * 1e3).round() / 1e3);
                    let found = self.recalls(&tried, conversations)?.aim();
                    if found > aim + LEAST_GAIN {
                        (best, aim) = (tried, found);
                    }
                }
            }
            if best == before {
                break;
            }
        }
        Ok(best)
    }

    /// The recall that parameters give in these conversations together.
    pub(super) fn recalls(
        &mut self,
        parameters: &RankingParameters,
        conversations: &[usize],
    ) -> Result<Recalls, EvalError> {
        let key = key(parameters);
        if !self.measured.contains_key(&key) {
            let measured = self.measure(parameters)?;
            self.measured.insert(key.clone(), measured);
        }
        let measured = &self.measured[&key];
        Ok(Recalls::mean(conversations.iter().map(|place| &measured[*place])))
    }

    fn measure(&mut self, parameters: &RankingParameters) -> Result<Vec<Recalls>, EvalError> {
        let channels = [parameters.dense.before, parameters.lexical.neighbour_weight];
        let channels = channels.map(f32::to_bits);
        if !self.signals.contains_key(&channels) {
            let read = self.asked.iter().map(|asked| signals(self.haystacks, asked, parameters));
            let read = read.collect::<Result<_, _>>()?;
            self.signals.insert(channels, read);
        }
        let mut sums = vec![Recalls::default(); self.haystacks.len()];
        for (asked, candidates) in self.asked.iter().zip(&self.signals[&channels]) {
            let shares = shares(asked, candidates, &parameters.scores(candidates));
            let (others, count) = if asked.adversarial { ([0.0; 3], 0) } else { (shares, 1) };
            sums[asked.conversation].add(&Recalls {
                all: shares,
                not_adversarial: others,
                questions: [1, count],
            });
        }
        let mean = |sum: Recalls| sum.scaled(|questions| 1.0 / questions.max(1) as f64);
        Ok(sums.into_iter().map(mean).collect())
    }
}

/// What speaks for and against the candidates of a question.
pub(super) fn signals(
    haystacks: &[Haystack<'_>],
    asked: &Asked,
    parameters: &RankingParameters,
) -> Result<Vec<Signals>, EvalError> {
    let mut request = asked.request.clone();
    request.ranking = *parameters;
    Ok(haystacks[asked.conversation].memory.signals(&request)?)
}

/// The share of the evidence within each cut.
fn shares(asked: &Asked, candidates: &[Signals], scores: &[f32]) -> [f64; 3] {
    let mut found = [0.0; 3];
    for (own, evidence) in candidates.iter().zip(scores) {
        if asked.evidence.contains(&own.turn) {
            let better = candidates
                .iter()
                .zip(scores)
                .filter(|(other, score)| better(**score, other.turn, *evidence, own.turn));
            let better = better.count();
            for (share, cut) in found.iter_mut().zip(CUTS) {
                *share += if better < cut { 1.0 } else { 0.0 };
            }
        }
    }
    found.map(|count| count / asked.evidence.len() as f64)
}

/// Says whether the first comes before the second, as the engine orders them.
pub(super) fn better(score: f32, turn: TurnId, than: f32, other: TurnId) -> bool {
    score > than || score.total_cmp(&than).is_eq() && turn < other
}

fn key(parameters: &RankingParameters) -> Vec<u32> {
    let RankingParameters { dense, lexical, .. } = parameters;
    [
        dense.before,
        lexical.neighbour_weight,
        parameters.lexical_weight,
        parameters.coverage_weight,
        parameters.speaker_boost,
        parameters.date_boost,
        parameters.when_boost,
        parameters.question_penalty,
        parameters.shortness_penalty,
        parameters.session_share,
    ]
    .map(f32::to_bits)
    .to_vec()
}
