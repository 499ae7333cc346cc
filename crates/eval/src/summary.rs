//! What several data sets say together.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dataset::family;
use crate::{Level, Measure, Report, Strategy};

/// Several reports with their means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// One report for each data set.
    pub reports: Vec<Report>,
    /// What they say together.
    pub summary: Summary,
}

/// Means over [families](crate::dataset::Dataset::family) of data sets, so that a large set does not
/// outvote a small one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The families.
    pub families: Vec<String>,
    /// One for each strategy that was asked in all sets.
    pub strategies: Vec<StrategySummary>,
}

/// The means of one strategy, each from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategySummary {
    /// The strategy.
    pub strategy: Strategy,
    /// The mean over families of the share of the evidence among the first ten; by turn, or by session
    /// in a set that names no turns.
    pub recall_10: f64,
    /// The same of nDCG@10.
    pub ndcg_10: f64,
    /// The same of the share in a prompt of 1,000 tokens.
    pub context_1000: f64,
}

/// The values of the three measures.
type Values = [f64; 3];

impl Evaluation {
    /// Puts reports together.
    pub fn new(reports: Vec<Report>) -> Self {
        let summary = Summary::new(&reports);
        Self { reports, summary }
    }
}

impl Summary {
    fn new(reports: &[Report]) -> Self {
        let mut families: BTreeMap<String, Vec<&Report>> = BTreeMap::new();
        for report in reports {
            let set = &report.dataset;
            families.entry(family(set.layout, &set.name)).or_default().push(report);
        }
        let strategies = Strategy::ALL.iter().filter_map(|&strategy| {
            let of_family = |sets: &Vec<&Report>| -> Option<Values> {
                mean(sets.iter().map(|report| values(report, strategy)))
            };
            let [recall_10, ndcg_10, context_1000] = mean(families.values().map(of_family))?;
            Some(StrategySummary { strategy, recall_10, ndcg_10, context_1000 })
        });
        let strategies = strategies.collect();
        Self { families: families.into_keys().collect(), strategies }
    }
}

/// The measures of a strategy over all questions of a data set.
fn values(report: &Report, strategy: Strategy) -> Option<Values> {
    let all = report.groups.first()?;
    let row = all.strategies.iter().find(|row| row.strategy == strategy)?;
    let scores = &Level::ALL.iter().find_map(|level| row.at(*level))?.scores;
    let [recall, ndcg, context] =
        [Measure::Recall10, Measure::Ndcg10, Measure::Context1000].map(|m| m.of(scores));
    Some([recall?, ndcg?, context?])
}

/// The mean of each measure, to six decimals; none if there is nothing, or something has none.
fn mean(all: impl Iterator<Item = Option<Values>>) -> Option<Values> {
    let all: Vec<Values> = all.collect::<Option<_>>()?;
    let mean = |place: usize| {
        let sum: f64 = all.iter().map(|values| values[place]).sum();
        (sum / all.len() as f64 * 1e6).round() / 1e6
    };
    (!all.is_empty()).then(|| [mean(0), mean(1), mean(2)])
}
