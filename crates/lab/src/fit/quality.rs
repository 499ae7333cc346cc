//! What ranking parameters are worth, computed from signals without asking the engine again.

use std::collections::HashSet;

use longmem_chat::RECALLED_TURNS;
use longmem_memory::RankingParameters;
use rayon::prelude::*;

use super::asked::Asked;

/// How much one of LoCoMo's adversarial questions counts. They name the wrong speaker on purpose,
/// which people seldom do; at full weight they would all but switch off the speaker's boost.
const ADVERSARIAL_WEIGHT: f64 = 0.2;

/// Number of results among which recall is measured.
const RESULTS: usize = 10;

/// Tokens of the date that the first quote of a session brings along.
const DATE_TOKENS: usize = 8;

/// What a ranking finds of the evidence of some questions: mean shares, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Quality {
    /// Among the first ten.
    pub(super) recall_10: f64,
    /// In a prompt of 1,000 tokens, about.
    pub(super) context_1000: f64,
    /// Number of questions.
    pub(super) questions: usize,
    /// The sum of their weights.
    pub(super) weight: f64,
}

impl Quality {
    /// The mean of both shares.
    pub(super) fn mean(&self) -> f64 {
        f64::midpoint(self.recall_10, self.context_1000)
    }

    /// Judges parameters on questions.
    pub(super) fn of<'a>(
        parameters: &RankingParameters,
        questions: impl IntoParallelIterator<Item = &'a Asked>,
    ) -> Self {
        // In the order of the questions, so that the sums are the same on every run.
        let each: Vec<Self> =
            questions.into_par_iter().map(|asked| of_question(parameters, asked)).collect();
        Self::joined(each)
    }

    /// The quality over the questions of several.
    pub(super) fn joined(several: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self::default();
        for found in several {
            sum.recall_10 += found.weight * found.recall_10;
            sum.context_1000 += found.weight * found.context_1000;
            sum.weight += found.weight;
            sum.questions += found.questions;
        }
        if sum.weight > 0.0 {
            sum.recall_10 /= sum.weight;
            sum.context_1000 /= sum.weight;
        }
        sum
    }
}

fn of_question(parameters: &RankingParameters, asked: &Asked) -> Quality {
    let found = |evidence: usize| evidence as f64 / asked.evidence as f64;
    let order = order(parameters, asked);
    let is_evidence = |place: &&usize| asked.turns[**place].is_evidence;
    Quality {
        recall_10: found(order.iter().take(RESULTS).filter(is_evidence).count()),
        context_1000: found(in_prompt(asked, &order).filter(is_evidence).count()),
        questions: 1,
        weight: if asked.adversarial { ADVERSARIAL_WEIGHT } else { 1.0 },
    }
}

/// The places of the candidates, the best first, as the engine orders them.
pub(super) fn order(parameters: &RankingParameters, asked: &Asked) -> Vec<usize> {
    let scores = parameters.scores(&asked.signals);
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| {
        let by_turn = || asked.signals[a].turn.cmp(&asked.signals[b].turn);
        scores[b].total_cmp(&scores[a]).then_with(by_turn)
    });
    order
}

/// The candidates that fit a prompt, up to the first that does not.
fn in_prompt<'a>(asked: &'a Asked, order: &'a [usize]) -> impl Iterator<Item = &'a usize> {
    let mut room = asked.room;
    let mut sessions = HashSet::new();
    order.iter().take(RECALLED_TURNS).take_while(move |&&place| {
        let is_first = sessions.insert(asked.signals[place].session);
        let cost = asked.turns[place].tokens + if is_first { DATE_TOKENS } else { 0 };
        let fits = cost <= room;
        room = room.saturating_sub(cost);
        fits
    })
}
