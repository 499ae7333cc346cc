//! A report as plain text.

use comfy_table::{CellAlignment, Table, presets};

use crate::metrics::Cut;
use crate::statistics::Interval;
use crate::{AbstentionReport, GroupReport, LevelReport, Report, StrategyReport};

/// Writes a report as tables: for each group of questions one by turn and one by session, with a
/// strategy in each row, a metric in each column, and shares in per cent.
///
/// `r10` is the share of the evidence among the first ten, `b1000` the share within a prompt of
/// 1,000 tokens. The last columns hold the 95 % intervals of these two.
pub fn table(report: &Report) -> String {
    let mut blocks = vec![heading(report)];
    for group in &report.groups {
        blocks.extend(level_table(group, "turn", |row| row.turn.as_ref()));
        blocks.extend(level_table(group, "session", |row| row.session.as_ref()));
    }
    let finds_nothing = |row: &AbstentionReport| row.unanswerable > 0 || row.wrongly_nothing > 0;
    if report.abstention.iter().any(finds_nothing) {
        blocks.push(abstention_table(report));
    }
    blocks.push(latency_table(report));
    blocks.join("\n")
}

/// What was measured, and with what; a blank line follows.
pub(crate) fn heading(report: &Report) -> String {
    let set = &report.dataset;
    let mut lines = vec![format!(
        "{} ({}): {} conversations, {} turns, {} questions",
        set.name,
        set.layout.as_str(),
        set.conversations.len(),
        set.turns,
        set.questions
    )];
    for (count, what) in [
        (set.without_evidence, "questions without evidence, not asked"),
        (set.unanswerable, "questions without an answer, not scored"),
        (set.repairs.evidence_repaired, "pieces of evidence repaired"),
        (set.repairs.evidence_dropped, "pieces of evidence that name nothing, left out"),
        (set.repairs.empty_turns, "turns without text, left out"),
    ] {
        if count > 0 {
            lines.push(format!("{count} {what}"));
        }
    }
    lines.push(format!("model: {}; at most {} results", report.model, report.depth));
    lines.push(format!("tokens: {}\n", report.token_counter));
    lines.join("\n")
}

/// The table of one group at one level, if its questions have evidence there.
fn level_table(
    group: &GroupReport,
    name: &str,
    level: fn(&StrategyReport) -> Option<&LevelReport>,
) -> Option<String> {
    let first = group.strategies.iter().find_map(level)?;
    let labels = |letter: char, cuts: &[Cut]| -> Vec<String> {
        cuts.iter().map(|cut| format!("{letter}{}", cut.at)).collect()
    };
    let header = [
        cells(["strategy"]),
        labels('r', &first.scores.recall),
        cells(["ndcg10", "mrr"]),
        labels('b', &first.scores.context),
        cells(["r10 95 %", "b1000 95 %"]),
    ];
    let rows = group.strategies.iter().filter_map(|row| {
        let LevelReport { scores, interval_10, interval_1000_tokens, .. } = level(row)?;
        let shares = |cuts: &[Cut]| -> Vec<String> {
            cuts.iter().map(|cut| percent(cut.fractional)).collect()
        };
        let columns = [
            cells([row.strategy.as_str()]),
            shares(&scores.recall),
            vec![percent(scores.ndcg_10), percent(scores.mrr)],
            shares(&scores.context),
            vec![range(*interval_10), range(*interval_1000_tokens)],
        ];
        Some(columns.concat())
    });
    let title = format!("{}, by {name} (n = {})", group.group, first.questions);
    Some(aligned(&title, header.concat(), rows))
}

fn abstention_table(report: &Report) -> String {
    let header = cells(["strategy", "rightly nothing", "wrongly nothing"]);
    let rows = report.abstention.iter().map(|row| {
        vec![
            row.strategy.to_string(),
            format!("{} of {}", row.rightly_nothing, row.unanswerable),
            format!("{} of {}", row.wrongly_nothing, row.answerable),
        ]
    });
    aligned("nothing recalled", header, rows)
}

fn latency_table(report: &Report) -> String {
    let header = cells(["strategy", "stage", "p50", "p95", "p99"]);
    let stages =
        report.latency.iter().flat_map(|row| row.stages.iter().map(|stage| (row.strategy, stage)));
    let rows = stages.map(|(strategy, stage)| {
        let times = [stage.p50_ms, stage.p95_ms, stage.p99_ms].map(|time| format!("{time:.1}"));
        [cells([strategy.as_str(), stage.stage.as_str()]), times.to_vec()].concat()
    });
    aligned("latency in milliseconds", header, rows)
}

pub(crate) fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

pub(crate) fn range(interval: Option<Interval>) -> String {
    interval.map_or_else(
        || "–".to_owned(),
        |interval| format!("{}–{}", percent(interval.low), percent(interval.high)),
    )
}

/// Writes a title and, under it, rows with aligned columns: the first to the left, the others to the
/// right.
pub fn aligned(
    title: &str,
    header: Vec<String>,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows);
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if place == 0 { 0 } else { 2 }, 0));
        column.set_cell_alignment(if place == 0 {
            CellAlignment::Left
        } else {
            CellAlignment::Right
        });
    }
    format!("{title}\n{}\n", table.trim_fmt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Layout, Repairs};
    use crate::metrics::Scores;
    use crate::{DatasetSummary, LatencyReport, Stage, StageLatency, Strategy};

    fn cut(at: usize, fractional: f64) -> Cut {
        Cut { at, fractional, any: 1.0, all: 0.0 }
    }

    #[test]
    fn shows_what_was_measured_and_nothing_where_nothing_was() {
        let level = LevelReport {
            questions: 3,
            scores: Scores {
                recall: vec![cut(1, 0.25), cut(10, 1.0)],
                ndcg_10: 0.5,
                mrr: 0.123_456,
                context: vec![cut(1000, 0.0)],
            },
            interval_10: Some(Interval { low: 0.9, high: 1.0 }),
            interval_1000_tokens: None,
        };
        let report = Report {
            dataset: DatasetSummary {
                name: "sample".to_owned(),
                layout: Layout::LongMemEval,
                conversations: vec!["a".to_owned()],
                turns: 7,
                questions: 4,
                without_evidence: 0,
                unanswerable: 1,
                repairs: Repairs { empty_turns: 2, ..Repairs::default() },
            },
            model: "m@1".to_owned(),
            token_counter: "by hand".to_owned(),
            depth: 100,
            groups: vec![GroupReport {
                group: "all".to_owned(),
                questions: 3,
                strategies: [Strategy::Dense, Strategy::NaiveHybrid]
                    .map(|strategy| StrategyReport {
                        strategy,
                        turn: None,
                        session: Some(level.clone()),
                    })
                    .to_vec(),
            }],
            shortfalls: None,
            variants: Vec::new(),
            calibration: None,
            nothing: None,
            abstention: vec![AbstentionReport {
                strategy: Strategy::Dense,
                unanswerable: 1,
                rightly_nothing: 1,
                answerable: 3,
                wrongly_nothing: 0,
            }],
            latency: vec![LatencyReport {
                strategy: Strategy::Dense,
                stages: vec![StageLatency {
                    stage: Stage::Recall,
                    questions: 4,
                    p50_ms: 1.04,
                    p95_ms: 12.0,
                    p99_ms: 12.5,
                }],
            }],
        };
        let expected = "\
sample (LongMemEval): 1 conversations, 7 turns, 4 questions
1 questions without an answer, not scored
2 turns without text, left out
model: m@1; at most 100 results
tokens: by hand

all, by session (n = 3)
strategy        r1    r10  ndcg10   mrr  b1000    r10 95 %  b1000 95 %
dense         25.0  100.0    50.0  12.3    0.0  90.0–100.0           –
naive-hybrid  25.0  100.0    50.0  12.3    0.0  90.0–100.0           –

nothing recalled
strategy  rightly nothing  wrongly nothing
dense              1 of 1           0 of 3

latency in milliseconds
strategy   stage  p50   p95   p99
dense     recall  1.0  12.0  12.5
";
        assert_eq!(table(&report), expected);
    }
}
