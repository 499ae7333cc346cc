//! Runs the whole harness over a small data set whose numbers are known by hand.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use longmem_core::{EstimatedTokens, FixedClock, Timestamp};
use longmem_eval::dataset::{self, Dataset, Filler, Place};
use longmem_eval::metrics::Scores;
use longmem_eval::{
    EvalError, Evaluation, Haystack, LevelReport, Report, Run, RunOptions, Strategy, calibration,
    comparison, misses, nothing, nothing_table, run, table,
};
use longmem_memory::{DEFAULT_THRESHOLD, Memory, MemoryError};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;

fn small() -> Dataset {
    dataset::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small.json"))
        .expect("the data set is well formed")
}

fn open(
    folder: &Path,
    name: &str,
    embedder: &Arc<WordHashEmbedder>,
) -> Result<Memory, MemoryError> {
    let store = SqliteStore::open(folder.join(name), IfMissing::Create)?;
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    Ok(Memory::new(Arc::new(store), embedder.clone(), clock))
}

fn measure(
    dataset: &Dataset,
    folder: &Path,
    embedder: &Arc<WordHashEmbedder>,
) -> Result<Run, EvalError> {
    run(
        dataset,
        &RunOptions::new(&EstimatedTokens),
        &|name| open(folder, name, embedder),
        &mut |_| ControlFlow::Continue(()),
    )
}

fn small_report() -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let measured = measure(&small(), folder.path(), &Arc::default());
    Report::new(&measured.expect("the engine works"))
}

/// The shares that a group's strategy has: recall at each cut, nDCG, MRR, and the mean over the
/// prompts, all of which hold everything that was found.
fn shares(level: Option<&LevelReport>) -> Vec<f64> {
    let scores: &Scores = &level.expect("there is evidence at this level").scores;
    let recall = scores.recall.iter().map(|cut| cut.fractional);
    let contexts: Vec<f64> = scores.context.iter().map(|cut| cut.fractional).collect();
    assert_eq!(contexts, [contexts[0]; 4]);
    recall.chain([scores.ndcg_10, scores.mrr, contexts[0]]).collect()
}

#[test]
fn every_strategy_has_the_numbers_that_were_worked_out_by_hand() {
    let report = small_report();
    let all = &report.groups[0];
    assert_eq!((all.group.as_str(), all.questions), ("all", 4));
    // Three questions have evidence by turn: "pet" (a3), "advice" (a6), "sisters" (b1, b2).
    //
    // - recency: a6 a5 a4 a3 a2 a1, so a3 is 4th and a6 1st; b3 b2 b1, so b2 is 2nd and b1 3rd.
    // - tutorial: the user's and Bo's turns only, so a6 and b2 are never found.
    // - by words, "water" and "nozzle" stand in a6 only, and so on: the evidence is in front.
    let by_turn = [
        (Strategy::Recency, vec![0.333_333, 1.0, 1.0, 1.0, 1.0, 0.708_034, 0.583_333, 1.0]),
        (Strategy::Tutorial, vec![0.5, 0.5, 0.5, 0.5, 0.5, 0.537_716, 0.666_667, 0.5]),
        (Strategy::Dense, vec![0.833_333, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (Strategy::Lexical, vec![0.833_333, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (Strategy::NaiveHybrid, vec![0.833_333, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (Strategy::Default, vec![0.833_333, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
    ];
    for ((strategy, expected), found) in by_turn.into_iter().zip(&all.strategies) {
        assert_eq!(found.strategy, strategy);
        assert_eq!(found.turn.as_ref().unwrap().questions, 3);
        assert_eq!(shares(found.turn.as_ref()), expected, "{strategy}");
    }
    // By session there is "home" (s1) too. Sessions by recency: s3 s2 s1.
    let recency = &all.strategies[0].session;
    let expected = vec![0.5, 1.0, 1.0, 1.0, 0.782_732, 0.708_333, 1.0];
    assert_eq!(shares(recency.as_ref()), expected);
    for found in &all.strategies[2..] {
        let expected = vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(shares(found.session.as_ref()), expected, "{}", found.strategy);
    }
}

#[test]
fn groups_and_counts_say_what_was_measured() {
    let report = small_report();
    let set = &report.dataset;
    assert_eq!(set.conversations, ["ana", "bo & cy"]);
    assert_eq!((set.turns, set.questions), (9, 6));
    assert_eq!((set.without_evidence, set.unanswerable), (1, 1));
    assert_eq!(set.repairs.evidence_dropped, 1);
    let groups: Vec<_> = report.groups.iter().map(|g| (g.group.as_str(), g.questions)).collect();
    assert_eq!(groups, [("all", 4), ("advice", 1), ("facts", 3)]);
    let lexical = report.abstention.iter().find(|row| row.strategy == Strategy::Lexical).unwrap();
    assert_eq!((lexical.unanswerable, lexical.rightly_nothing), (1, 1));
    assert_eq!((lexical.answerable, lexical.wrongly_nothing), (4, 0));
    let recency = &report.abstention[0];
    assert_eq!((recency.rightly_nothing, recency.wrongly_nothing), (0, 0));
    for row in &report.latency {
        let stages: Vec<_> = row.stages.iter().map(|s| (s.stage.as_str(), s.questions)).collect();
        let parts: &[_] = match row.strategy {
            Strategy::Default => &[("embedding", 5), ("channels", 5), ("ranking", 5)],
            _ => &[],
        };
        assert_eq!(stages, [parts, &[("recall", 5), ("context", 5)]].concat());
    }
}

#[test]
fn outcomes_tell_where_the_evidence_is() {
    let folder = tempfile::tempdir().unwrap();
    let measured = measure(&small(), folder.path(), &Arc::default()).unwrap();
    let advice = measured.outcomes.iter().find(|outcome| outcome.question == "advice").unwrap();
    assert_eq!(advice.asked_at.to_string(), "2026-05-01T00:00:00Z");
    let places: Vec<_> = advice
        .strategies
        .iter()
        .map(|found| (found.evidence[0].id.as_str(), found.evidence[0].rank))
        .collect();
    assert_eq!(places[..2], [("a6", Some(1)), ("a6", None)]);
    let pet = &measured.outcomes[0];
    assert_eq!(pet.asked_at.to_string(), "2026-04-01T09:15:00Z", "the end of the conversation");
}

#[test]
fn a_second_run_over_kept_stores_embeds_only_questions_and_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Arc::new(WordHashEmbedder::default());
    let json = |measured: &Run| {
        let mut report = Report::new(measured);
        report.latency.clear();
        (serde_json::to_string(&report).unwrap(), serde_json::to_string(measured).unwrap())
    };
    let first = measure(&small(), folder.path(), &embedder).unwrap();
    let embedded_first = embedder.embedded();
    let second = measure(&small(), folder.path(), &embedder).unwrap();
    assert_eq!(json(&first), json(&second));
    let turns = Report::new(&first).dataset.turns;
    assert_eq!(embedded_first - turns, embedder.embedded() - embedded_first);
}

#[test]
fn misses_show_the_evidence_and_what_was_found_instead() {
    let folder = tempfile::tempdir().unwrap();
    let measured = measure(&small(), folder.path(), &Arc::default()).unwrap();
    let text = misses(&small(), &measured, Strategy::Tutorial, 10);
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "2 of 5 questions have evidence that tutorial does not find among the best 10"
    );
    assert!(text.contains("\n  missed, not found: a6 assistant: "), "{text}");
    assert!(text.contains("\n  1. a"), "{text}");
    assert_eq!(misses(&small(), &measured, Strategy::Tutorial, 1).matches("\n\n").count(), 1);
}

#[test]
fn a_kept_store_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    measure(&small(), folder.path(), &Arc::default()).unwrap();
    let mut changed = small();
    changed.conversations[0].sessions[0].turns[0].text = "I moved to Porto.".to_owned();
    let error = measure(&changed, folder.path(), &Arc::default()).unwrap_err();
    assert!(matches!(&error, EvalError::OtherTurns { conversation, .. } if conversation == "ana"));

    let mut shorter = small();
    shorter.conversations[1].sessions[0].turns.pop();
    let error = measure(&shorter, folder.path(), &Arc::default()).unwrap_err();
    assert!(error.to_string().ends_with("conversation \"bo & cy\", or holds others"), "{error}");
}

#[test]
fn the_caller_can_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = RunOptions::new(&EstimatedTokens);
    let open = |name: &str| open(folder.path(), name, &Arc::default());
    for patience in [0, 3] {
        let mut calls = 0;
        let stopped = run(&small(), &options, &open, &mut |_| {
            calls += 1;
            if calls > patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped, Err(EvalError::Stopped)), "{patience}");
    }
}

#[test]
fn the_table_has_a_row_for_each_strategy() {
    let text = table(&small_report());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "small (neutral): 2 conversations, 9 turns, 6 questions");
    let at = lines.iter().position(|line| *line == "all, by turn (n = 3)").unwrap();
    let columns: Vec<&str> = lines[at + 1].split_whitespace().collect();
    assert_eq!(columns[..6], ["strategy", "r1", "r5", "r10", "r20", "r50"]);
    let tutorial: Vec<&str> = lines[at + 3].split_whitespace().collect();
    assert_eq!(tutorial[..3], ["tutorial", "50.0", "50.0"]);
}

#[test]
fn dense_is_the_cosine_to_the_question_without_the_names_of_those_who_talk() {
    let folder = tempfile::tempdir().unwrap();
    let mut set = small();
    set.select(&["bo & cy".to_owned()]).unwrap();
    "Does Bo like rain or the cello?".clone_into(&mut set.conversations[0].questions[0].text);
    let embedder = Arc::new(WordHashEmbedder::default());
    let measured = measure(&set, folder.path(), &embedder).unwrap();
    let found = measured.outcomes[0].by(Strategy::Dense).unwrap();

    let open = |name: &str| open(folder.path(), name, &embedder);
    let haystack =
        Haystack::prepare(&set.conversations[0], &open, &mut |_| ControlFlow::Continue(()))
            .unwrap();
    let nearest = haystack
        .memory
        .nearest(&haystack.scope, "Does like rain or the cello?", found.results)
        .unwrap();
    let names: Vec<_> = nearest.iter().map(|(id, _)| haystack.turn_name(*id)).collect();
    assert_eq!(found.best, names);
}

#[test]
fn a_shortened_turn_counts_only_with_the_words_that_carry_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let filler = "It rained all day, and nobody came by. ".repeat(150);
    let text =
        format!("{filler}The gateway uses a port. {filler}It is 7443, says the label. {filler}");
    let measured = |words: &str| {
        let json = serde_json::json!({
            "id": "ana",
            "sessions": [{"id": "s", "date": "2026-03-02",
                          "turns": [{"id": "t", "role": "user", "text": &text}]}],
            "questions": [{"id": "q", "text": "Which port does the gateway use?",
                           "evidence": [{"turn": "t", "text": words}]}],
        });
        let file = folder.path().join("long.json");
        std::fs::write(&file, json.to_string()).unwrap();
        let set = dataset::read(&file).unwrap();
        let measured = measure(&set, folder.path(), &Arc::default()).unwrap();
        let scores = measured.outcomes[0].by(Strategy::Default).unwrap().turn.clone().unwrap();
        (scores.recall(1), scores.context(500))
    };
    assert_eq!(measured("The gateway uses a port."), (Some(1.0), Some(1.0)));
    assert_eq!(measured("It is 7443"), (Some(1.0), Some(0.0)));
}

#[test]
fn several_sets_stand_side_by_side_with_their_means() {
    let first = small_report();
    let mut second = small_report();
    "other".clone_into(&mut second.dataset.name);
    let of = |report: &Report| report.groups[0].strategies[1].turn.clone().unwrap().scores;
    let evaluation = Evaluation::new(vec![first.clone(), second]);
    assert_eq!(evaluation.summary.families, ["other", "small"]);
    let tutorial = &evaluation.summary.strategies[1];
    assert_eq!(tutorial.strategy, Strategy::Tutorial);
    assert_eq!(Some(tutorial.recall_10), of(&first).recall(10));
    assert!((tutorial.ndcg_10 - of(&first).ndcg_10).abs() < 1e-6);

    let text = comparison(&evaluation);
    for line in [
        "small (neutral): 2 conversations, 9 turns, 6 questions",
        "other (neutral): 2 conversations, 9 turns, 6 questions",
        "below the best of dense, lexical, naive-hybrid beyond chance: nowhere",
        "below it by more than one question, in categories of 18 or more: nowhere",
        "mean over other, small",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let columns = |start: &str| -> Vec<String> {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(
        columns("group")[..9],
        ["group", "n", "strategy", "r5", "r10", "ndcg10", "b500", "b1000", "b4000"]
    );
    assert_eq!(columns("all  ")[..4], ["all", "3", "recency", "100.0"]);
    assert_eq!(columns("all, by session")[3..6], ["4", "recency", "100.0"]);
    assert!(!comparison(&Evaluation::new(vec![first])).contains("mean over"));
}

#[test]
fn questions_are_asked_in_long_messages_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Arc::default();
    let set = small();
    let mut report = Report::new(&measure(&set, folder.path(), &embedder).unwrap());
    let filler = Filler::talk([&set]).unwrap();
    let wrapped = measure(&set.wrapped(&filler, 4, Place::Behind), folder.path(), &embedder);
    let wrapped = wrapped.unwrap();
    assert_eq!(wrapped.outcomes[0].text, "Which cat hates the vet?");
    report.add_variant("behind 4 words", &wrapped);
    let other_folder = tempfile::tempdir().unwrap();
    let echoed = measure(&set.echoed(2), other_folder.path(), &embedder).unwrap();
    // Recency finds nothing but echoes at the end.
    let newest = echoed.outcomes[0].by(Strategy::Recency).unwrap();
    assert!(newest.best[0].starts_with("echo/"), "{:?}", newest.best);
    report.add_variant("2 times before", &echoed);
    let text = comparison(&Evaluation::new(vec![report]));
    let asked = text.split("asked in other ways").nth(1).unwrap();
    let dense: Vec<&str> = asked.lines().filter(|line| line.starts_with("dense ")).collect();
    assert_eq!(dense.len(), 3, "{text}");
    for (line, way) in dense.into_iter().zip(["plain", "behind 4 words", "2 times before"]) {
        assert!(line.contains(way), "{line}");
    }
}

#[test]
fn the_thresholds_say_what_is_lost_and_what_is_brought() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Arc::default();
    let open = |name: &str| open(folder.path(), name, &embedder);
    let report = nothing(&small(), &open, &mut |_| ControlFlow::Continue(())).unwrap();
    let counts: Vec<_> = report.messages.iter().map(|c| (c.kind.as_str(), c.messages)).collect();
    let expected = [("answerable", 4), ("unanswerable", 1), ("foreign", 5), ("general", 120)];
    assert_eq!(counts, expected);
    assert_eq!(report.thresholds.iter().filter(|row| row.shipped).count(), 2);
    for pair in report.thresholds.windows(2) {
        assert!(pair[0].threshold < pair[1].threshold);
        for (lower, higher) in pair[0].brought.iter().zip(&pair[1].brought) {
            assert!(lower.messages >= higher.messages, "{lower:?} {higher:?}");
        }
    }
    let text = nothing_table("small", &report);
    assert!(text.lines().any(|line| line.starts_with(&format!("{DEFAULT_THRESHOLD} *"))), "{text}");
    assert!(text.contains("answers lost"), "{text}");
}

#[test]
fn the_score_of_the_first_result_is_compared_with_how_often_it_is_evidence() {
    let report = small_report();
    let found = report.calibration.unwrap();
    assert_eq!(found.questions, 3);
    assert!((found.share_true - 1.0).abs() < 1e-9);
    assert!((0.0..=1.0).contains(&found.mean_said));
    let text = calibration(&[report]);
    let row: Vec<_> = text.lines().last().unwrap().split_whitespace().collect();
    assert_eq!((row[0], row[1], row[3]), ("small", "3", "100.0"));
}

#[test]
fn the_json_keeps_its_shape() {
    let json = serde_json::to_value(small_report()).unwrap();
    let keys = |pointer: &str| -> Vec<String> {
        json.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        keys(""),
        [
            "dataset",
            "model",
            "token_counter",
            "depth",
            "groups",
            "shortfalls",
            "variants",
            "calibration",
            "abstention",
            "latency"
        ]
    );
    assert_eq!(keys("/groups/0"), ["group", "questions", "strategies"]);
    assert_eq!(keys("/groups/0/strategies/0"), ["strategy", "turn", "session"]);
    let level =
        ["questions", "recall", "ndcg_10", "mrr", "context", "interval_10", "interval_1000_tokens"];
    assert_eq!(keys("/groups/0/strategies/0/turn"), level);
    assert_eq!(keys("/groups/0/strategies/0/turn/recall/0"), ["at", "fractional", "any", "all"]);
    assert_eq!(json["groups"][0]["strategies"][4]["strategy"], "naive-hybrid");
    assert_eq!(keys("/latency/0/stages/0"), ["stage", "questions", "p50_ms", "p95_ms", "p99_ms"]);
    assert_eq!(json["dataset"]["layout"], "neutral");
}
