//! Replays a made-up conversation with the deterministic embedder.

use longmem_eval::dataset;
use longmem_test_support::WordHashEmbedder;
use serde_json::{Value, json};

use super::report::WayReport;
use super::*;

/// A conversation of six sessions with twelve exchanges each, about things that come up again.
fn conversations() -> Value {
    let things = ["garden", "boat", "piano", "garage", "kitchen", "bicycle", "telescope", "attic"];
    let turn = |session: usize, place: usize| {
        let thing = things[(session * 5 + place / 2 * 3) % things.len()];
        let text = if place.is_multiple_of(2) {
            format!("I spent day {session} hour {place} on the {thing}, what do you think of it?")
        } else {
            format!("The {thing} was worth it, I am sure; you said so {place} times before.")
        };
        let role = if place.is_multiple_of(2) { "user" } else { "assistant" };
        json!({"id": format!("s{session}t{place}"), "role": role, "text": text})
    };
    let session = |session: usize| {
        let turns: Vec<Value> = (0..24).map(|place| turn(session, place)).collect();
        let date = format!("2026-03-{:02}T10:00:00Z", session + 1);
        json!({"id": format!("s{session}"), "date": date, "turns": turns})
    };
    json!([{"id": "ana", "questions": [], "sessions": (0..6).map(session).collect::<Vec<_>>()}])
}

fn replayed(options: &ReplayOptions) -> ReplayReport {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ana.json");
    std::fs::write(&file, conversations().to_string()).unwrap();
    let embedder = Arc::new(WordHashEmbedder::default());
    replay(
        &dataset::read(&file).unwrap(),
        options,
        &|name, clock| open_or_make(&folder.path().join(name), embedder.clone(), clock),
        &mut |_| {},
    )
    .unwrap()
}

fn options() -> ReplayOptions {
    ReplayOptions {
        counter: Arc::new(EstimatedTokens),
        budget: TokenBudget::new(2_000),
        one_session: false,
        prices: Prices { input: 0.10, output: 0.50, cache_write: 1.25, cache_read: 0.1 },
        min_cached: 0,
    }
}

fn assert_consistent(way: &WayReport, report: &ReplayReport) {
    assert!((0.0..=1.0).contains(&way.best_ten), "{way:?}");
    assert!(way.read + way.written <= 1.0 + 1e-9, "{way:?}");
    assert!(way.prompt_tokens <= report.requests * report.budget as u64, "{way:?}");
    assert!(way.total_cost > way.prompts_cost, "{way:?}");
}

#[test]
fn longmem_prompts_are_mostly_beginnings_of_the_next_and_those_of_tutorials_are_not() {
    for one_session in [false, true] {
        let report = replayed(&ReplayOptions { one_session, ..options() });
        assert_eq!((report.requests, report.conversations), (72, 1));
        let [tutorial, session, ours] = &report.ways[..] else { panic!("three ways") };
        for way in &report.ways {
            assert_consistent(way, &report);
        }
        assert!(ours.prefix > 0.75, "{ours:?}");
        assert!(ours.read > 0.7 && ours.read <= ours.prefix, "{ours:?}");
        assert!(ours.cost_ratio < 0.5, "{ours:?}");
        for way in [tutorial, session] {
            assert!(way.prefix < 0.2 && way.read == 0.0, "{way:?}");
        }
        assert!((tutorial.cost_ratio - 1.0).abs() < 1e-9);
        if one_session {
            assert_eq!(tutorial.prompt_tokens, session.prompt_tokens);
        }
        let table = replay_table(&report);
        assert_eq!(table.lines().filter(|line| line.contains("tutorial")).count(), 2, "{table}");
    }
}

#[test]
fn a_cache_that_keeps_only_longer_prompts_saves_nothing() {
    let report = replayed(&ReplayOptions { min_cached: 100_000, ..options() });
    let ours = &report.ways[2];
    assert_eq!((ours.read, ours.written), (0.0, 0.0));
    let tokens = ours.prompt_tokens as f64;
    assert!((ours.prompts_cost - tokens * report.prices.input / 1e6).abs() < 1e-12);
}
