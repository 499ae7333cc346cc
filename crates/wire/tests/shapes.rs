//! Pins the JSON that is made of each of the engine's results.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use insta::assert_snapshot;
use longmem_chat as chat;
use longmem_core as core;
use longmem_core::{FactId, Role, SessionName, SummaryId, Timestamp, TurnId, UserName};
use longmem_memory as memory;
use longmem_wire as wire;
use serde::Serialize;

fn json(document: impl Serialize) -> String {
    serde_json::to_string_pretty(&document).unwrap()
}

fn ana() -> UserName {
    UserName::new("ana").unwrap()
}

fn session() -> SessionName {
    SessionName::new("move").unwrap()
}

fn time(text: &str) -> Timestamp {
    format!("2026-03-08T{text}Z").parse().unwrap()
}

fn turn(id: i64) -> core::Turn {
    core::Turn {
        id: TurnId(id),
        session: session(),
        session_title: Some("Moving house".to_owned()),
        role: Role::User,
        speaker: None,
        time: time("18:30:00.5"),
        text: "I live in \"Graça\" now!".to_owned(),
        note: false,
    }
}

fn fact(id: i64) -> core::Fact {
    core::Fact {
        id: FactId(id),
        subject: core::USER_SUBJECT.to_owned(),
        statement: "lives in Graça".to_owned(),
        kind: core::FactKind::Identity,
        entities: vec![core::Entity { name: "Graça".to_owned(), kind: core::EntityKind::Other }],
        since: time("18:30:00"),
        until: Some(time("19:00:00")),
        superseded_by: Some(FactId(id + 1)),
        turn: Some(TurnId(17)),
        session: Some(session()),
    }
}

fn model() -> core::EmbeddingModel {
    core::EmbeddingModel {
        name: "sentence-transformers/all-MiniLM-L6-v2".to_owned(),
        revision: "c9745ed1d9f2".to_owned(),
        dimensions: 384,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 256,
    }
}

fn usage() -> chat::Usage {
    chat::Usage { input: 310, cache_read: 2048, cache_write: 12, output: 9 }
}

fn completion(stop_reason: chat::StopReason) -> chat::Completion {
    chat::Completion {
        thought: false,
        text: "In Lisbon.".to_owned(),
        stop_reason,
        usage: usage(),
        model: "claude-haiku-5-5".to_owned(),
    }
}

fn context() -> chat::Context {
    let text = |text: &str| chat::TextBlock::new(text);
    let entry = |kind, turn: Option<core::Turn>, shortened| chat::TraceEntry {
        kind,
        turn: turn.as_ref().map(|turn| turn.id),
        session: turn.as_ref().map(|turn| turn.session.clone()),
        time: turn.map(|turn| turn.time),
        tokens: 5,
        included: true,
        shortened,
        reason: "rank 1".to_owned(),
    };
    chat::Context {
        system: vec![chat::TextBlock {
            cache_control: Some(chat::CacheControl::Ephemeral),
            ..text("You are brief.")
        }],
        messages: vec![chat::Message {
            role: chat::MessageRole::User,
            content: vec![text("Where do I live?")],
        }],
        tokens: 31,
        budget: chat::TokenBudget::new(4_000),
        trace: vec![
            entry(chat::TraceKind::System, None, false),
            entry(chat::TraceKind::Fact, None, false),
            entry(chat::TraceKind::Summary, None, false),
            entry(chat::TraceKind::Recent, Some(turn(16)), false),
            entry(chat::TraceKind::Message, None, false),
            entry(chat::TraceKind::Recalled, Some(turn(17)), true),
        ],
    }
}

#[test]
fn remember() {
    let inserted = memory::Inserted { id: TurnId(17), new: true };
    assert_snapshot!(json(wire::Remembered::new(inserted, ana(), session())));
}

#[test]
fn import() {
    let read = memory::TranscriptReport {
        formats: BTreeMap::from([(memory::Format::ClaudeCode, 2)]),
        unchanged: 4,
        bytes_read: 4096,
        bytes_read_in_all: 8192,
        sessions: 3,
        turns: 7,
        turns_without_time: 1,
        unreadable_times: 0,
        skipped: BTreeMap::from([
            (memory::SkipReason::Empty, 2),
            (memory::SkipReason::ToolCall, 1),
            (memory::SkipReason::NotUtf8, 1),
        ]),
        ended_early: vec![memory::EndedEarly {
            file: "cut.jsonl".to_owned(),
            byte: 2048,
            reason: memory::EndReason::CutOff,
        }],
        left_out: memory::LeftOutFiles {
            named: vec![memory::LeftOutFile {
                file: "x.json".to_owned(),
                reason: memory::LeftOutReason::UnknownFormat,
            }],
            more: 3,
        },
    };
    let report = memory::ImportReport {
        read,
        new_turns: 6,
        known_turns: 1,
        forgotten_turns: 0,
        users: BTreeMap::from([(ana(), 7)]),
        of_other_users: 0,
        refused_turns: 0,
        new_facts: 0,
        new_summaries: 0,
        stopped: false,
    };
    let imports = vec![wire::Import::new(Path::new("folder"), report)];
    assert_snapshot!(json(wire::Imports { imports, failed: Vec::new(), indexed: None }));
}

#[test]
fn index() {
    let report = memory::IndexReport {
        turns: 7,
        passages: 9,
        wordless_passages: 2,
        remaining: 0,
        replaced_model: true,
    };
    assert_snapshot!(json(wire::Indexed::new(report, Duration::from_millis(1_300))));
}

/// A score of 0.3 is printed as 0.3, not as the f64 next to it.
#[test]
fn recall() {
    let found = core::Recalled {
        turn: turn(17),
        score: 0.3,
        explanation: core::Explanation {
            dense: Some(core::ChannelHit { rank: 1, score: 0.7 }),
            lexical: None,
            cosine: Some(0.7),
            coverage: 0.0,
            adjustments: vec![core::Adjustment { reason: "only asks".to_owned(), amount: -0.12 }],
            rank_score: 1.1,
        },
        neighbours: vec![core::Turn { note: true, ..turn(18) }],
        copies: vec![TurnId(9)],
    };
    let known = memory::RecalledFact {
        fact: fact(4),
        score: 0.6,
        explanation: core::Explanation { rank_score: 1.4, ..core::Explanation::default() },
    };
    let recall = memory::Recall {
        results: vec![found],
        facts: vec![known],
        unsure: false,
        turns_without_vectors: 3,
        other_model: None,
        degraded: Vec::new(),
        timings: memory::RecallTimings::default(),
    };
    let nothing = memory::Recall { results: Vec::new(), facts: Vec::new(), ..recall.clone() };
    assert_snapshot!(json(wire::Recall::from(recall)));
    assert_snapshot!("recall_of_nothing", json(wire::Recall::from(nothing)));
}

#[test]
fn context_of_a_message() {
    assert_snapshot!(json(wire::Context::from(context())));
}

#[test]
fn answer() {
    let notices = vec!["memory was searched by words only".to_owned()];
    let reply = chat::Reply::Answer {
        completion: completion(chat::StopReason::EndTurn),
        context: chat::Context { trace: Vec::new(), ..context() },
    };
    assert_snapshot!(json(wire::Answer::new(reply, notices)));
}

#[test]
fn answer_by_quotes() {
    let quote = chat::Quote {
        turn: TurnId(17),
        session: session(),
        session_title: None,
        time: time("18:30:00"),
        speaker: "Ana".to_owned(),
        text: "I live in Graça now!".to_owned(),
    };
    let fact = chat::QuotedFact {
        fact: longmem_core::FactId(4),
        since: time("18:30:00"),
        until: None,
        text: "lives in Graça".to_owned(),
    };
    let text = "No language model".to_owned();
    let quoted = chat::QuotedAnswer { quotes: vec![quote], facts: vec![fact], text };
    assert_snapshot!(json(wire::Answer::new(chat::Reply::Quotes(quoted), Vec::new())));
}

#[test]
fn answer_that_could_not_be_stored() {
    let answer = completion(chat::StopReason::MaxTokens);
    assert_snapshot!(json(wire::Answer::not_stored(answer, Vec::new())));
}

#[test]
fn reasons_why_an_answer_ends() {
    let reasons = [
        chat::StopReason::EndTurn,
        chat::StopReason::MaxTokens,
        chat::StopReason::ContextWindowExceeded,
        chat::StopReason::Refusal { explanation: Some("It asks for a password.".to_owned()) },
        chat::StopReason::Refusal { explanation: None },
        chat::StopReason::Other("paused".to_owned()),
    ];
    assert_snapshot!(json(reasons.map(wire::StopReason::from)));
}

#[test]
fn facts() {
    assert_snapshot!(json(wire::Facts::from(vec![fact(4)])));
    let noted = wire::FactNoted { id: FactId(5), new: true, user: ana(), replaces: None };
    assert_snapshot!("fact_noted", json(noted));
    assert_snapshot!(
        "fact_edited",
        json(wire::FactEdited { id: FactId(5), user: ana(), erased_from_disk: true })
    );
    assert_snapshot!(
        "fact_deleted",
        json(wire::FactDeleted { deleted: 2, user: ana(), erased_from_disk: true })
    );
}

#[test]
fn names() {
    let known = memory::KnownEntity {
        entity: core::Entity { name: "Priya".to_owned(), kind: core::EntityKind::Person },
        facts: 3,
        first: time("09:00:00"),
        last: time("18:30:00"),
    };
    assert_snapshot!(json(wire::Names::from(vec![known])));
}

#[test]
fn sessions() {
    let known = |name: &str| memory::SessionSummary {
        session: SessionName::new(name).unwrap(),
        title: None,
        turns: 4,
        start: time("18:30:00"),
        end: time("18:31:06"),
    };
    let sessions = || wire::Sessions::from(vec![known("move"), known("kitchen")]);
    assert_snapshot!(json(sessions()));
    let summaries = HashMap::from([(session(), "Ana moved.".to_owned())]);
    let with_summaries = json(sessions().with_summaries(&summaries));
    let read: wire::Sessions = serde_json::from_str(&with_summaries).unwrap();
    assert_eq!(read, sessions().with_summaries(&summaries), "null is not absent");
    assert_snapshot!("sessions_with_summaries", with_summaries);
}

#[test]
fn open_items() {
    let items = chat::ActionItems {
        action_items: vec!["Ana sends the floor plan.".to_owned()],
        open_questions: Vec::new(),
    };
    assert_snapshot!(json(wire::OpenItems::from(items)));
}

#[test]
fn summaries() {
    let through = TurnId(18);
    let of = [
        core::SummaryOf::Stretch { session: session(), through },
        core::SummaryOf::Session { session: session(), through },
        core::SummaryOf::Sessions,
    ];
    let summaries = of.map(|of| core::Summary {
        id: SummaryId(2),
        of,
        time: time("18:31:06"),
        text: "Ana moved.".to_owned(),
        folded_into: None,
    });
    assert_snapshot!(json(wire::Summaries::from(summaries.to_vec())));
}

#[test]
fn learning_report() {
    let report = chat::LearningReport { turns: 12, new: 2, usage: usage(), ..Default::default() };
    assert_snapshot!(json(wire::LearningReport::from(report)));
}

#[test]
fn stats() {
    let counted = memory::StoreStats {
        users: 1,
        sessions: 4,
        turns: 14,
        passages: 15,
        vectors: 15,
        turns_without_vectors: 0,
        truncated_tokens: 0,
        file_bytes: 282_624,
        unused_bytes: 0,
    };
    let users = || vec![memory::UserStats { user: ana(), sessions: 4, turns: 14 }];
    let stats =
        wire::Stats::new(counted, "memory.db".to_owned(), Some(model()), users(), Vec::new());
    assert_snapshot!(json(stats));
    assert_snapshot!("users", json(wire::Users::from(users())));
}

#[test]
fn forget() {
    let derived = memory::Derived { facts: 1, summaries: 2 };
    let mut preview = memory::ForgetPreview::default();
    (preview.turns, preview.first) = (2, vec![turn(17)]);
    preview.sessions = vec!["move".parse().unwrap()];
    assert_snapshot!("would_forget", json(wire::WouldForget::from(preview)));
    let forgotten = memory::Forgotten {
        turns: 2,
        sessions: 1,
        derived,
        user: false,
        erasure: memory::Erasure::Done,
    };
    assert_snapshot!(json(wire::Forgotten::from(forgotten)));
}

#[test]
fn upkeep() {
    let backup = wire::Backup { file: "copy.db".to_owned(), file_bytes: 282_624 };
    assert_snapshot!("backup", json(backup));
    let check = |name: &str, ok| wire::Check {
        name: name.to_owned(),
        ok,
        finding: "as it should be".to_owned(),
    };
    let checks = wire::Checks::from(vec![check("store", true), check("model", false)]);
    assert_snapshot!("checks", json(checks));
    let model = wire::Model {
        model: model().into(),
        folder: "models".to_owned(),
        source: "models".to_owned(),
        weights_bytes: 90_868_376,
        verified: true,
    };
    assert_snapshot!("model", json(model));
}

#[test]
fn models() {
    let served = |name: &str, window| chat::ServedModel { name: name.to_owned(), window };
    let local = chat::LocalServer {
        name: "Ollama",
        base_url: "http://127.0.0.1:11434/v1".to_owned(),
        models: vec![served("llama3.2:latest", Some(4_096)), served("nomic-embed-text", None)],
    };
    let local = wire::ModelServer::from(local);
    let failed = wire::ModelServer {
        name: "anthropic".to_owned(),
        api: "anthropic".to_owned(),
        base_url: "https://api.anthropic.com".to_owned(),
        set_up: true,
        error: Some("https://api.anthropic.com cannot be reached".to_owned()),
        models: Vec::new(),
    };
    assert_snapshot!(json(wire::ModelServers { servers: vec![failed, local] }));
}

#[test]
fn error() {
    let error = memory::MemoryError::from(memory::StoreError::UnknownUser(ana()));
    let document = wire::ErrorDocument::new(
        core::Diagnose::code(&error),
        wire::full_message(&error),
        vec!["Look at the list of users.".to_owned()],
    );
    assert_snapshot!(json(document));
}
