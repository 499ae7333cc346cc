//! Gemini's part of a Google Takeout: "My Activity" as JSON, with a prompt and its answer an entry.
//!
//! The entries do not say to which chat they belong, so each day is a session.

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

/// What stands before a prompt in the title of its entry, in the languages of accounts.
const BEFORE_PROMPT: [&str; 3] = ["Prompted ", "Asked ", "Said "];

/// Bytes of a day's prompts and answers that are held back; more of them come in the order of the
/// file.
const MAX_DAY_BYTES: usize = 64 << 20;

/// Reads one entry a value. Entries come newest first, so those of a day are held back until
/// another day comes.
#[derive(Default)]
pub(super) struct GeminiActivity {
    day: Vec<Entry>,
    day_bytes: usize,
}

struct Entry {
    time: Timestamp,
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
        let is_of_another_day =
            self.day.last().is_some_and(|last| day_of(last.time) != day_of(entry.time));
        if is_of_another_day || self.day_bytes > MAX_DAY_BYTES {
            self.deliver_day(output)?;
        }
        self.day_bytes += entry.prompt.len() + entry.answer.as_ref().map_or(0, String::len);
        self.day.push(entry);
        ControlFlow::Continue(())
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.deliver_day(output)
    }
}

impl GeminiActivity {
    /// Delivers the entries that were held back, oldest first.
    fn deliver_day(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.day_bytes = 0;
        let mut entries = std::mem::take(&mut self.day);
        // The sort is stable: of two entries of one moment, the last in the file is the older one.
        entries.reverse();
        entries.sort_by_key(|entry| entry.time);
        for Entry { time, prompt, answer } in entries {
            let session = session_name(&format!("Gemini {}", day_of(time)));
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

/// Whether an entry of "My Activity" is of Gemini, which was called Bard.
fn is_of_gemini(entry: &Value) -> bool {
    let names = ["Gemini Apps", "Gemini", "Bard"];
    let is_name = |value: &Value| value.as_str().is_some_and(|name| names.contains(&name));
    let is_product = entry["products"].as_array().is_some_and(|names| names.iter().any(is_name));
    is_name(&entry["header"]) || is_product
}

fn day_of(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
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
    Ok(Entry { time, prompt: prompt.to_owned(), answer })
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
    fn activity_of_other_products_is_not_recognised() {
        for (entry, expected) in [
            (json!({"header": "Gemini Apps", "title": "Prompted Hi"}), true),
            (json!({"header": "Bard", "title": "Prompted Hi"}), true),
            (json!({"header": "x", "title": "Prompted Hi", "products": ["Gemini Apps"]}), true),
            (json!({"header": "YouTube", "title": "Watched Hi", "products": ["YouTube"]}), false),
            (json!({"header": "Gemini Apps"}), false),
        ] {
            assert_eq!(GeminiActivity::recognizes(&entry, JsonShape::Array), expected, "{entry}");
        }
    }
}
