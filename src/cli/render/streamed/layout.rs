//! Words on lines of a terminal.

use std::fmt::Write;

use clap::builder::styling::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Joins emoji into one.
const JOINER: char = '\u{200d}';

/// The narrowest terminal for which lines are wrapped, in columns.
const NARROWEST: usize = 8;

/// Lines that a word fills at most before it is written: an address stays whole, an image as text does not.
const LINES_OF_A_WORD: usize = 6;

/// Puts words on lines, and gives what can be written.
pub(super) struct Layout {
    width: usize,
    /// The column in which the next letter stands.
    column: usize,
    /// What lines begin with that a line wraps to, and how it looks.
    hanging: (String, Style),
    /// Line breaks before what is coming; those at an answer's end are not written.
    breaks: usize,
    /// Spaces before the word that is coming.
    spaces: usize,
    /// The word that is coming, in runs that look alike.
    word: Vec<(Style, String)>,
    /// Number of letters in it.
    letters: usize,
    /// What can be written.
    out: String,
}

impl Layout {
    pub(super) fn new(width: usize) -> Self {
        let hanging = (String::new(), Style::new());
        let (word, out) = (Vec::new(), String::new());
        Self {
            width: width.max(NARROWEST),
            column: 0,
            hanging,
            breaks: 0,
            spaces: 0,
            word,
            letters: 0,
            out,
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn set_width(&mut self, width: usize) {
        self.width = width.max(NARROWEST);
    }

    /// Begins a line with a mark, and says what the lines begin with that it wraps to.
    pub(super) fn begin(&mut self, mark: &str, hanging: &str, style: Style) {
        self.hanging = (hanging.to_owned(), style);
        self.styled(style, mark);
        self.column = mark.width();
    }

    /// Writes a text that may go over several lines.
    pub(super) fn write(&mut self, style: Style, text: &str) {
        for c in text.chars() {
            if c == ' ' || c == '\t' {
                self.end_word();
                self.spaces += 1;
                continue;
            }
            if self
                .word
                .last()
                .and_then(|(_, run)| run.chars().next_back())
                .is_some_and(|last| may_break(last, c))
            {
                self.end_word();
            }
            match self.word.last_mut() {
                Some((last, run)) if *last == style => run.push(c),
                _ => self.word.push((style, c.to_string())),
            }
            self.letters += 1;
            if self.letters >= self.width * LINES_OF_A_WORD {
                self.end_word();
            }
        }
    }

    /// Writes a line as it stands.
    pub(super) fn verbatim(&mut self, style: Style, text: &str) {
        self.styled(style, text);
    }

    /// Ends the word that is coming, and writes it where it has room.
    pub(super) fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        self.letters = 0;
        if word.is_empty() {
            return;
        }
        let width: usize = word.iter().map(|(_, run)| run.width()).sum();
        let spaces = std::mem::take(&mut self.spaces);
        let indent = self.hanging.0.width();
        if self.column > indent && self.column + spaces + width > self.width {
            self.breaks += 1;
            let (hanging, style) = self.hanging.clone();
            self.styled(style, &hanging);
            self.column = indent;
        } else {
            self.styled(Style::new(), &" ".repeat(spaces));
            self.column += spaces;
        }
        for (style, run) in &word {
            self.styled(*style, run);
        }
        self.column += width;
        if self.column > self.width {
            // A word that is longer than a line; the terminal breaks it.
            self.column %= self.width;
        }
    }

    pub(super) fn end_line(&mut self) {
        self.end_word();
        self.breaks += 1;
        (self.column, self.spaces) = (0, 0);
    }

    /// Takes what can be written.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn styled(&mut self, style: Style, text: &str) {
        if !text.is_empty() {
            self.out.push_str(&"\n".repeat(std::mem::take(&mut self.breaks)));
            write!(self.out, "{style}{text}{style:#}").expect("text is written to memory");
        }
    }
}

/// Whether a line may break between two letters that no space parts: beside Chinese and the like, and
/// emoji.
fn may_break(last: char, next: char) -> bool {
    let is_wide = |c: char| c.width() == Some(2);
    let joins = last == JOINER || next.width() == Some(0) || is_skin_tone(next);
    !joins && (is_wide(last) || is_wide(next)) && !closes(next) && !opens(last)
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Whether a mark stands at no line's beginning.
fn closes(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '(' | '[' | '{')
        || "、。，．！？：；）」』】》〉・ー…".contains(c)
}

/// Whether a mark stands at no line's end.
fn opens(c: char) -> bool {
    "([{（「『【《〈".contains(c)
}
