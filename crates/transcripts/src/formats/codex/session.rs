//! What a Codex rollout says of its session, and what is known of its messages so far.

use jiff::SignedDuration;
use longmem_core::{Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::messages::{Log, joined_text};
use crate::json::fields::{first_present, title};
use crate::keys::fingerprint;
use crate::message::time::parse_time;
use crate::message::tool_calls::ToolCalls;
use crate::turn_output::TurnOutput;

/// How long after it began a session writes the records that it copies from the one it continues.
/// No person types within it.
const COPYING_SECONDS: i64 = 2;

/// What later records of a file need.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) session: Option<String>,
    pub(super) title: Option<String>,
    /// When the session began.
    pub(super) began: Option<Timestamp>,
    /// The session that this one continues, and whose records it begins with.
    continued: Option<String>,
    pub(super) is_subagent: bool,
    pub(super) tool_calls: ToolCalls,
    pub(super) user_messages: MessageCounts,
    pub(super) assistant_messages: MessageCounts,
    /// Whether there were events among the messages that are delivered.
    pub(super) had_events: bool,
    last_event: Option<LastEvent>,
    /// Role and fingerprint of the last message, where it is a response item.
    pub(super) last_response: Option<String>,
}

/// The message of the last event that holds one.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct LastEvent {
    is_item: bool,
    is_persons: bool,
    fingerprint: String,
}

/// Numbers of messages of one role so far.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct MessageCounts {
    /// Whether any message was an event.
    pub(super) has_events: bool,
    /// Of the whole file, where a record does not tell its exchange.
    in_file: PerLog,
    /// The exchange to which the last record belongs that tells one, by its id.
    exchange: String,
    in_exchange: PerLog,
}

#[derive(Default, Serialize, Deserialize)]
struct PerLog {
    events: u64,
    responses: u64,
}

impl Known {
    /// Takes in what a session says of itself. A session that continues another begins with its own
    /// record and goes on with copies, among them the record of the other.
    pub(super) fn read_session(&mut self, session: &Value, written: &Value) {
        let Some(id) = first_present(session, &["id", "session_id"]).as_str() else { return };
        if let Some(own) = &self.session {
            if own != id {
                self.continued = Some(id.to_owned());
            }
            return;
        }
        self.session = Some(id.to_owned());
        self.began = parse_time(written).or_else(|| parse_time(&session["timestamp"]));
        self.title = title(first_present(session, &["title", "thread_name"]));
        self.continued = session["forked_from_id"].as_str().map(str::to_owned);
        // Versions differ in how they write the word, and in whether it is a name or a value.
        self.is_subagent = ["source", "thread_source"].iter().any(|field| {
            let source = session[*field].to_string().to_lowercase().replace('_', "");
            source.contains("\"subagent")
        });
    }

    /// Whether any message was an event.
    pub(super) fn has_events(&self) -> bool {
        self.user_messages.has_events || self.assistant_messages.has_events
    }

    /// Whether the event before told the same as this one in its other form: as an item that was
    /// completed, or as a message.
    pub(super) fn is_told_again(&mut self, is_item: bool, role: Role, message: &Value) -> bool {
        let fingerprint = fingerprint(&[joined_text(message).trim()]);
        let event = LastEvent { is_item, is_persons: role == Role::User, fingerprint };
        let before = self.last_event.take();
        if before.is_some_and(|before| before == LastEvent { is_item: !is_item, ..event.clone() }) {
            return true;
        }
        self.last_event = Some(event);
        false
    }

    /// The session to which a record of this time belongs: the one that was continued, for records
    /// that were copied when this one began.
    pub(super) fn scope<'a>(
        &'a self,
        time: Option<Timestamp>,
        output: &'a TurnOutput<'_>,
    ) -> &'a str {
        let own = self.session.as_deref().unwrap_or(output.file_stem());
        let copied_until = self
            .began
            .and_then(|began| began.checked_add(SignedDuration::from_secs(COPYING_SECONDS)).ok());
        match (&self.continued, time, copied_until) {
            (Some(continued), Some(time), Some(until)) if time <= until => continued,
            _ => own,
        }
    }
}

impl MessageCounts {
    /// Counts a message; returns its number in its exchange, or in the file, within its log.
    /// `is_told`: the message before it is the same one in the response items.
    pub(super) fn count(&mut self, log: Log, exchange: Option<&str>, is_told: bool) -> u64 {
        if log == Log::Events && !self.has_events {
            self.has_events = true;
            // The messages before are of a version without events.
            self.in_file.events = self.in_file.responses.saturating_sub(u64::from(is_told));
        }
        let counts = match exchange {
            Some(exchange) => {
                if self.exchange != exchange {
                    exchange.clone_into(&mut self.exchange);
                    self.in_exchange = PerLog::default();
                }
                &mut self.in_exchange
            }
            None => &mut self.in_file,
        };
        let count = match log {
            Log::Events => &mut counts.events,
            Log::Responses => &mut counts.responses,
        };
        *count += 1;
        *count
    }
}
