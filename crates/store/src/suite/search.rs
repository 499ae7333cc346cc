//! Searches equal the obvious loop over everything, after any history of writes and deletions.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use longmem_core::{
    EmbeddingModel, NewTurn, Role, Scope, SessionName, SourceKey, Timestamp, TurnId, UserName,
};
use longmem_search::{
    BlockId, CandidateRequest, DamagedVector, DenseParameters, FoundUser, LexicalParameters,
    ModelState, PassageId, Scan, SearchRows, SearchSource, SearchWanted, Searcher, TakeVector,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::Make;
use super::made_up::{SPAN, turn, user, vector};
use super::naive::{Direction, SESSIONS, Twin, USERS, WORDS, direction};
use crate::{EmbeddedTurn, ForgetTarget, Store, StoreError};

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
    let key = prop::option::of(0..20u8);
    let note = prop::bool::weighted(0.2);
    (select(&SESSIONS[..]), texts(), -2..14i64, select(Role::ALL), note, key).prop_map(
        |(session, text, second, role, note, key)| NewTurn {
            role,
            note,
            source_key: key.map(|key| SourceKey(key.to_string())),
            ..turn(session, &text, second)
        },
    )
}

fn scopes() -> impl Strategy<Value = Scope> {
    (
        users(),
        subsequence(&SESSIONS[..], 0..=2),
        subsequence(Role::ALL, 0..=2),
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

pub fn both_searches_equal_the_obvious_loop(make: Make<'_>) {
    let history = vec((steps(), vec(questions(), 1..3)), 1..25);
    proptest!(ProptestConfig::with_cases(40), |(history in history)| {
        let mut twin = Twin::new(make);
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
                Step::Reopen => twin.reopen(),
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
    });
}

/// Blocks hold 1,024 turns: histories here end before, at and after their borders, and the best
/// of all blocks tie.
pub fn nearest_equals_the_obvious_loop_over_many_blocks(make: Make<'_>) {
    let mut twin = Twin::new(make);
    let ana = user("ana");
    let queries = [Direction::Axis(0, true), Direction::Diagonal([true, false, true, true])];
    let mut stored = 0;
    for batch in [700, 323, 1, 1, 1022, 1, 600] {
        let turns = (stored..stored + batch)
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
        stored += batch;
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

/// Blocks of words hold 8,192 turns: what comes after a turn that a search knows stands in its block, in
/// later ones, or in none. Two searches are asked: one that knows the lists, and one that knows nothing.
pub fn words_that_are_known_up_to_a_turn_are_read_on(make: Make<'_>) {
    let mut twin = Twin::new(make);
    let (ana, bob) = (user("ana"), user("bob"));
    let check = |twin: &Twin| {
        let scope = Scope::of(ana.clone());
        for text in ["lisbon", "berlin lisbon", "oslo", "tokyo oslo"] {
            for limit in [10, usize::MAX] {
                let found = |searcher: &Searcher| {
                    searcher.search_words(&*twin.store, &scope, text, limit).unwrap()
                };
                assert_eq!(found(&twin.searcher), found(&Searcher::default()), "{text}");
            }
        }
    };
    let mut stored = 0;
    for batch in [5, 8_185, 1, 3, 20] {
        let turns = (stored..stored + batch).map(|number: usize| {
            let rare = if number < 5 { "oslo" } else { "lisbon" };
            let last = if number > 8_190 { "tokyo" } else { "lisbon" };
            let text = format!("lisbon {rare} {last} {}", WORDS[number % WORDS.len()]);
            (turn(SESSIONS[number % 3], &text, (number % 50) as i64), Vec::new())
        });
        twin.insert(&ana, turns.collect());
        twin.insert(&bob, vec![(turn("1", "lisbon oslo tokyo", 0), Vec::new())]);
        stored += batch;
        check(&twin);
    }
    let mut middle = Scope::of(ana.clone());
    middle.since = Some(turn("1", "", 10).time);
    twin.forget(&middle, None);
    check(&twin);
}

/// Blocks of codes hold 1,024 turns: the passages after one that a search knows stand in its block, in later
/// ones, or in none, and turns that have none yet stand between. Two searches are asked, as for words.
pub fn codes_that_are_known_up_to_a_passage_are_read_on(make: Make<'_>) {
    let mut twin = Twin::new(make);
    let (ana, bob) = (user("ana"), user("bob"));
    let scope = Scope::of(ana.clone());
    let one = |number: usize| {
        let direction = match number % 3 {
            0 => Direction::Axis(number % 97, number.is_multiple_of(2)),
            1 => Direction::Diagonal([true, number.is_multiple_of(2), true, true]),
            _ => Direction::Axis(90, true),
        };
        let vectors = vec![direction.embedding(); 1 + number % 2];
        (turn(SESSIONS[number % 3], "lisbon", number as i64), vectors)
    };
    let mut stored = 0;
    for (new, indexed) in [(5, 3), (1_100, 700), (1, 1), (1_200, 1), (1, 900), (0, 9_999), (1, 1)] {
        twin.insert(&ana, (stored..stored + new).map(one).collect());
        twin.insert(&bob, vec![one(stored)]);
        stored += new;
        twin.index(indexed);
        let query = Direction::Diagonal([true; 4]).embedding();
        let question = (&scope, &query, None, 5_000);
        let scan = Scan::TwoStages { rescored: Some(usize::MAX) };
        let known = twin.candidates(scan, DenseParameters::PLAIN, question);
        let searcher = std::mem::take(&mut twin.searcher);
        assert_eq!(known, twin.candidates(scan, DenseParameters::PLAIN, question));
        twin.searcher = searcher;
    }
}

pub fn nearest_brings_what_shares_most_words(make: Make<'_>) {
    let mut twin = Twin::new(make);
    let ana = user("ana");
    let texts = [
        "we moved to lisbon in march",
        "the cat sleeps all day long",
        "our flat in lisbon has a view",
        "tax forms are due in april",
    ];
    let turns = texts.iter().map(|text| (turn("1", text, 0), vec![vector(text)])).collect();
    twin.insert(&ana, turns);
    twin.index(9);
    let query = vector("a view of our flat in lisbon");
    let hits =
        twin.searcher.nearest(&*twin.store, &Scope::of(ana), (&twin.model, &query), 4).unwrap();
    let found: Vec<&str> =
        hits.iter().map(|hit| twin.turns[&hit.turn].turn.text.as_str()).collect();
    assert_eq!(found[..2], [texts[2], texts[0]]);
}

/// Eleven users, so that the number of one begins with the number of another.
pub fn two_users_never_see_each_other(make: Make<'_>) {
    let names =
        ["ana", "ana ", "Ana", "an'a", "1", "11", "1|secret", "ána", "a\u{301}na", "\" OR \"", "%"];
    let texts = ["secret", "1 secret", "11|secret", "1|secret", "|secret", "\"1|secret\" OR *"];
    let mut twin = Twin::new(make);
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
            let hits = twin.searcher.search_words(&*twin.store, &scope, query, usize::MAX).unwrap();
            let found: HashSet<TurnId> = hits.iter().map(|hit| hit.turn).collect();
            assert_eq!(found, own.iter().copied().collect(), "{name} asks {query}");
        }
        twin.check_nearest(&scope, &Direction::Axis(0, true).embedding(), usize::MAX);
        let ids = |turns: Vec<longmem_core::Turn>| turns.iter().map(|t| t.id).collect::<Vec<_>>();
        let read = twin.store.turns(&scope.user, &everyone).unwrap();
        assert_eq!(ids(read), own);
        assert_eq!(ids(twin.store.recent_turns(&scope.user, &same, 99).unwrap()), own);
        assert_eq!(ids(twin.store.session_turns(&scope.user, &same, None, None).unwrap()), own);
        let exported = twin.store.turns_after(&scope, None, 99).unwrap();
        assert_eq!(exported.iter().map(|e| e.turn.id).collect::<Vec<_>>(), own);
        let target = ForgetTarget::Turns(scope.clone(), everyone.clone());
        let preview = twin.store.preview_forget(&target, 99).unwrap();
        assert_eq!((preview.turns, ids(preview.first)), (own.len() as u64, own));
    }
    let first = user(names[0]);
    let forgotten =
        twin.store.forget(&ForgetTarget::Turns(Scope::of(first), everyone.clone())).unwrap();
    assert_eq!((forgotten.turns, forgotten.user), (texts.len() as u64, true));
    assert_eq!(twin.store.stats().unwrap().turns, (texts.len() * (names.len() - 1)) as u64);
}

/// What a search asks of its store, and what it got.
#[derive(Default)]
struct Watched<S> {
    store: S,
    blocks_of_turns: AtomicUsize,
    vectors: AtomicUsize,
}

impl<S: std::ops::Deref<Target = dyn Store> + Send + Sync> SearchSource for Watched<S> {
    type Error = StoreError;

    fn search(
        &self,
        wanted: &SearchWanted<'_>,
        rows: &mut dyn SearchRows,
    ) -> Result<bool, StoreError> {
        self.store.search(wanted, &mut Counted { rows, watched: self })
    }

    fn vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        passages: &[PassageId],
        each: TakeVector<'_>,
    ) -> Result<(), StoreError> {
        self.store.vectors(user, model, passages, each)
    }

    fn vocabulary(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        self.store.vocabulary(user)
    }
}

struct Counted<'a, S> {
    rows: &'a mut dyn SearchRows,
    watched: &'a Watched<S>,
}

impl<S> SearchRows for Counted<'_, S> {
    fn user(&mut self, user: FoundUser) {
        self.rows.user(user);
    }

    fn turns(&mut self, block: BlockId, bytes: &[u8]) {
        self.watched.blocks_of_turns.fetch_add(1, Ordering::Relaxed);
        self.rows.turns(block, bytes);
    }

    fn model(&mut self, state: ModelState) {
        self.rows.model(state);
    }

    fn codes(&mut self, block: BlockId, bytes: &[u8]) {
        self.rows.codes(block, bytes);
    }

    fn vector(
        &mut self,
        turn: TurnId,
        passage: PassageId,
        bytes: &[u8],
    ) -> Result<ControlFlow<()>, DamagedVector> {
        self.watched.vectors.fetch_add(1, Ordering::Relaxed);
        self.rows.vector(turn, passage, bytes)
    }

    fn word(&mut self, word: usize, block: BlockId, bytes: &[u8]) {
        self.rows.word(word, block, bytes);
    }
}

/// A note between a question and its answer takes nothing from them, and gives them nothing.
pub fn a_note_stands_alone_in_a_search(make: Make<'_>) {
    let mut twin = Twin::new(make);
    let ana = user("ana");
    let note = |text, second| NewTurn { note: true, ..turn("1", text, second) };
    let axis = |axis| vec![Direction::Axis(axis, true).embedding()];
    let answer = NewTurn { role: Role::Assistant, ..turn("1", "tokyo", 2) };
    let turns = [
        (turn("1", "lisbon", 0), axis(0)),
        (note("berlin", 1), axis(90)),
        (answer, axis(180)),
        (note("oslo", 3), axis(270)),
    ];
    twin.insert(&ana, turns.into());
    twin.index(usize::MAX);
    let ids: Vec<TurnId> = twin.turns.keys().copied().collect();
    for _ in 0..2 {
        let scope = Scope::of(ana.clone());
        let query = Direction::Axis(90, true).embedding();
        let mut request = CandidateRequest::new(&scope, 9);
        request.meaning = Some((&twin.model, &query));
        request.words = Some("berlin lisbon");
        request.dense = DenseParameters { before: 0.5, after: 0.5, longest_neighbour: 99 };
        request.lexical =
            LexicalParameters { neighbour_weight: 0.5, neighbours: 2, longest_neighbour: 99 };
        let found = twin.searcher.candidates(&*twin.store, &request).unwrap().turns;
        let beside: Vec<_> = found.iter().map(|found| (found.before, found.after)).collect();
        let alone = (None, None);
        assert_eq!(beside, [(None, Some(ids[2])), alone, (Some(ids[0]), None), alone]);
        let notes: Vec<bool> = found.iter().map(|found| found.note).collect();
        assert_eq!(notes, [false, true, false, true]);
        let answered: Vec<bool> = found.iter().map(|found| found.session_has_assistant).collect();
        assert_eq!(answered, [true, false, true, false]);
        let cosines: Vec<f32> = found.iter().filter_map(|found| found.cosine).collect();
        assert_eq!(cosines, [0.0, 1.0, 0.0, 0.0]);
        // The answer shares its question's word, and nobody shares the note's.
        let coverages: Vec<f32> = found.iter().map(|found| found.coverage).collect();
        assert_eq!((coverages[0], coverages[3]), (coverages[2], 0.0));
        assert!(coverages.iter().all(|coverage| *coverage < 1.0), "{coverages:?}");
        twin.reopen();
    }
}

/// A search that knows everything reads no turn and no vector; after one more turn it reads one block
/// and one vector; after a deletion it reads all again; and of many cold searches of one user at once,
/// one reads.
pub fn a_search_reads_only_what_it_does_not_know(make: Make<'_>) {
    let mut twin = Twin::new(make);
    let ana = user("ana");
    let one = |number: i64| (turn("1", "lisbon", number), vec![vector("lisbon")]);
    twin.insert(&ana, (0..50).map(one).collect());
    twin.index(usize::MAX);
    let store = Arc::clone(&twin.store);
    let watched = Watched { store, blocks_of_turns: 0.into(), vectors: 0.into() };
    let (scope, query) = (Scope::of(ana.clone()), vector("lisbon"));
    let search = || {
        let found = twin.searcher.nearest(&watched, &scope, (&twin.model, &query), 99).unwrap();
        let read =
            [&watched.blocks_of_turns, &watched.vectors].map(|n| n.swap(0, Ordering::Relaxed));
        (found.len(), read)
    };
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                twin.searcher.nearest(&watched, &scope, (&twin.model, &query), 99).unwrap()
            });
        }
    });
    assert_eq!(search(), (50, [1, 50]), "four cold searches and one more");
    assert_eq!(search(), (50, [0, 0]));
    twin.store.insert_turns(&ana, &[turn("1", "lisbon", 50)]).unwrap();
    assert_eq!(search(), (50, [1, 0]));
    let queued = twin.store.queued_turns(None, None, 9).unwrap().remove(0);
    let passages = vec![(SPAN, vector("lisbon"))];
    let embedded = EmbeddedTurn { user: queued.user, turn: queued.turn, passages };
    twin.store.write_vectors(&twin.model, &[embedded], 0).unwrap();
    assert_eq!(search(), (51, [0, 1]));
    let target = ForgetTarget::Turns(scope.clone(), vec![queued.turn]);
    twin.store.forget(&target).unwrap();
    assert_eq!(search(), (50, [1, 50]));
}

/// What is read ahead of a search, of a user with few passages or with many, is not read again by it,
/// and nothing is read that it would not have read itself; what it finds is the same.
pub fn what_is_read_ahead_is_read_once(make: Make<'_>) {
    let mut twin = Twin::new(make);
    let ana = user("ana");
    let one = |number: i64| (turn("1", "lisbon", number), vec![vector("lisbon")]);
    twin.insert(&ana, (0..50).map(one).collect());
    twin.index(usize::MAX);
    let store = Arc::clone(&twin.store);
    let watched = Watched { store, blocks_of_turns: 0.into(), vectors: 0.into() };
    let (scope, query) = (Scope::of(ana), vector("lisbon"));
    for scan in [Scan::Automatic, Scan::TwoStages { rescored: Some(1) }] {
        let search = |reads_ahead: bool| {
            let searcher = Searcher::default();
            let mut request = CandidateRequest::new(&scope, 9);
            request.scan = scan;
            if reads_ahead {
                searcher.read_ahead(&watched, &request, &twin.model).unwrap();
            }
            (request.meaning, request.words) = (Some((&twin.model, &query)), Some("lisbon"));
            // The second search takes more vectors into memory.
            [(); 2].map(|()| {
                let found = searcher.candidates(&watched, &request).unwrap();
                let read = [&watched.blocks_of_turns, &watched.vectors];
                (found, read.map(|read| read.swap(0, Ordering::Relaxed)))
            })
        };
        assert_eq!(search(true), search(false), "{scan:?}");
    }
}
