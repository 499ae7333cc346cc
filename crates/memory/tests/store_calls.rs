//! A recall makes a fixed small number of calls to its store, however much the store holds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

use longmem_core::private_files::IfExists;
use longmem_core::{
    Embedding, Entity, Fact, FactId, FixedClock, NewFact, NewTurn, Role, Scope, SessionName,
    SourceKey, Summary, SummaryId, SummaryOf, Timestamp, Turn, TurnId, UserName,
};
use longmem_memory::{IndexOptions, Memory, RecallRequest};
use longmem_search::{PassageId, SearchRows, SearchSource, SearchWanted, TakeVector};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{
    Amended, Changes, Claim, DeletedFacts, EmbeddedTurn, Epoch, Erasure, Extent, Facts, FactsAt,
    ForgetTarget, Forgotten, ForgottenKeys, ImportedFact, IndexShare, Inserted, KeptValues,
    KeyState, KnownEntity, Learned, LearnedFact, Learning, Moved, Moving, QueuedTurn, RecordSink,
    RecordSource, Result, SessionSummary, StoreError, StoreLock, StoreStats, StoredTurn, TakenIn,
    Turns, Upkeep, UserOverview, UserStats, Vectors, WouldForget,
};
use longmem_test_support::WordHashEmbedder;

/// A store that writes down the name of every method that is called.
struct Counted {
    store: SqliteStore,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

/// Makes methods that write down their name and do what the store does.
macro_rules! counted {
    ($($trait:ident { $(type $name:ident = $type:ty;)?
        $(fn $method:ident($($argument:ident: $of:ty),*) -> $returns:ty;)* })*) => {
        $(impl $trait for Counted {
            $(type $name = $type;)?
            $(fn $method(&self, $($argument: $of),*) -> $returns {
                self.calls.lock().unwrap().push(stringify!($method));
                $trait::$method(&self.store, $($argument),*)
            })*
        })*
    };
}

counted! {
    Turns {
        fn insert_turns(user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>>;
        fn key_states(user: &UserName, keys: &[SourceKey]) -> Result<Vec<KeyState>>;
        fn import_turns_keeping(
            user: &UserName,
            turns: &[NewTurn],
            again: bool,
            values: &[(String, Vec<u8>)]
        ) -> Result<Vec<Option<Inserted>>>;
        fn rename_source_keys(user: &UserName, renamed: &[(SourceKey, SourceKey)]) -> Result<()>;
        fn insert_unless(
            user: &UserName,
            turn: &NewTurn,
            learns: bool,
            already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync)
        ) -> Result<Inserted>;
        fn turns(user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>>;
        fn turns_with_keys(user: &UserName, keys: &[SourceKey]) -> Result<Vec<Option<TurnId>>>;
        fn recent_turns(user: &UserName, session: &SessionName, limit: usize) -> Result<Vec<Turn>>;
        fn session_turns(
            user: &UserName,
            session: &SessionName,
            after: Option<TurnId>,
            limit: Option<usize>
        ) -> Result<Vec<Turn>>;
        fn turns_after(
            scope: &Scope,
            after: Option<TurnId>,
            limit: usize
        ) -> Result<Vec<StoredTurn>>;
        fn newest_turns(
            scope: &Scope,
            before: Option<TurnId>,
            limit: usize
        ) -> Result<Vec<Turn>>;
        fn overview(user: &UserName) -> Result<UserOverview>;
        fn sessions(user: &UserName) -> Result<Vec<SessionSummary>>;
        fn check_names(scope: &Scope) -> Result<()>;
        fn epoch(user: &UserName) -> Result<Epoch>;
        fn change_mark(user: &UserName) -> Result<longmem_store::ChangeMark>;
        fn preview_forget(target: &ForgetTarget, shown: usize) -> Result<WouldForget>;
        fn forget(target: &ForgetTarget) -> Result<Forgotten>;
        fn forget_shown(
            target: &ForgetTarget,
            shown: longmem_store::ForgetFingerprint
        ) -> Result<Option<Forgotten>>;
    }
    Changes {
        fn amend_turn(user: &UserName, turn: TurnId, text: &str) -> Result<Amended>;
        fn set_session_title(
            user: &UserName,
            session: &SessionName,
            title: Option<&str>
        ) -> Result<()>;
        fn rename_session(user: &UserName, session: &SessionName, name: &SessionName) -> Result<()>;
        fn move_turns(user: &UserName, turns: &[TurnId], into: &SessionName) -> Result<Moved>;
    }
    Vectors {
        fn serving_model() -> Result<Option<longmem_core::EmbeddingModel>>;
        fn begin_indexing(model: &longmem_core::EmbeddingModel, replace: bool) -> Result<()>;
        fn requeue_all() -> Result<()>;
        fn waiting(user: Option<&UserName>) -> Result<u64>;
        fn queued_turns(
            user: Option<&UserName>,
            after: Option<&QueuedTurn>,
            limit: usize
        ) -> Result<Vec<QueuedTurn>>;
        fn claim_queued(
            user: Option<&UserName>,
            after: Option<&QueuedTurn>,
            limit: usize
        ) -> Result<Claim>;
        fn write_vectors(
            model: &longmem_core::EmbeddingModel,
            turns: &[EmbeddedTurn],
            truncated_tokens: u64
        ) -> Result<u64>;
        fn finish_replacing() -> Result<bool>;
        fn lock_index(share: IndexShare, wait: bool) -> Result<Option<StoreLock>>;
    }
    Facts {
        fn facts(user: &UserName, at: FactsAt) -> Result<Vec<Fact>>;
        fn insert_fact(
            user: &UserName,
            fact: &NewFact,
            replaces: Option<FactId>
        ) -> Result<FactId>;
        fn import_facts(
            user: &UserName,
            facts: &[ImportedFact],
            superseded: &[(FactId, usize)]
        ) -> Result<Vec<Option<FactId>>>;
        fn edit_fact(
            user: &UserName,
            fact: FactId,
            statement: &str,
            entities: &[Entity]
        ) -> Result<Erasure>;
        fn delete_fact(user: &UserName, fact: FactId) -> Result<DeletedFacts>;
        fn entities(user: &UserName) -> Result<Vec<KnownEntity>>;
        fn fact_vectors(
            user: &UserName,
            model: &longmem_core::EmbeddingModel
        ) -> Result<Vec<(FactId, Embedding)>>;
        fn set_fact_vectors(
            user: &UserName,
            model: &longmem_core::EmbeddingModel,
            vectors: &[(FactId, Embedding)]
        ) -> Result<()>;
    }
    Learning {
        fn lock_learning(user: &UserName) -> Result<Option<StoreLock>>;
        fn learn_from(user: &UserName, session: &SessionName) -> Result<()>;
        fn sessions_to_learn_from(user: &UserName) -> Result<Vec<SessionName>>;
        fn learned_through(user: &UserName, session: &SessionName) -> Result<Learned>;
        fn write_learned(
            user: &UserName,
            session: &SessionName,
            after: Option<TurnId>,
            through: TurnId,
            facts: &[LearnedFact]
        ) -> Result<bool>;
        fn summaries(user: &UserName) -> Result<Vec<Summary>>;
        fn sessions_to_sum_up(
            user: &UserName,
            silent_since: Timestamp
        ) -> Result<Vec<SessionName>>;
        fn write_summary(
            user: &UserName,
            of: &SummaryOf,
            text: &str,
            now: Timestamp,
            made_at: Epoch
        ) -> Result<bool>;
        fn fold_summaries(
            user: &UserName,
            parts: &[SummaryId],
            text: &str,
            now: Timestamp,
            made_at: Epoch
        ) -> Result<bool>;
    }
    KeptValues {
        fn keep_value(user: Option<&UserName>, name: &str, value: Option<&[u8]>) -> Result<()>;
        fn keep_values(user: &UserName, values: &[(String, Vec<u8>)]) -> Result<()>;
        fn kept_value(user: Option<&UserName>, name: &str) -> Result<Option<Vec<u8>>>;
        fn kept_names(user: Option<&UserName>, prefix: &str) -> Result<Vec<String>>;
    }
    Upkeep {
        fn stats() -> Result<StoreStats>;
        fn users() -> Result<Vec<UserStats>>;
        fn check(problem: &mut dyn FnMut(String)) -> Result<()>;
        fn backup(
            to: &Path,
            if_exists: IfExists,
            stop: &(dyn Fn() -> bool + Sync)
        ) -> Result<()>;
        fn lock_watching(user: &UserName) -> Result<Option<StoreLock>>;
        fn place() -> String;
        fn is_there() -> bool;
    }
    Moving {
        fn read_user(user: &UserName, extent: Extent, sink: &mut RecordSink<'_>) -> Result<()>;
        fn write_user(user: &UserName, source: &RecordSource<'_>) -> Result<TakenIn>;
        fn forgotten_keys(user: Option<&UserName>) -> Result<ForgottenKeys>;
        fn take_forgotten_keys(keys: &ForgottenKeys) -> Result<bool>;
    }
    SearchSource {
        type Error = StoreError;
        fn search(wanted: &SearchWanted<'_>, rows: &mut dyn SearchRows) -> Result<bool>;
        fn vectors(
            user: &UserName,
            model: &longmem_core::EmbeddingModel,
            passages: &[PassageId],
            each: TakeVector<'_>
        ) -> Result<()>;
        fn vocabulary(user: &UserName) -> Result<Vec<String>>;
    }
}

/// The calls of a recall in a store that holds so many turns.
fn calls_with(turns: usize) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let calls = Arc::default();
    let store = Counted { store, calls: Arc::clone(&calls) };
    let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
    let memory =
        Memory::new(Arc::new(store), Arc::new(WordHashEmbedder::default()), Arc::new(clock));
    let ana = UserName::new("ana").unwrap();
    let session = |n: usize| SessionName::new(format!("session {}", n / 50)).unwrap();
    let said = (0..turns).map(|n| {
        let text = format!("In the town number {n} I bought tea, bread and a map of the harbour");
        memory.new_turn(session(n), Role::User, text)
    });
    memory.remember(&ana, &said.collect::<Vec<_>>()).unwrap();
    memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    calls.lock().unwrap().clear();
    let request = RecallRequest::new(Scope::of(ana), "Where did I buy tea, a map and a telescope?");
    assert!(!memory.recall(&request).unwrap().results.is_empty());
    let made = calls.lock().unwrap();
    made.clone()
}

#[test]
fn a_recall_makes_few_calls_and_no_more_of_them_in_a_large_store() {
    // What the user is, what is searched, spellings of a word that nobody wrote and the search with
    // those, the candidates, the neighbours of the best.
    let small = calls_with(60);
    assert!(small.len() <= 7, "{small:?}");
    assert_eq!(small, calls_with(3000));
}
