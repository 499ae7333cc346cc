//! The command line takes words, times and piped text as people give them.

use crate::support::{Home, assert_shown, transcript};

#[test]
fn words_need_no_quotes() {
    let home = Home::new().with_history();
    let shown = transcript([
        home.run_words("remember I moved to Porto --user ana --time 2026-03-01"),
        home.run_words("recall where did i move --words-only --user ana"),
        home.run_words("recall --words-only --user ana -- --since Porto"),
        home.run_with_input(&["recall", "-", "--words-only", "--user", "ana"], "Porto\n"),
        home.run_words("facts add works in fintech --user ana --json"),
        home.run_words("facts edit 1 works at a bank --user ana"),
        home.run_words("facts --user ana"),
        home.run_words("ask what steps"),
        home.run_words("recall"),
        home.run_words("remember"),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn times_are_words_stretches_and_moments() {
    let home = Home::new().with_history();
    let count = |flags: &str| {
        let run = home.run_words(&format!("export {flags}")).succeeds();
        run.stdout.lines().filter(|line| line.contains("\"role\"")).count()
    };
    assert_eq!(count("--since 2026-01-10 --until 2026-01-10"), 3, "a day is included as an end");
    assert_eq!(count("--until 2026-02"), 3, "so is a month");
    assert_eq!(count("--since 2026"), 7);
    assert_eq!(count("--until 2025"), 0);
    assert_eq!(count("--since today"), 0);
    assert_eq!(count("--since 2026-03-08T18:31:00Z"), 2);
    let shown = transcript([
        home.run_words("recall x --words-only --since soon"),
        home.run_words("recall x --words-only --since 2026-03 --until 2026-01"),
        home.run_words("recall x --words-only --since 2026-03 --until 2026-01 --json"),
        home.run_words("recall x -n 0"),
        home.run_words("recall x --threshold 2"),
        home.run_words("recall x --threshold -1 --json"),
        home.run_words("recall x --threshold NaN"),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn what_is_piped_in_beside_a_question_is_said_to_be_unread_without_a_model() {
    let home = Home::with_model().with_history();
    let run = home.run_with_input(&["ask", "how", "many", "steps?"], "12:00 compressor failed\n");
    assert_shown!(home, transcript([run]));
    assert_eq!(home.exported("default").len(), 7, "nothing was stored");
}

#[test]
fn the_help_is_printed_as_a_manual_page() {
    let home = Home::new();
    let page = home.run_words("manual").succeeds().stdout;
    assert!(page.contains(".TH longmem 1") && page.contains("longmem\\-recall(1)"), "{page}");
    let page = home.run_words("manual recall").succeeds().stdout;
    assert!(page.contains("\\-\\-threshold"), "{page}");
    assert_eq!(home.run_words("manual nothing").code, Some(1));
}
