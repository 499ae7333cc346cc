//! A run summed up, group by group.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::dataset::{ADVERSARIAL, Dataset, Layout, Repairs};
use crate::metrics::Scores;
use crate::shortfall::shortfalls;
use crate::statistics::{Interval, bootstrap, percentile};
use crate::{Calibration, Level, NothingReport, Outcome, Run, Shortfall, Stage, Strategy};

/// Number of results whose recall gets an interval.
const INTERVAL_RANK: usize = 10;

/// Tokens of the prompt whose recall gets an interval.
const INTERVAL_TOKENS: usize = 1_000;

/// A run summed up. In its JSON all shares are between 0 and 1, to six decimals, and everything but
/// `latency` is the same on every run.
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
    /// Where longmem finds less than the best of its [peers](Strategy::PEERS); none if it or all of
    /// them were not asked.
    pub shortfalls: Option<Vec<Shortfall>>,
    /// The same questions, asked in other ways.
    pub variants: Vec<VariantReport>,
    /// What the score of longmem's first result is worth; none if it was not asked.
    pub calibration: Option<Calibration>,
    /// For which messages something is recalled at which threshold, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nothing: Option<NothingReport>,
    /// How often nothing was recalled.
    pub abstention: Vec<AbstentionReport>,
    /// How long each stage took.
    pub latency: Vec<LatencyReport>,
}

/// The same questions, asked in another way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariantReport {
    /// In which way.
    pub variant: String,
    /// The groups of the plain report.
    pub groups: Vec<GroupReport>,
}

/// What a data set holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetSummary {
    /// Its name.
    pub name: String,
    /// How it is written.
    pub layout: Layout,
    /// The ids of its conversations.
    pub conversations: Vec<String>,
    /// Turns in all of them.
    pub turns: usize,
    /// Questions about them.
    pub questions: usize,
    /// Questions that have an answer but name no evidence; they are not asked.
    pub without_evidence: usize,
    /// Questions that have no answer in their conversation; they are asked, but not scored.
    pub unanswerable: usize,
    /// What was repaired or left out when the file was read.
    #[serde(flatten)]
    pub repairs: Repairs,
}

/// The scores of one group of questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupReport {
    /// `all`, `1-4`, or a category.
    pub group: String,
    /// Its questions with evidence.
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
    /// The range that chance allows for the fractional recall among the first 10.
    pub interval_10: Option<Interval>,
    /// The same for a prompt of 1,000 tokens.
    pub interval_1000_tokens: Option<Interval>,
}

/// How often a strategy found nothing, rightly or wrongly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AbstentionReport {
    /// The strategy.
    pub strategy: Strategy,
    /// Questions that have no answer in their conversation.
    pub unanswerable: usize,
    /// Those of them for which nothing was recalled.
    pub rightly_nothing: usize,
    /// Questions with evidence.
    pub answerable: usize,
    /// Those of them for which nothing was recalled.
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
    /// The stage.
    pub stage: Stage,
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
    /// Sums up a run.
    pub fn new(run: &Run) -> Self {
        let strategies = strategies(run);
        let abstention = abstention(&run.outcomes, &strategies);
        Self {
            dataset: run.dataset.clone(),
            model: format!("{}@{}", run.model.name, run.model.revision),
            token_counter: run.token_counter.clone(),
            depth: run.depth,
            groups: groups(run, &strategies),
            shortfalls: shortfalls(run),
            variants: Vec::new(),
            calibration: Calibration::of(&run.outcomes),
            nothing: None,
            abstention,
            latency: strategies.iter().map(|s| latency(&run.outcomes, *s)).collect(),
        }
    }

    /// Adds what was found when the same questions were asked in another way.
    pub fn add_variant(&mut self, variant: impl Into<String>, run: &Run) {
        let groups = groups(run, &strategies(run));
        self.variants.push(VariantReport { variant: variant.into(), groups });
    }
}

impl GroupReport {
    /// The levels at which the group is judged: by turn; by session if some evidence names no turn.
    pub fn levels(&self) -> Vec<Level> {
        let questions = |level: Level| {
            let mut reports = self.strategies.iter().filter_map(|row| row.at(level));
            reports.next().map_or(0, |report| report.questions)
        };
        let (turn, session) = (questions(Level::Turn), questions(Level::Session));
        let by_turn = (turn > 0).then_some(Level::Turn);
        let by_session = (session > turn).then_some(Level::Session);
        by_turn.into_iter().chain(by_session).collect()
    }
}

impl StrategyReport {
    /// The scores at one level.
    pub fn at(&self, level: Level) -> Option<&LevelReport> {
        match level {
            Level::Turn => self.turn.as_ref(),
            Level::Session => self.session.as_ref(),
        }
    }
}

impl DatasetSummary {
    pub(crate) fn new(dataset: &Dataset) -> Self {
        let conversations = &dataset.conversations;
        let questions = || conversations.iter().flat_map(|conversation| &conversation.questions);
        Self {
            name: dataset.name.clone(),
            layout: dataset.layout,
            conversations: conversations.iter().map(|c| c.id.clone()).collect(),
            turns: conversations.iter().map(|conversation| conversation.turns().count()).sum(),
            questions: questions().count(),
            without_evidence: questions()
                .filter(|question| !question.unanswerable && question.evidence.is_empty())
                .count(),
            unanswerable: questions().filter(|question| question.unanswerable).count(),
            repairs: dataset.repairs,
        }
    }
}

/// The strategies that were asked.
fn strategies(run: &Run) -> Vec<Strategy> {
    let first = run.outcomes.iter().take(1).flat_map(|outcome| &outcome.strategies);
    first.map(|found| found.strategy).collect()
}

fn groups(run: &Run, strategies: &[Strategy]) -> Vec<GroupReport> {
    let report = |(group, members): (&str, Vec<&Outcome>)| GroupReport {
        group: group.to_owned(),
        questions: members.len(),
        strategies: strategies.iter().map(|s| strategy_report(*s, &members)).collect(),
    };
    grouped(run).into_iter().map(report).collect()
}

/// All questions with evidence; for LoCoMo all but the adversarial ones; then each category.
pub(crate) fn grouped(run: &Run) -> Vec<(&str, Vec<&Outcome>)> {
    let scored: Vec<&Outcome> = run.outcomes.iter().filter(|o| !o.unanswerable).collect();
    let members = |belongs: &dyn Fn(Option<&str>) -> bool| -> Vec<&Outcome> {
        let belongs = |outcome: &&&Outcome| belongs(outcome.category.as_deref());
        scored.iter().filter(belongs).copied().collect()
    };
    let categories: BTreeSet<&str> = scored.iter().filter_map(|o| o.category.as_deref()).collect();

    let mut groups = vec![("all", members(&|_| true))];
    if run.dataset.layout == Layout::LoCoMo {
        groups.push(("1-4", members(&|category| category != Some(ADVERSARIAL))));
    }
    groups.extend(categories.iter().map(|name| (*name, members(&|c| c == Some(*name)))));
    groups
}

fn strategy_report(strategy: Strategy, outcomes: &[&Outcome]) -> StrategyReport {
    let found = || outcomes.iter().filter_map(|outcome| outcome.by(strategy));
    let turn: Vec<&Scores> = found().filter_map(|found| found.turn.as_ref()).collect();
    let session: Vec<&Scores> = found().filter_map(|found| found.session.as_ref()).collect();
    StrategyReport { strategy, turn: level_report(&turn), session: level_report(&session) }
}

fn level_report(scores: &[&Scores]) -> Option<LevelReport> {
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
        let found_nothing = |outcomes: &[&Outcome]| {
            let found = outcomes.iter().filter_map(|outcome| outcome.by(strategy));
            found.filter(|found| found.results == 0).count()
        };
        AbstentionReport {
            strategy,
            unanswerable: unanswerable.len(),
            rightly_nothing: found_nothing(&unanswerable),
            answerable: answerable.len(),
            wrongly_nothing: found_nothing(&answerable),
        }
    };
    strategies.iter().map(report).collect()
}

fn latency(outcomes: &[Outcome], strategy: Strategy) -> LatencyReport {
    let times = || {
        let found = outcomes.iter().filter_map(|outcome| outcome.by(strategy));
        found.flat_map(|found| &found.stages)
    };
    let stage_latency = |&stage: &Stage| {
        let of_stage = times().filter(|time| time.stage == stage);
        let mut times: Vec<f64> = of_stage.map(|time| time.milliseconds).collect();
        if times.is_empty() {
            return None;
        }
        times.sort_by(f64::total_cmp);
        let at = |percent| (percentile(&times, percent) * 1e3).round() / 1e3;
        Some(StageLatency {
            stage,
            questions: times.len(),
            p50_ms: at(50.0),
            p95_ms: at(95.0),
            p99_ms: at(99.0),
        })
    };
    LatencyReport { strategy, stages: Stage::ALL.iter().filter_map(stage_latency).collect() }
}
