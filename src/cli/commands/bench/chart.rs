//! Draws figures as bars of text.

use longmem_bench::Figure;

use super::report::{Group, Report, Row};

/// Columns of the longest bar, at most.
const MAX_BAR: usize = 40;

/// Columns of the longest bar, at least: on a narrower terminal the lines run over.
const MIN_BAR: usize = 8;

/// Columns of a chart that is not printed to a terminal.
pub(super) const USUAL_WIDTH: usize = 80;

/// Parts of a block, from none of it to seven eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The whole report, at most `width` columns wide if bars can be that short.
pub(super) fn chart(report: &Report, width: usize) -> String {
    let mut lines = vec![report.machine.line()];
    for group in &report.groups {
        lines.push(String::new());
        lines.push(group.title.clone());
        lines.extend(rows(group, width));
    }
    lines.join("\n")
}

/// A line for each figure: its name, a bar in proportion to the group's greatest value, the figure.
fn rows(group: &Group, width: usize) -> Vec<String> {
    // Names and figures are in letters that are one column wide.
    let columns = |text: &String| text.chars().count();
    let figures: Vec<String> = group.rows.iter().map(shown).collect();
    let name_width = group.rows.iter().map(|row| columns(&row.name)).max().unwrap_or_default();
    let figure_width = figures.iter().map(columns).max().unwrap_or_default();
    // Two columns before the name, two on each side of the bar.
    let room = width.saturating_sub(name_width + figure_width + 6);
    let bar_width = room.clamp(MIN_BAR, MAX_BAR);
    let greatest = group.rows.iter().map(|row| row.figure.value()).fold(0.0, f64::max);
    let line = |(row, figure): (&Row, &String)| {
        let bar = bar(row.figure.value() / greatest, bar_width);
        format!("  {:name_width$}  {bar:bar_width$}  {figure}", row.name)
    };
    group.rows.iter().zip(&figures).map(line).collect()
}

/// A bar for a share of 0 to 1, to an eighth of a column.
fn bar(share: f64, width: usize) -> String {
    let eighths = (share * (width * 8) as f64).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// The figure, and how it compares.
fn shown(row: &Row) -> String {
    let figure = match &row.figure {
        Figure::Latency { p50_ms, p95_ms, p99_ms, .. } => {
            let [median, p95, p99] = [p50_ms, p95_ms, p99_ms].map(|time| rounded(*time));
            format!("{median} ms (p95 {p95}, p99 {p99})")
        }
        Figure::Rate { per_second, of, tokens_per_second: None } => {
            format!("{} {of}/s", rounded(*per_second))
        }
        Figure::Rate { per_second, of, tokens_per_second: Some(tokens) } => {
            format!("{} {of}/s ({} tokens/s)", rounded(*per_second), rounded(*tokens))
        }
        Figure::Size { bytes } => crate::output::bytes(*bytes),
        Figure::Count { each, of } => format!("{each:.1} {of}"),
    };
    match row.ratio {
        Some(ratio) => format!("{figure}, × {ratio:.2}"),
        None => figure,
    }
}

/// A number with three significant digits, or all of its digits before the point.
fn rounded(number: f64) -> String {
    match number {
        100.0.. => crate::output::grouped(number.round() as u64),
        10.0.. => format!("{number:.1}"),
        1.0.. => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn group() -> Group {
        let latency = |micros| Figure::latency(vec![Duration::from_micros(micros); 10]);
        Group {
            title: "Search".to_owned(),
            rows: vec![
                Row::new("by meaning", latency(12_000)),
                Row::new("both", latency(24_000)),
                Row::new("nothing", latency(9)),
            ],
        }
    }

    #[test]
    fn bars_are_in_proportion_and_the_lines_fit() {
        assert_eq!(
            rows(&group(), 60),
            [
                "  by meaning  ██████▌        12.0 ms (p95 12.0, p99 12.0)",
                "  both        █████████████  24.0 ms (p95 24.0, p99 24.0)",
                "  nothing                    0.009 ms (p95 0.009, p99 0.009)",
            ]
        );
    }

    #[test]
    fn a_narrow_terminal_still_gets_bars_and_an_empty_group_gets_no_lines() {
        for width in 0..200 {
            for line in rows(&group(), width) {
                assert!(line.chars().count() <= width.max(55), "{line}");
            }
        }
        assert_eq!(rows(&Group { title: String::new(), rows: vec![] }, 80), [""; 0]);
    }

    #[test]
    fn bars_of_nothing_are_empty() {
        let zero = Figure::latency(vec![]);
        let group = Group { title: String::new(), rows: vec![Row::new("zero", zero)] };
        assert_eq!(rows(&group, 30)[0].matches('█').count(), 0);
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        assert_eq!(
            [0.0461, 1.804, 26.25, 539.4, 95_000.0].map(rounded),
            ["0.046", "1.80", "26.2", "539", "95,000"]
        );
    }
}
