//! A real history from end to end: a conversation of LoCoMo, imported, indexed and asked about.

use std::fmt::Write;
use std::fs::read_to_string;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::support::Home;

/// Only one question in this many is asked, so that the test is quick.
const QUESTIONS_PER_ASKED: usize = 5;

/// A conversation as JSON Lines. The first speaker is the user, and each turn comes a second after the
/// one before.
fn json_lines(conversation: &Value) -> String {
    let mut lines = String::new();
    for number in 1.. {
        let session = format!("session_{number}");
        let Some(turns) = conversation[&session].as_array() else { break };
        let began = conversation[format!("{session}_date_time")].as_str().unwrap();
        let began = DateTime::strptime("%I:%M %p on %d %B, %Y", began).unwrap();
        let began = began.to_zoned(TimeZone::UTC).unwrap();
        for (place, turn) in turns.iter().enumerate() {
            let is_user = turn["speaker"] == conversation["speaker_a"];
            let line = json!({
                "id": turn["dia_id"],
                "session": session,
                "role": if is_user { "user" } else { "assistant" },
                "speaker": turn["speaker"],
                "time": (&began + (place as i64).seconds()).timestamp().to_string(),
                "text": turn["text"],
            });
            writeln!(lines, "{line}").unwrap();
        }
    }
    lines
}

/// Runs where `LONGMEM_EVAL_DATA` names a folder with `locomo-dev/locomo-dev.json`.
#[test]
fn questions_about_a_long_conversation_find_their_evidence() {
    let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") else {
        println!("skipped: LONGMEM_EVAL_DATA names no folder with locomo-dev/locomo-dev.json");
        return;
    };
    let talks = read_to_string(Path::new(&folder).join("locomo-dev/locomo-dev.json")).unwrap();
    let talks: Value = serde_json::from_str(&talks).unwrap();
    let talk = &talks[0];
    let lines = json_lines(&talk["conversation"]);
    let turns: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let home = Home::with_model();
    home.write("talk.jsonl", &lines);
    let report = home.run(&["import", "talk.jsonl", "--json"]).succeeds().json();
    assert_eq!(report["imports"][0]["new"], turns.len());
    assert_eq!(report["imports"][0]["read"]["skipped"], json!({}));
    let report = home.run(&["index", "--json"]).succeeds().json();
    assert_eq!((&report["turns"], &report["remaining"]), (&json!(turns.len()), &json!(0)));

    let mut asked = 0.0;
    let mut found = 0.0;
    let questions = talk["qa"].as_array().unwrap().iter();
    for question in
        questions.filter(|question| question["category"] != 5).step_by(QUESTIONS_PER_ASKED)
    {
        let evidence: Vec<&Value> = turns
            .iter()
            .filter(|turn| question["evidence"].as_array().unwrap().contains(&turn["id"]))
            .collect();
        if evidence.is_empty() {
            continue;
        }
        let ask = ["recall", question["question"].as_str().unwrap(), "-n", "10", "--json"];
        let recalled = home.run(&ask).succeeds().json();
        let recalled = recalled["results"].as_array().unwrap();
        assert_eq!(recalled.len(), 10);
        let is_recalled = |turn: &&&Value| {
            recalled
                .iter()
                .any(|found| found["session"] == turn["session"] && found["text"] == turn["text"])
        };
        asked += evidence.len() as f64;
        found += evidence.iter().filter(is_recalled).count() as f64;
    }
    let share = found / asked;
    println!("{found} of {asked} turns of evidence are among the ten best: {share:.2}");
    assert!(share > 0.5, "{found} of {asked} turns of evidence are among the ten best");
}
