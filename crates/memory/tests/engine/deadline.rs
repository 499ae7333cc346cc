//! A recall with a deadline neither waits for the model nor fails for want of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use longmem_core::{
    EmbedError, Embedding, EmbeddingModel, FixedClock, PassageSpan, Readiness, Scope, TextEmbedder,
};
use longmem_memory::{
    Channels, DEFAULT_THRESHOLD, Degraded, IndexOptions, Memory, MemoryError, PROMPT_THRESHOLD,
    RecallRequest,
};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;

use crate::fixture::{turn, user};
use crate::go_on;

/// An embedder that must be loaded first. Whoever embeds before that has waited, which fails the test.
#[derive(Default)]
struct Sleeper {
    words: WordHashEmbedder,
    state: AtomicU8,
}

const ASLEEP: u8 = 0;
const LOADING: u8 = 1;
const MISSING: u8 = 2;
const AWAKE: u8 = 3;

impl Sleeper {
    fn set(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
    }

    fn no_waiting(&self) {
        assert_eq!(self.readiness(), Readiness::Ready, "a recall waited for the model");
    }
}

impl TextEmbedder for Sleeper {
    fn model(&self) -> &EmbeddingModel {
        self.words.model()
    }

    fn readiness(&self) -> Readiness {
        match self.state.load(Ordering::Relaxed) {
            ASLEEP => Readiness::NotLoaded,
            LOADING => Readiness::Loading,
            MISSING => Readiness::Failed,
            _ => Readiness::Ready,
        }
    }

    fn load(&self) -> Result<(), EmbedError> {
        self.set(AWAKE);
        Ok(())
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.no_waiting();
        self.words.embed_query(text)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.no_waiting();
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
fn it_answers_by_words_until_the_model_is_warm_and_by_meaning_then() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
    let embedder = Arc::new(Sleeper::default());
    let memory = Memory::new(
        Arc::new(store),
        Arc::clone(&embedder) as Arc<dyn TextEmbedder>,
        Arc::new(clock),
    );
    let ana = user("ana");
    memory.remember(&ana, &[turn("I moved to Lisbon in March"), turn("I like tea")]).unwrap();

    let mut request = RecallRequest::new(Scope::of(ana.clone()), "Lisbon");
    request.deadline = Some(Duration::from_mins(1));
    request.catch_up = true;
    for (state, reason) in [
        (ASLEEP, Degraded::ModelLoading),
        (LOADING, Degraded::ModelLoading),
        (MISSING, Degraded::ModelMissing),
    ] {
        for channels in [Channels::Both, Channels::Meaning] {
            embedder.set(state);
            request.channels = channels;
            let recall = memory.recall(&request).unwrap();
            assert_eq!(recall.degraded, [reason]);
            assert_eq!(recall.results[0].turn.text, "I moved to Lisbon in March");
            assert_eq!((recall.turns_without_vectors, recall.unsure), (2, false));
        }
    }
    // One word of many says little: who asks is told so, and a prompt gets nothing.
    request.query =
        "Which penguins of Antarctica march over frozen seas when winter storms rise?".into();
    let recall = memory.recall(&request).unwrap();
    assert!(recall.unsure && !recall.results.is_empty(), "{recall:?}");
    request.threshold = PROMPT_THRESHOLD;
    assert_eq!(memory.recall(&request).unwrap().results, []);
    request.query = "Where in Lisbon is it?".into();
    let recall = memory.recall(&request).unwrap();
    assert!(!recall.unsure && !recall.results.is_empty(), "{recall:?}");
    request.threshold = DEFAULT_THRESHOLD;
    request.channels = Channels::Words;
    assert_eq!(memory.recall(&request).unwrap().degraded, []);

    request.channels = Channels::Both;
    memory.warm_up().unwrap();
    assert_eq!(memory.readiness(), Readiness::Ready);
    let recall = memory.recall(&request).unwrap();
    assert_eq!((&recall.degraded[..], recall.turns_without_vectors), (&[][..], 0));
    assert!(recall.results[0].explanation.dense.is_some());

    // Nothing is as fast as this: words answer all the same, and nothing is embedded on the way.
    memory.remember(&ana, &[turn("Lisbon is hot")]).unwrap();
    request.deadline = Some(Duration::ZERO);
    let recall = memory.recall(&request).unwrap();
    assert_eq!(
        (&recall.degraded[..], recall.turns_without_vectors),
        (&[Degraded::Deadline][..], 1)
    );
    assert!(recall.results[0].turn.text.contains("Lisbon"));
}

/// An embedder that seems ready and fails.
struct Broken(WordHashEmbedder);

impl TextEmbedder for Broken {
    fn model(&self) -> &EmbeddingModel {
        self.0.model()
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.embed_passages(&[text]).map(|_| unreachable!("it fails"))
    }

    fn embed_passages(&self, _: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        Err(Box::new(MemoryError::EmptyQuery))
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.0.passages(text)
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}

#[test]
fn a_model_that_fails_is_an_error_only_without_a_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let open = |embedder: Arc<dyn TextEmbedder>| {
        let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
        let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
        Memory::new(Arc::new(store), embedder, Arc::new(clock))
    };
    let ana = user("ana");
    let working = open(Arc::new(WordHashEmbedder::default()));
    working.remember(&ana, &[turn("I moved to Lisbon in March")]).unwrap();
    working.index(IndexOptions::default(), &mut go_on).unwrap();
    working.remember(&ana, &[turn("I like tea")]).unwrap();

    let memory = open(Arc::new(Broken(WordHashEmbedder::default())));
    let mut request = RecallRequest::new(Scope::of(ana), "Lisbon");
    request.catch_up = true;
    assert!(matches!(memory.recall(&request), Err(MemoryError::Embed(_))));
    request.deadline = Some(Duration::from_mins(1));
    let recall = memory.recall(&request).unwrap();
    assert_eq!(recall.degraded, [Degraded::ModelMissing]);
    assert!(recall.results[0].turn.text.contains("Lisbon"));
}

/// An embedder that is loaded by whoever embeds first.
#[derive(Default)]
struct Waking(Sleeper);

impl TextEmbedder for Waking {
    fn model(&self) -> &EmbeddingModel {
        self.0.model()
    }

    fn readiness(&self) -> Readiness {
        self.0.readiness()
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.0.load()?;
        self.0.embed_query(text)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.0.load()?;
        self.0.embed_passages(texts)
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.0.passages(text)
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}

#[test]
fn a_recall_that_loads_the_model_finds_what_the_next_one_finds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memory.db");
    let ana = user("ana");
    let texts = ["I moved to Lisbon in March", "I like tea", "Lisbon is hot", "Tea is hot"];
    let open = |embedder: Arc<dyn TextEmbedder>| {
        let store = SqliteStore::open(&file, IfMissing::Create).unwrap();
        Memory::new(
            Arc::new(store),
            embedder,
            Arc::new(FixedClock("2026-11-20T12:00:00Z".parse().unwrap())),
        )
    };
    let working = open(Arc::new(WordHashEmbedder::default()));
    working.remember(&ana, &texts.map(turn)).unwrap();
    working.index(IndexOptions::default(), &mut go_on).unwrap();
    let memory = open(Arc::new(Waking::default()));
    let found = || {
        let recall = memory.recall(&RecallRequest::new(Scope::of(ana.clone()), "hot tea")).unwrap();
        assert!(recall.degraded.is_empty());
        recall.results
    };
    assert_eq!(memory.readiness(), Readiness::NotLoaded);
    let first = found();
    assert_eq!(first[0].turn.text, "Tea is hot");
    assert_eq!(memory.readiness(), Readiness::Ready);
    assert_eq!(found(), first);
}
