//! Claude.ai's export: conversations as lists of messages.

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use crate::SkipReason;
use crate::content::words;
use crate::intake::{Draft, Intake};
use crate::json::{first, label};
use crate::key::{fingerprint, session_name};
use crate::moment::moment;
use crate::read::ValueReader;

/// Reads one conversation a value.
pub(crate) struct ClaudeAi;

impl ValueReader for ClaudeAi {
    fn value(&mut self, conversation: Value, intake: &mut Intake<'_>) -> ControlFlow<()> {
        let Some(messages) = first(&conversation, &["chat_messages", "messages"]).as_array() else {
            intake.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let title = label(&conversation["name"]);
        let began = &conversation["created_at"];
        let id = label(&conversation["uuid"])
            .unwrap_or_else(|| fingerprint(&[title.as_deref().unwrap_or(""), &began.to_string()]));
        for message in messages {
            match said(message) {
                Err(reason) => intake.skip(reason),
                Ok((role, text)) => intake.deliver(Draft {
                    user: None,
                    session: session_name(&id),
                    title: title.clone(),
                    role,
                    speaker: None,
                    text,
                    time: moment(&message["created_at"]),
                    session_time: moment(began),
                    key: label(&message["uuid"]).map(|uuid| intake.key(&[&uuid])),
                })?,
            }
        }
        ControlFlow::Continue(())
    }
}

fn said(message: &Value) -> Result<(Role, String), SkipReason> {
    let role = first(message, &["sender", "role"]).as_str().ok_or(SkipReason::Malformed)?;
    let role = role.parse().map_err(|_| SkipReason::UnknownRole)?;
    let attached = attached_texts(message);
    let said = words(&message["content"]).or_else(|reason| {
        // Where blocks hold no words, `text` may only repeat that they cannot be shown.
        if reason == SkipReason::Empty { words(&message["text"]) } else { Err(reason) }
    });
    match said {
        Err(reason) if attached.is_empty() => Err(reason),
        said => Ok((role, said.into_iter().chain(attached).collect::<Vec<_>>().join("\n\n"))),
    }
}

/// The texts of attached files and long pastes, each under its name.
fn attached_texts(message: &Value) -> Vec<String> {
    let attachments = message["attachments"].as_array().into_iter().flatten();
    attachments
        .filter_map(|attachment| {
            let text = attachment["extracted_content"].as_str()?.trim();
            let name = attachment["file_name"].as_str().filter(|name| !name.is_empty());
            (!text.is_empty()).then(|| format!("[{}]\n{text}", name.unwrap_or("attachment")))
        })
        .collect()
}
