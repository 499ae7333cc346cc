//! A store, and the same in a map that is searched by the obvious loop.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use longmem_core::{Embedding, EmbeddingModel, NewTurn, Role, Scope, TurnId, UserName};
use longmem_search::{
    CandidateRequest, Candidates, DenseHit, DenseParameters, LexicalHit, Scan, Searcher,
};
use proptest::prelude::*;

use super::made_up::{SPAN, WIDTH, model};
use super::{Fixture, Make};
use crate::{EmbeddedTurn, ForgetTarget, QueuedTurn, Store, StoreError};

/// Words that no stemmer and no stop list touches.
pub(super) const WORDS: [&str; 6] = ["lisbon", "tokyo", "berlin", "oslo", "東京", "err_42"];
pub(super) const USERS: [&str; 3] = ["ana", "Ana", "1|lisbon\" OR \"2|"];
pub(super) const SESSIONS: [&str; 3] = ["1", "11", "'); DROP TABLE turns; --"];
pub(super) const AXES: usize = 4;

/// A direction whose cosines are exact in f32, so that equal means equal and ties are many.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Axis(usize, bool),
    Diagonal([bool; AXES]),
}

impl Direction {
    pub(super) fn embedding(self) -> Embedding {
        let sign = |positive| if positive { 1.0 } else { -1.0 };
        let mut numbers = vec![0.0; WIDTH];
        match self {
            Direction::Axis(axis, positive) => numbers[axis] = sign(positive),
            Direction::Diagonal(signs) => {
                for (axis, positive) in signs.into_iter().enumerate() {
                    numbers[axis * 90] = sign(positive);
                }
            }
        }
        Embedding::normalized(numbers).unwrap()
    }
}

pub(super) fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        (0..AXES, any::<bool>()).prop_map(|(axis, positive)| Direction::Axis(axis * 90, positive)),
        any::<[bool; AXES]>().prop_map(Direction::Diagonal),
    ]
}

/// A turn with the vectors that it is to get.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    user: UserName,
    pub(super) turn: NewTurn,
    vectors: Vec<Embedding>,
    indexed: bool,
}

impl Remembered {
    /// Whether it has no vectors and is to get some; what a tool printed never is.
    fn waits(&self) -> bool {
        !self.indexed && self.turn.role != Role::Tool
    }
}

/// A store, and the same in a map.
pub(super) struct Twin {
    fixture: Box<dyn Fixture>,
    pub(super) store: Arc<dyn Store>,
    pub(super) searcher: Searcher,
    pub(super) turns: BTreeMap<TurnId, Remembered>,
    pub(super) model: EmbeddingModel,
}

impl Twin {
    pub(super) fn new(make: Make<'_>) -> Self {
        let fixture = make();
        let (store, model) = (fixture.store(), model("1"));
        store.begin_indexing(&model, false).unwrap();
        Self { fixture, store, searcher: Searcher::default(), turns: BTreeMap::new(), model }
    }

    /// Goes on as a process that has just begun.
    pub(super) fn reopen(&mut self) {
        self.store = self.fixture.opened_again();
        self.searcher = Searcher::default();
    }

    pub(super) fn insert(&mut self, user: &UserName, new: Vec<(NewTurn, Vec<Embedding>)>) {
        let (turns, vectors): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        let inserted = self.store.insert_turns(user, &turns).unwrap();
        for ((inserted, turn), vectors) in inserted.iter().zip(turns).zip(vectors) {
            if inserted.new {
                let user = user.clone();
                let remembered = Remembered { user, turn, vectors, indexed: false };
                assert!(self.turns.insert(inserted.id, remembered).is_none(), "a number again");
            }
        }
    }

    pub(super) fn index(&mut self, limit: usize) {
        let queued = self.store.queued_turns(None, None, limit).unwrap();
        let waiting = self.turns.values().filter(|turn| turn.waits()).count();
        assert_eq!(queued.len(), waiting.min(limit));
        let in_order = |a: &QueuedTurn, b: &QueuedTurn| a.user != b.user || a.turn < b.turn;
        assert!(queued.is_sorted_by(in_order), "{queued:?}");
        let mut embedded = Vec::new();
        for queued in queued {
            let remembered = self.turns.get_mut(&queued.turn).unwrap();
            assert_eq!((&queued.text, &queued.user), (&remembered.turn.text, &remembered.user));
            assert!(remembered.waits());
            remembered.indexed = true;
            let passages = remembered.vectors.iter().map(|v| (SPAN, v.clone())).collect();
            embedded.push(EmbeddedTurn { user: queued.user, turn: queued.turn, passages });
        }
        let stored = self.store.write_vectors(&self.model, &embedded, 0).unwrap();
        assert_eq!(stored, embedded.len() as u64);
    }

    pub(super) fn forget(&mut self, scope: &Scope, one: Option<usize>) {
        let in_scope: Vec<TurnId> = self.in_scope(scope).map(|(id, _)| id).collect();
        let (target, gone) = match one {
            None => (ForgetTarget::Scope(scope.clone()), in_scope),
            Some(position) => {
                let any = self.turns.keys().nth(position).copied().unwrap_or(TurnId(1));
                let gone = in_scope.into_iter().filter(|id| *id == any).collect();
                (ForgetTarget::Turns(scope.clone(), vec![any]), gone)
            }
        };
        let of_user: Vec<&NewTurn> =
            self.in_scope(&Scope::of(scope.user.clone())).map(|(_, t)| &t.turn).collect();
        let all_named = !of_user.is_empty()
            && scope.sessions.iter().all(|s| of_user.iter().any(|turn| turn.session == *s));
        match self.store.forget(&target) {
            Ok(forgotten) if all_named => assert_eq!(forgotten.turns, gone.len() as u64),
            Err(StoreError::UnknownUser(_)) if of_user.is_empty() => return,
            Err(StoreError::UnknownSession { .. }) if !all_named => return,
            other => panic!("{other:?}"),
        }
        self.turns.retain(|id, _| !gone.contains(id));
    }

    pub(super) fn in_scope(&self, scope: &Scope) -> impl Iterator<Item = (TurnId, &Remembered)> {
        self.turns.iter().map(|(id, remembered)| (*id, remembered)).filter(|(_, remembered)| {
            let turn = &remembered.turn;
            remembered.user == scope.user
                && scope.admits_role(turn.role)
                && scope.admits_time(turn.time)
                && (scope.sessions.is_empty() || scope.sessions.contains(&turn.session))
        })
    }

    pub(super) fn naive_nearest(
        &self,
        scope: &Scope,
        query: &Embedding,
        limit: usize,
    ) -> Vec<DenseHit> {
        let mut hits: Vec<DenseHit> = self
            .in_scope(scope)
            .filter(|(_, remembered)| remembered.indexed)
            .map(|(turn, remembered)| {
                let cosines = remembered.vectors.iter().map(|vector| vector.cosine(query));
                DenseHit { turn, score: cosines.sum::<f32>() / remembered.vectors.len() as f32 }
            })
            .collect();
        hits.sort_by(|a, b| {
            b.score.partial_cmp(&a.score).expect("cosines are finite").then(a.turn.cmp(&b.turn))
        });
        hits.truncate(limit);
        hits
    }

    /// BM25 as Lucene has it, over the user's own turns, whose words are split at spaces; the date
    /// of each turn counts as three words.
    pub(super) fn naive_words(&self, scope: &Scope, text: &str) -> BTreeMap<TurnId, f64> {
        let lengths: BTreeMap<TurnId, f64> = self
            .in_scope(&Scope::of(scope.user.clone()))
            .map(|(id, t)| (id, 3.0 + stored_words(&t.turn.text).len() as f64))
            .collect();
        let average = lengths.values().sum::<f64>() / lengths.len() as f64;
        let mut scores = BTreeMap::new();
        for word in query_words(text) {
            let of_user: Vec<(TurnId, f64)> = self
                .in_scope(&Scope::of(scope.user.clone()))
                .map(|(id, t)| (id, stored_words(&t.turn.text)))
                .map(|(id, words)| (id, words.iter().filter(|w| **w == word).count() as f64))
                .filter(|(_, frequency)| *frequency > 0.0)
                .collect();
            let (rows, with_word) = (lengths.len() as f64, of_user.len() as f64);
            let rarity = (1.0 + (rows - with_word + 0.5) / (with_word + 0.5)).ln();
            for (id, frequency) in of_user {
                let length = 1.2 * (0.25 + 0.75 * lengths[&id] / average);
                *scores.entry(id).or_default() += rarity * frequency * 2.2 / (frequency + length);
            }
        }
        let seen: HashSet<TurnId> = self.in_scope(scope).map(|(id, _)| id).collect();
        scores.retain(|id, _| seen.contains(id));
        scores
    }

    pub(super) fn check_nearest(&self, scope: &Scope, query: &Embedding, limit: usize) {
        let query_of_model = (&self.model, query);
        let found = self.searcher.nearest(&*self.store, scope, query_of_model, limit).unwrap();
        assert_eq!(found, self.naive_nearest(scope, query, limit), "{scope:?}, limit {limit}");
    }

    pub(super) fn candidates(
        &self,
        scan: Scan,
        dense: DenseParameters,
        (scope, query, text, per_channel): (&Scope, &Embedding, Option<&str>, usize),
    ) -> Candidates {
        let mut request = CandidateRequest::new(scope, per_channel);
        request.meaning = Some((&self.model, query));
        request.words = text;
        request.scan = scan;
        request.dense = dense;
        self.searcher.candidates(&*self.store, &request).unwrap()
    }

    pub(super) fn check_exact_scan(&self, scope: &Scope, query: &Embedding, limit: usize) {
        let question = (scope, query, None, limit);
        let found = self.candidates(Scan::Exact, DenseParameters::PLAIN, question);
        let mut hits: Vec<_> = found.turns.iter().map(|t| (t.dense.unwrap(), t.turn)).collect();
        hits.sort_by_key(|(hit, _)| hit.rank);
        let hits: Vec<DenseHit> =
            hits.into_iter().map(|(hit, turn)| DenseHit { turn, score: hit.score }).collect();
        assert_eq!(hits, self.naive_nearest(scope, query, limit), "{scope:?}, limit {limit}");
    }

    /// Two stages that take every turn into the second find what the exact scan finds.
    pub(super) fn check_two_stages(
        &self,
        scope: &Scope,
        query: &Embedding,
        text: &str,
        limit: usize,
    ) {
        let dense = DenseParameters { before: 0.5, after: 0.25, longest_neighbour: 5 };
        let found = |scan| self.candidates(scan, dense, (scope, query, Some(text), limit));
        let exact = found(Scan::Exact);
        assert_eq!(
            found(Scan::TwoStages { rescored: Some(usize::MAX) }),
            exact,
            "{scope:?}, {limit}"
        );
        for turn in found(Scan::TwoStages { rescored: Some(1) }).turns {
            let same = exact.turns.iter().find(|other| other.turn == turn.turn);
            assert!(same.is_none_or(|same| same.cosine == turn.cosine), "{turn:?} {same:?}");
        }
    }

    pub(super) fn check_words(&self, scope: &Scope, text: &str, limit: usize) {
        let all = self.searcher.search_words(&*self.store, scope, text, usize::MAX).unwrap();
        let naive = self.naive_words(scope, text);
        assert_eq!(
            all.iter().map(|hit| hit.turn).collect::<HashSet<_>>(),
            naive.keys().copied().collect::<HashSet<_>>(),
            "{scope:?}, {text}"
        );
        for hit in &all {
            let expected = naive[&hit.turn];
            assert!(
                (f64::from(hit.score) - expected).abs() <= expected * 1e-4,
                "{hit:?} {expected}"
            );
        }
        let in_order = |a: &LexicalHit, b: &LexicalHit| {
            b.score.total_cmp(&a.score).then(a.turn.cmp(&b.turn)).is_lt()
        };
        assert!(all.is_sorted_by(in_order), "{all:?}");
        let first = self.searcher.search_words(&*self.store, scope, text, limit).unwrap();
        assert_eq!(first, all[..limit.min(all.len())]);
    }
}

/// The words that a made-up text puts into the index.
fn stored_words(text: &str) -> Vec<&str> {
    text.split(' ')
        .flat_map(|word| match word {
            "東京" => vec!["東", "京", "東京"],
            "err_42" => vec!["err", "42", "err_42"],
            other => vec![other],
        })
        .collect()
}

/// The words that a made-up text asks for: pairs of characters stand for their single ones.
fn query_words(text: &str) -> HashSet<&str> {
    stored_words(text).into_iter().filter(|word| !["東", "京"].contains(word)).collect()
}
