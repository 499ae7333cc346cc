//! How well a ranking, or a prompt, covers the evidence. Pure functions.

use std::collections::BTreeSet;

use serde::Serialize;

/// How much of a question's evidence is found at one cut of a ranking, or in a prompt of one size;
/// or the mean of that over questions. Each number is between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cut {
    /// The cut: a number of results, or a prompt's size in tokens.
    pub at: usize,
    /// The share of the evidence that is found.
    pub fractional: f64,
    /// 1 if some of the evidence is found.
    pub any: f64,
    /// 1 if all of the evidence is found.
    pub all: f64,
}

/// Everything measured about one question at one level (turns or sessions), or the means over
/// questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Recall of the evidence at several cuts of the ranking.
    pub recall: Vec<Cut>,
    /// Normalised discounted cumulative gain of the first ten, with gain 1 for evidence.
    pub ndcg_10: f64,
    /// One over the place of the first evidence in the ranking; 0 if there is none.
    pub mrr: f64,
    /// Recall of the evidence in prompts of several sizes.
    pub context: Vec<Cut>,
}

/// Recall of the evidence, which is not empty, among the first `k`.
pub fn recall_at<T: Ord>(ranking: &[T], evidence: &BTreeSet<T>, k: usize) -> Cut {
    Cut::new(k, evidence_in(ranking.iter().take(k), evidence), evidence.len())
}

/// Normalised discounted cumulative gain of the first `k`: the sum of 1 / log₂(place + 1) over the
/// evidence found, divided by what it would be with all evidence in front.
pub fn ndcg_at<T: Ord>(ranking: &[T], evidence: &BTreeSet<T>, k: usize) -> f64 {
    let gain = |place: usize| 1.0 / (place as f64 + 1.0).log2();
    // Not sum(), which gives −0 where no evidence is found.
    let found = ranking
        .iter()
        .take(k)
        .enumerate()
        .filter(|(_, item)| evidence.contains(item))
        .fold(0.0, |sum, (index, _)| sum + gain(index + 1));
    let best: f64 = (1..=evidence.len().min(k)).map(gain).sum();
    found / best
}

/// One over the place of the first evidence in the ranking; 0 if there is none.
pub fn reciprocal_rank<T: Ord>(ranking: &[T], evidence: &BTreeSet<T>) -> f64 {
    let first = ranking.iter().position(|item| evidence.contains(item));
    first.map_or(0.0, |index| 1.0 / (index as f64 + 1.0))
}

/// Keeps each item at its first place: so the sessions of ranked turns become a ranking of sessions.
pub fn first_appearances<T: Ord + Copy>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(*item)).collect()
}

fn evidence_in<'a, T: Ord + 'a>(
    found: impl Iterator<Item = &'a T>,
    evidence: &BTreeSet<T>,
) -> usize {
    found.filter(|item| evidence.contains(item)).count()
}

impl Cut {
    /// The cut at which `found` of `wanted` pieces of evidence, at least one, are found.
    pub fn new(at: usize, found: usize, wanted: usize) -> Self {
        let one_if = |condition| if condition { 1.0 } else { 0.0 };
        Self {
            at,
            fractional: found as f64 / wanted as f64,
            any: one_if(found > 0),
            all: one_if(found == wanted),
        }
    }
}

impl Scores {
    /// Scores a ranking without repetitions, and what prompts of several sizes hold.
    pub fn new<T: Ord>(
        ranking: &[T],
        contexts: &[(usize, BTreeSet<T>)],
        evidence: &BTreeSet<T>,
        cuts: &[usize],
    ) -> Self {
        let context = |(tokens, held): &(usize, BTreeSet<T>)| {
            Cut::new(*tokens, evidence_in(held.iter(), evidence), evidence.len())
        };
        Self {
            recall: cuts.iter().map(|&k| recall_at(ranking, evidence, k)).collect(),
            ndcg_10: ndcg_at(ranking, evidence, 10),
            mrr: reciprocal_rank(ranking, evidence),
            context: contexts.iter().map(context).collect(),
        }
    }

    /// The mean of each number, to six decimals; none if there are no scores. All scores must have
    /// the same cuts.
    pub fn mean(scores: &[&Scores]) -> Option<Scores> {
        let first = scores.first()?;
        let mean = |number: &dyn Fn(&Scores) -> f64| {
            let sum: f64 = scores.iter().map(|scores| number(scores)).sum();
            (sum / scores.len() as f64 * 1e6).round() / 1e6
        };
        let mean_cuts = |cuts: fn(&Scores) -> &Vec<Cut>| {
            let mean_cut = |(index, cut): (usize, &Cut)| Cut {
                at: cut.at,
                fractional: mean(&|scores| cuts(scores)[index].fractional),
                any: mean(&|scores| cuts(scores)[index].any),
                all: mean(&|scores| cuts(scores)[index].all),
            };
            cuts(first).iter().enumerate().map(mean_cut).collect()
        };
        Some(Scores {
            recall: mean_cuts(|scores| &scores.recall),
            ndcg_10: mean(&|scores| scores.ndcg_10),
            mrr: mean(&|scores| scores.mrr),
            context: mean_cuts(|scores| &scores.context),
        })
    }

    /// The fractional recall among the first `k`, if that was measured.
    pub fn recall(&self, k: usize) -> Option<f64> {
        self.recall.iter().find(|cut| cut.at == k).map(|cut| cut.fractional)
    }

    /// The fractional recall in a prompt of `tokens` tokens, if that was measured.
    pub fn context(&self, tokens: usize) -> Option<f64> {
        self.context.iter().find(|cut| cut.at == tokens).map(|cut| cut.fractional)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact or rounded")]
mod tests {
    use super::*;

    const RANKING: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn recall_by_hand() {
        let evidence = BTreeSet::from(["b", "e", "z"]);
        let cut = |k| recall_at(&RANKING, &evidence, k);
        assert_eq!(cut(1), Cut { at: 1, fractional: 0.0, any: 0.0, all: 0.0 });
        assert_eq!(cut(2), Cut { at: 2, fractional: 1.0 / 3.0, any: 1.0, all: 0.0 });
        assert_eq!(cut(50), Cut { at: 50, fractional: 2.0 / 3.0, any: 1.0, all: 0.0 });
        let both = BTreeSet::from(["a", "b"]);
        assert_eq!(
            recall_at(&RANKING, &both, 2),
            Cut { at: 2, fractional: 1.0, any: 1.0, all: 1.0 }
        );
    }

    #[test]
    fn ndcg_by_hand() {
        // Places 2 and 5 of an ideal 1, 2, 3.
        let evidence = BTreeSet::from(["b", "e", "z"]);
        let found = 1.0 / 3f64.log2() + 1.0 / 6f64.log2();
        let best = 1.0 + 1.0 / 3f64.log2() + 0.5;
        assert!(close(ndcg_at(&RANKING, &evidence, 10), found / best));
        assert!(close(
            ndcg_at(&RANKING, &evidence, 2),
            (1.0 / 3f64.log2()) / (1.0 + 1.0 / 3f64.log2())
        ));
        assert!(close(ndcg_at(&RANKING, &BTreeSet::from(["a"]), 10), 1.0));
        assert!(close(ndcg_at(&RANKING, &BTreeSet::from(["z"]), 10), 0.0));
    }

    #[test]
    fn reciprocal_rank_by_hand() {
        assert!(close(reciprocal_rank(&RANKING, &BTreeSet::from(["d", "c"])), 1.0 / 3.0));
        assert!(close(reciprocal_rank(&RANKING, &BTreeSet::from(["z"])), 0.0));
    }

    #[test]
    fn sessions_rank_where_their_first_turn_does() {
        assert_eq!(first_appearances([3, 1, 3, 2, 1]), [3, 1, 2]);
    }

    #[test]
    fn means_are_taken_number_by_number() {
        let evidence = BTreeSet::from(["b"]);
        let score = |ranking: &[&'static str], held: &[&'static str]| {
            let contexts = [(500, held.iter().copied().collect())];
            Scores::new(ranking, &contexts, &evidence, &[1, 5])
        };
        let (hit, late) = (score(&["b"], &["b", "c"]), score(&["a", "c", "b"], &["a"]));
        let mean = Scores::mean(&[&hit, &late, &late]).unwrap();
        assert_eq!(mean.recall(1), Some(0.333_333));
        assert_eq!(mean.recall(5), Some(1.0));
        assert_eq!(mean.context(500), Some(0.333_333));
        assert_eq!(mean.context(1000), None);
        assert_eq!(mean.mrr, 0.555_556);
        assert_eq!(mean.ndcg_10, 0.666_667);
        assert_eq!(Scores::mean(&[]), None);
    }
}
