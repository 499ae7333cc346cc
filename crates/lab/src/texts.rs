//! Texts to embed, from a file.

use std::path::Path;

use serde_json::Value;

use crate::error::LabError;

/// Reads texts, one on each line. If the file's name ends in `.jsonl`, each line is a JSON string or
/// an object with a `text`. Empty lines are skipped.
pub(crate) fn read(path: &Path) -> Result<Vec<String>, LabError> {
    let content = fs_err::read_to_string(path)?;
    let is_json = path.extension().is_some_and(|extension| extension == "jsonl");
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let text = |(index, line): (usize, &str)| {
        let text = if is_json { text_of(line) } else { Some(line.to_owned()) };
        text.ok_or_else(|| LabError::Text { path: path.to_owned(), line: index + 1 })
    };
    let texts = lines.map(text).collect::<Result<Vec<_>, _>>()?;
    if texts.is_empty() {
        return Err(LabError::NoTexts { path: path.to_owned() });
    }
    Ok(texts)
}

fn text_of(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).ok()?;
    value.as_str().or_else(|| value.get("text")?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_json_lines_are_read() {
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
        assert!(error.contains("b.jsonl:2 is not a text"), "{error}");
        assert!(matches!(read(&path("empty.txt", "\n")), Err(LabError::NoTexts { .. })));
    }
}
