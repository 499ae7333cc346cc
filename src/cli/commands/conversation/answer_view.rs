//! An answer as it is shown while it comes.

use std::io::IsTerminal;

use anstream::{AutoStream, ColorChoice};

use crate::output::Output;
use crate::render::Markdown;
use crate::sanitize::for_terminal;

/// The width of lines where the terminal does not say its own, in columns.
const USUAL_WIDTH: usize = 80;

/// Shows an answer: its Markdown with attributes on a terminal that has them, otherwise as it is.
pub(super) struct AnswerView {
    output: Output,
    markdown: Option<Markdown>,
    /// Whether anything came.
    pub(super) began: bool,
}

impl AnswerView {
    pub(super) fn new(output: Output) -> Self {
        let stdout = std::io::stdout();
        let attributes = AutoStream::choice(&stdout) != ColorChoice::Never;
        let rendered = !output.json && stdout.is_terminal() && attributes;
        Self { output, markdown: rendered.then(|| Markdown::new(width())), began: false }
    }

    /// Shows the next piece.
    pub(super) fn push(&mut self, piece: &str) {
        self.began = true;
        if self.output.json {
            return;
        }
        let safe = for_terminal(piece);
        let shown = match &mut self.markdown {
            Some(markdown) => {
                // The window may have another size by now.
                markdown.set_width(width());
                markdown.push(&safe)
            }
            None => safe,
        };
        self.show(&shown);
    }

    /// Shows what was held back.
    pub(super) fn finish(&mut self) {
        if let Some(rest) = self.markdown.as_mut().map(Markdown::finish) {
            self.show(&rest);
        }
    }

    fn show(&self, text: &str) {
        if !text.is_empty() {
            // A closed pipe is noticed at the end of the answer, which is stored either way.
            let _ = self.output.piece(text);
        }
    }
}

/// The width of the terminal, in columns.
pub(super) fn width() -> usize {
    terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0))
}
