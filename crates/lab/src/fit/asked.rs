//! The questions that a fit asks.

use std::collections::BTreeSet;

use longmem_core::TurnId;
use longmem_eval::Haystack;
use longmem_eval::dataset::{ADVERSARIAL, Conversation, Dataset, Question};
use longmem_memory::RecallRequest;

/// A question, put to one conversation.
pub(super) struct Asked {
    /// The place of the conversation in the data set.
    pub(super) conversation: usize,
    pub(super) request: RecallRequest,
    /// The turns that answer it; empty if none does.
    pub(super) evidence: BTreeSet<TurnId>,
    /// Whether it is one of LoCoMo's that name the wrong speaker.
    pub(super) adversarial: bool,
}

impl Asked {
    /// Every question whose evidence names turns.
    pub(super) fn with_evidence(dataset: &Dataset, haystacks: &[Haystack<'_>]) -> Vec<Self> {
        let mut all = Vec::new();
        for (place, conversation) in dataset.conversations.iter().enumerate() {
            for question in conversation.questions.iter().filter(|q| !q.unanswerable) {
                let haystack = &haystacks[place];
                let evidence = haystack.evidence(question).turns;
                let ids = haystack.turns.iter().map(|turn| turn.id);
                let evidence: BTreeSet<TurnId> =
                    ids.filter(|id| evidence.contains(haystack.turn_name(*id))).collect();
                if !evidence.is_empty() {
                    all.push(Self { evidence, ..Self::new(place, haystack, question) });
                }
            }
        }
        all
    }

    /// Questions without an answer: for each conversation about as many questions of the others as it
    /// has itself, with the names of its speakers in place of theirs.
    pub(super) fn of_others(
        dataset: &Dataset,
        haystacks: &[Haystack<'_>],
        asked: &[Self],
    ) -> Vec<Self> {
        let conversations = &dataset.conversations;
        let names: Vec<Vec<&str>> = conversations.iter().map(speakers).collect();
        let mut all = Vec::new();
        for (place, haystack) in haystacks.iter().enumerate() {
            let own = asked.iter().filter(|asked| asked.conversation == place).count();
            let foreign: Vec<(usize, &Question)> = conversations
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place)
                .flat_map(|(other, c)| c.questions.iter().map(move |question| (other, question)))
                .collect();
            let step = foreign.len().div_ceil(own.max(1)).max(1);
            all.extend(foreign.into_iter().step_by(step).map(|(other, question)| {
                let text = exchanged(&question.text, &names[other], &names[place]);
                Self::new(place, haystack, &Question { text, ..question.clone() })
            }));
        }
        all
    }

    fn new(conversation: usize, haystack: &Haystack<'_>, question: &Question) -> Self {
        let mut request = RecallRequest::new(haystack.scope.clone(), &*question.text);
        let end = haystack.turns.iter().map(|turn| turn.time).max();
        request.asked_at = question.asked_at.or(end);
        let adversarial = question.category.as_deref() == Some(ADVERSARIAL);
        Self { conversation, request, evidence: BTreeSet::new(), adversarial }
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
