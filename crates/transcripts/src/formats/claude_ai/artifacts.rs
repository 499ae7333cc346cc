//! Documents that Claude writes beside a conversation: artifacts.
//!
//! Newer exports have them as files that Claude hands over, written by the tools `create_file` and
//! `str_replace`; those before as calls of the tool `artifacts`, and older ones in the text, between
//! `<antArtifact title="…">` and `</antArtifact>`.

use std::collections::HashMap;

use serde_json::Value;

use crate::json::fields::{text_or_number, title};

/// Bytes of a tag with its attributes. What begins like a tag and is longer is text.
const MAX_TAG_BYTES: usize = 4096;

/// Artifacts whose titles are remembered for changes of them.
const MAX_TITLES: usize = 10_000;

/// The artifacts of a conversation, in the order of its messages.
#[derive(Default)]
pub(super) struct Artifacts {
    /// The title of each artifact by its id: a change does not name it.
    titles: HashMap<String, String>,
}

impl Artifacts {
    /// What the blocks of a message write into artifacts, each under the artifact's title.
    pub(super) fn written_in(&mut self, blocks: &Value) -> Vec<String> {
        let blocks = blocks.as_array().into_iter().flatten();
        blocks
            .filter(|block| block["type"] == "tool_use")
            .filter_map(|block| match block["name"].as_str()? {
                "artifacts" => self.written_by(&block["input"]),
                "create_file" => written_to_file(&block["input"], "file_text"),
                "str_replace" => written_to_file(&block["input"], "new_str"),
                _ => None,
            })
            .collect()
    }

    /// What a call writes: all of an artifact, or the new words of a change.
    fn written_by(&mut self, call: &Value) -> Option<String> {
        let id = text_or_number(&call["id"]).unwrap_or_default();
        if let Some(title) = title(&call["title"])
            && self.titles.len() < MAX_TITLES
        {
            self.titles.insert(id.clone(), title);
        }
        let text = match call["command"].as_str() {
            Some("update") => &call["new_str"],
            _ => &call["content"],
        };
        let text = text.as_str().map(str::trim).filter(|text| !text.is_empty())?;
        let title = self.titles.get(&id).map_or("document", String::as_str);
        Some(format!("[{title}]\n{text}"))
    }
}

/// What a call writes into a file that the person gets; other files are drafts and scripts.
fn written_to_file(call: &Value, field: &str) -> Option<String> {
    let (_, name) = call["path"].as_str()?.split_once("/outputs/")?;
    let text = call[field].as_str().map(str::trim).filter(|text| !text.is_empty())?;
    Some(format!("[{name}]\n{text}"))
}

/// A text in which each artifact stands under its title, and without the thinking about artifacts,
/// between `<antThinking>` and `</antThinking>`.
pub(super) fn without_tags(text: &str) -> String {
    const THINKING_END: &str = "</antThinking>";
    let mut kept = String::with_capacity(text.len());
    // Where the last thinking ends. Behind it, no end is searched for.
    let last_end = text.rfind(THINKING_END).unwrap_or(0);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(tag) = tag(rest) else {
            kept.push('<');
            rest = &rest[1..];
            continue;
        };
        let is_before_end = text.len() - rest.len() < last_end;
        rest = &rest[tag.len()..];
        if tag.starts_with("<antThinking") && is_before_end {
            let end = rest.find(THINKING_END).map_or(0, |at| at + THINKING_END.len());
            rest = rest[end..].trim_start();
        } else if tag.starts_with("<antArtifact") {
            kept.push('[');
            kept.push_str(&attribute(tag, "title").unwrap_or_else(|| "document".to_owned()));
            kept.push(']');
            if !rest.starts_with('\n') {
                kept.push('\n');
            }
        }
    }
    kept + rest
}

/// The tag of an artifact or of thinking that a text begins with.
fn tag(text: &str) -> Option<&str> {
    const NAMES: [&str; 4] = ["<antArtifact", "</antArtifact", "<antThinking", "</antThinking"];
    let name = NAMES.iter().find(|name| text.starts_with(**name))?;
    let mut quoted = false;
    let end = text.bytes().enumerate().skip(name.len()).take(MAX_TAG_BYTES).find(|(_, byte)| {
        quoted ^= *byte == b'"';
        *byte == b'>' && !quoted
    });
    let tag = &text[..=end?.0];
    let after_name = tag.as_bytes()[name.len()];
    (after_name == b'>' || after_name.is_ascii_whitespace()).then_some(tag)
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = value.split_once('"')?;
    let value = value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    Some(value.replace("&amp;", "&")).filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_version_of_an_artifact_stands_under_its_title() {
        let call = |input: Value| json!({"type": "tool_use", "name": "artifacts", "input": input});
        let blocks = json!([
            {"type": "text", "text": "Here it is."},
            call(json!({"command": "create", "id": "menu", "type": "text/markdown",
                        "title": "Menu", "content": "# Soup\n"})),
            call(json!({"command": "update", "id": "menu", "old_str": "Soup", "new_str": "Fish"})),
            call(json!({"command": "rewrite", "id": "menu", "title": "Dinner", "content": "Rice"})),
            call(json!({"command": "update", "id": "gone", "old_str": "a", "new_str": "b"})),
            call(json!({"command": "update", "id": "menu", "old_str": "a", "new_str": ""})),
            {"type": "tool_use", "name": "search", "input": {"id": "x", "content": "no"}}
        ]);
        assert_eq!(
            Artifacts::default().written_in(&blocks),
            ["[Menu]\n# Soup", "[Menu]\nFish", "[Dinner]\nRice", "[document]\nb"]
        );
    }

    #[test]
    fn files_that_the_person_gets_are_documents() {
        let call =
            |name: &str, input: Value| json!({"type": "tool_use", "name": name, "input": input});
        let menu = "/mnt/user-data/outputs/menu.md";
        let blocks = json!([
            call("create_file", json!({"path": menu, "description": "d", "file_text": "# Soup\n"})),
            call("str_replace", json!({"path": menu, "old_str": "Soup", "new_str": "Fish"})),
            call("create_file", json!({"path": "/home/claude/make.py", "file_text": "print(1)"})),
            call("create_file", json!({"path": menu, "file_text": " "})),
            call("present_files", json!({"filepaths": [menu]}))
        ]);
        assert_eq!(
            Artifacts::default().written_in(&blocks),
            ["[menu.md]\n# Soup", "[menu.md]\nFish"]
        );
    }

    #[test]
    fn tags_leave_the_title_and_the_document() {
        for (text, seen) in [
            (
                "Here.\n<antThinking>Worth one.</antThinking>\n\n<antArtifact identifier=\"menu\" \
                 type=\"text/markdown\" title=\"Menu &amp; more\">\n# Soup\n</antArtifact>\nEnjoy.",
                "Here.\n[Menu & more]\n# Soup\n\nEnjoy.",
            ),
            ("<antArtifact title=\"a > b\">x</antArtifact>", "[a > b]\nx"),
            ("<antArtifact>x", "[document]\nx"),
            ("</antArtifact> a </antThinking>", " a "),
            ("<antThinking>never closed", "never closed"),
            (
                "<antelope> <antArtifacts> <antArtifact </ant",
                "<antelope> <antArtifacts> <antArtifact </ant",
            ),
            ("a < b", "a < b"),
        ] {
            assert_eq!(without_tags(text), seen, "{text}");
        }
    }

    /// With a search to the end of the text for each tag, this would take hours.
    #[test]
    fn a_million_tags_are_read_in_one_pass() {
        let tags = "<antArtifact title=\"x".repeat(1 << 13);
        assert_eq!(without_tags(&tags), tags);
        assert_eq!(without_tags(&"<antArtifact>".repeat(1 << 18)).len(), 11 << 18);
        assert_eq!(without_tags(&"<antThinking>".repeat(1 << 18)), "");
        let ends = "</antThinking>";
        assert_eq!(without_tags(&("<antThinking>".repeat(1 << 18) + ends)), "");
        assert_eq!(without_tags(&"</ant".repeat(1 << 18)), "</ant".repeat(1 << 18));
    }
}
