//! Searches must equal the obvious loop over everything, after any history of writes and deletions.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, HashSet};

use longmem_core::{
    Embedding, NewTurn, PassageSpan, Role, Scope, SessionName, SourceKey, TextEmbedder, Timestamp,
    TurnId, UserName,
};
use longmem_store::{
    CandidateRequest, Candidates, DenseHit, DenseParameters, EmbeddedTurn, ForgetTarget, IfMissing,
    LexicalHit, LexicalParameters, Scan, Store, StoreError,
};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tempfile::TempDir;

mod made_up;

/// Words that no stemmer and no stop list touches.
const WORDS: [&str; 6] = ["lisbon", "tokyo", "berlin", "oslo", "東京", "err_42"];
const USERS: [&str; 3] = ["ana", "Ana", "1|lisbon\" OR \"2|"];
const SESSIONS: [&str; 3] = ["1", "11", "'); DROP TABLE turns; --"];
const AXES: usize = 4;

/// A direction whose cosines are exact in f32, so that equal means equal and ties are many.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Axis(usize, bool),
    Diagonal([bool; AXES]),
}

impl Direction {
    fn embedding(self) -> Embedding {
        let sign = |positive| if positive { 1.0 } else { -1.0 };
        let mut numbers = vec![0.0; 384];
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

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        (0..AXES, any::<bool>()).prop_map(|(axis, positive)| Direction::Axis(axis * 90, positive)),
        any::<[bool; AXES]>().prop_map(Direction::Diagonal),
    ]
}

/// A turn with the vectors that it is to get.
#[derive(Debug, Clone)]
struct Remembered {
    user: UserName,
    turn: NewTurn,
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
struct Twin {
    store: Store,
    turns: BTreeMap<TurnId, Remembered>,
    embedder: WordHashEmbedder,
    _folder: TempDir,
}

impl Twin {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let embedder = WordHashEmbedder::default();
        store.begin_indexing(embedder.model(), false).unwrap();
        Self { store, turns: BTreeMap::new(), embedder, _folder: folder }
    }

    fn insert(&mut self, user: &UserName, new: Vec<(NewTurn, Vec<Embedding>)>) {
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

    fn index(&mut self, limit: usize) {
        let queued = self.store.queued_turns(None, limit).unwrap();
        let waiting: Vec<TurnId> =
            self.turns.iter().filter(|(_, t)| t.waits()).map(|(id, _)| *id).take(limit).collect();
        assert_eq!(queued.iter().map(|q| q.turn).collect::<Vec<_>>(), waiting);
        let span = PassageSpan { start: 0, end: 0, tokens: 0 };
        let mut embedded = Vec::new();
        for queued in queued {
            let remembered = self.turns.get_mut(&queued.turn).unwrap();
            assert_eq!(queued.text, remembered.turn.text);
            remembered.indexed = true;
            let passages = remembered.vectors.iter().map(|v| (span, v.clone())).collect();
            embedded.push(EmbeddedTurn { turn: queued.turn, passages });
        }
        let stored = self.store.write_vectors(self.embedder.model(), &embedded, 0).unwrap();
        assert_eq!(stored, waiting.len() as u64);
    }

    fn forget(&mut self, scope: &Scope, one: Option<usize>) {
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

    fn in_scope(&self, scope: &Scope) -> impl Iterator<Item = (TurnId, &Remembered)> {
        self.turns.iter().map(|(id, remembered)| (*id, remembered)).filter(|(_, remembered)| {
            let turn = &remembered.turn;
            remembered.user == scope.user
                && scope.admits_role(turn.role)
                && scope.admits_time(turn.time)
                && (scope.sessions.is_empty() || scope.sessions.contains(&turn.session))
        })
    }

    fn naive_nearest(&self, scope: &Scope, query: &Embedding, limit: usize) -> Vec<DenseHit> {
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
    fn naive_words(&self, scope: &Scope, text: &str) -> BTreeMap<TurnId, f64> {
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

    fn check_nearest(&self, scope: &Scope, query: &Embedding, limit: usize) {
        let found = self.store.nearest(scope, self.embedder.model(), query, limit).unwrap();
        assert_eq!(found, self.naive_nearest(scope, query, limit), "{scope:?}, limit {limit}");
    }

    fn candidates(
        &self,
        scan: Scan,
        dense: DenseParameters,
        (scope, query, text, per_channel): (&Scope, &Embedding, Option<&str>, usize),
    ) -> Candidates {
        let request = CandidateRequest {
            scope,
            meaning: Some((self.embedder.model(), query)),
            words: text,
            scan,
            dense,
            lexical: LexicalParameters::PLAIN,
            per_channel,
        };
        self.store.candidates(&request).unwrap()
    }

    fn check_exact_scan(&self, scope: &Scope, query: &Embedding, limit: usize) {
        let question = (scope, query, None, limit);
        let found = self.candidates(Scan::Exact, DenseParameters::PLAIN, question);
        let mut hits: Vec<_> = found.turns.iter().map(|t| (t.dense.unwrap(), t.turn)).collect();
        hits.sort_by_key(|(hit, _)| hit.rank);
        let hits: Vec<DenseHit> =
            hits.into_iter().map(|(hit, turn)| DenseHit { turn, score: hit.score }).collect();
        assert_eq!(hits, self.naive_nearest(scope, query, limit), "{scope:?}, limit {limit}");
    }

    /// Two stages that take every turn into the second find what the exact scan finds.
    fn check_two_stages(&self, scope: &Scope, query: &Embedding, text: &str, limit: usize) {
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

    fn check_words(&self, scope: &Scope, text: &str, limit: usize) {
        let all = self.store.search_words(scope, text, usize::MAX).unwrap();
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
        let first = self.store.search_words(scope, text, limit).unwrap();
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

#[derive(Debug, Clone)]
enum Step {
    Insert { user: UserName, turns: Vec<(NewTurn, Vec<Direction>)> },
    Index { limit: usize },
    Forget { scope: Scope, one: Option<usize> },
    Reopen,
}

fn users() -> impl Strategy<Value = UserName> {
    select(&USERS[..]).prop_map(user)
}

/// Few seconds, so that times are often equal, and bounds between two milliseconds.
fn moments() -> impl Strategy<Value = Timestamp> {
    (0..12i64, select(&[0, 1, 499_999, 1_000_000][..])).prop_map(|(second, nanosecond)| {
        Timestamp::new(1_767_225_600 + second, nanosecond).unwrap()
    })
}

fn texts() -> impl Strategy<Value = String> {
    vec(select(&WORDS[..]), 1..5).prop_map(|words| words.join(" "))
}

fn turns() -> impl Strategy<Value = NewTurn> {
    (select(&SESSIONS[..]), texts(), -2..14i64, select(&Role::ALL[..]), prop::option::of(0..20u8))
        .prop_map(|(session, text, second, role, key)| NewTurn {
            role,
            source_key: key.map(|key| SourceKey(key.to_string())),
            ..turn(session, &text, second)
        })
}

fn scopes() -> impl Strategy<Value = Scope> {
    (
        users(),
        subsequence(&SESSIONS[..], 0..=2),
        subsequence(&Role::ALL[..], 0..=2),
        prop::option::weighted(0.3, moments()),
        prop::option::weighted(0.3, moments()),
    )
        .prop_map(|(user, sessions, roles, since, until)| Scope {
            user,
            sessions: sessions.into_iter().map(|s| SessionName::new(s).unwrap()).collect(),
            roles,
            since,
            until,
        })
}

fn steps() -> impl Strategy<Value = Step> {
    let with_vectors = (turns(), vec(direction(), 1..4));
    prop_oneof![
        5 => (users(), vec(with_vectors, 1..8))
            .prop_map(|(user, turns)| Step::Insert { user, turns }),
        5 => (1..12usize).prop_map(|limit| Step::Index { limit }),
        2 => (scopes(), prop::option::of(0..20usize))
            .prop_map(|(scope, one)| Step::Forget { scope, one }),
        1 => Just(Step::Reopen),
    ]
}

fn questions() -> impl Strategy<Value = (Scope, Direction, String, usize)> {
    (scopes(), direction(), texts(), 0..6usize)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn both_searches_equal_the_obvious_loop(
        history in vec((steps(), vec(questions(), 1..3)), 1..25)
    ) {
        let mut twin = Twin::new();
        for (step, questions) in history {
            match step {
                Step::Insert { user, turns } => twin.insert(
                    &user,
                    turns
                        .into_iter()
                        .map(|(turn, directions)| {
                            (turn, directions.into_iter().map(Direction::embedding).collect())
                        })
                        .collect(),
                ),
                Step::Index { limit } => twin.index(limit),
                Step::Forget { scope, one } => twin.forget(&scope, one),
                Step::Reopen => {
                    twin.store = Store::open(twin.store.path(), IfMissing::Fail).unwrap();
                }
            }
            for (scope, direction, text, limit) in questions {
                let query = direction.embedding();
                twin.check_nearest(&scope, &query, limit);
                twin.check_nearest(&scope, &query, usize::MAX);
                twin.check_two_stages(&scope, &query, &text, limit);
                twin.check_two_stages(&scope, &query, &text, usize::MAX);
                twin.check_words(&scope, &text, limit);
            }
        }
    }
}

/// Blocks hold 1,024 turns: histories here end before, at and after their borders, and the best
/// of all blocks tie.
#[test]
fn nearest_equals_the_obvious_loop_over_many_blocks() {
    let mut twin = Twin::new();
    let ana = user("ana");
    let queries = [Direction::Axis(0, true), Direction::Diagonal([true, false, true, true])];
    let mut made = 0;
    for batch in [700, 323, 1, 1, 1022, 1, 600] {
        let turns = (made..made + batch)
            .map(|number: usize| {
                let direction = |passage| match (number * 7 + passage) % 5 {
                    0 => Direction::Axis(0, true),
                    1 => Direction::Axis(90, passage % 2 == 0),
                    2 => Direction::Diagonal([true, number.is_multiple_of(2), true, true]),
                    _ => Direction::Axis(180, number.is_multiple_of(3)),
                };
                let vectors = (0..=number % 3).map(|passage| direction(passage).embedding());
                let session = SESSIONS[number % 3];
                (turn(session, "lisbon", (number % 50) as i64), vectors.collect())
            })
            .collect();
        made += batch;
        twin.insert(&ana, turns);
        twin.index(usize::MAX);
        for query in queries.map(Direction::embedding) {
            let mut scope = Scope::of(ana.clone());
            twin.check_exact_scan(&scope, &query, 300);
            twin.check_exact_scan(&scope, &query, usize::MAX);
            twin.check_two_stages(&scope, &query, "lisbon", 300);
            scope.sessions = vec![SessionName::new("11").unwrap()];
            twin.check_exact_scan(&scope, &query, 10);
        }
    }
    let mut middle = Scope::of(ana.clone());
    middle.since = Some(turn("1", "", 10).time);
    middle.until = Some(turn("1", "", 30).time);
    twin.forget(&middle, None);
    twin.check_exact_scan(&Scope::of(ana), &queries[1].embedding(), usize::MAX);
}

#[test]
fn nearest_brings_what_shares_most_words() {
    let mut twin = Twin::new();
    let ana = user("ana");
    let texts = [
        "we moved to lisbon in march",
        "the cat sleeps all day long",
        "our flat in lisbon has a view",
        "tax forms are due in april",
    ];
    let turns =
        texts.iter().map(|text| (turn("1", text, 0), vec![twin.embedder.vector(text)])).collect();
    twin.insert(&ana, turns);
    twin.index(9);
    let query = twin.embedder.vector("a view of our flat in lisbon");
    let hits = twin.store.nearest(&Scope::of(ana), twin.embedder.model(), &query, 4).unwrap();
    let found: Vec<&str> =
        hits.iter().map(|hit| twin.turns[&hit.turn].turn.text.as_str()).collect();
    assert_eq!(found[..2], [texts[2], texts[0]]);
}

/// Eleven users, so that the number of one begins with the number of another.
#[test]
fn two_users_never_see_each_other() {
    let names =
        ["ana", "ana ", "Ana", "an'a", "1", "11", "1|secret", "ána", "a\u{301}na", "\" OR \"", "%"];
    let texts = ["secret", "1 secret", "11|secret", "1|secret", "|secret", "\"1|secret\" OR *"];
    let mut twin = Twin::new();
    for name in names {
        let vector = Direction::Axis(0, true).embedding();
        let turns = texts.map(|text| (turn("same", text, 0), vec![vector.clone()]));
        twin.insert(&user(name), turns.to_vec());
    }
    twin.index(usize::MAX);
    let same = SessionName::new("same").unwrap();
    let everyone: Vec<TurnId> = twin.turns.keys().copied().collect();
    for name in names {
        let scope = Scope::of(user(name));
        let own: Vec<TurnId> = twin.in_scope(&scope).map(|(id, _)| id).collect();
        assert_eq!(own.len(), texts.len());
        for query in ["secret", "1|secret", "11 secret", "\"1|secret\" OR \"2|secret\""] {
            let hits = twin.store.search_words(&scope, query, usize::MAX).unwrap();
            let found: HashSet<TurnId> = hits.iter().map(|hit| hit.turn).collect();
            assert_eq!(found, own.iter().copied().collect(), "{name} asks {query}");
        }
        twin.check_nearest(&scope, &Direction::Axis(0, true).embedding(), usize::MAX);
        let ids = |turns: Vec<longmem_core::Turn>| turns.iter().map(|t| t.id).collect::<Vec<_>>();
        let read = twin.store.turns(&scope.user, &everyone).unwrap();
        assert_eq!(ids(read.clone()), own);
        assert_eq!(ids(twin.store.recent_turns(&scope.user, &same, 99).unwrap()), own);
        let around = twin.store.neighbours(&scope.user, &read[2], 99, 99).unwrap();
        assert_eq!(ids(around), [own[0], own[1], own[3], own[4], own[5]]);
        let exported = twin.store.turns_after(&scope, None, 99).unwrap();
        assert_eq!(exported.iter().map(|e| e.turn.id).collect::<Vec<_>>(), own);
        let target = ForgetTarget::Turns(scope.clone(), everyone.clone());
        let (count, shown) = twin.store.preview_forget(&target, 99).unwrap();
        assert_eq!((count, ids(shown)), (own.len() as u64, own));
    }
    let first = user(names[0]);
    let forgotten =
        twin.store.forget(&ForgetTarget::Turns(Scope::of(first), everyone.clone())).unwrap();
    assert_eq!((forgotten.turns, forgotten.user), (texts.len() as u64, true));
    assert_eq!(twin.store.stats().unwrap().turns, (texts.len() * (names.len() - 1)) as u64);
}
