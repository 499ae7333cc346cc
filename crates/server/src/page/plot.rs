//! Small plots: bars as a drawing, which needs no script.

use longmem_memory::SessionSummary;
use maud::{Markup, html};

use super::dates::Dates;
use super::layout::{counted, grouped};

/// Months that are shown.
const MONTHS: usize = 24;

/// The width of a bar with its gap, and the height of the highest, in the units of the drawing.
const BAR: (usize, usize) = (12, 64);

/// Pixels of a bar at most.
const WIDE: usize = 26;

/// A value with what it is of: "Mar 2026".
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: u64,
}

/// Bars beside each other, with what they say in words.
pub(super) fn bars(title: &str, unit: &str, bars: &[Bar]) -> Markup {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    let (width, height) = BAR;
    // Even a small value is seen.
    let height_of = |value: u64| match value {
        0 => 0,
        value => ((value as f64 / most as f64) * height as f64).ceil() as usize,
    };
    let (first, last) = (bars.first(), bars.last());
    let label = |bar: Option<&Bar>| bar.map_or(String::new(), |bar| bar.label.clone());
    html! {
        figure.plot {
            figcaption { (title) ". The highest: " (grouped(most)) " " (unit) }
            svg viewBox=(format!("0 0 {} {height}", bars.len() * width)) width=(bars.len() * WIDE)
                preserveAspectRatio="none" role="img" aria-label={ (title) } {
                @for (place, bar) in bars.iter().enumerate() {
                    @let tall = height_of(bar.value);
                    rect x=(place * width + 1) y=(height - tall) width=(width - 2) height=(tall) {
                        title { (bar.label) ": " (grouped(bar.value)) " " (unit) }
                    }
                }
            }
            p.axis { (label(first)) " to " (label(last)) }
        }
    }
}

/// The turns of each of the last months, by when their sessions ended.
pub(super) fn turns_by_month(sessions: &[SessionSummary], dates: &Dates<'_>) -> Markup {
    let newest = sessions.iter().map(|session| session.end).max();
    let Some(newest) = newest else { return html! {} };
    let zone = dates.0.time_zone();
    let month_of =
        |time: longmem_core::Timestamp| time.to_zoned(zone.clone()).date().first_of_month();
    let last = month_of(newest);
    let mut months: Vec<(jiff::civil::Date, u64)> = (0..MONTHS)
        .rev()
        .filter_map(|back| {
            let back = jiff::Span::new().months(i32::try_from(back).ok()?);
            Some((last.checked_sub(back).ok()?, 0))
        })
        .collect();
    let mut older = 0;
    for session in sessions {
        let month = month_of(session.end);
        match months.iter_mut().find(|(known, _)| *known == month) {
            Some((_, turns)) => *turns += session.turns,
            None => older += session.turns,
        }
    }
    let first = months.iter().position(|(_, turns)| *turns > 0).unwrap_or_default();
    let shown: Vec<Bar> = months[first..]
        .iter()
        .map(|(month, turns)| Bar { label: month.strftime("%b %Y").to_string(), value: *turns })
        .collect();
    html! {
        @if shown.len() > 1 {
            (bars("Turns of each month, by when their session ended", "turns", &shown))
            @if older > 0 { p.hint { "And " (counted(older, "turn")) " before that." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_tall_as_their_values_and_use_no_style() {
        let values = [("Jan", 0), ("Feb", 5), ("Mar", 10)];
        let values = values.map(|(label, value)| Bar { label: label.to_owned(), value });
        let plot = bars("Turns", "turns", &values).into_string();
        assert!(plot.contains(r#"<rect x="13" y="32" width="10" height="32">"#), "{plot}");
        assert!(plot.contains(r#"<rect x="25" y="0" width="10" height="64">"#), "{plot}");
        assert!(plot.contains("<title>Feb: 5 turns</title>"), "{plot}");
        assert!(!plot.contains("style"), "{plot}");
    }
}
