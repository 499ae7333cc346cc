//! `longmem bench`: what it finds is right and what it prints has a form; its figures are nobody's
//! business here.

use serde_json::{Value, json};

use crate::support::Home;

/// The titles of the groups, without what stands behind the colon.
fn titles(report: &Value) -> Vec<String> {
    let groups = report["groups"].as_array().expect("groups are an array").iter();
    let title = |group: &Value| group["title"].as_str().expect("titles are text").to_owned();
    groups.map(title).map(|title| title.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn vectors_that_were_written_are_found_again_by_themselves() {
    let home = Home::with_model();
    let texts =
        ["A cat sleeps.", "The tax office opens at nine.", "Stocks fell.", "A kitten purrs."];
    home.write("texts.txt", texts.join("\n"));
    let embedding =
        ["bench", "embedding", "--texts", "texts.txt", "--rounds", "1", "--write-vectors", "v.npy"];
    let report = home.run(&[&embedding[..], &["--json"]].concat()).succeeds().json();
    assert_eq!(report["groups"][1]["rows"][0]["of"], "texts");

    let search = ["bench", "search", "--vectors", "v.npy", "--queries", "v.npy", "--json"];
    let nearest = |more: &[&str]| {
        home.run(&[&search[..], more].concat()).succeeds().json()["nearest"].clone()
    };
    let all = nearest(&["--top", "2", "--keep", "kept"]);
    assert_eq!(all[0], json!([0, 3]), "a cat is nearest to a kitten");
    assert_eq!(all.as_array().map(Vec::len), Some(4));
    for (row, found) in all.as_array().into_iter().flatten().enumerate() {
        assert_eq!(found[0], row);
    }
    // The store that was kept serves.
    assert_eq!(nearest(&["--top", "2", "--keep", "kept"]), all);
    // The first of two users has the first vector and the third.
    assert_eq!(nearest(&["--users", "2"])[0], json!([0, 2]));
}

#[test]
fn everything_is_measured_and_the_own_store_stays_as_it_is() {
    let home = Home::with_model().with_history();
    home.run(&["index"]).succeeds();
    let before = std::fs::read(home.store()).unwrap();
    let report = home.run(&["bench", "--passages", "200", "--json"]).succeeds().json();
    assert_eq!(before, std::fs::read(home.store()).unwrap());
    assert_eq!(
        titles(&report),
        [
            "Embedding, one text at a time",
            "Embedding, all texts at once",
            "Your store of 7 passages",
            "Your store of 7 passages",
            "Your store of 7 passages",
            "A made-up store (vectors mixed from real ones) of 200 passages",
            "A made-up store (vectors mixed from real ones) of 200 passages",
            "A made-up store (vectors mixed from real ones) of 200 passages",
            "Storing turns, on disk when it returns, in the system's temporary folder",
        ]
    );
    let rows =
        report["groups"].as_array().unwrap().iter().flat_map(|g| g["rows"].as_array().unwrap());
    for row in rows {
        let names = ["p50_ms", "per_second", "bytes"];
        let figure = names.into_iter().find_map(|name| row[name].as_f64());
        assert!(figure.is_some_and(|figure| figure > 0.0), "{row}");
    }
}

#[test]
fn files_that_hold_nothing_to_measure_are_refused() {
    let home = Home::with_model();
    home.write("empty.txt", "");
    home.write("words.npy", "hello");
    let empty = home.run(&["bench", "embedding", "--texts", "empty.txt"]).ends_with(1);
    assert!(empty.stderr.contains("empty.txt holds no text"), "{empty}");
    let words = ["bench", "search", "--vectors", "words.npy", "--queries", "words.npy"];
    let words = home.run(&words).ends_with(1);
    assert!(words.stderr.contains("words.npy holds no vectors"), "{words}");
}
