//! How fast turns are stored, and how long one takes to be forgotten.
//!
//! Data: made-up turns of 30 words (`src/commands/bench/made_up_history.rs`) of one user. `insert_turns` goes on with a
//! store of 10,000 turns, which grows as it is measured; `forget_one_turn` has 100,000 turns with
//! vectors, and takes another one each time.
//!
//! It isolates the store. Inserting writes turns and the lists of their words, in one transaction
//! that is on disk when the call returns; embedding comes later and is not part of it. One by one
//! is what remembering a message costs, in batches is how an import stores. Forgetting deletes
//! text, words and vector, overwrites their bytes and empties the write-ahead log.
//!
//! The disk decides: set `TMPDIR` to a folder on the one that matters.
//!
//! Run: `cargo bench --bench store_write`, or a part: `cargo bench --bench store_write -- insert`.

#[path = "support/filled_store.rs"]
mod filled_store;
#[path = "../src/commands/bench/made_up_history.rs"]
mod support;

use std::cell::LazyCell;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput};
use filled_store::FilledStore;
use longmem_core::{NewTurn, Scope, TurnId, UserName};
use longmem_store::{ForgetTarget, IfMissing, Store};

/// Turns that the store holds before inserting is measured.
const BEFORE: usize = 10_000;

/// Turns that the store holds before forgetting is measured.
const FORGETTING_FROM: usize = 100_000;

fn insert_turns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store_write/insert_turns");
    for (name, at_once) in [("one_by_one", 1), ("batches_of_1000", 1_000)] {
        group.throughput(Throughput::Elements(at_once as u64));
        group.bench_function(name, |bencher| {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let store = Store::open(folder.path().join("memory.db"), IfMissing::Create)
                .expect("a new store");
            let user = UserName::new("ana").expect("a short name");
            let insert =
                |turns: Vec<NewTurn>| store.insert_turns(&user, &turns).expect("turns fit");
            let mut turns = support::turns(1);
            insert(turns.by_ref().take(BEFORE).collect());
            let next = || turns.by_ref().take(at_once).collect();
            bencher.iter_batched(next, insert, BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn forget_one_turn(criterion: &mut Criterion) {
    let filled = LazyCell::new(|| FilledStore::new(1, FORGETTING_FROM));
    // From the middle on; the numbers of a new store's turns are without gaps.
    let mut next_turn = FORGETTING_FROM as i64 / 2;
    let mut group = criterion.benchmark_group("store_write/forget_one_turn");
    group.throughput(Throughput::Elements(1));
    group.bench_function("100000", |bencher| {
        let FilledStore { store, user, .. } = &*filled;
        let next = || {
            next_turn += 1;
            ForgetTarget::Turns(Scope::of(user.clone()), vec![TurnId(next_turn)])
        };
        let forget = |target| {
            let forgotten = store.forget(&target).expect("a turn can be forgotten");
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
