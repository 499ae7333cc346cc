//! The questions that a fit asks.

use std::collections::BTreeSet;

use longmem_core::TurnId;
use longmem_eval::Haystack;
use longmem_eval::dataset::{ADVERSARIAL, Dataset, Question};
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
    /// has itself.
    pub(super) fn of_others(
        dataset: &Dataset,
        haystacks: &[Haystack<'_>],
        asked: &[Self],
    ) -> Vec<Self> {
        let of_others = |(place, haystack)| {
            let own = asked.iter().filter(|asked| asked.conversation == place).count();
            let foreign = dataset.foreign_questions(place, own);
            foreign.into_iter().map(move |question| Self::new(place, haystack, &question))
        };
        haystacks.iter().enumerate().flat_map(of_others).collect()
    }

    fn new(conversation: usize, haystack: &Haystack<'_>, question: &Question) -> Self {
        let mut request = RecallRequest::new(haystack.scope.clone(), question.sent());
        let end = haystack.turns.iter().map(|turn| turn.time).max();
        request.asked_at = question.asked_at.or(end);
        let adversarial = question.category.as_deref() == Some(ADVERSARIAL);
        Self { conversation, request, evidence: BTreeSet::new(), adversarial }
    }
}
