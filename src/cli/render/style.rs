//! Colours. What prints leaves them out where there is no terminal, or nobody wants them.

use clap::builder::styling::{AnsiColor, Style};

/// Words of the question, where they were found.
const MATCH: Style = AnsiColor::Yellow.on_default().bold();

/// What stands beside what was said: numbers, dates, hints.
const ASIDE: Style = Style::new().dimmed();

/// A title.
const TITLE: Style = Style::new().bold();

/// A word of the question.
pub(super) fn matched(text: &str) -> String {
    styled(MATCH, text)
}

/// What stands beside what was said.
pub(super) fn aside(text: &str) -> String {
    styled(ASIDE, text)
}

/// A title.
pub(super) fn title(text: &str) -> String {
    styled(TITLE, text)
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
