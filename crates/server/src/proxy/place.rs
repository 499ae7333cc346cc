//! Where in the bytes of a request a block goes, and putting it there.

use serde_json::value::RawValue;

use super::api::RequestKind;

/// Where a block goes: behind what a person wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the bracket at this byte that closes the parts of a message.
    Parts {
        /// The byte.
        end: usize,
        /// What a part of text is called there.
        kind: &'static str,
    },
    /// Around a text from one byte to another, which becomes the first of two parts.
    Text {
        /// The opening quote.
        start: usize,
        /// Behind the closing quote.
        end: usize,
    },
    /// At the end of a text, before the quote at this byte that closes it.
    EndOfText {
        /// The byte.
        end: usize,
    },
}

/// Bytes that are put into others, and before which of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Insertion {
    /// The byte before which they go.
    pub(super) at: usize,
    /// What goes there.
    pub(super) bytes: Vec<u8>,
}

impl Place {
    /// The place behind a content, which is a part of a body; none if nothing can be put there.
    pub(super) fn behind(kind: RequestKind, body: &[u8], content: &RawValue) -> Option<Self> {
        let json = content.get();
        let start = (json.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
        let end = start + json.len();
        let is_anthropic = matches!(kind, RequestKind::Messages | RequestKind::CountTokens);
        match json.as_bytes().first()? {
            b'[' => {
                let kind = if kind == RequestKind::Responses { "input_text" } else { "text" };
                Some(Self::Parts { end: end - 1, kind })
            }
            b'"' if is_anthropic => Some(Self::Text { start, end }),
            b'"' => Some(Self::EndOfText { end: end - 1 }),
            _ => None,
        }
    }

    /// What is put there for a block.
    pub(super) fn insertions(self, block: &str) -> Vec<Insertion> {
        let quoted = |text: &str| serde_json::to_string(text).expect("a text is JSON");
        let insertion = |at, text: String| Insertion { at, bytes: text.into_bytes() };
        let part = |kind, text| format!(r#"{{"type":"{kind}","text":{}}}"#, quoted(text));
        match self {
            Self::Parts { end, kind } => vec![insertion(end, format!(",{}", part(kind, block)))],
            Self::Text { start, end } => vec![
                insertion(start, r#"[{"type":"text","text":"#.to_owned()),
                insertion(end, format!("}},{}]", part("text", block))),
            ],
            Self::EndOfText { end } => {
                let text = quoted(&format!("\n\n{block}"));
                vec![insertion(end, text[1..text.len() - 1].to_owned())]
            }
        }
    }
}

/// Puts bytes into others. The insertions are in the order of their places.
pub(super) fn spliced(body: &[u8], insertions: &[Insertion]) -> Vec<u8> {
    let more: usize = insertions.iter().map(|insertion| insertion.bytes.len()).sum();
    let (mut spliced, mut from) = (Vec::with_capacity(body.len() + more), 0);
    for Insertion { at, bytes } in insertions {
        spliced.extend_from_slice(&body[from..*at]);
        spliced.extend_from_slice(bytes);
        from = *at;
    }
    spliced.extend_from_slice(&body[from..]);
    spliced
}
