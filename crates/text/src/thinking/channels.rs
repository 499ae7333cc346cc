//! Reads answers that consist of channels, as gpt-oss writes them:
//! `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…`.

/// The marks with which such an answer can begin.
pub(super) const FIRST_MARKS: [&str; 2] = ["<|channel|>", "<|start|>"];

const MARKS: [&str; 7] = [
    "<|channel|>",
    "<|start|>",
    "<|constrain|>",
    "<|message|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
];

/// Bytes of the longest mark.
const LONGEST_MARK: usize = 13;

/// Bytes kept of a message's header: who speaks, in which channel, to whom.
const MAX_HEADER: usize = 256;

/// Shows the messages of an answer that are for the person.
#[derive(Debug, Clone, Default)]
pub(super) struct Channels {
    /// The end of what came, in which a mark may have begun.
    tail: String,
    place: Place,
    /// Whether anything has been shown.
    shown: bool,
}

#[derive(Debug, Clone)]
enum Place {
    /// Before the text of a message.
    Header(String),
    /// In a message that is for the person. `begins` until something of it is shown.
    Shown { begins: bool },
    /// In a message that is not.
    Hidden,
}

impl Default for Place {
    fn default() -> Self {
        Self::Header(String::new())
    }
}

impl Channels {
    pub(super) fn push(&mut self, piece: &str, visible: &mut String) {
        let text = std::mem::take(&mut self.tail) + piece;
        let mut rest = text.as_str();
        while let Some(at) = rest.find("<|") {
            self.take(&rest[..at], visible);
            rest = &rest[at..];
            if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
                self.enter(mark);
                rest = &rest[mark.len()..];
            } else if MARKS.iter().any(|mark| mark.starts_with(rest)) {
                rest.clone_into(&mut self.tail);
                return;
            } else {
                self.take("<|", visible);
                rest = &rest[2..];
            }
        }
        if let Some(before) = rest.strip_suffix('<') {
            self.take(before, visible);
            self.tail.push('<');
        } else {
            self.take(rest, visible);
        }
        debug_assert!(self.tail.len() < LONGEST_MARK);
    }

    /// What was held back at the end of the answer.
    pub(super) fn finish(mut self) -> String {
        let mut visible = String::new();
        let tail = std::mem::take(&mut self.tail);
        self.take(&tail, &mut visible);
        visible
    }

    fn enter(&mut self, mark: &str) {
        let place = std::mem::take(&mut self.place);
        self.place = match (mark, place) {
            ("<|message|>", Place::Header(header)) => {
                // Messages to a tool name it; analysis is the model's thinking.
                if header.contains("analysis") || header.contains("to=") {
                    Place::Hidden
                } else {
                    Place::Shown { begins: true }
                }
            }
            ("<|channel|>" | "<|constrain|>", Place::Header(header)) => Place::Header(header + " "),
            ("<|channel|>" | "<|start|>", _) => Place::Header(String::new()),
            // A message may follow without a header.
            ("<|end|>" | "<|return|>" | "<|call|>", _) => Place::Shown { begins: true },
            (_, place) => place,
        };
    }

    fn take(&mut self, text: &str, visible: &mut String) {
        match &mut self.place {
            Place::Header(header) => {
                let room = MAX_HEADER.saturating_sub(header.len());
                header.push_str(&text[..text.floor_char_boundary(room)]);
            }
            Place::Shown { begins } => {
                let text = if *begins { text.trim_start() } else { text };
                if text.is_empty() {
                    return;
                }
                if *begins && self.shown {
                    visible.push_str("\n\n");
                }
                *begins = false;
                self.shown = true;
                visible.push_str(text);
            }
            Place::Hidden => {}
        }
    }
}
