//! WhatsApp's exported chat: a text file with a line a message, in the words of the phone's region.
//!
//! The file names neither its time zone nor the order of day and month. Times are taken as UTC; the
//! order is found out over the whole file ([`dates`]).

mod dates;
mod line;
mod stamp;
mod text;
mod title;

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use self::dates::{DateOrder, likely_order};
use self::line::{MessageLine, parse_message_line};
use self::stamp::SentAt;
use self::text::written_text;
use self::title::chat_title;
use super::reader::FormatReader;
use crate::content::Content;
use crate::json::JsonShape;
use crate::keys::{OccurrenceCounter, fingerprint, session_name};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Bytes of one message that are kept; WhatsApp allows 65,536 characters.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// Bytes of the messages that wait for a date that shows the order. With more, the likelier order
/// is taken.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Reads one line a value.
#[derive(Default)]
pub(super) struct WhatsApp {
    /// The message whose lines are being read.
    current: Option<Message>,
    /// Messages that wait for the order of the dates, oldest first.
    waiting: Vec<Message>,
    waiting_bytes: usize,
    order: Option<DateOrder>,
    occurrences: OccurrenceCounter,
}

struct Message {
    sent: SentAt,
    speaker: Option<String>,
    text: String,
}

impl FormatReader for WhatsApp {
    fn description() -> &'static str {
        "a WhatsApp chat"
    }

    fn content() -> Content {
        Content::Text
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        let lines = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        begins_as_chat(lines)
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        match value.as_str() {
            Some(line) => self.read_line(line, output),
            None => {
                output.skip(SkipReason::Malformed);
                ControlFlow::Continue(())
            }
        }
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        if let Some(last) = self.current.take() {
            self.take_message(last, output)?;
        }
        let order = self.order.unwrap_or_else(|| self.likely_order());
        self.deliver_waiting(order, output)
    }
}

impl WhatsApp {
    fn read_line(&mut self, line: &str, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        if let Some(MessageLine { sent, speaker, text }) = parse_message_line(line) {
            return match self.current.replace(Message { sent, speaker, text }) {
                Some(complete) => self.take_message(complete, output),
                None => ControlFlow::Continue(()),
            };
        }
        match &mut self.current {
            Some(message) if message.text.len() + line.len() < MAX_MESSAGE_BYTES => {
                message.text.push('\n');
                message.text.push_str(line);
            }
            Some(_) => output.skip(SkipReason::TooLong),
            None if line.trim().is_empty() => {}
            None => output.skip(SkipReason::Malformed),
        }
        ControlFlow::Continue(())
    }

    /// Delivers a message whose lines are complete, or lets it wait for the order of the dates.
    fn take_message(
        &mut self,
        mut message: Message,
        output: &mut TurnOutput<'_>,
    ) -> ControlFlow<()> {
        if self.order.is_none() {
            self.order = message.sent.certain_order();
            if let Some(order) = self.order {
                self.deliver_waiting(order, output)?;
            }
        }
        if message.speaker.is_none() {
            output.skip(SkipReason::MetaLine);
            return ControlFlow::Continue(());
        }
        match written_text(&message.text) {
            Some(text) => message.text = text,
            None => {
                output.skip(SkipReason::Empty);
                return ControlFlow::Continue(());
            }
        }
        if let Some(order) = self.order {
            return self.deliver(message, order, output);
        }
        self.waiting_bytes += size_of::<Message>() + message.text.len();
        self.waiting.push(message);
        if self.waiting_bytes > MAX_WAITING_BYTES {
            let order = self.likely_order();
            self.order = Some(order);
            self.deliver_waiting(order, output)?;
        }
        ControlFlow::Continue(())
    }

    fn likely_order(&self) -> DateOrder {
        likely_order(&self.waiting.iter().map(|message| message.sent).collect::<Vec<_>>())
    }

    fn deliver_waiting(
        &mut self,
        order: DateOrder,
        output: &mut TurnOutput<'_>,
    ) -> ControlFlow<()> {
        self.waiting_bytes = 0;
        std::mem::take(&mut self.waiting)
            .into_iter()
            .try_for_each(|message| self.deliver(message, order, output))
    }

    fn deliver(
        &mut self,
        message: Message,
        order: DateOrder,
        output: &mut TurnOutput<'_>,
    ) -> ControlFlow<()> {
        // An iPhone names the zip after the chat, and the file in it "_chat.txt".
        let title =
            chat_title(output.file_stem()).or_else(|| output.folder_name().and_then(chat_title));
        let session =
            title.map_or(output.file_stem().to_owned(), |name| format!("WhatsApp {name}"));
        // A longer export of the chat has these, whatever the phone's region is by then.
        let content = fingerprint(&[
            &session,
            &message.sent.stable_text(),
            message.speaker.as_deref().unwrap_or_default(),
            &message.text,
        ]);
        let occurrence = self.occurrences.count(&content).to_string();
        output.deliver(ParsedTurn {
            title: title.map(str::to_owned),
            speaker: message.speaker,
            time: message.sent.time(order),
            source_key: Some(output.source_key(&[&content, &occurrence])),
            ..ParsedTurn::new(session_name(&session), Role::User, message.text)
        })
    }
}

/// Whether a text that begins with these lines is a chat. The first line is a message, and somebody
/// says something, or it stands there that the chat is encrypted. A log has the same shape, but
/// levels where a chat has people.
fn begins_as_chat<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let mut lines = lines.filter(|line| !line.trim().is_empty()).map(parse_message_line).peekable();
    if lines.peek().is_none_or(Option::is_none) {
        return false;
    }
    let mut is_chat = false;
    for line in lines.flatten() {
        match &line.speaker {
            Some(speaker) if is_log_level(speaker) => return false,
            Some(_) => is_chat = true,
            None => is_chat |= ENCRYPTED.iter().any(|words| line.text.contains(words)),
        }
    }
    is_chat
}

/// "End-to-end encrypted", as the first line of an export says it.
const ENCRYPTED: [&str; 7] = [
    "WhatsApp",
    "end-to-end",
    "Ende-zu-Ende",
    "extremo a extremo",
    "bout en bout",
    "ponta a ponta",
    "eind-tot-eind",
];

/// Whether a name is a level of a log, alone or behind a module: "INFO", "local.ERROR".
fn is_log_level(name: &str) -> bool {
    const LEVELS: [&str; 13] = [
        "trace",
        "debug",
        "info",
        "notice",
        "warn",
        "warning",
        "error",
        "err",
        "severe",
        "critical",
        "fatal",
        "alert",
        "emergency",
    ];
    let last = name.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or(name);
    LEVELS.iter().any(|level| last.eq_ignore_ascii_case(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_no_chat() {
        for (text, is_chat) in [
            ("02/01/2026, 21:14 - Mira: Hi", true),
            ("\n\u{200e}02/01/2026, 21:14 - Mira joined\n02/01/2026, 21:15 - Mira: Hi", true),
            ("02/01/2026, 21:14 - Messages and calls are end-to-end encrypted.", true),
            ("[2026-01-02 21:14:05] Mira: Hi", true),
            ("[2026-01-02 21:14:05] local.ERROR: no connection", false),
            ("2026-01-02 21:14 - worker: started\n2026-01-02 21:14 - WARNING: disk is full", false),
            ("02/01/2026, 21:14 - bought bread", false),
            ("# Chats\n\n02/01/2026, 21:14 - Mira: Hi", false),
            ("", false),
        ] {
            let lines: Value = text.lines().collect();
            assert_eq!(WhatsApp::recognizes(&lines, JsonShape::Text), is_chat, "{text}");
        }
    }
}
