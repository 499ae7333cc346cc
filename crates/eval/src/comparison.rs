//! Strategies side by side, as plain text.

use crate::table::{aligned, cells, heading, percent, range};
use crate::{Evaluation, GroupReport, Level, LevelReport, Report, Shortfall, Strategy, Summary};

/// Numbers of results whose recall is shown.
const RESULTS: [usize; 2] = [5, 10];

/// Sizes of prompts, in tokens, whose share of the evidence is shown.
const PROMPTS: [usize; 3] = [500, 1_000, 4_000];

/// Writes an evaluation as text: for each data set a table with a row for each group of questions and
/// strategy, where longmem is below the best of its peers, and, for several sets, their means.
///
/// `r10` is the share of the evidence among the first ten, in per cent, `ndcg10` the normalised
/// discounted cumulative gain of the first ten, `b1000` the share of the evidence within a prompt of
/// 1,000 tokens. The last columns hold the 95 % intervals of `r10` and `b1000`.
pub fn comparison(evaluation: &Evaluation) -> String {
    let mut blocks: Vec<String> = evaluation.reports.iter().map(of_set).collect();
    if evaluation.reports.len() > 1 {
        blocks.push(of_all(&evaluation.summary));
    }
    blocks.join("\n")
}

fn of_set(report: &Report) -> String {
    let mut text = heading(report);
    text.push_str(&groups_table(report));
    if !report.variants.is_empty() {
        text.push('\n');
        text.push_str(&variants_table(report));
    }
    if let Some(shortfalls) = &report.shortfalls {
        text.push('\n');
        text.push_str(&verdict(&peers(report), shortfalls));
    }
    text
}

fn groups_table(report: &Report) -> String {
    let mut rows = Vec::new();
    for group in &report.groups {
        for level in group.levels() {
            rows.extend(group_rows(group, level));
        }
    }
    let header =
        [cells(["group", "n", "strategy"]), score_labels(), cells(["r10 95 %", "b1000 95 %"])];
    aligned("", header.concat(), rows).trim_start().to_owned()
}

/// One row for each strategy; the group's name stands in the first.
fn group_rows(group: &GroupReport, level: Level) -> Vec<Vec<String>> {
    let mut name = match level {
        Level::Turn => group.group.clone(),
        Level::Session => format!("{}, by session", group.group),
    };
    let rows = group.strategies.iter().filter_map(|row| Some((row.strategy, row.at(level)?)));
    rows.map(|(strategy, report)| {
        let name = std::mem::take(&mut name);
        let questions = if name.is_empty() { String::new() } else { report.questions.to_string() };
        let ranges = [report.interval_10, report.interval_1000_tokens].map(range);
        let columns =
            [vec![name, questions, strategy.to_string()], score_cells(report), ranges.to_vec()];
        columns.concat()
    })
    .collect()
}

/// All questions, asked in each way, for longmem and its peers.
fn variants_table(report: &Report) -> String {
    let plain = ("plain", &report.groups);
    let variants = report.variants.iter().map(|variant| (&*variant.variant, &variant.groups));
    let ways: Vec<_> = [plain].into_iter().chain(variants).collect();
    let mut rows = Vec::new();
    for &strategy in Strategy::ALL {
        for (way, groups) in &ways {
            let Some(all) = groups.first() else { continue };
            let row = all.strategies.iter().find(|row| row.strategy == strategy);
            let found = row.and_then(|row| Level::ALL.iter().find_map(|level| row.at(*level)));
            // Strategies that were asked plainly only are left out.
            let is_asked_otherwise = report.variants.iter().any(|variant| {
                let all = variant.groups.first();
                all.is_some_and(|all| all.strategies.iter().any(|row| row.strategy == strategy))
            });
            if let Some(found) = found.filter(|_| is_asked_otherwise) {
                rows.push([cells([strategy.as_str(), *way]), score_cells(found)].concat());
            }
        }
    }
    let header = [cells(["strategy", "asked"]), score_labels()].concat();
    aligned("all questions, asked in other ways", header, rows)
}

fn score_labels() -> Vec<String> {
    let results = RESULTS.iter().map(|at| format!("r{at}"));
    let prompts = PROMPTS.iter().map(|at| format!("b{at}"));
    results.chain(["ndcg10".to_owned()]).chain(prompts).collect()
}

fn score_cells(report: &LevelReport) -> Vec<String> {
    let scores = &report.scores;
    let results = RESULTS.iter().map(|at| scores.recall(*at));
    let prompts = PROMPTS.iter().map(|at| scores.context(*at));
    let all = results.chain([Some(scores.ndcg_10)]).chain(prompts);
    all.map(|share| share.map_or_else(|| "–".to_owned(), percent)).collect()
}

/// The peers that were asked.
fn peers(report: &Report) -> Vec<&'static str> {
    let asked = report.groups.iter().take(1).flat_map(|all| &all.strategies);
    let asked = asked.map(|row| row.strategy).filter(|strategy| Strategy::PEERS.contains(strategy));
    asked.map(Strategy::as_str).collect()
}

/// Where longmem is below the best of some peers.
fn verdict(peers: &[&str], shortfalls: &[Shortfall]) -> String {
    let peers = peers.join(", ");
    let beyond_chance = shortfalls.iter().filter(|shortfall| shortfall.beyond_chance).map(|s| {
        let Shortfall { peer, questions, .. } = s;
        let [difference, low, high] = [s.difference, s.interval.low, s.interval.high].map(signed);
        format!("{} {difference} ({peer}; {low} to {high}; n = {questions})", place(s))
    });
    let by_questions = shortfalls.iter().filter(|shortfall| shortfall.more_than_one_question);
    let by_questions = by_questions.map(|s| {
        let Shortfall { peer, questions, .. } = s;
        let lost = -s.difference * s.questions as f64;
        format!("{} {lost:.1} of {questions} ({peer})", place(s))
    });
    format!(
        "below the best of {peers} beyond chance: {}\n\
         below it by more than one question, in categories of 18 or more: {}\n",
        listed(beyond_chance),
        listed(by_questions)
    )
}

/// A difference in per cent, with its sign.
fn signed(difference: f64) -> String {
    let sign = if difference < 0.0 { "−" } else { "+" };
    format!("{sign}{}", percent(difference.abs()))
}

fn place(shortfall: &Shortfall) -> String {
    let Shortfall { group, measure, .. } = shortfall;
    match shortfall.level {
        Level::Turn => format!("{group} {measure}"),
        Level::Session => format!("{group} {measure} by session"),
    }
}

fn listed(places: impl Iterator<Item = String>) -> String {
    let places: Vec<String> = places.collect();
    if places.is_empty() { "nowhere".to_owned() } else { places.join("; ") }
}

fn of_all(summary: &Summary) -> String {
    let title = format!("mean over {}", summary.families.join(", "));
    let rows = summary.strategies.iter().map(|row| {
        let means = [row.recall_10, row.ndcg_10, row.context_1000].map(percent);
        [cells([row.strategy.as_str()]), means.to_vec()].concat()
    });
    aligned(&title, cells(["strategy", "r10", "ndcg10", "b1000"]), rows)
}

/// Writes what the scores that longmem shows are worth, a row for each data set: the mean score of the
/// first result, and how often it is evidence, both in per cent.
pub fn calibration(reports: &[Report]) -> String {
    let rows = reports.iter().filter_map(|report| {
        let found = report.calibration?;
        let name = report.dataset.name.clone();
        Some(vec![
            name,
            found.questions.to_string(),
            percent(found.mean_said),
            percent(found.share_true),
        ])
    });
    let header = cells(["set", "n", "mean said", "share true"]);
    aligned("the score of the first result", header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Measure;
    use crate::statistics::Interval;

    #[test]
    fn the_verdict_names_groups_measures_and_peers() {
        let shortfall = Shortfall {
            group: "paraphrase".to_owned(),
            level: Level::Turn,
            measure: Measure::Ndcg10,
            peer: Strategy::Dense,
            questions: 24,
            difference: -0.243,
            interval: Interval { low: -0.4, high: -0.1 },
            beyond_chance: true,
            more_than_one_question: true,
        };
        let by_session = Shortfall {
            level: Level::Session,
            interval: Interval { low: -0.4, high: 0.1 },
            beyond_chance: false,
            ..shortfall.clone()
        };
        assert_eq!(
            verdict(&["dense", "lexical"], &[shortfall, by_session]),
            "below the best of dense, lexical beyond chance: \
             paraphrase ndcg10 −24.3 (dense; −40.0 to −10.0; n = 24)\n\
             below it by more than one question, in categories of 18 or more: \
             paraphrase ndcg10 5.8 of 24 (dense); paraphrase ndcg10 by session 5.8 of 24 (dense)\n"
        );
        assert!(verdict(&["dense"], &[]).lines().all(|line| line.ends_with(": nowhere")));
    }
}
