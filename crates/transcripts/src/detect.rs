//! Finds out which program wrote a file, by what stands in it.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;

use crate::elements::{Layout, Limits, each_element};
use crate::input::{Input, Meter};
use crate::source::Sources;
use crate::{Format, TranscriptError};

/// How many values of a file are looked at; the first lines of a transcript can be notes of the
/// program that wrote it.
const VALUES_LOOKED_AT: usize = 1000;

/// How many bytes of an unknown file an error shows.
const BYTES_SHOWN: u64 = 60;

/// Finds the format of a file, a folder or a zip by its content; the names of files only choose
/// which of a folder are looked at.
///
/// # Errors
/// [`TranscriptError`] when the path cannot be read, holds nothing, or holds no known format.
///
/// # Examples
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("export");
/// std::fs::write(&path, r#"[{"title": "Trip", "mapping": {}, "current_node": null}]"#)?;
/// assert_eq!(longmem_transcripts::detect(&path)?, longmem_transcripts::Format::ChatGpt);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn detect(path: &Path) -> Result<Format, TranscriptError> {
    detect_among(&mut Sources::open(path)?)
}

/// Finds the format of the first file that has a known one.
pub(crate) fn detect_among(sources: &mut Sources) -> Result<Format, TranscriptError> {
    // Looking into a pipe would use up what is to be read.
    if sources.bytes().is_none() {
        return Err(TranscriptError::ReadOnce { path: sources.path().to_owned() });
    }
    for index in 0..sources.files().len() {
        let mut found = None;
        let mut looked_at = 0;
        sources.with_reader(index, |reader| {
            let input = Input::new(reader, Meter::default());
            each_element(input, Limits::default(), &mut |layout, json| {
                found = json.ok().and_then(|value| format_of(layout, &value));
                looked_at += 1;
                if found.is_some() || looked_at == VALUES_LOOKED_AT {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
        })?;
        if let Some(format) = found {
            return Ok(format);
        }
    }
    Err(unrecognised(sources)?)
}

/// Says which format a value belongs to, if it shows.
fn format_of(layout: Layout, value: &Value) -> Option<Format> {
    let has = |field: &str| value.get(field).is_some();
    let has_text = |field: &str| value[field].is_string();
    if value["mapping"].is_object() {
        Some(Format::ChatGpt)
    } else if has("chat_messages") || (has("messages") && has_text("uuid")) {
        Some(Format::ClaudeAi)
    } else if has("loglines")
        || has_text("leafUuid")
        || (has_text("type") && (has_text("sessionId") || has("parentUuid")))
    {
        Some(Format::ClaudeCode)
    } else if value["messages"].is_array() {
        Some(Format::Messages)
    } else if has_text("role") && (has("content") || has("text")) {
        Some(if layout == Layout::Array { Format::Messages } else { Format::JsonLines })
    } else {
        None
    }
}

fn unrecognised(sources: &mut Sources) -> Result<TranscriptError, TranscriptError> {
    for index in 0..sources.files().len() {
        let mut beginning = Vec::new();
        sources.with_reader(index, |reader| {
            Input::new(reader, Meter::default()).beginning(BYTES_SHOWN, &mut beginning)
        })?;
        if !beginning.is_empty() {
            let begins = String::from_utf8_lossy(&beginning).escape_debug().to_string();
            return Ok(TranscriptError::Unrecognised { path: sources.path().to_owned(), begins });
        }
    }
    Ok(TranscriptError::Empty { path: sources.path().to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn knows_each_format_by_its_fields() {
        let cases = [
            (Layout::Array, json!({"title": "", "mapping": {}}), Some(Format::ChatGpt)),
            (Layout::Array, json!({"uuid": "u", "chat_messages": []}), Some(Format::ClaudeAi)),
            (Layout::Array, json!({"uuid": "u", "messages": []}), Some(Format::ClaudeAi)),
            (Layout::Lines, json!({"type": "user", "sessionId": "s"}), Some(Format::ClaudeCode)),
            (Layout::Lines, json!({"type": "user", "parentUuid": null}), Some(Format::ClaudeCode)),
            (Layout::Lines, json!({"summary": "s", "leafUuid": "u"}), Some(Format::ClaudeCode)),
            (Layout::Values, json!({"loglines": []}), Some(Format::ClaudeCode)),
            (Layout::Lines, json!({"messages": []}), Some(Format::Messages)),
            (Layout::Array, json!({"role": "user", "content": []}), Some(Format::Messages)),
            (Layout::Lines, json!({"role": "user", "text": ""}), Some(Format::JsonLines)),
            (Layout::Lines, json!({"type": "session_meta"}), None),
            (Layout::Lines, json!({"role": "user"}), None),
            (Layout::Array, json!("mapping"), None),
        ];
        for (layout, value, format) in cases {
            assert_eq!(format_of(layout, &value), format, "{value}");
        }
    }
}
