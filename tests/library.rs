//! The library, as a program uses it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use longmem::core::{ErrorCode, FixedClock};
use longmem::memory::CaughtUp;
use longmem::sqlite::SqliteStore;
use longmem::{Diagnose, Error, IfMissing, Longmem, Options, Reply, Role, open_patiently};
use longmem_test_support::WordHashEmbedder;
use tempfile::TempDir;

fn options(folder: &TempDir) -> Options {
    let mut options = Options::new(folder.path()).with_embedder(WordHashEmbedder::default());
    options.clock = Arc::new(FixedClock("2026-03-08T18:30:00Z".parse().unwrap()));
    options
}

fn longmem() -> (Longmem, TempDir) {
    let folder = TempDir::new().unwrap();
    (Longmem::open(options(&folder)).unwrap(), folder)
}

#[test]
fn what_is_remembered_is_recalled_listed_and_forgotten() {
    let (longmem, _folder) = longmem();
    let lisbon = longmem.remember("ana", "I moved to Lisbon in March").unwrap();
    longmem.remember_turn("ana", "kitchen", Role::Assistant, "The tiles are blue.").unwrap();
    let recall = longmem.recall("ana", "When did I move to Lisbon?").unwrap();
    assert_eq!(recall.results[0].turn.id, lisbon);
    assert!(recall.results[0].turn.note);
    assert_eq!(recall.results[0].turn.time.to_string(), "2026-03-08T18:30:00Z");
    assert_eq!(recall.turns_without_vectors, 0, "a few turns are embedded on the way");
    assert!(longmem.recall("bo", "When did I move to Lisbon?").unwrap().results.is_empty());

    let sessions = longmem.sessions("ana").unwrap();
    let sessions: Vec<&str> = sessions.iter().map(|known| known.session.as_str()).collect();
    assert_eq!(sessions, ["kitchen", "notes"]);
    assert_eq!(longmem.forget("ana", &[lisbon]).unwrap().turns, 1);
    assert_eq!(longmem.forget_session("ana", "kitchen").unwrap().turns, 1);
    assert_eq!(longmem.sessions("ana").unwrap_err().code(), ErrorCode::UnknownUser);
}

#[test]
fn a_recall_brings_the_turns_next_to_the_best_as_the_command_does() {
    let (longmem, _folder) = longmem();
    let say = |role, text| longmem.remember_turn("ana", "kitchen", role, text).unwrap();
    say(Role::User, "Shall we paint the kitchen?");
    longmem.remember("ana", "Buy milk.").unwrap();
    say(Role::Assistant, "The tiles are blue and white.");
    let found = longmem.recall("ana", "Which colour are the tiles?").unwrap().results.remove(0);
    assert_eq!(found.turn.text, "The tiles are blue and white.");
    assert_eq!(found.neighbours[0].text, "Shall we paint the kitchen?");
}

#[test]
fn facts_are_noted_and_go_with_their_user() {
    let (longmem, _folder) = longmem();
    longmem.note_fact("ana", "works in fintech").unwrap();
    assert_eq!(longmem.facts("ana").unwrap()[0].statement, "works in fintech");
    assert!(longmem.forget_user("ana").unwrap().user);
    assert!(longmem.facts("ana").unwrap().is_empty());
}

#[test]
fn standing_instructions_are_noted_unless_nothing_may_be_learned() {
    let (longmem, _folder) = longmem();
    longmem.remember("ana", "Always answer in metric.").unwrap();
    longmem.remember_turn("ana", "talk", Role::User, "Call me Sam.").unwrap();
    longmem.remember_turn("ana", "talk", Role::Assistant, "Never use emojis.").unwrap();
    let facts = longmem.facts("ana").unwrap();
    let noted: Vec<&str> = facts.iter().map(|fact| fact.statement.as_str()).collect();
    assert_eq!(noted, ["Always answer in metric.", "Call me Sam."]);

    let folder = TempDir::new().unwrap();
    let mut options = options(&folder);
    options.talk.conversation.learns = false;
    let longmem = Longmem::open(options).unwrap();
    longmem.remember("ana", "Always answer in metric.").unwrap();
    assert!(longmem.facts("ana").unwrap().is_empty());
}

#[test]
fn an_import_is_indexed_and_importing_again_adds_nothing() {
    let (longmem, _folder) = longmem();
    let chats = concat!(env!("CARGO_MANIFEST_DIR"), "/chats/conversations.json");
    let report = longmem.import("ana", chats).unwrap();
    assert!(report.new_turns > 20);
    assert_eq!(longmem.index().unwrap().turns, report.new_turns);
    assert_eq!(longmem.import("ana", chats).unwrap().new_turns, 0);
    let ana = "ana".parse().unwrap();
    assert_eq!(longmem.memory().catch_up(&ana).unwrap(), CaughtUp::Complete);
}

#[test]
fn a_prompt_holds_what_was_said_and_a_question_is_answered_by_quoting() {
    let (longmem, _folder) = longmem();
    longmem.remember("ana", "I moved to Lisbon in March").unwrap();
    let prompt = longmem.context("ana", "When did I move to Lisbon?").unwrap();
    let sent = prompt.messages.iter().flat_map(|message| &message.content);
    assert!(sent.map(|block| &block.text).any(|text| text.contains("to Lisbon in March")));
    assert!(prompt.tokens <= prompt.budget.tokens());
    let Reply::Quotes(answer) = longmem.ask("ana", "When did I move to Lisbon?").unwrap() else {
        panic!("there is no language model");
    };
    assert_eq!(answer.quotes[0].text, "I moved to Lisbon in March");
    assert_eq!(longmem.sessions("ana").unwrap().len(), 1, "asking stores nothing");
    let error = longmem.context("ana", " ").unwrap_err();
    assert_eq!(error.code(), ErrorCode::EmptyText);
}

#[test]
fn a_conversation_without_a_language_model_stores_the_message() {
    let (longmem, _folder) = longmem();
    let conversation = longmem.conversation("ana", Some("today")).unwrap();
    let reply = longmem::chat::Blocking::new()
        .unwrap()
        .run(conversation.ask("I moved to Lisbon", &mut |_| {}));
    assert!(matches!(reply.unwrap(), Reply::Quotes(_)));
    assert_eq!(longmem.sessions("ana").unwrap()[0].session.as_str(), "today");
    assert!(longmem.learner("ana").unwrap().is_none(), "nobody can learn");
}

#[test]
fn names_are_checked_and_errors_have_codes() {
    let (longmem, folder) = longmem();
    let error = longmem.remember("", "x").unwrap_err();
    assert!(matches!(&error, Error::Name(_)) && error.code() == ErrorCode::InvalidName);
    assert_eq!(longmem.remember("ana", " ").unwrap_err().code(), ErrorCode::EmptyText);
    let mut missing = options(&folder);
    missing.place = folder.path().join("nowhere.db").into();
    missing.if_missing = IfMissing::Fail;
    let error = Longmem::open(missing).err().unwrap();
    assert_eq!(error.code(), ErrorCode::NoStore);
}

#[test]
fn a_store_of_ones_own_takes_the_place_of_the_file() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("own.db"), IfMissing::Create).unwrap();
    let longmem = Longmem::open(options(&folder).with_store(store)).unwrap();
    longmem.remember("ana", "I moved to Lisbon in March").unwrap();
    assert!(folder.path().join("own.db").exists() && !folder.path().join("memory.db").exists());
}

#[test]
fn a_patient_memory_opens_when_its_disk_is_back_and_never_makes_its_file_twice() {
    let folder = TempDir::new().unwrap();
    let (file, elsewhere) = (folder.path().join("memory.db"), folder.path().join("elsewhere.db"));
    let memory = open_patiently(options(&folder)).unwrap();
    std::fs::rename(&file, &elsewhere).unwrap();
    let blocking = longmem::chat::Blocking::new().unwrap();
    let stats = || blocking.run(memory.run(|memory| Ok::<_, Error>(memory.stats()?)));
    assert_eq!(stats().unwrap_err().code(), ErrorCode::NoStore);
    std::fs::rename(&elsewhere, &file).unwrap();
    assert_eq!(stats().unwrap().turns, 0);

    std::fs::write(folder.path().join("letter.txt"), "Dear Ana").unwrap();
    let mut letter = options(&folder);
    letter.place = folder.path().join("letter.txt").into();
    assert_eq!(open_patiently(letter).err().unwrap().code(), ErrorCode::NotAStore);
}

#[test]
fn nothing_is_looked_for_outside_the_folder_of_the_options() {
    let folder = TempDir::new().unwrap();
    let events = Arc::new(Mutex::new(Vec::new()));
    let mut options = Options::new(folder.path());
    options.model.offline = true;
    let seen = Arc::clone(&events);
    options.on_fetch = Arc::new(move |event| seen.lock().unwrap().push(format!("{event:?}")));
    let longmem = Longmem::open(options).unwrap();
    longmem.remember("ana", "I moved to Lisbon in March").unwrap();
    let error = longmem.recall("ana", "Where do I live?").unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModelMissing);
    let events = events.lock().unwrap().join("\n");
    assert!(events.contains(folder.path().to_str().unwrap()), "{events}");
}
