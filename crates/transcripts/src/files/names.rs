//! What the names of files tell: which may hold conversations, and how files are told apart.

use std::collections::HashMap;
use std::path::Path;

/// Folders that programs fill with files of their own, by name: none of them holds chats, and some
/// hold hundreds of thousands of files. `subagents` and `tool-results` are Claude Code's.
const FOLDERS_PASSED_OVER: [&str; 16] = [
    "node_modules",
    ".git",
    ".hg",
    ".svn",
    "__MACOSX",
    "__pycache__",
    ".venv",
    "venv",
    ".cache",
    ".cargo",
    ".rustup",
    ".npm",
    ".Trash",
    "Caches",
    "subagents",
    "tool-results",
];

/// Files of exports and transcripts that hold no chats, and are known to hold none.
const PARTS_OF_EXPORTS: [&str; 22] = [
    // ChatGPT.
    "export_manifest.json",
    "group_chats.json",
    "message_feedback.json",
    "model_comparisons.json",
    "shared_conversations.json",
    "shopping.json",
    "sora.json",
    "user.json",
    "user_settings.json",
    // Claude.ai.
    "memories.json",
    "projects.json",
    "users.json",
    // Claude Code.
    "history.jsonl",
    "sessions-index.json",
    "settings.json",
    "settings.local.json",
    // Slack.
    "canvases.json",
    "file_conversations.json",
    "huddle_transcripts.json",
    "integration_logs.json",
    "lists.json",
    "org_users.json",
];

/// Whether a file of this name is a known part of an export that holds no chats.
pub(super) fn is_part_of_export(name: &str) -> bool {
    PARTS_OF_EXPORTS.contains(&name)
}

/// Extensions of files that may hold conversations.
const EXTENSIONS: [&str; 10] =
    ["json", "jsonl", "ndjson", "txt", "db", "sqlite", "sqlite3", "vscdb", "zip", "html"];

/// Whether a file or folder of this name is never looked at: a folder that programs fill, or a file
/// that macOS adds to others.
pub(super) fn is_passed_over(name: &str) -> bool {
    FOLDERS_PASSED_OVER.contains(&name) || name.starts_with("._")
}

/// Whether a file may hold conversations, by its extension.
pub(super) fn is_candidate(label: &str) -> bool {
    EXTENSIONS.iter().any(|extension| has_extension(label, extension))
}

/// Whether the member of a zip may hold conversations, by its path.
pub(super) fn is_candidate_member(label: &str) -> bool {
    is_candidate(label) && !is_zip(label) && !label.split('/').any(is_passed_over)
}

/// Whether the member of a zip is a zip that may hold conversations, by its path.
pub(super) fn is_inner_zip(label: &str) -> bool {
    is_zip(label) && !label.split('/').any(is_passed_over)
}

/// Whether a file is a zip by its name.
pub(super) fn is_zip(label: &str) -> bool {
    has_extension(label, "zip")
}

/// Whether a file holds JSON by its name.
pub(super) fn is_json(label: &str) -> bool {
    has_extension(label, "json") || is_json_lines(label)
}

fn is_json_lines(label: &str) -> bool {
    has_extension(label, "jsonl") || has_extension(label, "ndjson")
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// Whether a name is `conversations.json` or that of a numbered part, as `conversations-007.json`.
fn is_conversations(name: &str) -> bool {
    name.strip_prefix("conversations")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_')))
}

/// The last part of a path with `/`.
pub(super) fn file_name(label: &str) -> &str {
    label.rsplit('/').next().unwrap_or(label)
}

/// The stems of files: each its name without the extension, or its whole label where another file
/// has the same name. So `a/chat.jsonl` and `b/chat.jsonl` stay two conversations.
///
/// A file that is less likely to be a chat, as `chat.json` beside `chat.jsonl`, does not change the
/// stem of one that is more likely.
pub(super) fn unique_stems<'a>(labels: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    // The best rank with each stem, and how many files have it.
    let mut best: HashMap<&str, (u8, u32)> = HashMap::new();
    for label in labels.clone() {
        let rank = rank(label);
        let entry = best.entry(stem(label)).or_insert((rank, 0));
        if rank < entry.0 {
            *entry = (rank, 0);
        }
        entry.1 += u32::from(rank == entry.0);
    }
    labels
        .map(|label| {
            let alone = best[stem(label)] == (rank(label), 1);
            if alone { stem(label) } else { label }.to_owned()
        })
        .collect()
}

/// How likely a file holds chats, by its name; 0 is the most likely.
fn rank(label: &str) -> u8 {
    if is_conversations(file_name(label)) {
        0
    } else if is_json_lines(label) {
        1
    } else if is_json(label) {
        2
    } else {
        3
    }
}

fn stem(label: &str) -> &str {
    let name = file_name(label);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_that_may_hold_conversations_are_known_by_their_names() {
        for label in ["x/conversations-001.json", "p/a.jsonl", "B.JSON", "chat.txt", "logs.db"] {
            assert!(is_candidate_member(label), "{label}");
        }
        for label in ["p/a/subagents/agent-1.jsonl", "__MACOSX/a.json", "x/._a.json", "cat.png"] {
            assert!(!is_candidate_member(label), "{label}");
        }
        assert!(is_conversations("conversations-007.json"));
        assert!(!is_conversations("conversations-of-mine.json"));
    }

    #[test]
    fn a_less_likely_file_takes_no_name_away() {
        let labels = ["a.json", "a.jsonl", "b.json", "b.txt", "conversations.json"];
        assert_eq!(
            unique_stems(labels.into_iter()),
            ["a.json", "a", "b", "b.txt", "conversations"]
        );
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
        fn no_two_files_share_a_stem(
            labels in prop::collection::btree_set("([ab]/){0,2}[ab]{1,2}\\.(json|jsonl|x)", 0..20)
        ) {
            let stems = unique_stems(labels.iter().map(String::as_str));
            for (one, label) in stems.iter().zip(&labels) {
                prop_assert!(one == label || stems.iter().filter(|other| *other == one).count() == 1);
            }
        }
    }
}
