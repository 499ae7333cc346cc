//! Runs the built program on the real model.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

fn lab(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longmem-lab"));
    command.current_dir(folder.path());
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Value {
    let output = lab(folder).args(arguments).assert().success().get_output().clone();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn vectors_that_were_written_are_found_again_by_themselves() {
    let folder = TempDir::new().unwrap();
    let texts =
        ["A cat sleeps.", "The tax office opens at nine.", "Stocks fell.", "A kitten purrs."];
    std::fs::write(folder.path().join("texts.txt"), texts.join("\n")).unwrap();
    let embedding =
        ["embedding", "--texts", "texts.txt", "--rounds", "1", "--write-vectors", "v.npy"];
    let report = run(&folder, &embedding);
    assert_eq!(report["all_at_once"]["of"], "texts");
    assert!(report["one_at_a_time"]["p50_ms"].as_f64().unwrap() > 0.0);

    let search = ["search", "--vectors", "v.npy", "--queries", "v.npy"];
    let nearest = |more: &[&str]| run(&folder, &[&search[..], more].concat())["nearest"].clone();
    let all = nearest(&["--top", "2", "--keep", "kept"]);
    assert_eq!(all[0], json!([0, 3]), "a cat is nearest to a kitten");
    assert_eq!(all.as_array().map(Vec::len), Some(4));
    for (row, found) in all.as_array().into_iter().flatten().enumerate() {
        assert_eq!(found[0], row);
    }
    assert_eq!(nearest(&["--top", "2", "--keep", "kept"]), all, "the kept memory serves");
    assert_eq!(nearest(&["--top", "2", "--exact"]), all);
    assert_eq!(nearest(&["--users", "2"])[0], json!([0, 2]), "those of the first user");
}

#[test]
fn candle_computes_the_same_vectors() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("texts.txt"), "A cat sleeps.\nStocks fell.").unwrap();
    let embedding = ["embedding", "--texts", "texts.txt", "--rounds", "0", "--write-vectors"];
    run(&folder, &[&embedding[..], &["ours.npy"]].concat());
    run(&folder, &[&embedding[..], &["candle.npy", "--candle"]].concat());
    let numbers = |file: &str| -> Vec<f32> {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        let (words, _) = bytes[128..].as_chunks::<4>();
        words.iter().map(|word| f32::from_le_bytes(*word)).collect()
    };
    let (ours, candle) = (numbers("ours.npy"), numbers("candle.npy"));
    assert_eq!((ours.len(), candle.len()), (2 * 384, 2 * 384));
    for (ours, candle) in ours.chunks(384).zip(candle.chunks(384)) {
        let cosine: f32 = ours.iter().zip(candle).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.9999, "{cosine}");
    }
}

#[test]
fn a_fit_and_a_replay_are_printed_as_tables() {
    let folder = TempDir::new().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../eval/tests/small.json");
    let printed = |experiment: &str| {
        let output = lab(&folder).arg(experiment).arg(&data).assert().success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    let fit = printed("fit");
    assert!(fit.contains("\nranking parameters\n"), "{fit}");
    let replay = printed("replay");
    assert!(replay.starts_with("2 conversations session by session: "), "{replay}");
    assert!(replay.contains("\nlongmem "), "{replay}");
}

#[test]
fn files_that_hold_nothing_to_measure_are_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("empty.txt"), "").unwrap();
    std::fs::write(folder.path().join("words.npy"), "hello").unwrap();
    let refused = |arguments: &[&str], expected: &str| {
        let output = lab(&folder).args(arguments).assert().failure();
        let message = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert!(message.contains(expected), "{message}");
    };
    refused(&["embedding", "--texts", "empty.txt"], "empty.txt holds no text");
    let search = ["search", "--vectors", "words.npy", "--queries", "words.npy"];
    refused(&search, "words.npy is not a file of vectors");
}
