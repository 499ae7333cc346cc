//! An answer's Markdown as a terminal shows it, while the answer still comes.
//!
//! Nothing that was written is drawn again: a word is written when it is complete, a line of code when
//! its line is, a table when it has ended. What turns out to be no markup is written as it stands.

mod block;
mod inline;
mod layout;
mod table;

use clap::builder::styling::{Effects, Style};

use self::block::Block;
use self::inline::{plain, runs};
use self::layout::Layout;

const FAINT: Style = Style::new().effects(Effects::DIMMED);

/// Writes one answer's Markdown with attributes, wrapped at the ends of words.
pub(crate) struct Markdown {
    layout: Layout,
    /// What came and is not written yet: the beginning of a line that may mean something, markup whose
    /// end has not come.
    held: String,
    /// What the line that is being written is; none at its beginning.
    line: Option<Style>,
    /// The character that was written last.
    before: Option<char>,
    /// What the lines of code end with; none outside code.
    fence: Option<String>,
    /// The lines of a table that has not ended.
    table: Vec<String>,
}

impl Markdown {
    /// Begins an answer on a terminal of this width, in columns.
    pub(crate) fn new(width: usize) -> Self {
        let layout = Layout::new(width);
        let (held, table) = (String::new(), Vec::new());
        Self { layout, held, line: None, before: None, fence: None, table }
    }

    /// The width from here on, since a window may change its size.
    pub(crate) fn set_width(&mut self, width: usize) {
        self.layout.set_width(width);
    }

    /// Takes the next piece; gives what can be written now.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        while self.step() {}
        self.layout.take()
    }

    /// Takes the end; gives the rest, without a line break behind it.
    pub(crate) fn finish(&mut self) -> String {
        if !self.held.is_empty() || !self.table.is_empty() {
            let ends_here = self.held.ends_with('\n') || self.held.is_empty();
            if !ends_here {
                self.held.push('\n');
            }
            while self.step() {}
            self.end_table();
        }
        self.layout.end_word();
        self.layout.take()
    }

    /// Takes the next step; says whether there may be another.
    fn step(&mut self) -> bool {
        match self.line {
            None => self.begin_line(),
            Some(style) => self.go_on(style),
        }
    }

    /// Begins a line once it is clear what it is.
    fn begin_line(&mut self) -> bool {
        let end = self.held.find('\n');
        let Some(block) = Block::of(&self.held, self.fence.as_deref()) else { return false };
        if !matches!(block, Block::TableRow) {
            self.end_table();
        }
        match block {
            Block::Fence(fence) => {
                self.fence = if self.fence.is_none() { Some(fence) } else { None };
                self.whole_line(end, FAINT)
            }
            Block::Code => self.whole_line(end, Style::new()),
            Block::TableRow => {
                let Some(end) = end else { return false };
                let row = self.held.drain(..=end).collect::<String>();
                self.table.push(row.trim().to_owned());
                true
            }
            Block::Rule => {
                let Some(end) = end else { return false };
                self.held.drain(..=end);
                self.layout.verbatim(FAINT, &"─".repeat(self.layout.width().min(40)));
                self.layout.end_line();
                true
            }
            Block::Text { marker, shown, hanging, style } => {
                self.held.drain(..marker);
                self.layout.begin(&shown, &hanging, FAINT);
                self.line = Some(style);
                self.before = None;
                true
            }
        }
    }

    /// Writes what is clear of a line of text.
    fn go_on(&mut self, style: Style) -> bool {
        let end = self.held.find('\n');
        let text = self.held[..end.unwrap_or(self.held.len())].to_owned();
        let (runs, used) = runs(&text, style, self.before, end.is_some());
        for (style, run) in &runs {
            self.layout.write(*style, run);
            self.before = run.chars().next_back().or(self.before);
        }
        let Some(end) = end else {
            self.held.drain(..used);
            return false;
        };
        self.held.drain(..=end);
        self.layout.end_line();
        self.line = None;
        true
    }

    /// Writes a line as it stands.
    fn whole_line(&mut self, end: Option<usize>, style: Style) -> bool {
        let Some(end) = end else { return false };
        let line = self.held.drain(..=end).collect::<String>();
        self.layout.verbatim(style, line.trim_end_matches('\n'));
        self.layout.end_line();
        true
    }

    fn end_table(&mut self) {
        let rows = std::mem::take(&mut self.table);
        for line in table::lines(&rows, self.layout.width(), plain) {
            self.layout.verbatim(Style::new(), &line);
            self.layout.end_line();
        }
    }
}

#[cfg(test)]
mod tests;
