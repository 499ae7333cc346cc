//! Reads the body of an answer, whatever form it has: a stream of events, or one JSON document.

use longmem_text::{ThinkingFilter, without_thinking};
use serde_json::Value;

use super::{AnswerReader, Step};
use crate::provider::Completion;
use crate::provider::event_stream::{EventParser, MAX_EVENT, ServerEvent};
use crate::provider::lenient::JsonReader;

/// Most bytes of an answer that is one document.
const MAX_DOCUMENT: usize = 32 * 1024 * 1024;

/// Most bytes of an answer's text, thinking included: about two million tokens.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// Most bytes of a stream. An event of a few letters takes some hundred bytes.
const MAX_STREAM: usize = 256 * 1024 * 1024;

/// Marks by which models end their answers. A server that does not know its model's mark hands it on.
const END_MARKS: [&str; 5] =
    ["<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>"];

/// Bytes that are read of a body that is no answer.
const MAX_FOREIGN: usize = 64 * 1024;

/// Number of bytes that tell the forms apart.
const TELLING_BYTES: usize = 6;

/// A body that is being read.
pub(super) struct AnswerBody<'a, R> {
    form: Form,
    /// Whether the content type is that of a stream: then junk before it is passed over.
    called_stream: bool,
    json: JsonReader,
    reader: R,
    text: AnswerText<'a>,
    /// Number of events that could not be read.
    unreadable: usize,
    understood: bool,
    /// Number of bytes that came.
    received: usize,
}

/// What a body turns out to be: its content type is often wrong.
enum Form {
    /// Its first bytes, too few to tell.
    Unknown(Vec<u8>),
    /// Server-sent events.
    Stream(EventParser),
    /// JSON: one document, or one a line.
    Document(Vec<u8>),
    /// Something else: its beginning.
    Foreign(Vec<u8>),
}

/// How an answer ended.
pub(super) enum End {
    /// Nothing more comes.
    Finished,
    /// The server says that something went wrong.
    Failed {
        /// The HTTP status that stands for it.
        status: u16,
        message: String,
    },
    /// The body is no answer: its beginning, which may say why.
    Foreign(Vec<u8>),
    /// The body is longer than any answer.
    TooMuch {
        /// What of it: a line, the text.
        what: &'static str,
        /// The most that is read, in bytes.
        limit: usize,
    },
}

impl<'a, R: AnswerReader> AnswerBody<'a, R> {
    pub(super) fn new(
        reader: R,
        called_stream: bool,
        on_text: &'a mut (dyn FnMut(&str) + Send),
    ) -> Self {
        Self {
            form: Form::Unknown(Vec::new()),
            called_stream,
            json: JsonReader::default(),
            reader,
            text: AnswerText::new(on_text),
            unreadable: 0,
            understood: false,
            received: 0,
        }
    }

    /// Takes the next bytes. Returns how the answer ended, if it did.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<End> {
        self.received = self.received.saturating_add(bytes.len());
        self.take(bytes).or_else(|| self.too_much())
    }

    /// What of the body is too long already.
    fn too_much(&self) -> Option<End> {
        let too_much = |what, limit| Some(End::TooMuch { what, limit });
        match &self.form {
            Form::Stream(parser) if parser.is_overlong() => too_much("an event", MAX_EVENT),
            _ if self.text.came.len() > MAX_TEXT => too_much("a text", MAX_TEXT),
            _ if self.received > MAX_STREAM => too_much("a stream", MAX_STREAM),
            _ => None,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Option<End> {
        match &mut self.form {
            Form::Unknown(begun) => {
                begun.extend_from_slice(bytes);
                if begun.trim_ascii_start().is_empty() {
                    // White space that a server sends while its model loads.
                    begun.clear();
                }
                let form = match Form::told_by(begun)? {
                    Form::Foreign(_) if self.called_stream => Form::Stream(EventParser::default()),
                    form => form,
                };
                let Form::Unknown(begun) = std::mem::replace(&mut self.form, form) else {
                    unreachable!("it was unknown a line before")
                };
                self.take(&begun)
            }
            Form::Stream(parser) => {
                let events = parser.push(bytes);
                events.iter().find_map(|event| self.take_event(event))
            }
            Form::Document(document) => {
                document.extend_from_slice(bytes);
                if document.len() <= MAX_DOCUMENT {
                    return None;
                }
                // It may be a document a line: those that are whole are of the answer.
                let document = std::mem::take(document);
                let lines = String::from_utf8_lossy(&document);
                let whole = lines.rfind('\n').map_or("", |end| &lines[..end]);
                let end = whole.lines().find_map(|line| self.take_data("", line));
                end.or(Some(End::TooMuch { what: "a document", limit: MAX_DOCUMENT }))
            }
            Form::Foreign(beginning) => {
                beginning.extend_from_slice(bytes);
                (beginning.len() > MAX_FOREIGN).then(|| End::Foreign(std::mem::take(beginning)))
            }
        }
    }

    /// Takes the end of the body. Returns how the answer ended, if that is known.
    pub(super) fn end(&mut self) -> Option<End> {
        match std::mem::replace(&mut self.form, Form::Foreign(Vec::new())) {
            Form::Stream(parser) => self.take_event(&parser.finish()?),
            Form::Document(document) => {
                let text = String::from_utf8_lossy(&document);
                let end = self.take_data("", &text);
                let nothing = if self.understood { End::Finished } else { End::Foreign(document) };
                Some(end.unwrap_or(nothing))
            }
            Form::Unknown(begun) if begun.iter().all(u8::is_ascii_whitespace) => None,
            Form::Unknown(begun) | Form::Foreign(begun) => Some(End::Foreign(begun)),
        }
    }

    fn take_event(&mut self, event: &ServerEvent) -> Option<End> {
        self.take_data(&event.name, &event.data)
    }

    /// Takes data that is a JSON value, or one a line: some servers leave out the empty line between
    /// events.
    fn take_data(&mut self, name: &str, data: &str) -> Option<End> {
        let data = data.trim();
        if data == "[DONE]" {
            return Some(End::Finished);
        }
        if let Some(value) = self.json.read(data) {
            return self.take_value(name, &value);
        }
        if data.contains('\n') {
            return data.lines().find_map(|line| self.take_data(name, line));
        }
        self.unreadable += usize::from(!data.is_empty());
        None
    }

    fn take_value(&mut self, name: &str, value: &Value) -> Option<End> {
        if let Value::Array(values) = value {
            return values.iter().find_map(|value| self.take_value(name, value));
        }
        if !value.is_object() {
            self.unreadable += 1;
            return None;
        }
        let step = self.reader.read(name, value, &self.text.came);
        self.understood |= !matches!(step, Step::NotUnderstood);
        match step {
            Step::Text(more) => self.text.push(&more),
            Step::End => return Some(End::Finished),
            // Nothing that goes wrong behind the answer spoils it.
            Step::Failed { .. } if self.reader.has_stopped() => return Some(End::Finished),
            Step::Failed { status, message } => return Some(End::Failed { status, message }),
            Step::NotUnderstood => self.unreadable += 1,
            Step::Nothing => {}
        }
        None
    }

    /// Whether the model has said why it stopped, so that nothing of the answer is missing.
    pub(super) fn has_stopped(&self) -> bool {
        self.reader.has_stopped()
    }

    /// Number of events that could not be read.
    pub(super) fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// The whole answer.
    pub(super) fn finish(self) -> Completion {
        let (text, thought) = self.text.finish();
        let completion = self.reader.finish(text);
        Completion { thought: completion.thought || thought, ..completion }
    }

    /// The text of an answer that did not come to its end.
    pub(super) fn partial(self) -> String {
        self.text.finish().0
    }
}

impl Form {
    /// What a body is by its first bytes; none if they are too few.
    fn told_by(begun: &[u8]) -> Option<Self> {
        let begun = begun.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begun).trim_ascii_start();
        let is_field = [&b"data"[..], b"event", b"id:", b"retry", b":"]
            .iter()
            .any(|field| begun.starts_with(field));
        match begun.first()? {
            b'{' | b'[' => Some(Self::Document(Vec::new())),
            _ if is_field => Some(Self::Stream(EventParser::default())),
            _ => (begun.len() >= TELLING_BYTES).then(|| Self::Foreign(Vec::new())),
        }
    }
}

/// The text of an answer, which is handed on as it comes, without thinking and without empty lines
/// before it.
struct AnswerText<'a> {
    on_text: &'a mut (dyn FnMut(&str) + Send),
    filter: ThinkingFilter,
    /// What the server sent, thinking included.
    came: String,
    /// White space at the beginning, which is handed on when something follows it.
    white: String,
    /// What was handed on.
    shown: String,
}

impl<'a> AnswerText<'a> {
    fn new(on_text: &'a mut (dyn FnMut(&str) + Send)) -> Self {
        let (came, white, shown) = (String::new(), String::new(), String::new());
        Self { on_text, filter: ThinkingFilter::default(), came, white, shown }
    }

    fn push(&mut self, text: &str) {
        self.came.push_str(text);
        let visible = self.filter.push(text);
        self.show(&visible);
    }

    fn show(&mut self, visible: &str) {
        if self.shown.is_empty() {
            self.white.push_str(visible);
            let white = std::mem::take(&mut self.white);
            let begins = white.len() - white.trim_start().len();
            if begins == white.len() {
                self.white = white;
                return;
            }
            let line = white[..begins].rfind('\n').map_or(0, |end| end + 1);
            self.hand_on(&white[line..]);
        } else if !visible.is_empty() {
            self.hand_on(visible);
        }
    }

    fn hand_on(&mut self, text: &str) {
        (self.on_text)(text);
        self.shown.push_str(text);
    }

    /// The whole text, and whether there was thinking before it. Thinking whose beginning is not
    /// marked was handed on before its end told it apart, and so was the mark of the answer's end; they
    /// are no part of the text.
    fn finish(mut self) -> (String, bool) {
        let found = self.filter.found_thinking();
        let held_back = std::mem::take(&mut self.filter).finish();
        self.show(&held_back);
        let end = END_MARKS.iter().find_map(|mark| self.shown.trim_end().strip_suffix(mark));
        if let Some(length) = end.map(str::len) {
            self.shown.truncate(length);
        }
        if found {
            return (self.shown, true);
        }
        let text = without_thinking(&self.shown).into_owned();
        let thought = text.len() < self.shown.len();
        (text, thought)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(pieces: &[&str]) -> (String, bool) {
        let mut heard = String::new();
        let mut on_text = |text: &str| heard.push_str(text);
        let mut text = AnswerText::new(&mut on_text);
        for piece in pieces {
            text.push(piece);
        }
        let (whole, thought) = text.finish();
        assert!(heard.contains(&whole), "{heard}");
        (whole, thought)
    }

    #[test]
    fn an_answer_begins_at_its_first_line() {
        for (pieces, text) in [
            (&["\n\n", "Yes."][..], "Yes."),
            (&["\n", "  - a\n", "  - b"], "  - a\n  - b"),
            (&[" and", " more"], " and more"),
            (&["\n", " "], ""),
            (&["<think>\nHm.", "</think>\n\n", "Yes.\n"], "Yes.\n"),
            (&["<thi"], "<thi"),
            (&["Yes.<|im_", "end|>\n"], "Yes."),
            (&["It ends with <|im_end|>."], "It ends with <|im_end|>."),
        ] {
            assert_eq!(shown(pieces).0, text, "{pieces:?}");
        }
        // Some servers send the opening tag with the prompt.
        let unopened = shown(&["Ports, por", "ts.\n</thi", "nk>\n\nIt is 7443."]);
        assert_eq!(unopened, ("It is 7443.".to_owned(), true));
        assert!(shown(&["<think>Hm."]).1);
        assert!(!shown(&["Hm, <think>."]).1);
    }

    #[test]
    fn the_first_bytes_tell_the_form() {
        let form = |bytes: &str| match Form::told_by(bytes.as_bytes()) {
            Some(Form::Stream(_)) => "stream",
            Some(Form::Document(_)) => "document",
            Some(Form::Foreign(_) | Form::Unknown(_)) => "foreign",
            None => "unknown",
        };
        for (bytes, expected) in [
            ("data: {}", "stream"),
            ("\u{feff}\r\n: ping", "stream"),
            ("event: a", "stream"),
            (" {\"id\"", "document"),
            ("[", "document"),
            ("<html>", "foreign"),
            ("dat", "unknown"),
            ("", "unknown"),
            ("Internal Server Error", "foreign"),
        ] {
            assert_eq!(form(bytes), expected, "{bytes}");
        }
    }

    proptest! {
        #[test]
        fn where_an_answer_is_cut_does_not_matter(text in "[ \n]{0,3}[a\n <>/thinké]{0,20}") {
            let whole = shown(&[&text]);
            for (cut, _) in text.char_indices() {
                prop_assert_eq!(&shown(&[&text[..cut], &text[cut..]]), &whole);
            }
        }
    }
}
