//! The content of a message: a text, or a list of texts, images, results of tools.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::Speaker;

/// How texts begin that programs write in the name of a person: what agents put around the person's own words, and
/// the tasks that `Open WebUI` gives a model beside a talk, such as finding a title.
const AROUND: [&str; 8] = [
    "### Task:\n",
    "<system-reminder>",
    "<command-",
    "<local-command",
    "<task-notification>",
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md instructions",
];

/// A field by which clients say what a provider should keep; it comes and goes between requests.
const CACHE_CONTROL: &str = "cache_control";

/// The content of a message.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    /// Its texts, in order.
    pub(super) texts: Vec<Cow<'a, str>>,
    /// Whether there is something else that a person sends, such as an image.
    has_other: bool,
    has_tool_result: bool,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
}

impl<'a> Content<'a> {
    /// Reads a content, and feeds what it says to a digest: the same for a text and for a list of that one
    /// text, with and without marks for the provider's cache.
    pub(super) fn read(raw: Option<&'a RawValue>, hasher: &mut Sha256) -> Self {
        let mut content = Self::default();
        let Some(raw) = raw else { return content };
        if let Some(text) = text_of(raw) {
            content.take(text, hasher);
        } else if let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            for part in parts {
                content.read_part(part, hasher);
            }
        } else {
            content.has_other = true;
            feed_value(hasher, raw);
        }
        content
    }

    fn read_part(&mut self, raw: &'a RawValue, hasher: &mut Sha256) {
        let part: Option<Part> = serde_json::from_str(raw.get()).ok();
        let kind = part.as_ref().and_then(|part| part.kind.as_deref()).unwrap_or_default();
        match kind {
            "text" | "input_text" | "output_text" => {
                if let Some(text) = part.and_then(|part| text_of(part.text?)) {
                    return self.take(text, hasher);
                }
                self.has_other = true;
            }
            // Clients leave them out of what they send again.
            "thinking" | "redacted_thinking" | "reasoning" => return,
            "tool_result" => self.has_tool_result = true,
            _ => self.has_other = true,
        }
        feed_value(hasher, raw);
    }

    fn take(&mut self, text: Cow<'a, str>, hasher: &mut Sha256) {
        feed(hasher, "text", text.as_bytes());
        self.texts.push(text);
    }

    /// Who says this in the name of a person.
    pub(super) fn speaker(&self) -> Speaker {
        let is_written = self.written().next().is_some();
        match self.texts.last() {
            _ if self.has_tool_result && is_written => Speaker::Client,
            _ if self.has_tool_result => Speaker::Tool,
            Some(text) if is_written && is_around(text) => Speaker::Client,
            _ if is_written || self.has_other => Speaker::Person,
            _ => Speaker::Around,
        }
    }

    /// The texts that a person wrote.
    pub(super) fn written(&self) -> impl Iterator<Item = &str> {
        let texts = self.texts.iter().map(|text| text.trim());
        texts.filter(|text| !text.is_empty() && !is_around(text))
    }
}

fn is_around(text: &str) -> bool {
    let text = text.trim_start();
    AROUND.iter().any(|beginning| text.starts_with(beginning))
}

/// The text that a JSON value is; none if it is none, or holds half a character.
fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// Feeds bytes to a digest, so that no two lists of them give the same.
pub(super) fn feed(hasher: &mut Sha256, what: &str, bytes: &[u8]) {
    hasher.update(what);
    hasher.update((bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// Feeds a value to a digest, but for marks for the provider's cache.
pub(super) fn feed_value(hasher: &mut Sha256, raw: &RawValue) {
    match serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) {
        Ok(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != CACHE_CONTROL) {
                feed(hasher, "name", name.as_bytes());
                feed(hasher, "value", value.get().as_bytes());
            }
        }
        Err(_) => feed(hasher, "other", raw.get().as_bytes()),
    }
}
