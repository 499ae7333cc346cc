//! Commands that need no vectors work where the model can be found nowhere.

use crate::support::{HISTORY, Home, assert_shown, transcript};

#[test]
fn what_needs_no_vectors_never_touches_the_model() {
    let home = Home::new();
    home.write("history.jsonl", HISTORY);
    for line in [
        "remember hello",
        "import history.jsonl",
        "recall Lisbon --words-only --explain",
        "recall hello --words-only --json",
        "sessions",
        "stats",
        "export",
        "export --output out.jsonl",
        "backup copy.db",
        "forget --session notes --dry-run",
        "forget --session notes --yes",
        "completions bash",
    ] {
        let run = home.run_words(line).succeeds();
        assert!(!run.shown().contains("no-model"), "{run}");
    }
}

/// A store that is indexed completely has nothing left to embed.
#[test]
fn indexing_nothing_needs_no_model() {
    let home = Home::with_model().with_history();
    home.run(&["index"]).succeeds();
    home.run(&["index", "--model-dir", "no-model"]).succeeds();
}

#[test]
fn what_needs_vectors_says_which_model_is_missing() {
    let home = Home::new().with_history();
    let runs = [
        home.run(&["recall", "where do I live?"]),
        home.run(&["index"]),
        home.run(&["ask", "where do I live?"]),
        home.run(&["context", "where do I live?"]),
        home.run(&["model"]),
    ];
    assert_shown!(home, transcript(runs));
}
