//! The registry of chat formats: the name, the recognition and the reader of each.
//!
//! A new format is a file in this folder whose type implements [`FormatReader`], its `mod` line,
//! and its line in the registry.

mod chatgpt;
mod claude_ai;
mod claude_code;
mod codex;
mod deepseek;
mod gemini_activity;
mod gemini_cli;
mod json_lines;
mod librechat;
mod llm;
mod lm_studio;
mod mem0;
mod messages;
mod open_webui;
mod reader;
#[cfg(test)]
mod resumed;
mod server_memory;
mod sharegpt;
mod slack;
mod telegram;
mod whatsapp;

use serde_json::Value;

pub(crate) use self::reader::FormatReader;
use crate::content::Content;
use crate::json::JsonShape;

/// Declares [`Format`] and joins each format with the type that recognises and reads it.
macro_rules! registry {
    ($($(#[$doc:meta])* $format:ident = $name:literal, $reader:ty;)+) => {
        longmem_core::closed_words! {
            /// Which program wrote a chat file, or which convention the file follows.
            ///
            /// The name of a format stands at the start of the source keys of its turns.
            #[non_exhaustive]
            pub enum Format: "a format" {
                $($(#[$doc])* $format = $name,)+
            }
        }

        impl Format {
            /// The format that a value from a file shows, if it shows one.
            pub(crate) fn of(value: &Value, shape: JsonShape) -> Option<Format> {
                Format::ALL.iter().copied().find(|format| format.recognizes(value, shape))
            }

            /// Whether a value from a file shows that the file is of this format.
            pub(crate) fn recognizes(self, value: &Value, shape: JsonShape) -> bool {
                self.content() == Content::of(shape)
                    && match self {
                        $(Format::$format => <$reader as FormatReader>::recognizes(value, shape),)+
                    }
            }

            /// What the files of this format consist of.
            pub(crate) fn content(self) -> Content {
                match self {
                    $(Format::$format => <$reader as FormatReader>::content(),)+
                }
            }

            /// The names of files beside the chats that a reader needs.
            pub(crate) fn companions(self) -> &'static [&'static str] {
                match self {
                    $(Format::$format => <$reader as FormatReader>::companions(),)+
                }
            }

            /// Makes a reader for one file of this format.
            pub(crate) fn reader(self) -> Box<dyn FormatReader> {
                match self {
                    $(Format::$format => Box::<$reader>::default(),)+
                }
            }

            /// What a file of this format is, for people.
            pub(crate) fn description(self) -> &'static str {
                match self {
                    $(Format::$format => <$reader as FormatReader>::description(),)+
                }
            }
        }
    };
}

// The first format that recognises a value reads the file, so those with the most distinctive
// fields stand first.
registry! {
    /// ChatGPT's data export: `conversations.json`, whole or in numbered parts, or the zip.
    ChatGpt = "chatgpt", chatgpt::ChatGpt;
    /// Claude.ai's data export: `conversations.json`, or the zip.
    ClaudeAi = "claude", claude_ai::ClaudeAi;
    /// Claude Code's transcripts: `*.jsonl`, or a folder of them.
    ClaudeCode = "claude-code", claude_code::ClaudeCode;
    /// Codex CLI's rollouts: `rollout-*.jsonl`, or a folder of them.
    Codex = "codex", codex::Codex;
    /// Gemini CLI's chats: `session-*.json` and `session-*.jsonl`, or a folder of them.
    GeminiCli = "gemini-cli", gemini_cli::GeminiCli;
    /// Telegram's export as JSON: `result.json` of one chat, or of the whole account.
    Telegram = "telegram", telegram::Telegram;
    /// Slack's export: a folder a channel with a file a day, or the zip.
    Slack = "slack", slack::Slack;
    /// Gemini's part of a Google Takeout: "My Activity" as JSON.
    GeminiActivity = "gemini-activity", gemini_activity::GeminiActivity;
    /// The log of the command line tool `llm`, a database.
    Llm = "llm", llm::LlmDatabase;
    /// The log of `llm` as `llm logs --json` prints it.
    LlmJson = "llm-json", llm::LlmJson;
    /// open-webui's export of one chat or of all.
    OpenWebUi = "open-webui", open_webui::OpenWebUi;
    /// LibreChat's export of one conversation as JSON.
    LibreChat = "librechat", librechat::LibreChat;
    /// DeepSeek's data export: `conversations.json`, or the zip.
    DeepSeek = "deepseek", deepseek::DeepSeek;
    /// LM Studio's conversations: `*.conversation.json`, or the folder of them.
    LmStudio = "lm-studio", lm_studio::LmStudio;
    /// Conversations `[{from, value}]`, as data sets for training have them.
    ShareGpt = "sharegpt", sharegpt::ShareGpt;
    /// Memories of mem0: what it lists or exports.
    Mem0 = "mem0", mem0::Mem0;
    /// The knowledge graph of the MCP server `server-memory`.
    ServerMemory = "server-memory", server_memory::ServerMemory;
    /// OpenAI-style `[{role, content}]`, or `{"messages": […]}` as a document or one a line.
    Messages = "messages", messages::Messages;
    /// WhatsApp's exported chat: a text file, or the zip.
    WhatsApp = "whatsapp", whatsapp::WhatsApp;
    /// One message a line, which is also what longmem exports.
    JsonLines = "jsonl", json_lines::JsonLines;
}

/// Whether a file of this name stands beside the chats of some format, and is not a chat itself.
pub(crate) fn is_companion(name: &str) -> bool {
    Format::ALL.iter().any(|format| format.companions().contains(&name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_format_is_known_by_its_fields() {
        let cases = [
            (JsonShape::Array, json!({"title": "", "mapping": {}}), Some(Format::ChatGpt)),
            (JsonShape::Array, json!({"uuid": "u", "chat_messages": []}), Some(Format::ClaudeAi)),
            (JsonShape::Array, json!({"uuid": "u", "messages": []}), Some(Format::ClaudeAi)),
            (JsonShape::Lines, json!({"type": "user", "sessionId": "s"}), Some(Format::ClaudeCode)),
            (JsonShape::Lines, json!({"type": "u", "parentUuid": null}), Some(Format::ClaudeCode)),
            (JsonShape::Lines, json!({"summary": "s", "leafUuid": "u"}), Some(Format::ClaudeCode)),
            (JsonShape::Documents, json!({"loglines": []}), Some(Format::ClaudeCode)),
            (JsonShape::Lines, json!({"messages": [{"role": "user"}]}), Some(Format::Messages)),
            (JsonShape::Documents, json!({"messages": [{"type": "message", "text": "x"}]}), None),
            (JsonShape::Array, json!({"role": "user", "content": []}), Some(Format::Messages)),
            (JsonShape::Lines, json!({"role": "user", "text": ""}), Some(Format::JsonLines)),
            (JsonShape::Lines, json!({"type": "session_meta"}), None),
            (JsonShape::Lines, json!({"role": "user"}), None),
            (JsonShape::Array, json!("mapping"), None),
        ];
        for (shape, value, format) in cases {
            assert_eq!(Format::of(&value, shape), format, "{value}");
        }
    }

    #[test]
    fn every_format_reads_back_from_its_name() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(*format));
        }
    }
}
