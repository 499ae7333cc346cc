//! Runs the examples, which `cargo test` builds.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use longmem::embed::{Manifest, ModelSources};
use tempfile::TempDir;

/// The folder that holds README.md.
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// Runs an example in a home of its own, with the real model, and returns what it printed.
fn run(example: &str, arguments: &[&str], input: &str) -> String {
    let sources = ModelSources::new(Path::new(REPOSITORY).join("models"));
    let model = sources.fetch(&Manifest::all_minilm_l6_v2(), &mut |_| {});
    let model = model.unwrap_or_else(|error| panic!("these tests need the model: {error}"));
    let home = TempDir::new().unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_longmem")).with_file_name("examples");
    let mut process = Command::new(built.join(example));
    process
        .current_dir(REPOSITORY)
        .env_clear()
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path())
        .env("LONGMEM_MODEL_DIR", model.folder())
        .args(arguments);
    let run = assert_cmd::Command::from_std(process).write_stdin(input).assert().success();
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

#[test]
fn a_chatbot_without_a_key_quotes_what_was_said_before() {
    let shown = run("chatbot", &[], "I moved to Lisbon in March.\nWhere do I live?\n");
    assert!(shown.contains("user: I moved to Lisbon in March."), "{shown}");
}

#[test]
fn an_imported_history_is_recalled() {
    let shown = run("recall", &[], "");
    assert!(shown.starts_with("chatgpt: "), "{shown}");
    let first = shown.lines().find(|line| line.starts_with("- ")).unwrap();
    assert!(first.contains("Lisbon"), "{shown}");
}

#[test]
fn an_embedder_of_ones_own_finds_what_is_spelt_alike() {
    let shown = run("own_embedder", &[], "");
    assert!(shown.lines().next().unwrap().ends_with("seventy-eight steps."), "{shown}");
}

#[test]
fn a_store_of_ones_own_is_searched() {
    assert!(run("own_store", &[], "").contains("I moved to Lisbon in March"));
}
