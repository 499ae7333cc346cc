//! Whatever happened to a memory, PostgreSQL answers as SQLite does, bit for bit.
//!
//! Random histories are played on a store of each kind, side by side. After each step, everything that
//! a store can be asked is asked of both. `PROPTEST_CASES` says how many histories there are.

mod fixture;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixture::InDatabase;
use longmem_core::{
    Embedding, EmbeddingModel, Entity, EntityKind, FactKind, NewFact, NewTurn, PassageSpan, Role,
    Scope, SessionName, SourceKey, SummaryOf, Timestamp, TurnId, UserName, fnv1a,
};
use longmem_search::{CandidateRequest, DenseParameters, Epoch, Scan, Searcher};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::suite::Fixture;
use longmem_store::{
    EmbeddedTurn, FactsAt, ForgetFingerprint, ForgetTarget, LearnedFact, Replaced, Store,
    WouldForget,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

/// Words that no stemmer and no stop list touches.
const WORDS: [&str; 7] = ["lisbon", "tokyo", "berlin", "oslo", "東京", "err_42", "quito"];
const SESSIONS: [&str; 4] = ["a", "b", "ä/1", "'; --"];
const WIDTH: usize = 384;
const KEYS: u8 = 30;

/// One thing that happens to a user's memory. Turns, facts and summaries are chosen among those that
/// there are.
#[derive(Debug, Clone)]
enum Step {
    Insert(Vec<NewTurn>),
    /// More turns than stand in the tail at once.
    InsertMany {
        session: &'static str,
        count: usize,
    },
    Import {
        turns: Vec<NewTurn>,
        again: bool,
    },
    InsertUnless {
        turn: NewTurn,
        learns: bool,
    },
    RenameKeys(Vec<(u8, u8)>),
    Index {
        limit: usize,
    },
    ForgetTurns(Vec<Index>),
    Forget {
        sessions: Vec<&'static str>,
        roles: Vec<Role>,
        since: Option<i64>,
        until: Option<i64>,
    },
    ForgetUser,
    Amend {
        turn: Index,
        text: String,
    },
    Move {
        turns: Vec<Index>,
        into: &'static str,
    },
    Rename {
        session: &'static str,
        name: &'static str,
    },
    Retitle {
        session: &'static str,
        title: Option<&'static str>,
    },
    AddFact {
        source: Option<Index>,
        replaces: Option<Index>,
        since: i64,
        name: &'static str,
    },
    EditFact {
        fact: Index,
        name: &'static str,
    },
    DeleteFact(Index),
    GiveFactsVectors,
    LearnFrom(&'static str),
    Learn {
        session: &'static str,
        through: Index,
        replaces: Option<Index>,
    },
    SumUp {
        session: &'static str,
        whole: bool,
    },
    Fold(Vec<Index>),
    Keep {
        name: &'static str,
        value: Option<u8>,
    },
    Reopen,
}

fn texts() -> impl Strategy<Value = String> {
    vec(select(&WORDS[..]), 1..5).prop_map(|words| words.join(" "))
}

fn turns() -> impl Strategy<Value = NewTurn> {
    let key = prop::option::weighted(0.8, 0..KEYS);
    let title = prop::option::weighted(0.2, select(&["Alpha", "Beta"][..]));
    let speaker = prop::option::weighted(0.2, select(&["Ana", "Bob"][..]));
    let who = (select(Role::ALL), prop::bool::weighted(0.2), speaker);
    (select(&SESSIONS[..]), title, texts(), -2..14i64, who, key).prop_map(
        |(session, title, text, second, (role, note, speaker), key)| NewTurn {
            session: name(session),
            session_title: title.map(str::to_owned),
            role,
            speaker: speaker.map(str::to_owned),
            text,
            time: at(second),
            note,
            source_key: key.map(source_key),
        },
    )
}

fn steps() -> impl Strategy<Value = Step> {
    let sessions = || select(&SESSIONS[..]);
    let one = any::<Index>;
    let names = || select(&["Lisbon", "Oslo", "lisbon "][..]);
    let values = || select(&["import/x", "pinned", "amended/pinned"][..]);
    let turns = || vec(turns(), 1..8);
    prop_oneof![
        6 => turns().prop_map(Step::Insert),
        1 => (sessions(), 100..300usize)
            .prop_map(|(session, count)| Step::InsertMany { session, count }),
        4 => (turns(), any::<bool>()).prop_map(|(turns, again)| Step::Import { turns, again }),
        1 => (self::turns(), any::<bool>())
            .prop_map(|(turn, learns)| Step::InsertUnless { turn, learns }),
        1 => vec((0..KEYS, 0..KEYS), 1..4).prop_map(Step::RenameKeys),
        6 => (1..40usize).prop_map(|limit| Step::Index { limit }),
        3 => vec(one(), 1..6).prop_map(Step::ForgetTurns),
        2 => (
            subsequence(&SESSIONS[..], 0..=2),
            subsequence(Role::ALL, 0..=2),
            prop::option::of(0..14i64),
            prop::option::of(0..14i64),
        ).prop_map(|(sessions, roles, since, until)| {
            Step::Forget { sessions, roles, since, until }
        }),
        1 => Just(Step::ForgetUser),
        4 => (one(), texts()).prop_map(|(turn, text)| Step::Amend { turn, text }),
        3 => (vec(one(), 1..6), sessions()).prop_map(|(turns, into)| Step::Move { turns, into }),
        2 => (sessions(), sessions()).prop_map(|(session, name)| Step::Rename { session, name }),
        2 => (sessions(), prop::option::of(Just("Gamma")))
            .prop_map(|(session, title)| Step::Retitle { session, title }),
        4 => (prop::option::of(one()), prop::option::of(one()), 0..14i64, names()).prop_map(
            |(source, replaces, since, name)| Step::AddFact { source, replaces, since, name }
        ),
        1 => (one(), names()).prop_map(|(fact, name)| Step::EditFact { fact, name }),
        1 => one().prop_map(Step::DeleteFact),
        1 => Just(Step::GiveFactsVectors),
        2 => sessions().prop_map(Step::LearnFrom),
        2 => (sessions(), one(), prop::option::of(one())).prop_map(
            |(session, through, replaces)| Step::Learn { session, through, replaces }
        ),
        3 => (sessions(), any::<bool>())
            .prop_map(|(session, whole)| Step::SumUp { session, whole }),
        1 => vec(one(), 1..3).prop_map(Step::Fold),
        1 => (values(), prop::option::of(any::<u8>()))
            .prop_map(|(name, value)| Step::Keep { name, value }),
        1 => Just(Step::Reopen),
    ]
}

/// What is asked after a step: the text, and the scope's sessions and roles.
fn questions() -> impl Strategy<Value = (String, Vec<&'static str>, Vec<Role>)> {
    (texts(), subsequence(&SESSIONS[..], 0..=1), subsequence(Role::ALL, 0..=1))
}

/// Names numbers of facts, sessions and summaries in the order in which they are met: a sequence does
/// not take a number back when its transaction is, so those of PostgreSQL may have gaps where those of
/// SQLite have none. Numbers of turns are the same.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    /// The text with names in the place of numbers.
    fn put_into(&mut self, text: &str) -> String {
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        let kinds = ["FactId(", "SessionNumber(", "SummaryId("];
        while let Some(start) = kinds.iter().filter_map(|kind| rest.find(kind)).min() {
            let end = start + rest[start..].find(')').unwrap();
            let count = self.0.len();
            let name = self.0.entry(rest[start..end].to_owned()).or_insert(count);
            named += &rest[..start];
            named += &format!("#{name}");
            rest = &rest[end + 1..];
        }
        named + rest
    }
}

/// A store of each kind, and what searches keep of them in memory.
struct Both {
    _folder: tempfile::TempDir,
    database: InDatabase,
    stores: [Arc<dyn Store>; 2],
    searchers: [Searcher; 2],
    names: [Names; 2],
}

impl Both {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let database = InDatabase::new();
        let stores = [Arc::new(sqlite) as Arc<dyn Store>, database.store()];
        for store in &stores {
            store.begin_indexing(&model(), false).unwrap();
        }
        Self {
            _folder: folder,
            database,
            stores,
            searchers: Default::default(),
            names: Default::default(),
        }
    }

    /// Does to both what happens, with the same outcome.
    fn play(&mut self, user: &UserName, step: &Step) {
        if matches!(step, Step::Reopen) {
            self.stores[1] = self.database.opened_again();
            self.searchers = Default::default();
            return;
        }
        let before = self.stores.each_ref().map(|store| store.epoch(user).unwrap());
        let outcomes = self.stores.each_ref().map(|store| play(&**store, user, step));
        let [sqlite, postgres] = self.named(outcomes);
        assert_eq!(postgres, sqlite, "the outcome of {step:?}");
        let after = self.stores.each_ref().map(|store| store.epoch(user).unwrap());
        assert_eq!(before[1] == after[1], before[0] == after[0], "the epoch at {step:?}");
        assert_eq!(after[1] == Epoch(0), after[0] == Epoch(0), "the epoch after {step:?}");
    }

    /// Asks both everything.
    fn compare(&mut self, user: &UserName, question: &(String, Vec<&'static str>, Vec<Role>)) {
        let [sqlite, postgres] = self.stores.each_ref().map(|store| everything(&**store, user));
        for (expected, found) in sqlite.into_iter().zip(postgres) {
            let [expected, found] = self.named([expected, found]);
            assert_eq!(found, expected);
        }
        let found =
            [0, 1].map(|kind| answers(&*self.stores[kind], &self.searchers[kind], user, question));
        let [sqlite, postgres] = self.named(found);
        assert_eq!(postgres, sqlite, "{question:?}");
    }

    fn named(&mut self, texts: [String; 2]) -> [String; 2] {
        [0, 1].map(|kind| self.names[kind].put_into(&texts[kind]))
    }
}

/// Does what happens; returns what is to be equal of the outcome.
fn play(store: &dyn Store, user: &UserName, step: &Step) -> String {
    let turns = all_turns(store, user);
    let pick = |index: &Index| if turns.is_empty() { TurnId(1) } else { *index.get(&turns) };
    let picks = |indexes: &[Index]| indexes.iter().map(pick).collect::<Vec<_>>();
    let facts = store.facts(user, FactsAt::Ever).unwrap();
    let fact = |index: &Index| {
        if facts.is_empty() { longmem_core::FactId(1) } else { index.get(&facts).id }
    };
    match step {
        Step::Insert(turns) => shown(&store.insert_turns(user, turns)),
        Step::InsertMany { session, count } => {
            let turns: Vec<NewTurn> = (0..*count).map(|number| many(session, number)).collect();
            shown(&store.insert_turns(user, &turns))
        }
        Step::Import { turns, again } => {
            let marks = [("import/mark".to_owned(), vec![1])];
            shown(&store.import_turns_keeping(user, turns, *again, &marks))
        }
        Step::InsertUnless { turn, learns } => {
            let already = |last: &[longmem_core::Turn]| {
                last.iter().find(|known| known.text == turn.text).map(|known| known.id)
            };
            shown(&store.insert_unless(user, turn, *learns, &already))
        }
        Step::RenameKeys(keys) => {
            let renamed: Vec<_> =
                keys.iter().map(|(from, to)| (source_key(*from), source_key(*to))).collect();
            shown(&store.rename_source_keys(user, &renamed))
        }
        Step::Index { limit } => {
            let queued = store.queued_turns(Some(user), None, *limit).unwrap();
            let embedded: Vec<EmbeddedTurn> = queued
                .iter()
                .map(|queued| EmbeddedTurn {
                    user: user.clone(),
                    turn: queued.turn,
                    passages: passages(&queued.text),
                })
                .collect();
            shown(&(queued, store.write_vectors(&model(), &embedded, 3)))
        }
        Step::ForgetTurns(indexes) => {
            forget(store, &ForgetTarget::Turns(Scope::of(user.clone()), picks(indexes)))
        }
        Step::Forget { sessions, roles, since, until } => {
            let scope = Scope {
                user: user.clone(),
                sessions: sessions.iter().map(|session| name(session)).collect(),
                roles: roles.clone(),
                since: since.map(at),
                until: until.map(at),
            };
            forget(store, &ForgetTarget::Scope(scope))
        }
        Step::ForgetUser => forget(store, &ForgetTarget::User(user.clone())),
        Step::Amend { turn, text } => {
            shown(&store.amend_turn(user, pick(turn), text).map(|amended| amended.derived))
        }
        Step::Move { turns, into } => shown(&store.move_turns(user, &picks(turns), &name(into))),
        Step::Rename { session, name: new } => {
            shown(&store.rename_session(user, &name(session), &name(new)))
        }
        Step::Retitle { session, title } => {
            shown(&store.set_session_title(user, &name(session), *title))
        }
        Step::AddFact { source, replaces, since, name } => {
            let source = source.as_ref().filter(|_| !turns.is_empty()).map(pick);
            let replaces = replaces.as_ref().filter(|_| !facts.is_empty()).map(fact);
            let new = NewFact { since: at(*since), source, ..new_fact(name) };
            shown(&store.insert_fact(user, &new, replaces))
        }
        Step::EditFact { fact: index, name } => {
            shown(&store.edit_fact(user, fact(index), "another", &new_fact(name).entities))
        }
        Step::DeleteFact(index) => shown(&store.delete_fact(user, fact(index))),
        Step::GiveFactsVectors => {
            let vectors: Vec<_> =
                facts.iter().map(|fact| (fact.id, vector(&fact.statement))).collect();
            shown(&store.set_fact_vectors(user, &model(), &vectors))
        }
        Step::LearnFrom(session) => shown(&store.learn_from(user, &name(session))),
        Step::Learn { session, through, replaces } => {
            let replaces = replaces.as_ref().filter(|_| !facts.is_empty()).map(fact);
            let source = Some(pick(through)).filter(|_| !turns.is_empty());
            let learned = LearnedFact {
                fact: NewFact { source, ..new_fact("Oslo") },
                replaces: replaces.map(Replaced::Known),
            };
            let after = match store.learned_through(user, &name(session)).unwrap() {
                longmem_store::Learned::Through(after) => after,
                longmem_store::Learned::No => None,
            };
            let facts = [learned];
            shown(&store.write_learned(user, &name(session), after, pick(through), &facts))
        }
        Step::SumUp { session, whole } => {
            let session = name(session);
            let last = store.recent_turns(user, &session, 1).unwrap();
            let Some(through) = last.first().map(|turn| turn.id) else { return String::new() };
            let of = if *whole {
                SummaryOf::Session { session, through }
            } else {
                SummaryOf::Stretch { session, through }
            };
            let made_at = store.epoch(user).unwrap();
            shown(&store.write_summary(user, &of, "short", at(99), made_at))
        }
        Step::Fold(indexes) => {
            let summaries = store.summaries(user).unwrap();
            if summaries.is_empty() {
                return String::new();
            }
            let mut parts: Vec<_> = indexes.iter().map(|i| i.get(&summaries).id).collect();
            parts.sort_unstable();
            parts.dedup();
            let made_at = store.epoch(user).unwrap();
            shown(&store.fold_summaries(user, &parts, "shorter", at(99), made_at))
        }
        Step::Keep { name, value } => {
            let value = value.map(|byte| vec![byte]);
            shown(&store.keep_value(Some(user), name, value.as_deref()))
        }
        Step::Reopen => String::new(),
    }
}

/// Forgets what was shown; all but fingerprints, which random epochs make, and erasure is to be equal.
fn forget(store: &dyn Store, target: &ForgetTarget) -> String {
    let Ok(would) = store.preview_forget(target, 3) else {
        return shown(&store.forget(target));
    };
    let other = store.forget_shown(target, ForgetFingerprint::default());
    assert_eq!(other.unwrap(), None, "nobody was shown that");
    let forgotten = store.forget_shown(target, would.fingerprint).unwrap().unwrap();
    let would = WouldForget { fingerprint: ForgetFingerprint::default(), ..would };
    assert_eq!(would.turns, forgotten.turns);
    assert_eq!(would.derived(), forgotten.derived);
    let gone = (forgotten.turns, forgotten.sessions, forgotten.derived, forgotten.user);
    shown(&(would, gone))
}

/// Everything that a store says of a user without being asked a question.
fn everything(store: &dyn Store, user: &UserName) -> Vec<String> {
    let scope = Scope::of(user.clone());
    let stored = store.turns_after(&scope, None, usize::MAX).unwrap();
    let keys: Vec<SourceKey> = (0..KEYS).map(source_key).collect();
    // Turns that were handed in without a key have one by chance.
    let with_keys: Vec<_> = stored
        .into_iter()
        .map(|stored| (stored.turn, Some(stored.source_key).filter(|key| keys.contains(key))))
        .collect();
    let ids: Vec<TurnId> = with_keys.iter().map(|(turn, _)| turn.id).collect();
    let mark = store.change_mark(user).unwrap();
    let overview = store.overview(user).unwrap();
    let mut vocabulary = store.vocabulary(user).unwrap();
    vocabulary.sort_unstable();
    let names = store.kept_names(Some(user), "").unwrap();
    let value = |name: &String| store.kept_value(Some(user), name).unwrap();
    let values: Vec<_> = names.iter().map(|name| (name, value(name))).collect();
    let learned = SESSIONS.map(|session| store.learned_through(user, &name(session)).unwrap());
    let in_order = SESSIONS.map(|session| store.recent_turns(user, &name(session), 400).unwrap());
    vec![
        shown(&with_keys),
        shown(&(store.turns(user, &ids).unwrap().len(), store.newest_turns(&scope, None, 5))),
        shown(&store.sessions(user)),
        shown(&in_order),
        shown(&store.facts(user, FactsAt::Ever)),
        shown(&(store.facts(user, FactsAt::Time(at(6))), store.entities(user))),
        shown(&store.fact_vectors(user, &model())),
        shown(&store.summaries(user)),
        shown(&(learned, store.sessions_to_learn_from(user))),
        shown(&store.sessions_to_sum_up(user, at(8))),
        shown(&(store.queued_turns(Some(user), None, usize::MAX), store.waiting(Some(user)))),
        shown(&overview),
        shown(&(mark.last_turn, mark.facts, mark.last_fact)),
        shown(&store.key_states(user, &keys)),
        shown(&values),
        shown(&vocabulary),
    ]
}

/// What searches bring: by meaning, by words and by both, all vectors compared and in two stages.
fn answers(
    store: &dyn Store,
    searcher: &Searcher,
    user: &UserName,
    (text, sessions, roles): &(String, Vec<&'static str>, Vec<Role>),
) -> String {
    let narrow = Scope {
        sessions: sessions.iter().map(|session| name(session)).collect(),
        roles: roles.clone(),
        ..Scope::of(user.clone())
    };
    let wide = Scope::of(user.clone());
    let (model, vector) = (model(), vector(text));
    let scans = [Scan::Exact, Scan::TwoStages { rescored: Some(2) }];
    let mut all = String::new();
    for (scope, scan) in [(&wide, scans[0]), (&narrow, scans[1]), (&narrow, scans[0])] {
        let mut by_meaning = CandidateRequest::new(scope, 4);
        by_meaning.meaning = Some((&model, &vector));
        by_meaning.scan = scan;
        by_meaning.dense = DenseParameters { before: 0.5, after: 0.25, longest_neighbour: 5 };
        let mut by_both = by_meaning;
        by_both.words = Some(text);
        let mut by_words = CandidateRequest::new(scope, 4);
        by_words.words = Some(text);
        let requests = [by_meaning, by_both];
        all += &shown(&searcher.candidates_each(store, &requests));
        all += &shown(&searcher.candidates(store, &by_words));
        all.push('\n');
    }
    all
}

fn all_turns(store: &dyn Store, user: &UserName) -> Vec<TurnId> {
    let mut turns = store.newest_turns(&Scope::of(user.clone()), None, usize::MAX).unwrap();
    turns.reverse();
    turns.iter().map(|turn| turn.id).collect()
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn name(session: &str) -> SessionName {
    SessionName::new(session).unwrap()
}

fn source_key(number: u8) -> SourceKey {
    SourceKey(format!("key {number}"))
}

/// So many seconds after the start of 2026.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

/// One of many turns, which have words in common with others and one of their own.
fn many(session: &str, number: usize) -> NewTurn {
    let [first, second] = [number, number / 7].map(|place| WORDS[place % WORDS.len()]);
    NewTurn {
        session: name(session),
        session_title: None,
        role: if number.is_multiple_of(2) { Role::User } else { Role::Assistant },
        speaker: None,
        text: format!("{first} {second} w{number}"),
        time: at(number as i64 % 14),
        note: false,
        source_key: None,
    }
}

fn new_fact(name: &str) -> NewFact {
    NewFact {
        subject: "user".to_owned(),
        statement: format!("likes {name}"),
        kind: FactKind::Preference,
        source: None,
        since: at(5),
        entities: vec![Entity { name: name.to_owned(), kind: EntityKind::Other }],
    }
}

fn model() -> EmbeddingModel {
    EmbeddingModel {
        name: "made-up".to_owned(),
        revision: "1".to_owned(),
        dimensions: WIDTH,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 64,
    }
}

/// A vector that shares as much with another as their texts share words: each word adds a direction
/// of its own.
fn vector(text: &str) -> Embedding {
    let mut numbers = vec![0.0; WIDTH];
    for word in text.split_whitespace() {
        // A linear congruential generator, seeded with the word's hash.
        let mut state = fnv1a(word.as_bytes());
        for number in &mut numbers {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *number += (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
        }
    }
    Embedding::normalized(numbers).unwrap()
}

/// Two words a passage, each with its vector.
fn passages(text: &str) -> Vec<(PassageSpan, Embedding)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let span = PassageSpan { start: 0, end: 1, tokens: 1 };
    words.chunks(2).map(|words| (span, vector(&words.join(" ")))).collect()
}

#[test]
fn postgresql_answers_as_sqlite_does() {
    if !InDatabase::can_be() {
        return;
    }
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::with_cases(cases.unwrap_or(40))
    };
    // Making a database takes longer than a history, so each history has users of its own.
    let both = std::sync::Mutex::new(Both::new());
    let number = AtomicUsize::new(0);
    proptest!(config, |(history in vec((steps(), questions()), 1..16))| {
        let mut both = both.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let number = number.fetch_add(1, Ordering::Relaxed);
        let user = UserName::new(&format!("ana {number}")).unwrap();
        for (step, question) in history {
            both.play(&user, &step);
            both.compare(&user, &question);
        }
        for store in &both.stores {
            store.check(&mut |problem| panic!("{problem}")).unwrap();
            let _ = store.forget(&ForgetTarget::User(user.clone()));
        }
    });
}
