//! How fast turns are stored, and how long one takes to be forgotten.
//!
//! Data: made-up turns of 30 words (`longmem_bench::history`) of one user. `insert_turns` adds to a
//! store of 10,000 turns, which grows as it is measured; `forget_one_turn` deletes another one of
//! 100,000 turns with vectors each time.
//!
//! It isolates the store. Inserting writes turns and the lists of their words, in one transaction
//! that is on disk when the call returns; embedding comes later and is not part of it. A message of
//! a chat is stored alone, an import is stored in batches. Forgetting deletes text, words and vector,
//! overwrites their bytes and empties the write-ahead log.
//!
//! The disk decides the times: `TMPDIR` names a folder on the disk to be measured.
//!
//! Run: `cargo bench --bench store_write`, or a part: `cargo bench --bench store_write -- insert`.

#[path = "support/store.rs"]
mod store;

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput};
use longmem_bench::{history, user};
use longmem_core::{NewTurn, Scope, SessionName};
use longmem_memory::ForgetTarget;
use longmem_test_support::WordHashEmbedder;
use store::{FilledStore, open_memory};

/// Number of turns that the store holds before inserting is measured.
const BEFORE: usize = 10_000;

/// Number of turns that the store holds before forgetting is measured.
const FORGETTING_FROM: usize = 100_000;

fn insert_turns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store_write/insert_turns");
    for (name, at_once) in [("one_by_one", 1), ("batches_of_1000", 1_000)] {
        group.throughput(Throughput::Elements(at_once as u64));
        group.bench_function(name, |bencher| {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let file = folder.path().join("memory.db");
            let embedder = Arc::new(WordHashEmbedder::default());
            let memory = open_memory(&file, embedder).expect("a new store");
            let user = user(0);
            let insert =
                |turns: Vec<NewTurn>| memory.remember(&user, &turns).expect("turns can be stored");
            let mut turns = history::turns(1);
            insert(turns.by_ref().take(BEFORE).collect());
            let next = || turns.by_ref().take(at_once).collect();
            bencher.iter_batched(next, insert, BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn forget_one_turn(criterion: &mut Criterion) {
    let filled = LazyCell::new(|| FilledStore::new(1, FORGETTING_FROM));
    // From the middle on, the last turn of one session after another.
    let mut session = FORGETTING_FROM / history::TURNS_PER_SESSION / 2;
    let mut group = criterion.benchmark_group("store_write/forget_one_turn");
    group.throughput(Throughput::Elements(1));
    group.bench_function("100000", |bencher| {
        let (memory, user) = (filled.memory(), &filled.user);
        let next = || {
            session += 1;
            let name = SessionName::new(format!("session {session}")).expect("a short name");
            let last = memory.recent(user, &name, 1).expect("the store can be read");
            ForgetTarget::Turns(Scope::of(user.clone()), vec![last[0].id])
        };
        let forget = |target| {
            let forgotten = memory.forget(&target).expect("a turn can be forgotten");
            assert_eq!(forgotten.turns, 1);
        };
        bencher.iter_batched(next, forget, BatchSize::PerIteration);
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    insert_turns(&mut criterion);
    forget_one_turn(&mut criterion);
    criterion.final_summary();
}
