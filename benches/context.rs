//! How long it takes to put a prompt together.
//!
//! Data: a budget of 8,000 tokens, 40 turns of the session, ten facts, three summaries, and 10 to
//! 1,000 recalled turns of 30 words from all over the past, the best three with their neighbours.
//! Fewer than a hundred recalled turns fit, so from 100 on only the turns that are looked at and left
//! out become more.
//!
//! It isolates [`assemble`], a pure function: there is no store and no model, and tokens are
//! estimated from the letters.
//!
//! Run: `cargo bench --bench context`.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use fastrand::Rng;
use longmem_bench::history;
use longmem_chat::{AssembleInput, DatedText, TokenBudget, assemble};
use longmem_core::{EstimatedTokens, NewTurn, Recalled, SessionName, Timestamp, Turn, TurnId};
use longmem_memory::RESULTS_WITH_NEIGHBOURS;

/// Numbers of recalled turns that are tried.
const CANDIDATES: [usize; 5] = [10, 50, 100, 300, 1_000];

/// Stored turns, oldest first, numbered from 1.
fn stored(seed: u64, count: usize) -> Vec<Turn> {
    let turn = |(new, id): (NewTurn, i64)| Turn {
        id: TurnId(id),
        session: new.session,
        session_title: None,
        role: new.role,
        speaker: new.speaker,
        time: new.time,
        text: new.text,
        note: new.note,
    };
    history::turns(seed).take(count).zip(1..).map(turn).collect()
}

/// Turns as a recall returns them: from all over the past, the best first.
fn recalled(count: usize) -> Vec<Recalled> {
    let mut recalled: Vec<Recalled> = stored(1, 4 * count)
        .chunks(4)
        .map(|four| Recalled {
            neighbours: vec![four[0].clone(), four[2].clone()],
            ..Recalled::new(four[1].clone(), 1.0)
        })
        .collect();
    Rng::with_seed(1).shuffle(&mut recalled);
    for recalled in recalled.iter_mut().skip(RESULTS_WITH_NEIGHBOURS) {
        recalled.neighbours.clear();
    }
    recalled
}

/// The last turns of the current session, newer than all that can be recalled.
fn recent(count: usize) -> Vec<Turn> {
    let mut recent = stored(2, count);
    let session = SessionName::new("now").expect("a short name");
    for turn in &mut recent {
        turn.id.0 += 1_000_000;
        turn.session = session.clone();
    }
    recent
}

fn notes(seed: u64, count: usize) -> Vec<DatedText> {
    let notes = history::turns(seed).take(count);
    notes.map(|turn| DatedText { time: turn.time, text: turn.text }).collect()
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let (facts, summaries, recent) = (notes(3, 10), notes(4, 3), recent(40));
    let message = [7, 70, 700, 7_000].map(history::word).join(" ");
    let now = Timestamp::from_second(1_798_761_600).expect("the start of 2027");

    let mut group = criterion.benchmark_group("context");
    for count in CANDIDATES {
        let recalled = recalled(count);
        let mut input = AssembleInput::new(&message, now, TokenBudget::new(8_000));
        input.system = Some("You are a helpful assistant with a long memory.");
        input.facts = &facts;
        input.summaries = &summaries;
        input.recalled = &recalled;
        input.recent = &recent;
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("assemble", count), |bencher| {
            bencher.iter(|| assemble(&input, &EstimatedTokens).expect("the message fits"));
        });
    }
    group.finish();
    criterion.final_summary();
}
