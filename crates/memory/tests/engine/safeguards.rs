//! What is redacted or refused is nowhere in the store.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use longmem_core::{
    Diagnose, ErrorCode, FactKind, NewTurn, Role, SessionName, SourceKey, SummaryOf,
};
use longmem_memory::{
    FactNote, FactsAt, ImportRequest, IndexOptions, Memory, MemoryError, Moderation,
    ModeratorFailure, OnFailure, Safeguards, Stage, Statement, Verdict,
};
use longmem_text::Redactor;

use crate::fixture::{Fixture, fixture, open, turn, user};

/// Made here, so that no file holds it as a whole.
fn secret() -> String {
    ["hun", "ter", "22!"].concat()
}

fn redacting(fixture: &Fixture) -> Memory {
    let mut safeguards = Safeguards::default();
    safeguards.redactor = Some(Redactor::default());
    open(&fixture.folder, Arc::clone(&fixture.embedder)).with_safeguards(safeguards)
}

fn moderated(fixture: &Fixture, moderation: Moderation) -> Memory {
    let mut safeguards = Safeguards::default();
    safeguards.moderation = Some(moderation);
    open(&fixture.folder, Arc::clone(&fixture.embedder)).with_safeguards(safeguards)
}

/// Refuses what speaks of bluebirds, and calls sparrows birds.
#[expect(clippy::unnecessary_wraps, reason = "it is who moderates, who may fail")]
fn rule(statement: &Statement<'_>) -> Result<Verdict, ModeratorFailure> {
    let text = statement.text;
    Ok(if text.contains("bluebird") {
        Verdict::Refuse("no bluebirds".to_owned())
    } else if text.contains("sparrow") {
        Verdict::Replace(text.replace("sparrow", "bird"))
    } else {
        Verdict::Allow
    })
}

/// Fails if a file of the store holds a text.
fn assert_nowhere(folder: &Path, text: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|end| end == "jsonl") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let is_there = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!is_there, "{} holds {text}", path.display());
    }
}

fn import(memory: &Memory, folder: &Path, lines: &str) -> longmem_memory::ImportReport {
    let path = folder.join("chat.jsonl");
    std::fs::write(&path, lines).unwrap();
    let ana = user("ana");
    let request = ImportRequest::new(&path, &ana);
    memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_secret_reaches_no_byte_of_the_store_whichever_way_it_comes() {
    let fixture = fixture();
    let (memory, ana, secret) = (redacting(&fixture), user("ana"), secret());
    let said = format!("PASSWORD={secret}");
    let mut keyed = turn(&format!("Always answer in metric, password: {secret}"));
    keyed.session_title = Some(said.clone());
    keyed.speaker = Some(said.clone());
    keyed.source_key = Some(SourceKey(said.clone()));
    let stored = memory.remember(&ana, std::slice::from_ref(&keyed)).unwrap()[0];
    assert!(
        !memory.remember(&ana, std::slice::from_ref(&keyed)).unwrap()[0].new,
        "its key is known"
    );
    assert_eq!(memory.note_instructions(&ana, stored.id, &keyed).unwrap().len(), 1);
    memory.remember_unless(&ana, &turn(&said), true, &|_| None).unwrap();
    let mut note = FactNote::new(said.clone(), FactKind::Identity);
    note.subject = format!("Rui password={secret}");
    let fact = memory.note_fact(&ana, &note).unwrap();
    memory.edit_fact(&ana, fact.id, &format!("has another password: {secret}")).unwrap();
    let kept_in = SessionName::new("notes").unwrap();
    let of = SummaryOf::Session { session: kept_in, through: stored.id };
    memory.write_summary(&ana, &of, &said, memory.epoch(&ana).unwrap()).unwrap();
    let line = serde_json_line(&said);
    let lines = line.repeat(3);
    assert_eq!(import(&memory, fixture.folder.path(), &lines).new_turns, 3);
    assert_eq!(import(&memory, fixture.folder.path(), &lines).new_turns, 0);
    memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_nowhere(fixture.folder.path(), &secret);

    let counted = memory.redactions(&ana).unwrap();
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].label, "password");
    assert!(counted[0].count >= 6, "{counted:?}");
    // Asked for again, it is the same turn.
    let text = &memory.turns(&ana, &[stored.id]).unwrap()[0].text;
    assert_eq!(text, "Always answer in metric, password: [redacted: password]");
}

/// A line of a chat whose names hold a text too.
fn serde_json_line(text: &str) -> String {
    format!(
        "{{\"role\":\"user\",\"session\":\"{text}\",\"title\":\"{text}\",\"text\":\"say {text}\"}}\n"
    )
}

#[test]
fn what_is_refused_is_not_stored_and_what_is_replaced_is_replaced_everywhere() {
    let fixture = fixture();
    let (memory, ana) = (moderated(&fixture, Moderation::new(rule)), user("ana"));
    let error = memory.remember(&ana, &[turn("fine"), turn("a bluebird")]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RefusedByModeration);
    assert_eq!(error.to_string(), "refused by moderation: no bluebirds");
    assert!(memory.users().unwrap().is_empty(), "none of the turns was stored");

    let said = turn("Always answer in metric, sparrow.");
    let id = memory.remember(&ana, std::slice::from_ref(&said)).unwrap()[0].id;
    let noted = memory.note_instructions(&ana, id, &said).unwrap();
    assert_eq!(noted[0].text, "Always answer in metric, bird.");
    let note = |text: &str| memory.note_fact(&ana, &FactNote::new(text, FactKind::Identity));
    assert!(matches!(
        note("feeds a bluebird"),
        Err(MemoryError::Refused { stage: Stage::Store, .. })
    ));
    let fact = note("feeds a sparrow").unwrap();
    assert!(memory.edit_fact(&ana, fact.id, "feeds a bluebird").is_err());
    let mut about = FactNote::new("sings", FactKind::Relation);
    about.subject = "the bluebird".to_owned();
    assert!(memory.note_fact(&ana, &about).is_err());
    let session = SessionName::new("notes").unwrap();
    let of = SummaryOf::Session { session, through: id };
    memory.write_summary(&ana, &of, "A bluebird was seen.", memory.epoch(&ana).unwrap()).unwrap();
    assert!(memory.session_summaries(&ana).unwrap().is_empty());
    let statements = memory.facts(&ana, FactsAt::Ever).unwrap();
    assert!(statements.iter().any(|fact| fact.statement == "feeds a bird"));

    let lines = "{\"role\":\"user\",\"text\":\"one\",\"title\":\"bluebirds\"}\n\
                 {\"role\":\"user\",\"text\":\"a bluebird\"}\n\
                 {\"role\":\"assistant\",\"text\":\"a sparrow\"}\n";
    for (new, known) in [(2, 0), (0, 2)] {
        let report = import(&memory, fixture.folder.path(), lines);
        assert_eq!((report.new_turns, report.known_turns, report.refused_turns), (new, known, 1));
    }
    memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_nowhere(fixture.folder.path(), "bluebird");
    assert_nowhere(fixture.folder.path(), "sparrow");
}

#[test]
fn who_cannot_judge_lets_through_what_the_settings_say() {
    let fixture = fixture();
    let ana = user("ana");
    let broken = |_: &Statement<'_>| Err(ModeratorFailure("the rules are gone".to_owned()));
    let memory = moderated(&fixture, Moderation::new(broken));
    let error = memory.remember(&ana, &[turn("fine")]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModerationFailed);
    assert!(error.to_string().ends_with("the rules are gone"), "{error}");
    assert!(!error.remedies().is_empty());

    let mut allowing = Moderation::new(broken);
    allowing.on_failure = OnFailure::Allow;
    let memory = moderated(&fixture, allowing);
    memory.remember(&ana, &[turn("fine")]).unwrap();
    let mut only_answers = Moderation::new(rule);
    only_answers.stages = vec![Stage::Answer];
    let memory = moderated(&fixture, only_answers);
    let answer = NewTurn { role: Role::Assistant, ..turn("a bluebird") };
    memory.remember(&ana, &[answer]).unwrap();
}

#[test]
fn who_moderates_sees_no_secret_and_cannot_bring_one_in() {
    let fixture = fixture();
    let (ana, secret) = (user("ana"), secret());
    let brought_in = secret.clone();
    let moderator = move |statement: &Statement<'_>| {
        assert!(!statement.text.contains(&brought_in));
        Ok(Verdict::Replace(format!("password={brought_in}")))
    };
    let mut safeguards = Safeguards::default();
    safeguards.redactor = Some(Redactor::default());
    safeguards.moderation = Some(Moderation::new(moderator));
    let memory = open(&fixture.folder, Arc::clone(&fixture.embedder)).with_safeguards(safeguards);
    memory.remember(&ana, &[turn(&format!("password={secret}"))]).unwrap();
    assert_nowhere(fixture.folder.path(), &secret);
}

/// What a transcript's reader keeps to read on is no turn yet, so nobody has judged it.
#[test]
fn prompts_that_wait_in_a_transcript_and_its_titles_are_kept_only_as_they_may_be_stored() {
    let secret = secret();
    let waiting = format!("{{\\\"password\\\": \\\"{secret}\\\"}}");
    let lines = |waiting: &str| {
        let said = r#"{"type":"user","uuid":"u1","sessionId":"s","message":{"role":"user","content":"Hi"}}"#;
        let title = r#"{"type":"summary","summary":"About a bluebird","leafUuid":"u1"}"#;
        let queued =
            r#"{"type":"queue-operation","operation":"enqueue","sessionId":"s","content":"#;
        format!("{said}\n{title}\n{queued}\"{waiting}\"}}\n")
    };
    let fixture = fixture();
    let folder = fixture.folder.path();
    let memory = moderated(&fixture, Moderation::new(rule));
    assert_eq!(import(&memory, folder, &lines("a sparrow")).new_turns, 1);
    assert_nowhere(folder, "bluebird");
    assert_nowhere(folder, "sparrow");
    assert_eq!(import(&memory, folder, &lines("a sparrow")).known_turns, 1, "it is read whole");

    let memory = redacting(&fixture);
    import(&memory, folder, &lines(&waiting));
    assert_nowhere(folder, &secret);
}

#[test]
fn an_export_brings_its_records_as_they_may_be_stored() {
    let secret = secret();
    let lines = [
        r#"{"longmem_export":1}"#,
        r#"{"role":"user","key":"PASSWORD=X","session":"PASSWORD=X","speaker":"Robin","text":"Hello"}"#,
        r#"{"fact":1,"user":"ana","subject":"user","statement":"likes tea","kind":"preference","entities":[{"name":"bluebird","kind":"other"},{"name":"Tea","kind":"other"}],"since":"2026-03-02T10:00:00Z","source":"PASSWORD=X"}"#,
        r#"{"summary":"session","user":"ana","session":"PASSWORD=X","through":"PASSWORD=X","text":"They met."}"#,
        r#"{"role":"user","key":"2","speaker":"the bluebird","text":"Sing"}"#,
    ];
    let lines = lines.map(|line| format!("{line}\n").replace("=X", &format!("={secret}"))).concat();
    let (fixture, ana) = (fixture(), user("ana"));
    let rule = |statement: &Statement<'_>| {
        Ok(if statement.speaker.is_some_and(|name| name.contains("bluebird")) {
            Verdict::Refuse(String::new())
        } else {
            Verdict::Allow
        })
    };
    let mut safeguards = Safeguards::default();
    safeguards.redactor = Some(Redactor::default());
    safeguards.moderation = Some(Moderation::new(rule));
    let memory = open(&fixture.folder, Arc::clone(&fixture.embedder)).with_safeguards(safeguards);
    let report = import(&memory, fixture.folder.path(), &lines);
    assert_eq!((report.new_turns, report.refused_turns), (1, 1));
    assert_nowhere(fixture.folder.path(), "bluebird");
    assert_nowhere(fixture.folder.path(), &secret);
    let facts = memory.facts(&ana, FactsAt::Now).unwrap();
    assert_eq!(facts[0].statement, "likes tea");
    assert!(facts[0].turn.is_some());
    assert_eq!(facts[0].entities.len(), 1, "{facts:?}");
    assert_eq!(memory.session_summaries(&ana).unwrap().len(), 1);
}

/// A statement is one line in prompts, whatever who moderates makes of it.
#[test]
fn who_moderates_cannot_make_a_fact_of_several_lines() {
    let (fixture, ana) = (fixture(), user("ana"));
    let moderator = |statement: &Statement<'_>| {
        Ok(Verdict::Replace(statement.text.replace("tea", "tea\nand more")))
    };
    let memory = moderated(&fixture, Moderation::new(moderator));
    let mut note = FactNote::new("sings", FactKind::Relation);
    note.subject = "tea".to_owned();
    for note in [FactNote::new("likes tea", FactKind::Preference), note] {
        let error = memory.note_fact(&ana, &note).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidLine);
    }
}
