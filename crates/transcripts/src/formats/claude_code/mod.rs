//! Claude Code's transcripts: one line for everything that happens in a session.

mod last_answer;
mod prompts;
mod queue;
mod records;
mod titles;

use std::collections::HashMap;
use std::ops::ControlFlow;

use longmem_core::{Role, SessionName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::last_answer::LastAnswer;
use self::prompts::typed_text;
use self::queue::{Message, PromptQueues};
use self::records::{is_from_elsewhere, line_text, queue_key, role_of, session_of, turn_of};
use self::titles::SessionTitles;
use super::reader::{FormatReader, limited_state};
use crate::json::JsonShape;
use crate::keys::session_name;
use crate::message::commands::is_command_alone;
use crate::message::time::parse_time;
use crate::message::tool_calls::ToolCalls;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Bytes of turns that wait for their title, which often comes last. Beyond it they are delivered
/// with the titles known so far.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Reads one line a value, or the lines of `{"loglines": […]}`.
#[derive(Default)]
pub(super) struct ClaudeCode {
    open: OpenRecords,
    /// Whether the file is one document, which does not grow line by line.
    is_document: bool,
    waiting: Vec<ParsedTurn>,
    waiting_bytes: usize,
}

/// What later records of a file may complete.
#[derive(Default, Serialize, Deserialize)]
struct OpenRecords {
    tool_calls: ToolCalls,
    titles: SessionTitles,
    queues: PromptQueues,
    /// The model's last words in each session since its user's last message.
    last_answers: HashMap<SessionName, LastAnswer>,
}

impl FormatReader for ClaudeCode {
    fn description() -> &'static str {
        "a Claude Code transcript"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        let of_session = value["sessionId"].is_string() || value.get("parentUuid").is_some();
        value.get("loglines").is_some()
            || value["leafUuid"].is_string()
            || (value["type"].is_string()
                && of_session
                // Gemini CLI's records name the session, too.
                && !value["messageId"].is_number()
                && value["projectHash"].is_null())
    }

    fn read_value(&mut self, mut value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        match value.get_mut("loglines").map(Value::take) {
            Some(Value::Array(lines)) => {
                self.is_document = true;
                lines.into_iter().try_for_each(|line| self.read_line(&line, output))
            }
            _ => self.read_line(&value, output),
        }
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        for _ in 0..self.open.tool_calls.unanswered() {
            output.skip(SkipReason::ToolCall);
        }
        self.deliver_waiting(output)
    }

    fn state(&self) -> Option<Value> {
        (!self.is_document).then(|| limited_state(&self.open)).flatten()
    }

    fn restore(&mut self, state: Value) {
        self.open = serde_json::from_value(state).unwrap_or_default();
    }
}

impl ClaudeCode {
    fn read_line(&mut self, line: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let read = match line["type"].as_str() {
            Some("user" | "assistant") => self.read_message(line, output),
            Some("queue-operation") => self.read_queue_operation(line, output),
            Some("attachment") => self.read_attachment(line, output),
            Some(_) => {
                self.open.titles.add(line);
                Err(SkipReason::MetaLine)
            }
            None => Err(SkipReason::Malformed),
        };
        if let Err(reason) = read {
            output.skip(reason);
        }
        if self.waiting_bytes < MAX_WAITING_BYTES {
            ControlFlow::Continue(())
        } else {
            self.deliver_waiting(output)
        }
    }

    fn read_message(
        &mut self,
        line: &Value,
        output: &mut TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        let role = role_of(line)?;
        let content = &line["message"]["content"];
        let has_calls = self.open.tool_calls.add_calls(content);
        let results = self.open.tool_calls.take_results(content);
        let uses_tools = has_calls || !results.is_empty();
        for result in results {
            match result.text {
                Some(text) => {
                    // A line can hold several results, so the key of each needs the call's id too.
                    let turn = turn_of(line, Role::Tool, text, Some(&result.call_id), output);
                    self.add_waiting(turn);
                }
                None => output.skip(SkipReason::ToolResult),
            }
        }
        match line_text(line, role) {
            Ok(text) if role == Role::User => self.add_prompt(line, text, output),
            Ok(text) => {
                self.add_answer(line, text, output);
                Ok(())
            }
            // The call is stored with its result, or counted at the end.
            Err(_) if uses_tools => Ok(()),
            Err(reason) => Err(reason),
        }
    }

    /// Adds what a person said, unless the queue has told of it.
    fn add_prompt(
        &mut self,
        line: &Value,
        text: String,
        output: &TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        let session = session_of(line, output);
        let was_queued = line["promptSource"] == "queued";
        let message = self.open.queues.user_message(session, &text, was_queued);
        self.open.last_answers.remove(&session_name(session));
        let turn = turn_of(line, Role::User, text, None, output);
        match message {
            Message::New { .. } => self.add_waiting(turn),
            Message::At(place) => {
                self.name_as(place, turn);
                return Err(SkipReason::MetaLine);
            }
            Message::Delivered => return Err(SkipReason::MetaLine),
        }
        Ok(())
    }

    /// Adds what the model said. A message that grows is written again and again under one id; the
    /// last of its records has all of it.
    fn add_answer(&mut self, line: &Value, text: String, output: &TurnOutput<'_>) {
        self.open.queues.answered(session_of(line, output));
        let mut turn = turn_of(line, Role::Assistant, text, None, output);
        let message_id = line["message"]["id"].as_str().unwrap_or_default();
        let mut place = None;
        if let Some(last) = self.open.last_answers.get_mut(&turn.session)
            && last.has_grown_to(message_id, &turn.text)
        {
            // Stores may know the beginning by the key of its record.
            turn.former_keys.extend(last.keys.iter().cloned());
            place = last.place;
        }
        let (session, mut last) = (turn.session.clone(), LastAnswer::new(message_id, &turn));
        last.place = place.or(Some(self.waiting.len()));
        self.open.last_answers.insert(session, last);
        match place.and_then(|place| self.waiting.get_mut(place)) {
            Some(grown) => {
                self.waiting_bytes += turn.bytes_in_memory();
                self.waiting_bytes -= grown.bytes_in_memory();
                *grown = turn;
            }
            None => self.add_waiting(turn),
        }
    }

    fn read_queue_operation(
        &mut self,
        line: &Value,
        output: &TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        let session = session_of(line, output);
        let mode = line["commandMode"].as_str().or(line["mode"].as_str());
        let of_person = mode.is_none_or(|mode| mode == "prompt") && !is_from_elsewhere(line);
        let text =
            typed_text(&line["content"]).ok().filter(|text| of_person && !is_command_alone(text));
        match line["operation"].as_str() {
            Some("enqueue") => {
                // What no person typed stays in the queue, so that its order is right.
                let text = text.unwrap_or_default();
                self.open.queues.enqueue(session, text, parse_time(&line["timestamp"]));
            }
            Some("dequeue") => self.open.queues.dequeue(session),
            Some("popAll") => self.open.queues.take_back_all(session),
            Some("remove") => {
                let names_content = !line["content"].is_null();
                if names_content && text.is_none() {
                    self.open.queues.remove(session, Some(""));
                    return Err(SkipReason::MetaLine);
                }
                let removed = self.open.queues.remove(session, text.as_deref());
                let Some(prompt) = removed.filter(|prompt| !prompt.text.is_empty()) else {
                    return Err(SkipReason::MetaLine);
                };
                let time = prompt.time.or_else(|| parse_time(&line["timestamp"]));
                self.open.queues.became_turn(session, &prompt.text, self.waiting.len(), false);
                self.add_waiting(ParsedTurn {
                    time,
                    source_key: Some(queue_key(&prompt.text, time, output)),
                    ..ParsedTurn::new(session_name(session), Role::User, prompt.text)
                });
                return Ok(());
            }
            _ => {}
        }
        Err(SkipReason::MetaLine)
    }

    /// Adds a prompt that the model was shown in the middle of its work.
    fn read_attachment(&mut self, line: &Value, output: &TurnOutput<'_>) -> Result<(), SkipReason> {
        let attachment = &line["attachment"];
        let is_prompt = attachment["type"] == "queued_command"
            && attachment["commandMode"].as_str().is_none_or(|mode| mode == "prompt");
        if line["isSidechain"] == true {
            return Err(SkipReason::Subagent);
        }
        if !is_prompt || is_from_elsewhere(line) || is_from_elsewhere(attachment) {
            return Err(SkipReason::MetaLine);
        }
        let text = typed_text(&attachment["prompt"])?;
        if is_command_alone(&text) {
            return Err(SkipReason::MetaLine);
        }
        let session = session_of(line, output);
        let message = self.open.queues.attachment(session, &text);
        self.open.last_answers.remove(&session_name(session));
        let mut turn = turn_of(line, Role::User, text, None, output);
        match message {
            Message::New { typed } => {
                if let Some(typed) = typed {
                    turn.former_keys.push(queue_key(&turn.text, Some(typed), output));
                    turn.time = Some(typed);
                }
                self.open.queues.became_turn(session, &turn.text, self.waiting.len(), true);
                self.add_waiting(turn);
                Ok(())
            }
            Message::At(place) => {
                self.name_as(place, turn);
                Err(SkipReason::MetaLine)
            }
            Message::Delivered => Err(SkipReason::MetaLine),
        }
    }

    /// Gives a waiting turn the name of the message that told of it again.
    fn name_as(&mut self, place: usize, message: ParsedTurn) {
        let turn = &mut self.waiting[place];
        if let Some(key) = message.source_key {
            turn.former_keys.extend(turn.source_key.replace(key));
            turn.former_keys.extend(message.former_keys);
        }
    }

    fn add_waiting(&mut self, turn: ParsedTurn) {
        self.waiting_bytes += turn.bytes_in_memory();
        self.waiting.push(turn);
    }

    /// Delivers the waiting turns, session by session, in the order in which the sessions began.
    fn deliver_waiting(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let mut order = HashMap::new();
        for turn in &self.waiting {
            let next = order.len();
            order.entry(turn.session.clone()).or_insert(next);
        }
        // The sort is stable: within a session the order of the file stays.
        self.waiting.sort_by_key(|turn| order[&turn.session]);
        self.waiting_bytes = 0;
        self.open.last_answers.values_mut().for_each(LastAnswer::delivered);
        self.open.queues.all_delivered();
        for turn in std::mem::take(&mut self.waiting) {
            let title = self.open.titles.of(&turn.session).map(str::to_owned);
            output.deliver(ParsedTurn { title, ..turn })?;
        }
        ControlFlow::Continue(())
    }
}
