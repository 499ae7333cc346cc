//! Questions to which a conversation has no answer: those about the others.

use std::collections::BTreeSet;

use super::{Conversation, Dataset, Question};

impl Dataset {
    /// Up to `count` answerable questions about the other conversations, spread evenly over them, with
    /// the names of the speakers of the conversation at `place` instead of theirs. A few of them may
    /// have an answer by chance.
    ///
    /// # Panics
    /// If there is no conversation at `place`.
    pub fn foreign_questions(&self, place: usize, count: usize) -> Vec<Question> {
        let own = speakers(&self.conversations[place]);
        let others = self.conversations.iter().enumerate().filter(|(other, _)| *other != place);
        let foreign: Vec<(&Conversation, &Question)> = others
            .flat_map(|(_, other)| other.questions.iter().map(move |question| (other, question)))
            .filter(|(_, question)| !question.unanswerable)
            .collect();
        let step = foreign.len().div_ceil(count.max(1)).max(1);
        let chosen = foreign.into_iter().step_by(step).take(count);
        chosen
            .map(|(other, question)| Question {
                text: exchanged(&question.text, &speakers(other), &own),
                ..question.clone()
            })
            .collect()
    }
}

/// The names of those who speak, in alphabetical order.
fn speakers(conversation: &Conversation) -> Vec<&str> {
    let names = conversation.turns().filter_map(|(_, turn)| turn.speaker.as_deref());
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A text in which each of `names` is replaced by the name at the same place of `others`.
fn exchanged(text: &str, names: &[&str], others: &[&str]) -> String {
    if others.is_empty() {
        return text.to_owned();
    }
    let mut exchanged = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        match names.iter().position(|name| *name == word) {
            Some(place) => {
                exchanged.push_str(others[place % others.len()]);
                exchanged.push_str(&piece[word.len()..]);
            }
            None => exchanged.push_str(piece),
        }
    }
    exchanged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exchanged_as_whole_words() {
        let exchanged = |text| exchanged(text, &["Ann", "Bo"], &["Cy", "Di"]);
        assert_eq!(
            exchanged("Did Ann's dog bite Bo? Anna, no."),
            "Did Cy's dog bite Di? Anna, no."
        );
        assert_eq!(super::exchanged("Ann", &["Ann"], &[]), "Ann");
        assert_eq!(super::exchanged("Ann, Bo", &["Ann", "Bo"], &["Cy"]), "Cy, Cy");
    }
}
