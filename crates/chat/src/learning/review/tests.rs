//! Which verdicts count, and what they replace.

use longmem_core::{FactId, FactKind, Timestamp, TurnId, USER_SUBJECT};

use super::*;

fn candidate(subject: &str, statement: &str) -> NewFact {
    NewFact {
        subject: subject.to_owned(),
        statement: statement.to_owned(),
        kind: FactKind::Identity,
        source: None,
        since: Timestamp::UNIX_EPOCH,
        entities: Vec::new(),
    }
}

fn known(id: i64, subject: &str, statement: &str) -> Fact {
    Fact {
        id: FactId(id),
        subject: subject.to_owned(),
        statement: statement.to_owned(),
        kind: FactKind::Identity,
        entities: Vec::new(),
        since: Timestamp::UNIX_EPOCH,
        until: None,
        superseded_by: None,
        turn: None,
        session: None,
    }
}

#[test]
fn a_candidate_that_repeats_an_earlier_one_is_the_same() {
    let candidates = ["was born in 1984", "Was born in 1984", "lives in Oslo"];
    let candidates = candidates.map(|statement| candidate(USER_SUBJECT, statement)).to_vec();
    let (review, same) = Review::new(Vec::new(), candidates);
    assert_eq!((review.all_new().learned.len(), same), (2, 1));
}

/// Numbers 1 and 2 are known, 3 and 4 are candidates.
fn review() -> Review {
    let known = vec![known(17, USER_SUBJECT, "lives in Porto"), known(18, "Priya", "has a dog")];
    let candidates =
        vec![candidate(USER_SUBJECT, "lives in Lisbon"), candidate(USER_SUBJECT, "lives in Oslo")];
    let (review, same) = Review::new(known, candidates);
    assert_eq!(same, 0);
    review
}

fn checked(verdicts: &str) -> Checked<Reviewed> {
    review().check(serde_json::from_str(&format!("{{\"verdicts\":[{verdicts}]}}")).unwrap())
}

fn replaced(verdicts: &str) -> Vec<Option<Replaced>> {
    let Checked { usable, problems } = checked(verdicts);
    assert_eq!(problems, [""; 0]);
    usable.learned.iter().map(|learned| learned.replaces).collect()
}

#[test]
fn a_change_replaces_what_is_known_or_an_earlier_candidate() {
    let verdicts = r#"{"candidate":3,"verdict":"changed","of":1},
        {"candidate":4,"verdict":"changed","of":3}"#;
    let expected = [Some(Replaced::Known(FactId(17))), Some(Replaced::Learned(0))];
    assert_eq!(replaced(verdicts), expected);
    let verdicts = r#"{"candidate":3,"verdict":"incidental","of":null},
        {"candidate":4,"verdict":"changed","of":3}"#;
    assert_eq!(replaced(verdicts), [None], "what was dropped cannot be replaced");
}

#[test]
fn what_is_about_somebody_else_is_never_replaced() {
    let verdicts = r#"{"candidate":3,"verdict":"changed","of":2},
        {"candidate":4,"verdict":"new","of":null}"#;
    assert_eq!(replaced(verdicts), [None, None]);
}

#[test]
fn every_candidate_has_one_verdict_about_a_statement_above_it() {
    for (verdicts, problem) in [
        (r#"{"candidate":3,"verdict":"changed","of":3}"#, "\"of\" of candidate 3 is no number"),
        (r#"{"candidate":3,"verdict":"same","of":null}"#, "\"of\" of candidate 3 is no number"),
        (r#"{"candidate":3,"verdict":"same","of":0}"#, "\"of\" of candidate 3 is no number"),
        (r#"{"candidate":1,"verdict":"new","of":null}"#, "1 is the number of no candidate"),
        (r#"{"candidate":5,"verdict":"new","of":null}"#, "5 is the number of no candidate"),
        (r#"{"candidate":0,"verdict":"new","of":null}"#, "0 is the number of no candidate"),
    ] {
        let Checked { usable, problems } = checked(verdicts);
        assert!(usable.learned.is_empty() && usable.same == 0, "{verdicts}");
        assert!(problems[0].contains(problem), "{problems:?}");
        assert!(problems.iter().any(|problem| problem == "candidate 4 has no usable verdict"));
    }
    let twice = r#"{"candidate":3,"verdict":"new","of":null},
        {"candidate":3,"verdict":"new","of":null},{"candidate":4,"verdict":"new","of":null}"#;
    let Checked { usable, problems } = checked(twice);
    assert_eq!((usable.learned.len(), problems.len()), (2, 1));
}

#[test]
fn a_candidate_without_a_verdict_is_new_where_nothing_is_like_it() {
    let known = vec![known(17, USER_SUBJECT, "lives in Porto")];
    let candidates = vec![
        candidate(USER_SUBJECT, "is allergic to nuts"),
        candidate(USER_SUBJECT, "lives in Faro"),
    ];
    let (review, _) = Review::new(known, candidates);
    let Checked { usable, problems } = review.check(Verdicts { verdicts: Vec::new() });
    assert_eq!(usable.learned.len(), 1);
    assert_eq!(usable.learned[0].fact.statement, "is allergic to nuts");
    assert_eq!(problems, ["candidate 3 has no usable verdict"]);
}

#[test]
fn where_nothing_can_be_repeated_or_changed_no_model_is_asked() {
    let review = |known, statements: &[&str]| {
        let candidates = statements.iter().map(|text| candidate(USER_SUBJECT, text)).collect();
        Review::new(known, candidates).0
    };
    assert!(review(Vec::new(), &[]).task().is_none());
    let alone = review(Vec::new(), &["lives in Faro", "is allergic to nuts"]);
    assert!(alone.task().is_none());
    assert_eq!(alone.all_new().learned.len(), 2);
    assert!(review(Vec::new(), &["lives in Faro", "lives in Porto"]).task().is_some());
    let known = vec![known(17, USER_SUBJECT, "has a dog")];
    let task = review(known, &["lives in Faro", "is allergic to nuts"]).task().unwrap();
    let verdict = &task.schema["properties"]["verdicts"]["items"]["properties"];
    assert_eq!(verdict["candidate"]["enum"], json!([2, 3]));
    assert_eq!(verdict["of"]["enum"], json!([1, 2, null]));
}

/// A small model says "changed" of anything.
#[test]
fn what_is_of_another_kind_in_other_words_is_never_replaced() {
    let known = vec![known(17, USER_SUBJECT, "lives in Porto")];
    let tea = NewFact { kind: FactKind::Preference, ..candidate(USER_SUBJECT, "prefers tea") };
    let (review, _) = Review::new(known, vec![tea]);
    let verdicts = r#"{"verdicts":[{"candidate":2,"verdict":"changed","of":1}]}"#;
    let Checked { usable, .. } = review.check(serde_json::from_str(verdicts).unwrap());
    assert_eq!(usable.learned[0].replaces, None);
}

#[test]
fn what_is_known_word_for_word_needs_no_review() {
    let known = vec![known(17, USER_SUBJECT, "lives in Porto")];
    let again = vec![candidate(USER_SUBJECT, "Lives in  porto.")];
    let (review, same) = Review::new(known, again);
    assert!(review.candidates.is_empty());
    assert_eq!(same, 1);
}

#[test]
fn of_many_known_facts_those_are_compared_that_share_words() {
    let many = (0..100).map(|id| known(id, USER_SUBJECT, &format!("wrote guide {id}"))).collect();
    let related = related(many, &[candidate(USER_SUBJECT, "lost guide 77")]);
    assert_eq!(related.len(), MAX_KNOWN);
    assert!(related.iter().any(|fact| fact.id == FactId(77)));
    assert!(related.is_sorted_by_key(|fact| fact.id));
}

/// The review model is not asked about what was noted when it was said.
#[test]
fn an_instruction_that_was_noted_from_its_turn_is_the_same() {
    let noted = |statement: &str, turn| Fact {
        kind: FactKind::Instruction,
        turn: Some(TurnId(turn)),
        ..known(17, USER_SUBJECT, statement)
    };
    let extracted = |statement: &str, kind| NewFact {
        kind,
        source: Some(TurnId(5)),
        ..candidate(USER_SUBJECT, statement)
    };
    let wants_metric = || extracted("wants answers in metric units", FactKind::Instruction);
    let metric = "Always answer in metric units, please.";
    for (fact, candidate, expected) in [
        (noted(metric, 5), wants_metric(), 1),
        (noted("Call me Sam.", 5), extracted("wants to be called Sam", FactKind::Instruction), 1),
        (noted(metric, 4), wants_metric(), 0),
        (noted("Call me Sam.", 5), wants_metric(), 0),
        (noted(metric, 5), extracted("answers in metric units", FactKind::Identity), 0),
    ] {
        let shown = format!("{} / {}", fact.statement, candidate.statement);
        let (review, same) = Review::new(vec![fact], vec![candidate]);
        assert_eq!((same, review.candidates.is_empty()), (expected, expected == 1), "{shown}");
    }
}
