//! Emphasis, code and links within a line.

use clap::builder::styling::{AnsiColor, Effects, Style};

const CODE: Style = AnsiColor::Yellow.on_default();
const ADDRESS: Style = Style::new().effects(Effects::DIMMED);

/// Bytes that wait for the end of some markup at most; then it is taken for no markup.
const MOST_HELD: usize = 300;

/// A text and how it looks.
pub(super) type Run = (Style, String);

/// Reads a line as far as it is clear how it looks; returns the number of bytes that were read as well.
/// `before` is what stands before it, and with `is_whole` nothing comes behind it.
pub(super) fn runs(
    text: &str,
    style: Style,
    before: Option<char>,
    is_whole: bool,
) -> (Vec<Run>, usize) {
    let mut reader = Reader { text, style, before, is_whole, runs: Vec::new(), place: 0 };
    while reader.step() {}
    (reader.runs, reader.place)
}

/// The text without markup.
pub(super) fn plain(text: &str) -> String {
    runs(text, Style::new(), None, true).0.into_iter().map(|(_, run)| run).collect()
}

struct Reader<'a> {
    text: &'a str,
    style: Style,
    before: Option<char>,
    is_whole: bool,
    runs: Vec<Run>,
    place: usize,
}

/// What a mark turned out to be.
enum Mark {
    /// Markup, with what it shows and its length in bytes.
    Markup(Vec<Run>, usize),
    /// Only letters, as many bytes of them.
    Letters(usize),
    /// Its end has not come.
    Open,
}

impl Reader<'_> {
    fn step(&mut self) -> bool {
        let rest = &self.text[self.place..];
        let Some(next) = rest.chars().next() else { return false };
        let mark = match next {
            '\\' => self.escaped(rest),
            '`' => self.code(rest),
            '*' | '_' => self.emphasis(rest, next),
            '[' => self.link(rest),
            _ => {
                let end = rest.find(['\\', '`', '*', '_', '[']).unwrap_or(rest.len());
                Mark::Letters(end)
            }
        };
        match mark {
            Mark::Open if !self.is_whole && rest.len() <= MOST_HELD => return false,
            Mark::Open => self.letters(next.len_utf8()),
            Mark::Letters(length) => self.letters(length),
            Mark::Markup(runs, length) => {
                self.before = self.text[..self.place + length].chars().next_back();
                self.place += length;
                self.runs.extend(runs);
            }
        }
        true
    }

    fn letters(&mut self, length: usize) {
        let letters = &self.text[self.place..self.place + length];
        self.before = letters.chars().next_back().or(self.before);
        self.place += length;
        self.runs.push((self.style, letters.to_owned()));
    }

    fn escaped(&self, rest: &str) -> Mark {
        match rest[1..].chars().next() {
            None => Mark::Open,
            Some(c) if c.is_ascii_punctuation() => {
                Mark::Markup(vec![(self.style, c.to_string())], 2)
            }
            Some(_) => Mark::Letters(1),
        }
    }

    fn code(&self, rest: &str) -> Mark {
        let length = run_length(rest, '`');
        let mark = &rest[..length];
        let inner = &rest[length..];
        let mut from = 0;
        while let Some(found) = inner[from..].find(mark) {
            let at = from + found;
            let run = run_length(&inner[at..], '`');
            if run == length {
                if at + run == inner.len() && !self.is_whole {
                    // More of the same may come.
                    return Mark::Open;
                }
                let code = inner[..at].trim().to_owned();
                return Mark::Markup(vec![(CODE, code)], length + at + run);
            }
            from = at + run;
        }
        if self.is_whole { Mark::Letters(length) } else { Mark::Open }
    }

    fn emphasis(&self, rest: &str, mark: char) -> Mark {
        let length = run_length(rest, mark);
        let Some(first) = rest[length..].chars().next() else { return Mark::Open };
        let within_word = mark == '_' && self.before.is_some_and(char::is_alphanumeric);
        if length > 3 || first.is_whitespace() || within_word {
            return Mark::Letters(length);
        }
        let inner = &rest[length..];
        let mut from = 0;
        while let Some(found) = inner[from..].find(mark) {
            let at = from + found;
            let run = run_length(&inner[at..], mark);
            let behind = inner[at + run..].chars().next();
            if behind.is_none() && !self.is_whole {
                return Mark::Open;
            }
            let stands_behind = !inner[..at].ends_with(char::is_whitespace);
            let ends_word = mark != '_' || !behind.is_some_and(char::is_alphanumeric);
            // The end of "**a *b***" closes both.
            if at > 0 && run >= length && (run == length || run == 3) && stands_behind && ends_word
            {
                let end = at + run - length;
                let runs = runs(&inner[..end], emphasised(self.style, length), None, true).0;
                return Mark::Markup(runs, length + end + length);
            }
            from = at + run;
        }
        if self.is_whole { Mark::Letters(length) } else { Mark::Open }
    }

    /// A link as its text and its address.
    fn link(&self, rest: &str) -> Mark {
        let Some(close) = rest.find(']') else { return Mark::Open };
        let behind = &rest[close + 1..];
        if behind.is_empty() {
            return if self.is_whole { Mark::Letters(1) } else { Mark::Open };
        }
        if !behind.starts_with('(') {
            return Mark::Letters(1);
        }
        let Some(end) = behind.find(')') else { return Mark::Open };
        let (text, address) = (&rest[1..close], behind[1..end].trim());
        let length = close + 1 + end + 1;
        let mut shown = runs(text, self.style.underline(), None, true).0;
        if text != address {
            shown.push((self.style, " ".to_owned()));
            shown.push((ADDRESS, format!("({address})")));
        }
        Mark::Markup(shown, length)
    }
}

fn emphasised(style: Style, length: usize) -> Style {
    match length {
        1 => style.italic(),
        2 => style.bold(),
        _ => style.bold().italic(),
    }
}

fn run_length(text: &str, mark: char) -> usize {
    text.len() - text.trim_start_matches(mark).len()
}
