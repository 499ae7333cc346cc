//! Checks that a data set can be stored and that its evidence is unambiguous.

use std::collections::HashSet;

use longmem_core::{SessionName, UserName};

use super::notes::settle_notes;
use super::{Conversation, Dataset, Layout, Question, Repairs, Session};
use crate::DatasetFlaw;

/// Conversations as they were read, not checked yet.
#[derive(Default)]
pub(super) struct Unchecked {
    pub(super) conversations: Vec<Conversation>,
    pub(super) evidence_repaired: usize,
}

impl From<Vec<Conversation>> for Unchecked {
    fn from(conversations: Vec<Conversation>) -> Self {
        Self { conversations, evidence_repaired: 0 }
    }
}

/// Leaves out empty turns and evidence that names nothing, and counts both; refuses what is
/// ambiguous.
pub(super) fn checked(
    name: String,
    layout: Layout,
    unchecked: Unchecked,
) -> Result<Dataset, DatasetFlaw> {
    let Unchecked { mut conversations, evidence_repaired } = unchecked;
    let mut repairs = Repairs { evidence_repaired, ..Repairs::default() };
    let mut ids = HashSet::new();
    for conversation in &mut conversations {
        if !ids.insert(conversation.id.clone()) {
            return Err(DatasetFlaw::RepeatedConversation(conversation.id.clone()));
        }
        leave_out_empty(conversation, &mut repairs);
        check_names(conversation)?;
        check_questions(conversation, &mut repairs)?;
    }
    conversations.retain(|conversation| !conversation.sessions.is_empty());
    if conversations.is_empty() {
        return Err(DatasetFlaw::NothingSaid);
    }
    settle_notes(&mut conversations);
    Ok(Dataset { name, layout, conversations, repairs })
}

fn leave_out_empty(conversation: &mut Conversation, repairs: &mut Repairs) {
    for session in &mut conversation.sessions {
        let before = session.turns.len();
        session.turns.retain(|turn| !turn.text.trim().is_empty());
        repairs.empty_turns += before - session.turns.len();
    }
    conversation.sessions.retain(|session| !session.turns.is_empty());
}

fn check_names(conversation: &Conversation) -> Result<(), DatasetFlaw> {
    let bad_name = |reason| DatasetFlaw::BadName { conversation: conversation.id.clone(), reason };
    UserName::new(&conversation.id).map_err(bad_name)?;
    let mut ids = HashSet::new();
    for session in &conversation.sessions {
        SessionName::new(&session.id).map_err(bad_name)?;
        for id in session.turns.iter().map(|turn| &turn.id).chain([&session.id]) {
            if !ids.insert(id) {
                let (conversation, id) = (conversation.id.clone(), id.clone());
                return Err(DatasetFlaw::RepeatedId { conversation, id });
            }
        }
    }
    Ok(())
}

fn check_questions(
    conversation: &mut Conversation,
    repairs: &mut Repairs,
) -> Result<(), DatasetFlaw> {
    let Conversation { id, sessions, questions } = conversation;
    let known: HashSet<&str> = sessions
        .iter()
        .flat_map(|session| session.turns.iter().map(|turn| &turn.id).chain([&session.id]))
        .map(String::as_str)
        .collect();
    for question in questions {
        if question.text.trim().is_empty() {
            let (conversation, question) = (id.clone(), question.id.clone());
            return Err(DatasetFlaw::EmptyQuestion { conversation, question });
        }
        let mut named = HashSet::new();
        question.evidence.retain(|evidence| {
            let exists = known.contains(evidence.id.as_str());
            repairs.evidence_dropped += usize::from(!exists);
            exists && named.insert((evidence.id.clone(), evidence.text.clone()))
        });
        check_evidence_texts(id, question, sessions)?;
    }
    Ok(())
}

/// Refuses words that are said to carry an answer, but do not stand in their turn.
fn check_evidence_texts(
    conversation: &str,
    question: &Question,
    sessions: &[Session],
) -> Result<(), DatasetFlaw> {
    for evidence in &question.evidence {
        let Some(text) = &evidence.text else { continue };
        let mut turns = sessions.iter().flat_map(|session| &session.turns);
        if !turns.any(|turn| turn.id == evidence.id && turn.text.contains(text.as_str())) {
            return Err(DatasetFlaw::NoSuchText {
                conversation: conversation.to_owned(),
                question: question.id.clone(),
                turn: evidence.id.clone(),
                text: text.clone(),
            });
        }
    }
    Ok(())
}
