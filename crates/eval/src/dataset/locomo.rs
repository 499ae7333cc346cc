//! LoCoMo as published: `conversation.session_N` with its date, and `qa`.
//!
//! - Both speakers are people, so both have the role `user` and differ by `speaker`.
//! - A shared image's caption is part of what was said, as in LoCoMo's own evaluation (there
//!   `… and shared <caption>.`): it is appended as `[shares an image: <caption>]`.
//! - Evidence is written by hand: several ids in one string, a colon too many, zeros in front. Every
//!   form that holds two numbers is understood.
//! - Questions of category 5 name the wrong speaker. Their evidence is what the other one said.

use std::collections::BTreeMap;

use longmem_core::Role;
use serde::Deserialize;

use super::checked::Unchecked;
use super::evidence::answer;
use super::{Conversation, EvidencePiece, Question, Session, Turn, date};
use crate::DatasetFlaw;

/// LoCoMo's category of questions that name the wrong speaker.
pub const ADVERSARIAL: &str = "5 adversarial";

#[derive(Deserialize)]
pub(super) struct Entry {
    sample_id: String,
    conversation: BTreeMap<String, Part>,
    qa: Vec<QuestionEntry>,
}

/// A value of `conversation`: `session_1`, `session_1_date_time`, `speaker_a` and so on.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Session(Vec<Message>),
    Text(String),
}

#[derive(Deserialize)]
struct Message {
    speaker: String,
    dia_id: String,
    text: String,
    blip_caption: Option<String>,
}

#[derive(Deserialize)]
struct QuestionEntry {
    question: String,
    #[serde(default, deserialize_with = "answer")]
    answer: Vec<String>,
    evidence: Vec<String>,
    category: u8,
}

pub(super) fn conversations(entries: Vec<Entry>) -> Result<Unchecked, DatasetFlaw> {
    let mut unchecked = Unchecked::default();
    for entry in entries {
        let id = entry.sample_id;
        let sessions = sessions(&id, entry.conversation)?;
        let questions = entry
            .qa
            .into_iter()
            .enumerate()
            .map(|(position, entry)| Question {
                id: format!("{id}/{}", position + 1),
                text: entry.question,
                message: None,
                asked_at: None,
                category: Some(category(entry.category)),
                answer: entry.answer,
                evidence: evidence(&entry.evidence, &mut unchecked.evidence_repaired)
                    .into_iter()
                    .map(EvidencePiece::from)
                    .collect(),
                unanswerable: false,
            })
            .collect();
        unchecked.conversations.push(Conversation { id, sessions, questions });
    }
    Ok(unchecked)
}

fn sessions(id: &str, parts: BTreeMap<String, Part>) -> Result<Vec<Session>, DatasetFlaw> {
    let mut dates = BTreeMap::new();
    let mut sessions = Vec::new();
    for (key, part) in parts {
        match part {
            Part::Text(text) => {
                dates.insert(key, text);
            }
            Part::Session(messages) => sessions.push((key, messages)),
        }
    }
    sessions.sort_by_key(|(key, _)| number(key));
    sessions
        .into_iter()
        .map(|(session, messages)| {
            let conversation = || id.to_owned();
            let Some(text) = dates.remove(&format!("{session}_date_time")) else {
                return Err(DatasetFlaw::MissingDate { conversation: conversation(), session });
            };
            let Some(date) = date::parse(&text) else {
                return Err(DatasetFlaw::BadDate { conversation: conversation(), date: text });
            };
            let turns = messages.into_iter().map(Turn::from).collect();
            Ok(Session { id: session, date, turns })
        })
        .collect()
}

impl From<Message> for Turn {
    fn from(message: Message) -> Self {
        let text = match message.blip_caption {
            Some(caption) => format!("{} [shares an image: {caption}]", message.text),
            None => message.text,
        };
        let (time, note) = (None, None);
        let speaker = Some(message.speaker);
        Self { id: message.dia_id, role: Role::User, speaker, text, time, note }
    }
}

/// The number at the end of `session_12`.
fn number(key: &str) -> u32 {
    key.rsplit('_').next().and_then(|digits| digits.parse().ok()).unwrap_or(u32::MAX)
}

fn category(number: u8) -> String {
    match number {
        1 => "1 multi-hop".to_owned(),
        2 => "2 temporal".to_owned(),
        3 => "3 open-domain".to_owned(),
        4 => "4 single-hop".to_owned(),
        5 => ADVERSARIAL.to_owned(),
        other => other.to_string(),
    }
}

/// Reads ids that were written by hand. A piece that cannot be read stays as it is; since it names
/// nothing, it is left out later.
fn evidence(written: &[String], repaired: &mut usize) -> Vec<String> {
    let mut ids = Vec::new();
    for entry in written {
        let pieces = entry.split(|c: char| matches!(c, ';' | ',') || c.is_whitespace());
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            let id = turn_id(piece);
            *repaired += usize::from(id.as_ref().is_some_and(|id| id != entry));
            ids.push(id.unwrap_or_else(|| piece.to_owned()));
        }
    }
    ids
}

/// `D8:6`, from any text that begins with a D and holds two numbers.
fn turn_id(piece: &str) -> Option<String> {
    let numbers = piece.strip_prefix('D')?;
    let mut parts = numbers.split(':').filter(|part| !part.is_empty());
    let session: u32 = parts.next()?.parse().ok()?;
    let turn: u32 = parts.next()?.parse().ok()?;
    parts.next().is_none().then(|| format!("D{session}:{turn}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_were_written_by_hand_are_recovered() {
        let read = |written: &[&str]| {
            let written: Vec<String> = written.iter().map(|&id| id.to_owned()).collect();
            let mut repaired = 0;
            (evidence(&written, &mut repaired), repaired)
        };
        let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
        assert_eq!(read(&["D8:6", "D9:17"]), (ids(&["D8:6", "D9:17"]), 0));
        assert_eq!(read(&["D8:6; D9:17"]), (ids(&["D8:6", "D9:17"]), 2));
        assert_eq!(read(&["D9:1 D4:4,D4:6"]), (ids(&["D9:1", "D4:4", "D4:6"]), 3));
        assert_eq!(read(&["D:11:26"]), (ids(&["D11:26"]), 1));
        assert_eq!(read(&["D30:05"]), (ids(&["D30:5"]), 1));
        assert_eq!(read(&["D"]), (ids(&["D"]), 0));
        assert_eq!(read(&["D1:2:3", ""]), (ids(&["D1:2:3"]), 0));
    }

    #[test]
    fn sessions_are_ordered_by_number_and_images_have_captions() {
        let entries: Vec<Entry> = serde_json::from_str(
            r#"[{"sample_id":"c","qa":[{"question":"Who?","category":5,"evidence":["D:10:1"],
                 "adversarial_answer":"Bo"}],
                 "conversation":{"speaker_a":"Al","speaker_b":"Bo",
                 "session_10":[{"speaker":"Bo","dia_id":"D10:1","text":"Look."
                   ,"blip_caption":"a photo of a cat","img_url":["x"]}],
                 "session_10_date_time":"1:56 pm on 8 May, 2023",
                 "session_2":[{"speaker":"Al","dia_id":"D2:1","text":"Hi"}],
                 "session_2_date_time":"12:48 am on 1 February, 2023",
                 "session_11_date_time":"1:00 pm on 9 May, 2023"}}]"#,
        )
        .unwrap();
        let read = conversations(entries).unwrap();
        let conversation = &read.conversations[0];
        let ids: Vec<_> = conversation.sessions.iter().map(|s| s.id.as_str()).collect();
        assert_eq!(ids, ["session_2", "session_10"]);
        let turn = &conversation.sessions[1].turns[0];
        assert_eq!(turn.text, "Look. [shares an image: a photo of a cat]");
        assert_eq!((turn.role, turn.speaker.as_deref()), (Role::User, Some("Bo")));
        let question = &conversation.questions[0];
        assert_eq!((question.id.as_str(), question.evidence[0].id.as_str()), ("c/1", "D10:1"));
        assert_eq!(question.category.as_deref(), Some(ADVERSARIAL));
        assert!(!question.unanswerable);
    }

    #[test]
    fn a_session_without_a_date_is_refused() {
        let entries: Vec<Entry> = serde_json::from_str(
            r#"[{"sample_id":"c","qa":[],"conversation":{
                 "session_2":[{"speaker":"Al","dia_id":"D2:1","text":"Hi"}]}}]"#,
        )
        .unwrap();
        assert_eq!(
            conversations(entries).err().map(|flaw| flaw.to_string()).as_deref(),
            Some("conversation \"c\": there is no date for \"session_2\"")
        );
    }
}
