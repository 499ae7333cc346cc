//! Which files of a folder or zip hold conversations, by their names.

use std::collections::HashMap;
use std::path::Path;

/// Chooses, of all files in a folder or zip, those that may hold conversations: an export's
/// `conversations*.json` if there are any, else every `*.jsonl` and `*.ndjson`, else every `*.json`.
/// Each file comes with its label, by which the chosen ones are sorted.
pub(super) fn choose_transcripts<T>(mut files: Vec<(String, T)>) -> Vec<(String, T)> {
    files.retain(|(label, _)| !is_never_a_transcript(label));
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    let kinds: [fn(&str) -> bool; 3] = [
        is_conversations,
        |name| has_extension(name, "jsonl") || has_extension(name, "ndjson"),
        |name| has_extension(name, "json"),
    ];
    for is_kind in kinds {
        if files.iter().any(|(label, _)| is_kind(file_name(label))) {
            files.retain(|(label, _)| is_kind(file_name(label)));
            return files;
        }
    }
    Vec::new()
}

/// Whether a file belongs to a subagent of Claude Code, or was added by macOS.
fn is_never_a_transcript(label: &str) -> bool {
    label.split('/').any(|part| matches!(part, "subagents" | "__MACOSX"))
        || file_name(label).starts_with("._")
}

/// Whether a name is `conversations.json` or that of a numbered part, as `conversations-007.json`.
fn is_conversations(name: &str) -> bool {
    name.strip_prefix("conversations")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_')))
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// The last part of a path with `/`.
pub(super) fn file_name(label: &str) -> &str {
    label.rsplit('/').next().unwrap_or(label)
}

/// The stems of files: each its name without the extension, or its whole label where another file
/// has the same name. So `a/chat.jsonl` and `b/chat.jsonl` stay two conversations.
pub(super) fn unique_stems<'a>(labels: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    let mut files_with: HashMap<&str, u32> = HashMap::new();
    for label in labels.clone() {
        *files_with.entry(stem(label)).or_default() += 1;
    }
    labels
        .map(|label| if files_with[stem(label)] > 1 { label } else { stem(label) }.to_owned())
        .collect()
}

fn stem(label: &str) -> &str {
    let name = file_name(label);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(labels: &[&str]) -> Vec<String> {
        let files = labels.iter().map(|label| ((*label).to_owned(), ())).collect();
        choose_transcripts(files).into_iter().map(|(label, ())| label).collect()
    }

    #[test]
    fn chooses_the_files_that_hold_conversations() {
        assert_eq!(
            chosen(&["x/conversations-001.json", "x/conversations-000.json", "x/user.json"]),
            ["x/conversations-000.json", "x/conversations-001.json"]
        );
        assert_eq!(
            chosen(&["p/a.jsonl", "p/a/subagents/agent-1.jsonl", "p/notes.md", "p/x.json"]),
            ["p/a.jsonl"]
        );
        assert_eq!(chosen(&["__MACOSX/._a.json", "a.json"]), ["a.json"]);
        assert_eq!(chosen(&["chat.html"]), Vec::<String>::new());
        assert!(!is_conversations("conversations-of-mine.json"));
    }

    /// Comparing every name with every other would take minutes.
    #[test]
    fn fifty_thousand_files_are_named_apart_in_one_pass() {
        let labels: Vec<String> = (0..50_000)
            .map(|index| format!("project-{}/session-{}.jsonl", index % 200, index / 2))
            .collect();
        let stems = unique_stems(labels.iter().map(String::as_str));
        assert_eq!(stems, labels, "two files have each name");
    }

    proptest! {
        #[test]
        fn stems_are_what_comparing_every_file_with_every_file_gives(
            labels in prop::collection::btree_set("([ab]/){0,2}[ab]{1,2}(\\.[xy]){0,2}", 0..20)
        ) {
            let expected: Vec<&str> = labels
                .iter()
                .map(|label| {
                    let same = labels.iter().filter(|other| stem(other) == stem(label)).count();
                    if same > 1 { label } else { stem(label) }
                })
                .collect();
            prop_assert_eq!(unique_stems(labels.iter().map(String::as_str)), expected);
        }
    }
}
