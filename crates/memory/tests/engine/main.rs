//! The engine's promises, with an embedder that needs no model.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deadline;
mod fixture;
mod imports;
mod named_requests;
mod own_memory;
mod round_trip;
mod safeguards;
mod session_names;
mod session_search;
mod turns_around;

use std::ops::ControlFlow;
use std::sync::Arc;

use longmem_core::{
    EmbedError, Embedding, EmbeddingModel, FixedClock, NewTurn, PassageSpan, Role, Scope,
    SessionName, TextEmbedder, TurnId,
};
use longmem_memory::{
    CATCH_UP_TURNS, CanaryStep, CaughtUp, Channels, ForgetTarget, IndexEvent, IndexOptions, Memory,
    MemoryError, RecallRequest, StoreError,
};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::Turns;
use longmem_test_support::WordHashEmbedder;

use fixture::{Fixture, fixture, open, turn, turns, user};

fn go_on(_: IndexEvent) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn texts(memory: &Memory, request: &RecallRequest) -> Vec<String> {
    memory.recall(request).unwrap().results.into_iter().map(|found| found.turn.text).collect()
}

#[test]
fn what_was_said_is_found_by_words_before_and_by_meaning_after_indexing() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    memory.remember(&ana, &[turn("I moved to Lisbon in March"), turn("I like tea")]).unwrap();
    let mut request = RecallRequest::new(Scope::of(ana), "Lisbon");
    let before = memory.recall(&request).unwrap();
    assert_eq!(before.results[0].turn.text, "I moved to Lisbon in March");
    assert_eq!(before.results[0].explanation.dense, None);
    assert_eq!(before.turns_without_vectors, 2);

    memory.index(IndexOptions::default(), &mut go_on).unwrap();
    request.channels = Channels::Meaning;
    let after = memory.recall(&request).unwrap();
    assert_eq!(after.results[0].turn.text, "I moved to Lisbon in March");
    assert!(after.results[0].explanation.dense.is_some());
    assert_eq!(after.turns_without_vectors, 0);
}

#[test]
fn indexing_stopped_and_run_again_embeds_nothing_twice() {
    let Fixture { folder: _folder, memory, embedder } = fixture();
    memory.remember(&user("ana"), &turns(1200)).unwrap();
    let mut calls = 0;
    let stopped = memory
        .index(IndexOptions::default(), &mut |_| {
            calls += 1;
            if calls == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert!(stopped.turns > 0 && stopped.remaining > 0);
    let rest = memory.index(IndexOptions::default(), &mut go_on).unwrap();
    assert_eq!((stopped.turns + rest.turns, rest.remaining), (1200, 0));
    assert_eq!(memory.index(IndexOptions::default(), &mut go_on).unwrap().turns, 0);
    assert_eq!(embedder.embedded(), 1200);
    let stats = memory.stats().unwrap();
    assert_eq!((stats.passages, stats.vectors), (1200, 1200));
}

/// Forgets a turn through another connection while it embeds, as another process may.
struct ForgetfulEmbedder {
    words: WordHashEmbedder,
    other: SqliteStore,
    turn: TurnId,
}

impl TextEmbedder for ForgetfulEmbedder {
    fn model(&self) -> &EmbeddingModel {
        self.words.model()
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.words.embed_query(text)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.other.forget(&ForgetTarget::Turns(Scope::of(user("ana")), vec![self.turn])).unwrap();
        self.words.embed_passages(texts)
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.words.passages(text)
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}

#[test]
fn a_turn_forgotten_while_it_was_embedded_is_not_counted_as_indexed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    let ids = store.insert_turns(&user("ana"), &turns(3)).unwrap();
    let embedder = ForgetfulEmbedder {
        words: WordHashEmbedder::default(),
        other: SqliteStore::open(&path, IfMissing::Fail).unwrap(),
        turn: ids[1].id,
    };
    let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
    let memory = Memory::new(Arc::new(store), Arc::new(embedder), Arc::new(clock));
    let report = memory.index(IndexOptions::default(), &mut go_on).unwrap();
    assert_eq!((report.turns, report.remaining), (2, 0));
    assert_eq!(memory.stats().unwrap().vectors, 2);
}

#[test]
fn catching_up_embeds_little_and_leaves_much() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let (ana, bob) = (user("ana"), user("bob"));
    memory.remember(&ana, &turns(CATCH_UP_TURNS as usize)).unwrap();
    memory.remember(&bob, &turns(CATCH_UP_TURNS as usize + 1)).unwrap();
    let behind = CaughtUp::Behind(CATCH_UP_TURNS + 1);
    assert_eq!(memory.catch_up(&bob).unwrap(), behind);
    assert_eq!(memory.catch_up(&ana).unwrap(), CaughtUp::Complete, "whatever waits of others");
    assert_eq!(memory.catch_up(&bob).unwrap(), behind);
    assert_eq!(memory.catch_up(&user("nobody")).unwrap(), CaughtUp::Complete);
}

#[test]
fn a_recall_that_catches_up_embeds_first_unless_it_is_by_words_only() {
    let Fixture { memory, embedder, folder: _folder } = fixture();
    memory.remember(&user("ana"), &turns(3)).unwrap();
    let mut request = RecallRequest::new(Scope::of(user("ana")), "number 2");
    request.catch_up = true;
    request.channels = Channels::Words;
    assert_eq!(memory.recall(&request).unwrap().turns_without_vectors, 3);
    assert_eq!(embedder.embedded(), 0);
    request.channels = Channels::Both;
    assert_eq!(memory.recall(&request).unwrap().turns_without_vectors, 0);
}

#[test]
fn a_question_of_white_space_only_is_refused() {
    let Fixture { memory, folder: _folder, .. } = fixture();
    let asked = memory.recall(&RecallRequest::new(Scope::of(user("ana")), " \n"));
    assert!(matches!(asked, Err(MemoryError::EmptyQuery)), "{asked:?}");
}

#[test]
fn another_model_is_refused_until_asked_for_and_serves_when_complete() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    memory.remember(&ana, &turns(600)).unwrap();
    memory.index(IndexOptions::default(), &mut go_on).unwrap();
    let newer = open(&folder, Arc::new(WordHashEmbedder::with_revision("2")));
    assert!(matches!(
        newer.index(IndexOptions::default(), &mut go_on),
        Err(MemoryError::Store(StoreError::OtherModel { .. }))
    ));
    let reembed = IndexOptions { reembed: true };
    let half = newer.index(reembed, &mut |event| match event {
        IndexEvent::Progress(so_far) if so_far.turns > 0 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(!half.unwrap().replaced_model);
    let mut request = RecallRequest::new(Scope::of(ana), "number 7");
    request.channels = Channels::Meaning;
    assert_eq!(texts(&memory, &request).len(), 10, "the old vectors serve on");
    let whole = newer.index(reembed, &mut go_on).unwrap();
    assert!(whole.replaced_model && whole.turns < 600, "it went on where it stopped");
    assert_eq!(texts(&newer, &request).len(), 10);
    assert_eq!(texts(&memory, &request), Vec::<String>::new(), "no search mixes two models");
    assert_eq!(newer.stats().unwrap().vectors, 600);
}

/// Earlier versions named a turn of Claude Code by its session, so that a copy of it in another
/// session was another turn.
#[test]
fn a_paste_without_words_is_kept_as_text_and_gets_no_vector() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let paste = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4".repeat(3);
    memory.remember(&ana, &[turn(&paste), turn("the port is 7443"), turn("7443")]).unwrap();
    let index = |options| memory.index(options, &mut |_| ControlFlow::Continue(())).unwrap();
    for options in [IndexOptions::default(), IndexOptions { reembed: true }] {
        let report = index(options);
        assert_eq!((report.turns, report.passages, report.wordless_passages), (3, 2, 1));
        assert_eq!(report.remaining, 0);
    }
    assert_eq!(index(IndexOptions::default()).turns, 0, "it does not wait");
    let mut request = RecallRequest::new(Scope::of(ana.clone()), &*paste);
    request.channels = Channels::Words;
    assert_eq!(memory.recall(&request).unwrap().results[0].turn.text, paste);
}

#[test]
fn an_unknown_user_or_session_is_said_not_shown_as_empty() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    memory.remember(&user("ana"), &turns(1)).unwrap();
    let mut out = Vec::new();
    assert!(matches!(
        memory.export(&Scope::of(user("bo")), &mut out),
        Err(MemoryError::Store(StoreError::UnknownUser(_)))
    ));
    let mut scope = Scope::of(user("ana"));
    scope.sessions = vec![SessionName::new("elsewhere").unwrap()];
    assert!(matches!(
        memory.forget(&ForgetTarget::Scope(scope)),
        Err(MemoryError::Store(StoreError::UnknownSession { .. }))
    ));
    assert!(matches!(
        memory.remember(&user("ana"), &[turn("fine"), turn(" \n")]),
        Err(MemoryError::EmptyText)
    ));
    assert_eq!(memory.stats().unwrap().turns, 1, "none of a refused batch is stored");
}

#[test]
fn neighbours_stay_in_scope() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let mut answer = turn("the assistant answers");
    answer.role = Role::Assistant;
    memory.remember(&ana, &[turn("before"), turn("the word xylophone"), answer]).unwrap();
    let mut request = RecallRequest::new(Scope::of(ana), "xylophone");
    request.with_neighbours = 1;
    request.channels = Channels::Words;
    let neighbours = |request: &RecallRequest| -> Vec<String> {
        let mut results = memory.recall(request).unwrap().results;
        results.remove(0).neighbours.into_iter().map(|turn| turn.text).collect()
    };
    assert_eq!(neighbours(&request), ["before", "the assistant answers"]);
    request.scope.roles = vec![Role::User];
    assert_eq!(neighbours(&request), ["before"]);
}

#[test]
fn the_canary_lives_and_leaves_nothing() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    memory.remember(&user("ana"), &turns(3)).unwrap();
    let counts = || (memory.stats().unwrap().turns, memory.users().unwrap());
    let before = counts();
    let worked = memory.canary().unwrap();
    // The fake embedder knows no synonyms, but with one turn everything is near.
    assert_eq!(worked, CanaryStep::ALL);
    assert_eq!(counts(), before);
}

/// What each kind of writer asks, and the one turn that answers.
#[test]
fn every_script_compound_typo_and_identifier_is_found_by_words() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let said = [
        "先月東京に引っ越した",
        "我在上海的银行工作",
        "나는 부산에서 태어났다",
        "Die Wohnungsübergabe ist am Freitag",
        "We agreed on the budget for the kitchen",
        "The gateway throws ERR_CONN_4711 every night",
        "I keep it in notes/report_final.md",
        "Write to priya.sharma@example.org about it",
        "Das Café in der Straße war zu",
    ];
    let filler = (0..200).map(|n| turn(&format!("some other talk about topic {n} and more")));
    let turns: Vec<NewTurn> = said.iter().map(|text| turn(text)).chain(filler).collect();
    memory.remember(&ana, &turns).unwrap();
    for (query, answer) in [
        ("東京", 0),
        ("上海的工作", 1),
        ("부산", 2),
        ("Wann ist die Übergabe?", 3),
        ("Wohnungsubergabe", 3),
        ("the kitchn bugdet", 4),
        ("ERR_CONN_4711", 5),
        ("what was 4711?", 5),
        ("report_final.md", 6),
        ("priya.sharma@example.org", 7),
        ("cafe", 8),
    ] {
        let mut request = RecallRequest::new(Scope::of(ana.clone()), query);
        request.channels = Channels::Words;
        assert_eq!(
            texts(&memory, &request).first().map(String::as_str),
            Some(said[answer]),
            "{query}"
        );
    }
}

#[test]
fn a_greeting_recalls_nothing_and_a_question_after_it_does() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    memory.remember(&ana, &[turn("Hi, how are you?"), turn("The dog is called Bolota")]).unwrap();
    let mut request = RecallRequest::new(Scope::of(ana), "hi, how are you?");
    request.channels = Channels::Words;
    assert_eq!(texts(&memory, &request), Vec::<String>::new());
    request.query = "hi, what is the dog called?".to_owned();
    assert_eq!(texts(&memory, &request)[0], "The dog is called Bolota");
    request.query = "hi, how are you?".to_owned();
    request.threshold = 0.0;
    let found = texts(&memory, &request);
    assert!(found.contains(&"Hi, how are you?".to_owned()), "{found:?}");
}

#[test]
fn days_that_a_question_names_go_first() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let on = |day: &str, text: &str| NewTurn {
        time: format!("{day}T12:00:00Z").parse().unwrap(),
        session: SessionName::new(day).unwrap(),
        ..turn(text)
    };
    let walks = ["2026-01-05", "2026-02-16", "2026-02-27"];
    let turns: Vec<NewTurn> = walks.iter().map(|day| on(day, "I went for a walk")).collect();
    memory.remember(&ana, &turns).unwrap();
    for (query, day) in [
        ("Where did I walk in January?", "2026-01-05"),
        ("What about the walk two weeks ago?", "2026-02-16"),
        ("the walk on 27 February", "2026-02-27"),
        ("the walk last Friday", "2026-02-27"),
    ] {
        let mut request = RecallRequest::new(Scope::of(ana.clone()), query);
        request.channels = Channels::Words;
        let best = memory.recall(&request).unwrap().results.remove(0);
        assert_eq!(best.turn.session.as_str(), day, "{query}");
    }
}

/// An embedder that does not do what its model says.
struct Contradictory {
    inner: WordHashEmbedder,
    width: usize,
    count: usize,
}

impl TextEmbedder for Contradictory {
    fn model(&self) -> &EmbeddingModel {
        self.inner.model()
    }

    fn embed_query(&self, _text: &str) -> Result<Embedding, EmbedError> {
        Ok(Embedding::normalized(vec![1.0; self.width]).unwrap())
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        texts.iter().take(self.count).map(|text| self.embed_query(text)).collect()
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.inner.passages(text)
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}

#[test]
fn an_embedder_that_contradicts_its_model_is_refused_and_nothing_is_stored() {
    let width = WordHashEmbedder::default().model().dimensions;
    for (width, count, message) in [
        (width + 1, 9, format!("has {} numbers, expected {width}", width + 1)),
        (width, 1, "gave 1 vectors for 2 passages".to_owned()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let embedder = Contradictory { inner: WordHashEmbedder::default(), width, count };
        let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
        let memory = Memory::new(Arc::new(store), Arc::new(embedder), Arc::new(clock));
        memory.remember(&user("ana"), &turns(2)).unwrap();
        let error = memory.index(IndexOptions::default(), &mut go_on).unwrap_err().to_string();
        assert!(error.contains(&message), "{error}");
        assert_eq!(memory.waiting(None).unwrap(), 2);
    }
}

#[test]
fn a_replacement_character_stands_for_each_nul_whichever_way_a_text_comes() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let imported = NewTurn {
        session_title: Some("a\0title".to_owned()),
        speaker: Some("A\0na".to_owned()),
        source_key: Some(longmem_core::SourceKey("file:\0".to_owned())),
        ..turn("three\0")
    };
    let id = memory.remember(&ana, &[turn("one\0")]).unwrap()[0].id;
    memory.import_turns(&ana, std::slice::from_ref(&imported), false).unwrap();
    let again = memory.import_turns(&ana, std::slice::from_ref(&imported), false).unwrap();
    assert!(!again[0].unwrap().new, "it is known by its key");
    memory.remember_unless(&ana, &turn("two\0"), false, &|_| None).unwrap();
    memory.amend_turn(&ana, id, "four\0").unwrap();
    let mut exported = Vec::new();
    memory.export(&Scope::of(ana), &mut exported).unwrap();
    let exported = String::from_utf8(exported).unwrap();
    assert!(
        !exported.contains("\\u0000") && exported.matches('\u{fffd}').count() >= 6,
        "{exported}"
    );
}
