//! LongMemEval as published, with one haystack of chats for each question, and subsets of it in
//! which a haystack has several `questions`.
//!
//! - Evidence is the sessions of `answer_session_ids`, and the turns in them with `has_answer`.
//! - A question whose id ends in `_abs` has no answer.
//! - Where a haystack has several questions, its `question_type` is that of the question whose
//!   sessions hold turns with `has_answer`; the others have none.
//! - A session that occurs twice in a haystack gets another id the second time.

use std::collections::HashMap;

use jiff::Timestamp;
use longmem_core::Role;
use serde::Deserialize;

use super::checked::Unchecked;
use super::evidence::Answer;
use super::{Conversation, EvidencePiece, Question, Session, Turn, date};
use crate::DatasetFlaw;

#[derive(Deserialize)]
pub(super) struct Entry {
    question_id: String,
    question_type: String,
    question_date: String,
    question: Option<String>,
    #[serde(default)]
    questions: Vec<String>,
    answer: Option<Answer>,
    #[serde(default)]
    answers: Vec<Answer>,
    answer_session_ids: AnswerSessions,
    haystack_dates: Vec<String>,
    haystack_session_ids: Vec<String>,
    haystack_sessions: Vec<Vec<Message>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AnswerSessions {
    /// Those of the one question.
    One(Vec<String>),
    /// Those of each question.
    Several(Vec<Vec<String>>),
}

#[derive(Deserialize)]
struct Message {
    role: Role,
    content: String,
    #[serde(default)]
    has_answer: Option<bool>,
}

pub(super) fn conversations(entries: Vec<Entry>) -> Result<Unchecked, DatasetFlaw> {
    let conversations = entries.into_iter().map(conversation).collect::<Result<Vec<_>, _>>()?;
    Ok(Unchecked::from(conversations))
}

fn conversation(entry: Entry) -> Result<Conversation, DatasetFlaw> {
    let id = entry.question_id;
    let asked_at = parse_date(&id, &entry.question_date)?;
    let (sessions, answering) =
        sessions(&id, entry.haystack_sessions, entry.haystack_session_ids, &entry.haystack_dates)?;

    let texts: Vec<String> = entry.question.into_iter().chain(entry.questions).collect();
    let mut answers = entry.answer.into_iter().chain(entry.answers).map(Answer::pieces);
    let answer_sessions = match entry.answer_session_ids {
        AnswerSessions::One(ids) => vec![ids],
        AnswerSessions::Several(lists) => lists,
    };
    check_same_length(
        &id,
        ("questions", texts.len()),
        ("answer_session_ids", answer_sessions.len()),
    )?;
    let is_single = texts.len() == 1;
    let questions = texts
        .into_iter()
        .zip(answer_sessions)
        .enumerate()
        .map(|(position, (text, answer_sessions))| {
            let turns: Vec<String> = answer_sessions
                .iter()
                .filter_map(|session| answering.get(session))
                .flatten()
                .cloned()
                .collect();
            let has_type = is_single || !turns.is_empty();
            Question {
                id: if is_single { id.clone() } else { format!("{id}/{}", position + 1) },
                text,
                message: None,
                asked_at: Some(asked_at),
                category: has_type.then(|| entry.question_type.clone()),
                answer: answers.next().unwrap_or_default(),
                evidence: turns
                    .into_iter()
                    .chain(answer_sessions)
                    .map(EvidencePiece::from)
                    .collect(),
                unanswerable: id.ends_with("_abs"),
            }
        })
        .collect();
    Ok(Conversation { id, sessions, questions })
}

/// Ids of the turns that hold the answer, by their session's id.
type AnsweringTurns = HashMap<String, Vec<String>>;

fn sessions(
    conversation: &str,
    haystack: Vec<Vec<Message>>,
    ids: Vec<String>,
    dates: &[String],
) -> Result<(Vec<Session>, AnsweringTurns), DatasetFlaw> {
    let sessions_len = ("haystack_sessions", haystack.len());
    check_same_length(conversation, sessions_len, ("haystack_session_ids", ids.len()))?;
    check_same_length(conversation, sessions_len, ("haystack_dates", dates.len()))?;
    let mut times_seen: HashMap<String, usize> = HashMap::new();
    let mut answering = AnsweringTurns::new();
    let mut sessions = Vec::with_capacity(haystack.len());
    for ((messages, id), date) in haystack.into_iter().zip(ids).zip(dates) {
        let seen = times_seen.entry(id.clone()).or_default();
        *seen += 1;
        let id = if *seen == 1 { id } else { format!("{id} ({seen})") };
        let mut turns = Vec::with_capacity(messages.len());
        for (position, message) in messages.into_iter().enumerate() {
            let turn_id = format!("{id}#{}", position + 1);
            if message.has_answer == Some(true) {
                answering.entry(id.clone()).or_default().push(turn_id.clone());
            }
            turns.push(Turn {
                id: turn_id,
                role: message.role,
                speaker: None,
                text: message.content,
                time: None,
                note: None,
            });
        }
        sessions.push(Session { id, date: parse_date(conversation, date)?, turns });
    }
    Ok((sessions, answering))
}

fn parse_date(conversation: &str, text: &str) -> Result<Timestamp, DatasetFlaw> {
    date::parse(text).ok_or_else(|| DatasetFlaw::BadDate {
        conversation: conversation.to_owned(),
        date: text.to_owned(),
    })
}

fn check_same_length(
    conversation: &str,
    first: (&'static str, usize),
    second: (&'static str, usize),
) -> Result<(), DatasetFlaw> {
    if first.1 == second.1 {
        return Ok(());
    }
    Err(DatasetFlaw::UnevenLists { conversation: conversation.to_owned(), first, second })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Conversation, DatasetFlaw> {
        conversation(serde_json::from_str(text).unwrap())
    }

    fn evidence_ids(question: &Question) -> Vec<&str> {
        question.evidence.iter().map(|piece| piece.id.as_str()).collect()
    }

    const PUBLISHED: &str = r#"{"question_id":"e47b","question_type":"single-session-user",
        "question":"What degree?","answer":30,"question_date":"2023/05/30 (Tue) 23:40",
        "answer_session_ids":["answer_1"],"haystack_session_ids":["share_0","answer_1"],
        "haystack_dates":["2023/05/20 (Sat) 02:21","2023/05/20 (Sat) 02:57"],
        "haystack_sessions":[[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"}],
          [{"role":"user","content":"I graduated.","has_answer":true},
           {"role":"assistant","content":"Congratulations!","has_answer":false}]]}"#;

    #[test]
    fn evidence_is_the_marked_turns_and_their_sessions() {
        let read = read(PUBLISHED).unwrap();
        assert_eq!(read.id, "e47b");
        assert_eq!(read.sessions[1].date.to_string(), "2023-05-20T02:57:00Z");
        assert_eq!(read.sessions[0].turns[1].role, Role::Assistant);
        let question = &read.questions[0];
        assert_eq!(question.id, "e47b");
        assert_eq!(evidence_ids(question), ["answer_1#1", "answer_1"]);
        assert_eq!(question.answer, ["30"]);
        assert_eq!(question.category.as_deref(), Some("single-session-user"));
        assert_eq!(
            question.asked_at.map(|time| time.to_string()).as_deref(),
            Some("2023-05-30T23:40:00Z")
        );
        assert!(!question.unanswerable);
    }

    #[test]
    fn abstention_questions_have_no_answer() {
        let read = read(&PUBLISHED.replace("e47b", "e47b_abs")).unwrap();
        assert!(read.questions[0].unanswerable);
    }

    #[test]
    fn a_haystack_may_have_several_questions() {
        let several = PUBLISHED
            .replace(r#""question":"What degree?""#, r#""questions":["What degree?","Hi?"]"#)
            .replace(r#"["answer_1"],"haystack_s"#, r#"[["answer_1"],["share_0"]],"haystack_s"#);
        let read = read(&several).unwrap();
        let ids: Vec<_> = read.questions.iter().map(|q| q.id.as_str()).collect();
        assert_eq!(ids, ["e47b/1", "e47b/2"]);
        assert_eq!(evidence_ids(&read.questions[1]), ["share_0"]);
        assert_eq!(read.questions[1].category, None);
        assert_eq!(evidence_ids(&read.questions[0]), ["answer_1#1", "answer_1"]);
    }

    #[test]
    fn a_session_that_occurs_twice_is_kept_twice() {
        let read = read(&PUBLISHED.replace("share_0", "answer_1")).unwrap();
        let ids: Vec<_> = read.sessions.iter().map(|session| session.id.as_str()).collect();
        assert_eq!(ids, ["answer_1", "answer_1 (2)"]);
    }

    #[test]
    fn lists_of_different_length_are_refused() {
        let flaw = read(&PUBLISHED.replace(r#""share_0","#, "")).unwrap_err();
        assert_eq!(
            flaw.to_string(),
            "conversation \"e47b\" has 2 entries in haystack_sessions, but 1 in \
             haystack_session_ids"
        );
    }
}
