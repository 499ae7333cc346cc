//! Chats of programs that are recognised, and not read.

use serde_json::Value;

/// A kind of chat file that is recognised, and not read.
#[derive(Debug)]
pub(crate) struct UnreadFormat {
    /// What it is, for people: "Telegram's HTML export".
    pub(crate) description: &'static str,
    /// What can be read in its place, as an instruction.
    pub(crate) instead: &'static str,
    matches: fn(&Sample<'_>) -> bool,
}

/// What is known of a file of no format that is read.
pub(crate) struct Sample<'a> {
    /// The file's name, in lower case.
    pub(crate) name: &'a str,
    /// Its beginning as text.
    pub(crate) text: &'a str,
    /// Its first JSON value, or the first element of its array, or the tables of a database; the
    /// last parts may be missing.
    pub(crate) value: &'a Value,
}

impl Sample<'_> {
    /// Whether the first message of a list has these fields.
    fn has_messages_with(&self, list: &str, fields: &[&str]) -> bool {
        let first = &self.value[list][0];
        fields.iter().all(|field| first.get(field).is_some())
    }

    fn has_tables(&self, tables: &[&str]) -> bool {
        tables.iter().all(|table| self.value["tables"].get(table).is_some())
    }
}

/// Says what a file is, if it is of a kind that is recognised, and not read.
pub(crate) fn recognise(sample: &Sample<'_>) -> Option<&'static UnreadFormat> {
    UNREAD_FORMATS.iter().find(|format| (format.matches)(sample))
}

const UNREAD_FORMATS: [UnreadFormat; 15] = [
    UnreadFormat {
        description: "Telegram's HTML export",
        instead: "Export the chat as JSON (machine-readable) and import its result.json.",
        matches: |sample| sample.text.contains("<title>Exported Data</title>"),
    },
    UnreadFormat {
        description: "the web page of a ChatGPT export",
        instead: "Import the whole zip, or its conversations.json.",
        matches: |sample| sample.text.contains("<title>ChatGPT Data Export</title>"),
    },
    UnreadFormat {
        description: "Google's My Activity as HTML",
        instead: "Choose JSON for My Activity in Google Takeout.",
        matches: |sample| {
            matches!(sample.name, "myactivity.html" | "my activity.html")
                || (sample.text.contains("outer-cell") && sample.text.contains("mdl-cell"))
        },
    },
    UnreadFormat {
        description: "an export of Discord",
        instead: "Convert it to JSON Lines.",
        matches: |sample| {
            let fields = ["ID", "Timestamp", "Contents"];
            let of_a_package = fields.iter().all(|field| sample.value.get(field).is_some());
            of_a_package
                || (sample.value["guild"].is_object() && sample.value["channel"].is_object())
        },
    },
    UnreadFormat {
        description: "an export of Facebook Messenger or Instagram",
        instead: "Convert it to JSON Lines.",
        matches: |sample| sample.has_messages_with("messages", &["sender_name", "timestamp_ms"]),
    },
    UnreadFormat {
        description: "an export of Skype",
        instead: "Convert it to JSON Lines.",
        matches: |sample| sample.has_messages_with("conversations", &["MessageList"]),
    },
    UnreadFormat {
        description: "an export of Grok",
        instead: "Convert it to JSON Lines.",
        matches: |sample| sample.has_messages_with("conversations", &["conversation", "responses"]),
    },
    UnreadFormat {
        description: "a chat of GitHub Copilot in VS Code",
        instead: "Convert it to JSON Lines.",
        matches: |sample| {
            sample.value["requesterUsername"].is_string() && sample.value["requests"].is_array()
        },
    },
    UnreadFormat {
        description: "the database of Cursor",
        instead: "Export the chats in Cursor, and convert them to JSON Lines.",
        matches: |sample| sample.has_tables(&["ItemTable", "cursorDiskKV"]),
    },
    UnreadFormat {
        description: "the database of Open WebUI",
        instead: "Export the chats in its settings, and import that JSON file.",
        matches: |sample| sample.has_tables(&["auth", "chat", "user", "model"]),
    },
    UnreadFormat {
        description: "the database of Apple's Messages",
        instead: "Convert the messages to JSON Lines.",
        matches: |sample| sample.has_tables(&["message", "handle", "chat_message_join"]),
    },
    UnreadFormat {
        description: "the database of WhatsApp",
        instead: "Export the chat in WhatsApp, and import that text file.",
        matches: |sample| {
            sample.has_tables(&["jid", "message", "chat"])
                || [".crypt12", ".crypt14", ".crypt15"].iter().any(|end| sample.name.ends_with(end))
        },
    },
    UnreadFormat {
        description: "a backup of Signal",
        instead: "It is encrypted. Decrypt it, and convert the messages to JSON Lines.",
        matches: |sample| sample.name.starts_with("signal-") && sample.name.ends_with(".backup"),
    },
    UnreadFormat {
        description: "a backup of SMS messages",
        instead: "Convert it to JSON Lines.",
        matches: |sample| sample.text.contains("<smses "),
    },
    UnreadFormat {
        description: "a chat history of aider",
        instead: "Convert it to JSON Lines.",
        matches: |sample| sample.text.trim_start().starts_with("# aider chat started at"),
    },
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn description(name: &str, text: &str, value: &Value) -> Option<&'static str> {
        recognise(&Sample { name, text, value }).map(|format| format.description)
    }

    #[test]
    fn chats_that_are_not_read_are_known_by_what_they_hold() {
        let cases = [
            (
                "messages.html",
                "<title>Exported Data</title>",
                json!(null),
                "Telegram's HTML export",
            ),
            ("myactivity.html", "<html>", json!(null), "Google's My Activity as HTML"),
            (
                "message_1.json",
                "{",
                json!({"participants": [], "messages": [{"sender_name": "A", "timestamp_ms": 1}]}),
                "an export of Facebook Messenger or Instagram",
            ),
            (
                "general.json",
                "{",
                json!({"guild": {"id": "1"}, "channel": {"id": "2"}, "messages": []}),
                "an export of Discord",
            ),
            (
                "state.vscdb",
                "SQLite format 3",
                json!({"tables": {"ItemTable": ["key", "value"], "cursorDiskKV": ["key", "value"]}}),
                "the database of Cursor",
            ),
            ("msgstore.db.crypt15", "", json!(null), "the database of WhatsApp"),
        ];
        for (name, text, value, expected) in cases {
            assert_eq!(description(name, text, &value), Some(expected), "{name}");
        }
        for value in [json!(null), json!([]), json!({"messages": [{"text": "x"}]}), json!("guild")]
        {
            assert_eq!(description("x.json", "{", &value), None, "{value}");
        }
    }
}
