//! Which of all candidates are read and weighed.

use std::collections::BTreeMap;

use longmem_core::TurnId;
use longmem_search::{Candidate, Candidates};

use crate::RecallRequest;
use crate::question::Question;
use crate::signals::WordScale;

/// Number of turns that are read and weighed for a message of several questions.
const CONTENDERS: usize = 300;

/// Number of questions, the best for it, that a turn is weighed for.
const QUESTIONS_A_TURN: usize = 3;

/// The turns that are read and weighed, each with the questions that found it. For one question these
/// are all candidates; for several, those that their cosines and words speak most for.
pub(crate) fn contenders(
    questions: &[Question],
    found: &[Candidates],
    request: &RecallRequest,
) -> BTreeMap<TurnId, Vec<(usize, Candidate)>> {
    let mut contenders: BTreeMap<TurnId, Vec<(usize, Candidate)>> = BTreeMap::new();
    for (question, candidates) in found.iter().enumerate() {
        for candidate in &candidates.turns {
            contenders.entry(candidate.turn).or_default().push((question, *candidate));
        }
    }
    if questions.len() == 1 {
        return contenders;
    }
    let parameters = &request.ranking;
    let promise = |(question, candidate): &(usize, Candidate)| {
        let words = WordScale::of(&found[*question]).loudness(candidate.bm25);
        let aside = if questions[*question].asks { 0.0 } else { parameters.aside_penalty };
        let meaning = parameters.part_scale * candidate.cosine.unwrap_or(0.0);
        meaning + parameters.word_weight * words - aside
    };
    let mut best: Vec<(f32, TurnId)> = Vec::new();
    for (turn, found) in &mut contenders {
        found.sort_by(|a, b| promise(b).total_cmp(&promise(a)).then(a.0.cmp(&b.0)));
        found.truncate(QUESTIONS_A_TURN);
        best.push((promise(&found[0]), *turn));
    }
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, turn) in best.into_iter().skip(CONTENDERS.max(request.limit)) {
        contenders.remove(&turn);
    }
    contenders
}
