//! What a model answered, read from the bytes that are relayed to the client.

mod document;
mod event;

use longmem_chat::EventParser;

use super::api::RequestKind;

/// Bytes of an answer's text, and of an answer that is one document.
const MOST_BYTES: usize = 8 << 20;

/// Reads an answer while it passes.
#[derive(Debug)]
pub(super) struct AnswerReader {
    kind: RequestKind,
    form: Form,
    answer: Answer,
}

/// What a model answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// What it said: no thinking, no calls of tools.
    pub(super) text: String,
    /// Whether it said all that it wanted to say.
    pub(super) is_whole: bool,
    /// The id under which OpenAI's API keeps it.
    pub(super) id: Option<String>,
    /// Whether something else came since the last text, so that the next one is not its end.
    is_interrupted: bool,
}

#[derive(Debug)]
enum Form {
    Stream(EventParser),
    Document(Vec<u8>),
    /// It is too long, or cannot be read.
    GivenUp,
}

impl Answer {
    /// Adds a piece of text.
    fn say(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.is_interrupted && !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.is_interrupted = false;
        self.text.push_str(text);
    }
}

impl AnswerReader {
    /// Reads the answer to a request of a kind, which is a stream of events or a document.
    pub(super) fn new(kind: RequestKind, is_stream: bool) -> Self {
        let form = if is_stream {
            Form::Stream(EventParser::default())
        } else {
            Form::Document(Vec::new())
        };
        Self { kind, form, answer: Answer::default() }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let is_too_long = match &mut self.form {
            Form::Stream(parser) => {
                for event in parser.push(bytes) {
                    event::read(self.kind, &event.data, &mut self.answer);
                }
                parser.is_overlong() || self.answer.text.len() > MOST_BYTES
            }
            Form::Document(document) => {
                document.extend_from_slice(bytes);
                document.len() > MOST_BYTES
            }
            Form::GivenUp => return,
        };
        if is_too_long {
            self.give_up();
        }
    }

    /// Reads nothing more: what came so far counts as a part.
    pub(super) fn give_up(&mut self) {
        self.form = Form::GivenUp;
        self.answer.is_whole = false;
    }

    /// Number of bytes that are held.
    pub(super) fn held(&self) -> usize {
        let document = match &self.form {
            Form::Document(document) => document.len(),
            Form::Stream(_) | Form::GivenUp => 0,
        };
        self.answer.text.len() + document
    }

    /// What was answered, as far as it came.
    pub(super) fn finish(mut self) -> Answer {
        match self.form {
            Form::Stream(parser) => {
                if let Some(event) = parser.finish() {
                    event::read(self.kind, &event.data, &mut self.answer);
                }
            }
            Form::Document(document) => document::read(self.kind, &document, &mut self.answer),
            Form::GivenUp => {}
        }
        self.answer
    }
}

#[cfg(test)]
mod tests;
