//! Learning waits for an idle moment, gives way, and loses nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use longmem_core::{FixedClock, Role, Timestamp, UserName};
use longmem_memory::{FactsAt, Memory};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;

use super::*;
use crate::{
    AsyncMemory, Completion, LanguageModel, OnText, Provider, ProviderError, Request, StopReason,
    Usage,
};

/// Answers the first request never, and all others with what Ana said.
#[derive(Default)]
struct Slow {
    asked: AtomicUsize,
    given_up: Arc<AtomicUsize>,
}

/// Counts when it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Provider for Slow {
    async fn complete(
        &self,
        request: &Request,
        _: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        if self.asked.fetch_add(1, Ordering::SeqCst) == 0 {
            let _dropped = Dropped(Arc::clone(&self.given_up));
            std::future::pending::<()>().await;
        }
        let material = &request.messages[0].content[0].text;
        let text = if material.starts_with("<turns>") {
            r#"{"facts":[{"turn":1,"subject":"user","statement":"I live in Porto","kind":"identity"}]}"#
        } else {
            r#"{"summary":"The user lives in Porto."}"#
        };
        let (stop_reason, usage) = (StopReason::EndTurn, Usage::default());
        Ok(Completion {
            text: text.to_owned(),
            thought: false,
            stop_reason,
            usage,
            model: "small".to_owned(),
        })
    }
}

/// Ana's memory with one thing that she said.
fn memory(folder: &tempfile::TempDir, session: &SessionName) -> Arc<Memory> {
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let embedder = Arc::new(WordHashEmbedder::default());
    let memory =
        Memory::new(Arc::new(store), embedder, Arc::new(FixedClock(Timestamp::UNIX_EPOCH)));
    let ana = UserName::new("ana").unwrap();
    let turn = memory.new_turn(session.clone(), Role::User, "I live in Porto.");
    memory.remember(&ana, &[turn]).unwrap();
    memory.learn_from(&ana, session).unwrap();
    Arc::new(memory)
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_message_ends_the_request_under_way_which_is_done_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let session = SessionName::new("talk").unwrap();
    let memory = memory(&folder, &session);
    let slow = Arc::new(Slow::default());
    let model = LanguageModel::new(Arc::clone(&slow) as Arc<dyn Provider>, "small", 64);
    let ana = UserName::new("ana").unwrap();
    let learner = Learner::new(AsyncMemory::one_at_a_time(memory.clone()), ana.clone(), model);
    let idle = Duration::from_millis(10);
    let background = BackgroundLearner::start_after(idle, learner, session).unwrap();

    until(|| slow.asked.load(Ordering::SeqCst) == 1).await;
    background.pause();
    until(|| slow.given_up.load(Ordering::SeqCst) == 1).await;
    assert!(memory.facts(&ana, FactsAt::Ever).unwrap().is_empty());

    background.wake();
    until(|| slow.asked.load(Ordering::SeqCst) == 2).await;
    let outcome = background.finish().within(Duration::from_secs(20)).await;
    let Some(LearningOutcome::Learned(report)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((report.turns, report.new, report.summaries), (1, 1, 1));
    let facts = memory.facts(&ana, FactsAt::Ever).unwrap();
    assert_eq!(
        facts.iter().map(|fact| fact.statement.as_str()).collect::<Vec<_>>(),
        ["lives in Porto"]
    );
}

#[tokio::test]
async fn nothing_is_asked_before_an_idle_moment_and_leaving_waits_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let session = SessionName::new("talk").unwrap();
    let memory = memory(&folder, &session);
    let slow = Arc::new(Slow::default());
    let model = LanguageModel::new(Arc::clone(&slow) as Arc<dyn Provider>, "small", 64);
    let ana = UserName::new("ana").unwrap();
    let learner = Learner::new(AsyncMemory::one_at_a_time(memory), ana, model);
    let background =
        BackgroundLearner::start_after(Duration::from_hours(1), learner, session).unwrap();
    background.wake();
    background.pause();
    assert_eq!(slow.asked.load(Ordering::SeqCst), 0);
    // The model never answers: whoever leaves does not wait for it.
    let mut last = background.finish();
    assert!(last.within(Duration::from_millis(20)).await.is_none());
}
