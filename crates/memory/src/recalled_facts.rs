//! Facts as a recall finds them: by meaning and by words, judged as notes are.

use std::collections::HashMap;

use longmem_core::{Embedding, Explanation, Fact, FactId, TurnId, USER_SUBJECT, UserName};
use longmem_search::{Candidates, SessionNumber};
use longmem_store::{StoreError, UserOverview};
use longmem_text::{Party, asks_for_history, tells_number, tells_when};

use crate::alike::word_set;
use crate::deadline::DeadlineClock;
use crate::question::{About, Question};
use crate::ranking::RankingParameters;
use crate::signals::{MeaningScale, Signals, WordScale};
use crate::{Channels, FactsAt, Memory, MemoryError, RecallRequest, named_in};

/// Number of facts that get their vectors in one recall; the others are found by words until the
/// next. They take a quarter of a second on one core.
const EMBEDDED_A_RECALL: usize = 64;

/// What a word in a text as short as a fact's counts in BM25, for a rarity of 1: with k1 = 1.2,
/// b = 0.75 and half the average length.
const SHORT_TEXT_GAIN: f32 = 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 0.5));

/// A fact that a recall found, with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct RecalledFact {
    /// The fact.
    pub fact: Fact,
    /// How likely it is to be of use for the query, 0 to 1, as for turns.
    pub score: f32,
    /// How the score came about; its rank score is comparable with those of the turns of the same
    /// recall.
    pub explanation: Explanation,
}

/// What is known, with vectors as far as there are any.
pub(crate) struct KnownFacts {
    facts: Vec<Fact>,
    vectors: HashMap<FactId, Embedding>,
}

/// A fact with its signals, before they are weighed.
pub(crate) struct SignalledFact {
    pub(crate) fact: Fact,
    pub(crate) signals: Signals,
    /// Whether the query names somebody or something that comes up in it.
    pub(crate) named: bool,
}

/// A fact's scores for one question.
struct FactScores {
    cosine: Option<f32>,
    bm25: f32,
    coverage: f32,
}

impl Memory {
    /// Reads what may be recalled of a user's facts: none if only a part of the user's memory is
    /// asked for, and those that hold no more only where history is asked for. Facts that have no
    /// vector get one, unless a deadline leaves no room for that.
    pub(crate) fn facts_to_recall(
        &self,
        request: &RecallRequest,
        overview: &UserOverview,
        clock: DeadlineClock,
    ) -> Result<KnownFacts, MemoryError> {
        let user = &request.scope.user;
        let mut known = KnownFacts { facts: Vec::new(), vectors: HashMap::new() };
        if overview.facts.is_empty() || !request.scope.is_whole_user() {
            return Ok(known);
        }
        known.facts = if asks_for_history(&request.query) {
            self.store.facts(user, FactsAt::Ever)?
        } else {
            overview.facts.clone()
        };
        if request.channels == Channels::Words {
            return Ok(known);
        }
        let model = self.embedder.model();
        known.vectors.extend(self.store.fact_vectors(user, model)?);
        let missing: Vec<&Fact> =
            known.facts.iter().filter(|fact| !known.vectors.contains_key(&fact.id)).collect();
        let most = if clock.has_room_to_embed() { EMBEDDED_A_RECALL } else { 0 };
        let missing = &missing[..missing.len().min(most)];
        if !missing.is_empty() {
            let texts: Vec<String> = missing.iter().map(|fact| text_of(fact)).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let embedded = self.embed_passages(&texts)?;
            let made: Vec<(FactId, Embedding)> =
                missing.iter().map(|fact| fact.id).zip(embedded).collect();
            self.keep_fact_vectors(user, &made)?;
            known.vectors.extend(made);
        }
        Ok(known)
    }

    /// Stores the vectors of facts, so that the next recall need not make them again. A memory that
    /// cannot be written now, or that holds another model's vectors, can be read all the same.
    fn keep_fact_vectors(
        &self,
        user: &UserName,
        made: &[(FactId, Embedding)],
    ) -> Result<(), MemoryError> {
        let model = self.embedder.model();
        let began = self.store.begin_indexing(model, false);
        match began.and_then(|()| self.store.set_fact_vectors(user, model, made)) {
            Err(StoreError::OtherModel { .. }) => Ok(()),
            Err(error) if error.is_unavailable() => Ok(()),
            kept => Ok(kept?),
        }
    }
}

/// What is embedded of a fact: its statement, with its subject if that is not the person.
fn text_of(fact: &Fact) -> String {
    if fact.subject == USER_SUBJECT {
        fact.statement.clone()
    } else {
        format!("{} {}", fact.subject, fact.statement)
    }
}

impl KnownFacts {
    /// Scores each fact for each question of a message.
    pub(crate) fn scored(
        &self,
        vectors: Option<&[Embedding]>,
        found: &[Candidates],
    ) -> ScoredFacts {
        let words: Vec<_> = self.facts.iter().map(|fact| word_set(&text_of(fact))).collect();
        let by_question = found.iter().enumerate().map(|(place, candidates)| {
            let query = vectors.map(|vectors| &vectors[place]);
            let all: f32 = candidates.rarities.iter().map(|(_, rarity)| rarity).sum();
            let scores = self.facts.iter().zip(&words).map(|(fact, words)| {
                let held = candidates.rarities.iter().filter(|(word, _)| words.contains(word));
                let held: f32 = held.map(|(_, rarity)| rarity).sum();
                let own = self.vectors.get(&fact.id);
                FactScores {
                    cosine: query.zip(own).map(|(query, own)| query.cosine(own)),
                    bm25: SHORT_TEXT_GAIN * held,
                    coverage: if all > 0.0 { held / all } else { 0.0 },
                }
            });
            scores.collect()
        });
        let by_question: Vec<Vec<FactScores>> = by_question.collect();
        let scales = found.iter().zip(&by_question).map(|(candidates, scores)| {
            let cosines = scores.iter().filter_map(|score| score.cosine);
            let range = cosines.fold(candidates.cosine_range, |range, cosine| {
                Some(range.map_or((cosine, cosine), |(low, high): (f32, f32)| {
                    (low.min(cosine), high.max(cosine))
                }))
            });
            let most = scores.iter().map(|score| score.bm25).fold(candidates.most_bm25, f32::max);
            let turns = candidates.counted_turns + self.facts.len();
            (WordScale { most, turns, ..WordScale::of(candidates) }, range)
        });
        let scales = scales.collect();
        ScoredFacts { by_question, scales }
    }

    /// The facts with the signals that speak most for each.
    pub(crate) fn signalled(
        self,
        request: &RecallRequest,
        judged: &ScoredFacts,
        questions: &[Question],
        scale: MeaningScale,
    ) -> Vec<SignalledFact> {
        let named = named_in(&self.facts, &request.query);
        let facts = self.facts.into_iter().zip(named).enumerate();
        facts
            .map(|(place, (fact, named))| {
                let of_question = |question: usize| {
                    let (word_scale, range) = judged.scales[question];
                    let scores = &judged.by_question[question][place];
                    let meaning = scale.of(scores.cosine, range);
                    let words = word_scale.loudness(scores.bm25);
                    signals_of(&fact, named, &questions[question], scores, (meaning, words))
                };
                let ranking: &RankingParameters = &request.ranking;
                let signals = (0..questions.len())
                    .map(of_question)
                    .max_by(|a, b| ranking.alone(a).total_cmp(&ranking.alone(b)))
                    .expect("a message is at least one question");
                SignalledFact { fact, signals, named }
            })
            .collect()
    }
}

/// Orders facts, best first, equal ones by number, each with the reasons for its place.
pub(crate) fn rank_facts(
    facts: Vec<SignalledFact>,
    ranking: &RankingParameters,
) -> Vec<(SignalledFact, Explanation)> {
    let signals: Vec<Signals> = facts.iter().map(|fact| fact.signals).collect();
    let scores = ranking.scores(&signals);
    let explained = facts.into_iter().zip(scores).map(|(fact, score)| {
        let explanation = ranking.explanation(&fact.signals, score);
        (fact, explanation)
    });
    let mut ranked: Vec<_> = explained.collect();
    ranked.sort_by(|(a, a_why), (b, b_why)| {
        b_why.rank_score.total_cmp(&a_why.rank_score).then(a.fact.id.cmp(&b.fact.id))
    });
    ranked
}

/// The scores of all facts for each question of a message.
pub(crate) struct ScoredFacts {
    by_question: Vec<Vec<FactScores>>,
    /// For each question the scale of words and the range of cosines of turns and facts together.
    pub(crate) scales: Vec<(WordScale, Option<(f32, f32)>)>,
}

fn signals_of(
    fact: &Fact,
    named: bool,
    question: &Question,
    scores: &FactScores,
    (meaning, words): (f32, f32),
) -> Signals {
    let about_user = fact.subject == USER_SUBJECT;
    let about = question.about(|_| false);
    Signals {
        note: true,
        cosine: scores.cosine,
        own_cosine: scores.cosine,
        meaning,
        words,
        coverage: scores.coverage,
        own_coverage: scores.coverage,
        by_speaker: if named { 1.0 } else { 0.0 },
        by_user: about_user && about == About::Party(Party::User),
        tells_when: question.asks_when && tells_when(&fact.statement),
        tells_number: question.asks_number && tells_number(&fact.statement),
        found_by_aside: !question.asks,
        found_in_middle: question.in_middle,
        ..Signals::none(TurnId(-fact.id.0), SessionNumber(-fact.id.0))
    }
}
