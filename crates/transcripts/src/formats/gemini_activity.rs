//! Gemini's part of a Google Takeout: "My Activity" as JSON, with a prompt and its answer an entry.
//!
//! Newer exports link each entry to its chat; of the others, those of a day are a session.

use std::ops::ControlFlow;

use longmem_core::{Role, Timestamp};
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::keys::{fingerprint, session_name};
use crate::message::html::html_text;
use crate::message::time::parse_time;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// What stands before a prompt in the title of its entry.
const BEFORE_PROMPT: [&str; 6] =
    ["Prompted ", "Branched ", "Answered ", "Asked: ", "Asked ", "送信したメッセージ: "];

/// What the address of a chat begins with; its id follows.
const CHAT_ADDRESS: &str = "https://gemini.google.com/app/";

/// Bytes of prompts and answers that are held back. Where there are more, each such part of the file
/// is in order, and the part with the newest entries comes first.
const MAX_HELD_BYTES: usize = 256 << 20;

/// Reads one entry a value. Entries come newest first, so they are held back to the end.
#[derive(Default)]
pub(super) struct GeminiActivity {
    held: Vec<Entry>,
    held_bytes: usize,
}

struct Entry {
    time: Timestamp,
    /// The id of its chat.
    chat: Option<String>,
    prompt: String,
    answer: Option<String>,
}

impl FormatReader for GeminiActivity {
    fn description() -> &'static str {
        "Gemini's activity in a Google Takeout"
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        shape == JsonShape::Array && is_of_gemini(value) && value["title"].is_string()
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let entry = match parse_entry(&value) {
            Ok(entry) => entry,
            Err(reason) => {
                output.skip(reason);
                return ControlFlow::Continue(());
            }
        };
        self.held_bytes += entry.prompt.len() + entry.answer.as_ref().map_or(0, String::len);
        self.held.push(entry);
        if self.held_bytes > MAX_HELD_BYTES {
            self.deliver_held(output)?;
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.deliver_held(output)
    }
}

impl GeminiActivity {
    /// Delivers the entries that were held back, oldest first.
    fn deliver_held(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.held_bytes = 0;
        let mut entries = std::mem::take(&mut self.held);
        // The sort is stable: of two entries of one moment, the last in the file is the older one.
        entries.reverse();
        entries.sort_by_key(|entry| entry.time);
        for Entry { time, chat, prompt, answer } in entries {
            let place = chat.unwrap_or_else(|| time.strftime("%Y-%m-%d").to_string());
            let session = session_name(&format!("Gemini {place}"));
            let moment = time.to_string();
            let content = fingerprint(&[&prompt]);
            let key = |part: &str| Some(output.source_key(&[&moment, &content, part]));
            let (prompt_key, answer_key) = (key("prompt"), key("answer"));
            output.deliver(ParsedTurn {
                time: Some(time),
                source_key: prompt_key,
                ..ParsedTurn::new(session.clone(), Role::User, prompt)
            })?;
            if let Some(answer) = answer {
                // It comes after the prompt, by a millisecond: only one time is given.
                output.deliver(ParsedTurn {
                    source_key: answer_key,
                    ..ParsedTurn::new(session, Role::Assistant, answer)
                })?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Whether an entry of "My Activity" is of Gemini, which was called Bard: the name of the product is
/// "Gemini Apps" in English, and in other languages has "Gemini" in it.
fn is_of_gemini(entry: &Value) -> bool {
    let is_name = |name: &Value| {
        name.as_str().is_some_and(|name| ["Gemini", "Bard"].iter().any(|word| name.contains(word)))
    };
    is_name(&entry["header"])
        || entry["products"].as_array().is_some_and(|names| names.iter().any(is_name))
}

/// The id of the chat that an entry links to.
fn chat_of(entry: &Value) -> Option<String> {
    let details = entry["details"].as_array().into_iter().flatten();
    let addresses = details.flat_map(|detail| [&detail["url"], &detail["name"]]);
    addresses.chain([&entry["titleUrl"]]).find_map(|address| {
        let rest = address.as_str()?.strip_prefix(CHAT_ADDRESS)?;
        let id = rest.split(['?', '#', '/']).next()?;
        (!id.is_empty()).then(|| id.to_owned())
    })
}

fn parse_entry(entry: &Value) -> Result<Entry, SkipReason> {
    let title = entry["title"].as_str().ok_or(SkipReason::Malformed)?;
    if !is_of_gemini(entry) {
        return Err(SkipReason::MetaLine);
    }
    let answer = answer_text(entry);
    let prompt = match BEFORE_PROMPT.iter().find_map(|words| title.strip_prefix(words)) {
        Some(prompt) => prompt,
        // Accounts in other languages have other words; an answer tells a prompt from a note such
        // as "Used an Assistant feature".
        None if answer.is_some() => title,
        None => return Err(SkipReason::MetaLine),
    };
    if prompt.trim().is_empty() {
        return Err(SkipReason::Empty);
    }
    let time = parse_time(&entry["time"]).ok_or(SkipReason::Malformed)?;
    Ok(Entry { time, chat: chat_of(entry), prompt: prompt.to_owned(), answer })
}

fn answer_text(entry: &Value) -> Option<String> {
    let items = entry["safeHtmlItem"].as_array()?;
    let texts: Vec<String> = items
        .iter()
        .filter_map(|item| item["html"].as_str())
        .map(html_text)
        .filter(|text| !text.is_empty())
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_a_prompt_with_its_answer_or_a_note() {
        let answer = json!([{"html": "<p>It is <b>7443</b>.</p>"}]);
        for (title, items, expected) in [
            ("Prompted Which port?", answer.clone(), Ok(("Which port?", Some("It is 7443.")))),
            ("Prompted Which port?", json!(null), Ok(("Which port?", None))),
            ("Welcher Port?", answer.clone(), Ok(("Welcher Port?", Some("It is 7443.")))),
            ("Branched Which port?", json!(null), Ok(("Which port?", None))),
            ("Used an Assistant feature", json!(null), Err(SkipReason::MetaLine)),
            ("Prompted ", answer.clone(), Err(SkipReason::Empty)),
        ] {
            let entry = json!({"header": "Gemini Apps", "title": title, "safeHtmlItem": items,
                "time": "2026-01-02T10:00:00.123Z"});
            let parsed = parse_entry(&entry);
            let parsed = parsed
                .as_ref()
                .map(|entry| (entry.prompt.as_str(), entry.answer.as_deref()))
                .map_err(|reason| *reason);
            assert_eq!(parsed, expected, "{title}");
        }
    }

    #[test]
    fn an_entry_may_link_to_its_chat() {
        let address = |id: &str| format!("https://gemini.google.com/app/{id}");
        for (entry, chat) in [
            (
                json!({"details": [{"name": "x"}, {"name": address("a1"), "url": address("a1")}]}),
                Some("a1"),
            ),
            (json!({"titleUrl": address("b2?hl=en")}), Some("b2")),
            (json!({"titleUrl": "https://gemini.google.com/app"}), None),
            (json!({}), None),
        ] {
            assert_eq!(chat_of(&entry).as_deref(), chat, "{entry}");
        }
    }

    #[test]
    fn activity_of_other_products_is_not_recognised() {
        for (entry, expected) in [
            (json!({"header": "Gemini Apps", "title": "Prompted Hi"}), true),
            (json!({"header": "Bard", "title": "Prompted Hi"}), true),
            (json!({"header": "x", "title": "Prompted Hi", "products": ["Gemini Apps"]}), true),
            (json!({"header": "Gemini アプリ", "title": "送信したメッセージ: Hi"}), true),
            (json!({"header": "YouTube", "title": "Watched Hi", "products": ["YouTube"]}), false),
            (json!({"header": "Gemini Apps"}), false),
        ] {
            assert_eq!(GeminiActivity::recognizes(&entry, JsonShape::Array), expected, "{entry}");
        }
    }
}
