//! What a line of Markdown is, by its beginning.

use clap::builder::styling::{AnsiColor, Style};

/// What a line is.
pub(super) enum Block {
    /// The first or the last line of a piece of code.
    Fence(String),
    /// A line of code.
    Code,
    /// A row of a table.
    TableRow,
    /// A line across.
    Rule,
    /// A paragraph, a heading, an item of a list, or a quotation.
    Text {
        /// Bytes of the line that only say what it is.
        marker: usize,
        /// What is written instead.
        shown: String,
        /// What lines that it wraps to begin with.
        hanging: String,
        /// How its text looks.
        style: Style,
    },
}

const HEADING: Style = AnsiColor::Cyan.on_default().bold();

impl Block {
    /// What the first line of a text is; none as long as more of it may change that. `fence` is what
    /// ends the code in which the line stands.
    pub(super) fn of(text: &str, fence: Option<&str>) -> Option<Self> {
        let (line, is_whole) = match text.split_once('\n') {
            Some((line, _)) => (line, true),
            None => (text, false),
        };
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(fence) = fence {
            let is_end = trimmed.starts_with(fence) && trimmed.trim_end().len() == fence.len();
            return is_whole
                .then(|| if is_end { Self::Fence(fence.to_owned()) } else { Self::Code });
        }
        let token = trimmed.split([' ', '\t']).next().unwrap_or_default();
        // What a line begins with is known when the first word has ended.
        if !is_whole && token.len() == trimmed.len() && may_be_marker(token) {
            return None;
        }
        if let Some(fence) = fence_of(token) {
            return is_whole.then_some(Self::Fence(fence));
        }
        if token.starts_with('|') {
            return is_whole.then_some(Self::TableRow);
        }
        if is_rule(trimmed) {
            return is_whole.then_some(Self::Rule);
        }
        Some(Self::text(line, indent, token))
    }

    fn text(line: &str, indent: usize, token: &str) -> Self {
        let behind = |marker: usize| {
            let gap = line[marker..].len() - line[marker..].trim_start_matches(' ').len();
            marker + gap
        };
        let spaces = " ".repeat(indent.min(12));
        let (marker, shown, style) = match token {
            "" => (0, String::new(), Style::new()),
            _ if token.len() <= 6 && token.bytes().all(|byte| byte == b'#') => {
                (behind(indent + token.len()), String::new(), HEADING)
            }
            "-" | "*" | "+" => (behind(indent + 1), format!("{spaces}• "), Style::new()),
            ">" => (behind(indent + 1), format!("{spaces}│ "), Style::new()),
            _ if is_number(token) => {
                (behind(indent + token.len()), format!("{spaces}{token} "), Style::new())
            }
            _ => (indent, spaces, Style::new()),
        };
        let hanging = match token {
            ">" => shown.clone(),
            _ => " ".repeat(shown.chars().count()),
        };
        Self::Text { marker, shown, hanging, style }
    }
}

/// Whether a first word may be a marker, or become one.
fn may_be_marker(token: &str) -> bool {
    token.is_empty()
        || token.starts_with(['#', '-', '*', '+', '>', '|', '`', '~', '_'])
        || token.starts_with(|c: char| c.is_ascii_digit())
}

/// The number of an item of a list.
fn is_number(token: &str) -> bool {
    let digits = token.strip_suffix(['.', ')']).unwrap_or_default();
    (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What ends a piece of code that begins so.
fn fence_of(token: &str) -> Option<String> {
    let mark = token.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = token.chars().take_while(|c| *c == mark).count();
    let is_fence = length >= 3 && !token[length..].contains(mark);
    is_fence.then(|| token[..length].to_owned())
}

fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 3 && ["-", "*", "_"].iter().any(|mark| line.replace(mark, "").is_empty())
}
