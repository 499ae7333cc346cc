//! Messages with a role and content: an array of them, conversations that hold them, or one a line.

use std::ops::ControlFlow;

use longmem_core::{Role, Timestamp, UserName};
use serde_json::Value;

use crate::SkipReason;
use crate::content::words;
use crate::injected::without_recalled_memory;
use crate::intake::{Draft, Intake};
use crate::json::{first, label};
use crate::key::session_name;
use crate::moment::moment;
use crate::read::ValueReader;

/// Reads one message a value, or one conversation `{"messages": […]}` a value.
#[derive(Default)]
pub(crate) struct Messages {
    conversations: u64,
}

/// What a conversation says for all its messages.
struct Envelope {
    session: String,
    title: Option<String>,
    time: Option<Timestamp>,
    /// The user's name as it stands there; null if there is none.
    user: Value,
}

impl ValueReader for Messages {
    fn value(&mut self, value: Value, intake: &mut Intake<'_>) -> ControlFlow<()> {
        let Some(messages) = value["messages"].as_array() else {
            let session = intake.stem().to_owned();
            let file = Envelope { session, title: None, time: None, user: Value::Null };
            return take(&value, &file, intake);
        };
        self.conversations += 1;
        let conversation = Envelope {
            session: session_of(&value)
                .or_else(|| label(&value["id"]))
                .unwrap_or_else(|| numbered(intake.stem(), self.conversations)),
            title: label(&value["title"]),
            time: time_of(&value),
            user: value["user"].clone(),
        };
        messages.iter().try_for_each(|message| take(message, &conversation, intake))
    }
}

/// Names a conversation that has no name by its place in the file.
fn numbered(stem: &str, number: u64) -> String {
    if number == 1 { stem.to_owned() } else { format!("{stem}-{number}") }
}

fn session_of(value: &Value) -> Option<String> {
    label(first(value, &["session", "session_id", "conversation_id"]))
}

fn time_of(value: &Value) -> Option<Timestamp> {
    moment(first(value, &["timestamp", "ts", "time", "created_at"]))
}

fn take(message: &Value, envelope: &Envelope, intake: &mut Intake<'_>) -> ControlFlow<()> {
    match draft(message, envelope, intake) {
        Ok(draft) => intake.deliver(draft),
        Err(reason) => {
            intake.skip(reason);
            ControlFlow::Continue(())
        }
    }
}

fn draft(message: &Value, envelope: &Envelope, intake: &Intake<'_>) -> Result<Draft, SkipReason> {
    let role = message["role"].as_str().ok_or(SkipReason::Malformed)?;
    let role: Role = role.parse().map_err(|_| SkipReason::UnknownRole)?;
    let session = session_name(&session_of(message).unwrap_or_else(|| envelope.session.clone()));
    // Only longmem writes keys; what it exports is its own text, to be taken as it is.
    let exported = message["key"].as_str().filter(|key| !key.is_empty()).map(str::to_owned);
    let mut text = said(message)?;
    if exported.is_none() {
        text = without_recalled_memory(&text);
        if text.trim().is_empty() {
            return Err(SkipReason::Empty);
        }
    }
    let id = label(&message["id"]);
    let key = exported.or_else(|| id.map(|id| intake.key(&[session.as_str(), &id])));
    Ok(Draft {
        user: user_of(first(message, &["user"]), &envelope.user)?,
        session,
        title: label(&message["title"]).or_else(|| envelope.title.clone()),
        role,
        speaker: label(first(message, &["speaker", "name"])),
        text,
        time: time_of(message),
        session_time: envelope.time,
        key,
    })
}

fn said(message: &Value) -> Result<String, SkipReason> {
    words(first(message, &["content", "text"])).map_err(|reason| {
        let calls = message["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty());
        if calls || message["function_call"].is_object() { SkipReason::ToolCall } else { reason }
    })
}

/// The user that a message names, or else its conversation. A name that cannot be one is refused
/// rather than left out, since the turn would then go into somebody else's memory.
fn user_of(own: &Value, envelope: &Value) -> Result<Option<UserName>, SkipReason> {
    let name = if own.is_null() { envelope } else { own };
    if name.is_null() {
        return Ok(None);
    }
    label(name).and_then(|name| UserName::new(name).ok()).map(Some).ok_or(SkipReason::InvalidUser)
}
