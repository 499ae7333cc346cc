//! What a program reads on standard error when something cannot be done.

use longmem_core::ErrorCode;
use serde_json::Value;

use crate::support::{Home, REPOSITORY, assert_shown, transcript};

#[test]
fn an_error_is_one_line_with_its_kind_and_what_would_help() {
    let home = Home::with_model().with_history();
    home.write("letter.txt", "Dear Ana");
    let lines = [
        "recall x --words-only --user bo --json",
        "recall x --words-only --session nowhere --json",
        "facts delete 9 --json",
        "stats --db nowhere.db --json",
        "stats --db letter.txt --json",
        "import nowhere.json --json",
        "import letter.txt --json",
        "forget --json",
        "forget --session kitchen --json",
        "export --output letter.txt --json",
        "ask x --provider openai --json",
        "ask x --provider openai --base-url http://localhost:1/v1 --llm small --json",
        "context x --budget 5 --json",
        "stats --config nowhere.toml --json",
        "recall x --model-dir nowhere --json",
        "remember --json",
        "recall x --since soon --json",
        "--json frobnicate",
        "--json",
    ];
    let runs = lines.map(|line| home.run_words(line));
    for run in &runs {
        let lines: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with('{')).collect();
        assert_eq!(lines.len(), 1, "{run}");
        let document: Value = serde_json::from_str(lines[0]).unwrap();
        assert!(document["error"]["code"].as_str().unwrap().parse::<ErrorCode>().is_ok(), "{run}");
    }
    assert_shown!(home, transcript(runs));
}

/// Help and the version are no errors.
#[test]
fn help_is_printed_as_it_is() {
    let home = Home::new();
    let run = home.run(&["--json", "--version"]).succeeds();
    assert!(run.stdout.starts_with("longmem "), "{run}");
    assert!(home.run(&["recall", "--json", "--help"]).succeeds().stdout.contains("Usage:"));
}

#[test]
fn the_readme_names_every_kind_of_error_and_no_other() {
    let readme = std::fs::read_to_string(format!("{REPOSITORY}/README.md")).unwrap();
    let section = readme.split("keeps its meaning from version to").nth(1).unwrap();
    let section = section.split("**Exit codes**").next().unwrap();
    let mut named: Vec<&str> = section
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| !["--yes", "forget", "doctor"].contains(word))
        .collect();
    let mut codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    named.sort_unstable();
    codes.sort_unstable();
    assert_eq!(named, codes);
}
