//! What a run comes to, group by group.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::dataset::{ADVERSARIAL, Dataset, Layout, Mended};
use crate::metrics::Scores;
use crate::statistics::{Interval, bootstrap, percentile};
use crate::{Outcome, Run, Strategy, StrategyOutcome};

/// The rank and the prompt that bear an interval.
const INTERVAL_RANK: usize = 10;
const INTERVAL_TOKENS: usize = 1_000;

/// What a run comes to. Its JSON is what `longmem eval --json` prints: all shares are between 0 and
/// 1, to six decimals, and all but `latency` are the same on every run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What it was measured on.
    pub dataset: DatasetSummary,
    /// The model that embedded, as `name@revision`.
    pub model: String,
    /// How tokens were counted.
    pub token_counter: String,
    /// The most results of a recall.
    pub depth: usize,
    /// All questions; for LoCoMo all but the adversarial ones (`1-4`); then each category.
    pub groups: Vec<GroupReport>,
    /// How often nothing is recalled.
    pub abstention: Vec<AbstentionReport>,
    /// How long it took.
    pub latency: Vec<LatencyReport>,
}

/// What a data set holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetSummary {
    /// How it is written.
    pub layout: Layout,
    /// The ids of its conversations.
    pub conversations: Vec<String>,
    /// Turns in all of them.
    pub turns: usize,
    /// Questions about them.
    pub questions: usize,
    /// Questions that name no evidence although there is an answer; they are not asked.
    pub without_evidence: usize,
    /// Questions whose answer was never said; they are asked, but not scored.
    pub unanswerable: usize,
    /// What was not as it should be in the file.
    #[serde(flatten)]
    pub mended: Mended,
}

/// The scores of one group of questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupReport {
    /// `all`, `1-4`, or a category.
    pub group: String,
    /// Questions with evidence in it.
    pub questions: usize,
    /// One for each strategy.
    pub strategies: Vec<StrategyReport>,
}

/// The scores of one strategy in one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategyReport {
    /// The strategy.
    pub strategy: Strategy,
    /// By turn; none if no question's evidence names turns.
    pub turn: Option<LevelReport>,
    /// By session.
    pub session: Option<LevelReport>,
}

/// Mean scores at one level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelReport {
    /// Questions with evidence at this level.
    pub questions: usize,
    /// The means over them.
    #[serde(flatten)]
    pub scores: Scores,
    /// Where the fractional recall among the first 10 may lie, by chance of the questions.
    pub interval_10: Option<Interval>,
    /// The same for a prompt of 1,000 tokens, if one was made.
    pub interval_1000_tokens: Option<Interval>,
}

/// How often a strategy finds nothing, rightly or wrongly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AbstentionReport {
    /// The strategy.
    pub strategy: Strategy,
    /// Questions whose answer was never said.
    pub unanswerable: usize,
    /// For how many of those nothing was recalled.
    pub rightly_nothing: usize,
    /// Questions with evidence.
    pub answerable: usize,
    /// For how many of those nothing was recalled.
    pub wrongly_nothing: usize,
}

/// How long one strategy took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyReport {
    /// The strategy.
    pub strategy: Strategy,
    /// Its stages.
    pub stages: Vec<StageLatency>,
}

/// How long one stage took, in milliseconds, over all questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageLatency {
    /// The stage: `recall` is all of it, `context` makes the largest prompt.
    pub stage: &'static str,
    /// Questions that it was measured on.
    pub questions: usize,
    /// Half of the questions took at most this long.
    pub p50_ms: f64,
    /// 95 % took at most this long.
    pub p95_ms: f64,
    /// 99 % took at most this long.
    pub p99_ms: f64,
}

impl Report {
    /// Sums up a run, or the part of one whose other outcomes were taken out.
    pub fn new(run: &Run) -> Self {
        let strategies: Vec<Strategy> = run
            .outcomes
            .first()
            .map(|outcome| outcome.strategies.iter().map(|found| found.strategy).collect())
            .unwrap_or_default();
        let abstention = abstention(&run.outcomes, &strategies);
        Self {
            dataset: run.dataset.clone(),
            model: format!("{}@{}", run.model.name, run.model.revision),
            token_counter: run.token_counter.clone(),
            depth: run.depth,
            groups: groups(run, &strategies),
            abstention,
            latency: strategies.iter().map(|s| latency(&run.outcomes, *s)).collect(),
        }
    }
}

impl DatasetSummary {
    pub(crate) fn new(dataset: &Dataset) -> Self {
        let conversations = &dataset.conversations;
        let questions = || conversations.iter().flat_map(|conversation| &conversation.questions);
        Self {
            layout: dataset.layout,
            conversations: conversations.iter().map(|c| c.id.clone()).collect(),
            turns: conversations.iter().map(|conversation| conversation.turns().count()).sum(),
            questions: questions().count(),
            without_evidence: questions()
                .filter(|question| !question.unanswerable && question.evidence.is_empty())
                .count(),
            unanswerable: questions().filter(|question| question.unanswerable).count(),
            mended: dataset.mended,
        }
    }
}

fn groups(run: &Run, strategies: &[Strategy]) -> Vec<GroupReport> {
    let scored: Vec<&Outcome> = run.outcomes.iter().filter(|o| !o.unanswerable).collect();
    let category = |outcome: &Outcome| outcome.category.clone();
    let categories: BTreeSet<String> = scored.iter().filter_map(|o| category(o)).collect();

    let mut groups = vec![("all".to_owned(), scored.clone())];
    if run.dataset.layout == Layout::LoCoMo {
        let mut others = scored.clone();
        others.retain(|outcome| outcome.category.as_deref() != Some(ADVERSARIAL));
        groups.push(("1-4".to_owned(), others));
    }
    groups.extend(categories.into_iter().map(|name| {
        let mut members = scored.clone();
        members.retain(|outcome| outcome.category.as_ref() == Some(&name));
        (name, members)
    }));
    groups
        .into_iter()
        .map(|(group, members)| GroupReport {
            group,
            questions: members.len(),
            strategies: strategies.iter().map(|s| strategy_report(*s, &members)).collect(),
        })
        .collect()
}

fn strategy_report(strategy: Strategy, outcomes: &[&Outcome]) -> StrategyReport {
    let found: Vec<&StrategyOutcome> =
        outcomes.iter().filter_map(|outcome| of(outcome, strategy)).collect();
    StrategyReport {
        strategy,
        turn: level(&found.iter().filter_map(|found| found.turn.as_ref()).collect::<Vec<_>>()),
        session: level(
            &found.iter().filter_map(|found| found.session.as_ref()).collect::<Vec<_>>(),
        ),
    }
}

fn level(scores: &[&Scores]) -> Option<LevelReport> {
    let interval = |number: &dyn Fn(&Scores) -> Option<f64>| {
        let values: Option<Vec<f64>> = scores.iter().map(|scores| number(scores)).collect();
        bootstrap(&values?)
    };
    Some(LevelReport {
        questions: scores.len(),
        interval_10: interval(&|scores| scores.recall(INTERVAL_RANK)),
        interval_1000_tokens: interval(&|scores| scores.context(INTERVAL_TOKENS)),
        scores: Scores::mean(scores)?,
    })
}

fn abstention(outcomes: &[Outcome], strategies: &[Strategy]) -> Vec<AbstentionReport> {
    let (unanswerable, answerable): (Vec<&Outcome>, Vec<&Outcome>) =
        outcomes.iter().partition(|outcome| outcome.unanswerable);
    let report = |&strategy: &Strategy| {
        let nothing = |outcomes: &[&Outcome]| {
            let found = outcomes.iter().filter_map(|outcome| of(outcome, strategy));
            found.filter(|found| found.results == 0).count()
        };
        AbstentionReport {
            strategy,
            unanswerable: unanswerable.len(),
            rightly_nothing: nothing(&unanswerable),
            answerable: answerable.len(),
            wrongly_nothing: nothing(&answerable),
        }
    };
    strategies.iter().map(report).collect()
}

fn latency(outcomes: &[Outcome], strategy: Strategy) -> LatencyReport {
    let mut names = Vec::new();
    let mut times: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for time in outcomes.iter().filter_map(|o| of(o, strategy)).flat_map(|found| &found.stages) {
        if !times.contains_key(time.stage) {
            names.push(time.stage);
        }
        times.entry(time.stage).or_default().push(time.milliseconds);
    }
    let stage = |stage: &'static str| {
        let mut times = times.remove(stage).unwrap_or_default();
        times.sort_by(f64::total_cmp);
        let at = |percent| (percentile(&times, percent) * 1e3).round() / 1e3;
        StageLatency {
            stage,
            questions: times.len(),
            p50_ms: at(50.0),
            p95_ms: at(95.0),
            p99_ms: at(99.0),
        }
    };
    LatencyReport { strategy, stages: names.into_iter().map(stage).collect() }
}

fn of(outcome: &Outcome, strategy: Strategy) -> Option<&StrategyOutcome> {
    outcome.strategies.iter().find(|found| found.strategy == strategy)
}
