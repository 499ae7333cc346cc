//! Joins what was found by meaning and by words into one order.

use std::collections::BTreeMap;

use longmem_core::{ChannelHit, Explanation, TurnId};
use longmem_store::{DenseHit, LexicalHit};

/// What the words weigh against the meaning; both are scaled to 0–1 first. Chosen on LoCoMo, where
/// a half beats both a quarter and one, and adding scores beats reciprocal rank fusion.
const LEXICAL_WEIGHT: f32 = 0.5;

/// A candidate with its score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) turn: TurnId,
    pub(crate) score: f32,
    pub(crate) explanation: Explanation,
}

/// Orders the union of both channels' hits, each given best first; neither channel gates the
/// other. Equal scores are ordered by turn number.
///
/// score = minmax(cosine) + [`LEXICAL_WEIGHT`] · bm25 / max(bm25), where a channel that did not
/// find a turn adds nothing.
pub(crate) fn fuse(dense: &[DenseHit], lexical: &[LexicalHit]) -> Vec<Ranked> {
    let mut candidates: BTreeMap<TurnId, Ranked> = BTreeMap::new();
    let nearest = dense.first().map_or(0.0, |hit| hit.score);
    let farthest = dense.last().map_or(0.0, |hit| hit.score);
    for (position, hit) in dense.iter().enumerate() {
        let candidate = entry(&mut candidates, hit.turn);
        candidate.explanation.dense = Some(ChannelHit { rank: position + 1, score: hit.score });
        candidate.score += scaled(hit.score, farthest, nearest);
    }
    let most = lexical.first().map_or(0.0, |hit| hit.score);
    for (position, hit) in lexical.iter().enumerate() {
        let candidate = entry(&mut candidates, hit.turn);
        candidate.explanation.lexical = Some(ChannelHit { rank: position + 1, score: hit.score });
        candidate.score += LEXICAL_WEIGHT * scaled(hit.score, 0.0, most);
    }
    let mut ranked: Vec<Ranked> = candidates.into_values().collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.turn.cmp(&b.turn)));
    ranked
}

fn entry(candidates: &mut BTreeMap<TurnId, Ranked>, turn: TurnId) -> &mut Ranked {
    candidates.entry(turn).or_insert_with(|| Ranked {
        turn,
        score: 0.0,
        explanation: Explanation::default(),
    })
}

/// Scales to 0–1; where all are equal, each is as good as the best.
fn scaled(score: f32, low: f32, high: f32) -> f32 {
    if high > low { (score - low) / (high - low) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dense(hits: &[(i64, f32)]) -> Vec<DenseHit> {
        hits.iter().map(|(id, score)| DenseHit { turn: TurnId(*id), score: *score }).collect()
    }

    fn lexical(hits: &[(i64, f32)]) -> Vec<LexicalHit> {
        hits.iter().map(|(id, score)| LexicalHit { turn: TurnId(*id), score: *score }).collect()
    }

    #[test]
    fn a_turn_found_by_words_alone_is_reached() {
        let ranked = fuse(&dense(&[(1, 0.9), (2, 0.1)]), &lexical(&[(3, 4.0)]));
        let order: Vec<i64> = ranked.iter().map(|r| r.turn.0).collect();
        assert_eq!(order, [1, 3, 2]);
        assert_eq!(ranked[1].explanation.dense, None);
        assert_eq!(ranked[1].explanation.lexical, Some(ChannelHit { rank: 1, score: 4.0 }));
    }

    #[test]
    fn a_turn_found_both_ways_beats_one_found_either_way() {
        let ranked =
            fuse(&dense(&[(1, 0.9), (2, 0.89), (4, 0.1)]), &lexical(&[(2, 3.0), (3, 2.9)]));
        assert_eq!(ranked[0].turn, TurnId(2));
    }

    proptest! {
        #[test]
        fn the_union_is_complete_without_repetition_and_ordered(
            by_meaning in prop::collection::btree_map(0i64..40, -1f32..1.0, 0..20),
            by_words in prop::collection::btree_map(0i64..40, 0.1f32..9.0, 0..20),
        ) {
            let mut d: Vec<_> = by_meaning.clone().into_iter().collect();
            d.sort_by(|a, b| b.1.total_cmp(&a.1));
            let mut l: Vec<_> = by_words.clone().into_iter().collect();
            l.sort_by(|a, b| b.1.total_cmp(&a.1));
            let ranked = fuse(&dense(&d), &lexical(&l));
            let mut found: Vec<i64> = ranked.iter().map(|r| r.turn.0).collect();
            prop_assert!(ranked.windows(2).all(|w| w[0].score >= w[1].score));
            prop_assert!(ranked.iter().all(|r| (0.0..=1.5).contains(&r.score)));
            found.sort_unstable();
            let mut expected: Vec<i64> = by_meaning.keys().chain(by_words.keys()).copied().collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(found, expected);
        }
    }
}
