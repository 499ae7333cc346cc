//! The texts that embedding is measured on: a person's own, or the sample history.

use std::path::Path;

use longmem_core::ErrorCode;
use serde_json::Value;

use crate::commands::demo::HISTORY;
use crate::failure::Failure;

/// Reads texts from a file: one a line, and if its name ends in `.jsonl` each a JSON string or an
/// object with a `text`. Empty lines are passed over.
///
/// # Errors
/// [`Failure::Output`] if the file cannot be read; [`Failure::Refused`] if it holds no text or a
/// line is none.
pub(super) fn read(path: &Path) -> Result<Vec<String>, Failure> {
    let content = fs_err::read_to_string(path)?;
    let is_json = path.extension().is_some_and(|extension| extension == "jsonl");
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let text = |(number, line): (usize, &str)| {
        let text = if is_json { text_of(line) } else { Some(line.to_owned()) };
        text.ok_or_else(|| {
            let place = format!("{}:{}", path.display(), number + 1);
            Failure::refused(
                ErrorCode::UnusableDataSet,
                format!("{place} is no text"),
                "A line is \"…\" or {\"text\":\"…\"}.",
            )
        })
    };
    let texts = lines.map(text).collect::<Result<Vec<_>, _>>()?;
    if texts.is_empty() {
        let message = format!("{} holds no text", path.display());
        return Err(Failure::refused(
            ErrorCode::UnusableDataSet,
            message,
            "Write one text a line.",
        ));
    }
    Ok(texts)
}

fn text_of(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).ok()?;
    value.as_str().or_else(|| value.get("text")?.as_str()).map(str::to_owned)
}

/// The messages of the sample history, in its order.
pub(super) fn sample() -> Vec<String> {
    let history: Value = serde_json::from_slice(HISTORY).expect("the sample history is JSON");
    let conversations = history.as_array().into_iter().flatten();
    conversations
        .filter_map(|conversation| conversation["mapping"].as_object())
        .flat_map(serde_json::Map::values)
        .filter_map(|node| node["message"]["content"]["parts"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_what_people_said() {
        let texts = sample();
        assert!(texts.len() > 100);
        assert!(texts.iter().any(|text| text.contains("half marathon")));
    }

    #[test]
    fn reads_lines_and_json_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        assert_eq!(read(&path("a.txt", "one\n\n{\"two\"\r\n")).unwrap(), ["one", "{\"two\""]);
        let lines = "\"one\"\n{\"id\":1,\"text\":\"zwei\"}\n";
        assert_eq!(read(&path("a.jsonl", lines)).unwrap(), ["one", "zwei"]);
        let error = read(&path("b.jsonl", "\"one\"\n{\"txt\":1}\n")).unwrap_err().to_string();
        assert!(error.ends_with("b.jsonl:2 is no text"), "{error}");
        assert!(read(&path("empty.txt", "\n")).is_err());
    }
}
