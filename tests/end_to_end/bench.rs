//! `longmem bench`: what it prints has a form. Its figures are not judged here.

use serde_json::Value;

use crate::support::Home;

/// The titles of the groups, up to the colon.
fn titles(report: &Value) -> Vec<String> {
    let groups = report["groups"].as_array().expect("groups are an array").iter();
    let title = |group: &Value| group["title"].as_str().expect("titles are text").to_owned();
    groups.map(title).map(|title| title.split(':').next().unwrap_or_default().to_owned()).collect()
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
