//! The JSON in the documentation of each shape is read as that shape, and written as it stands there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use longmem_memory::ForgetTarget;
use longmem_wire as wire;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a document as `T` and writes it again.
fn rewritten<T: Serialize + DeserializeOwned>(json: &str) -> Value {
    let read: T = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"));
    serde_json::to_value(read).unwrap()
}

type Rewrite = fn(&str) -> Value;

macro_rules! shapes {
    ($($name:ident),+ $(,)?) => {
        BTreeMap::from([$((stringify!($name), rewritten::<wire::$name> as Rewrite)),+])
    };
}

fn shapes() -> BTreeMap<&'static str, Rewrite> {
    shapes![
        Adjustment,
        AgentCommand,
        Amended,
        Answer,
        Backup,
        ApiKeySet,
        AwayUser,
        ChannelHit,
        Check,
        Checks,
        ConfigChanged,
        Configuration,
        Context,
        Copied,
        CopiedUser,
        EmbeddingModel,
        Entity,
        ErrorDocument,
        ErrorReport,
        Explanation,
        ExportedTurn,
        Fact,
        FactDeleted,
        FactEdited,
        FactNote,
        FactNoted,
        Facts,
        FileChange,
        FileEndedEarly,
        FileLeftOut,
        ForgetRequest,
        Forgotten,
        FailedImport,
        Import,
        ImportPreview,
        ImportPreviews,
        Imports,
        Indexed,
        Installation,
        KeyMade,
        KeyRotated,
        LearningReport,
        MessageRequest,
        Model,
        ModelServer,
        ModelServers,
        ModerationAnswer,
        ModerationQuestion,
        Moved,
        MovedUser,
        Name,
        Names,
        NewTurn,
        OpenItems,
        Quote,
        QuotedFact,
        Recall,
        RecallRequest,
        RecalledFact,
        RecalledTurn,
        Redacted,
        RingMoved,
        RingServer,
        RingStatus,
        Remembered,
        Salvaged,
        Scope,
        ServedModel,
        ServerKey,
        ServerKeyAdded,
        ServerKeyRevoked,
        ServerKeys,
        Serving,
        Session,
        Sessions,
        ShownSession,
        Setting,
        SettingSource,
        Stats,
        StopReason,
        Summaries,
        Summary,
        TraceEntry,
        TranscriptRead,
        Turn,
        Turns,
        Usage,
        UserStats,
        Users,
        WatchEvent,
        WouldForget,
    ]
}

/// The JSON example of each type in the crate's documentation.
fn examples() -> BTreeMap<String, String> {
    let mut examples = BTreeMap::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut parts = source.split("/// ```json\n");
        parts.next();
        for part in parts {
            let (example, after) = part.split_once("/// ```\n").unwrap();
            let example: String = example.lines().map(|line| &line["///".len()..]).collect();
            let declared = after.lines().find_map(|line| {
                let name = line.strip_prefix("pub struct ").or(line.strip_prefix("pub enum "))?;
                name.split([' ', '(']).next()
            });
            examples.insert(declared.unwrap().to_owned(), example);
        }
    }
    examples
}

#[test]
fn every_shape_has_an_example_that_is_read_and_written_as_it_stands() {
    let (shapes, examples) = (shapes(), examples());
    let documented: Vec<&str> = examples.keys().map(String::as_str).collect();
    assert_eq!(shapes.keys().copied().collect::<Vec<_>>(), documented);
    for (name, example) in &examples {
        let rewritten = shapes[name.as_str()](example);
        let stands: Value = serde_json::from_str(example).unwrap();
        assert_eq!(rewritten, stands, "{name}");
    }
}

#[test]
fn what_a_request_leaves_out_has_a_default() {
    let turn: wire::NewTurn = serde_json::from_str(r#"{"text":"I moved"}"#).unwrap();
    assert_eq!(turn, wire::NewTurn::new("I moved"));
    let turn = turn.said_at("2026-03-08T18:30:00Z".parse().unwrap());
    assert_eq!((turn.session.as_str(), turn.role.as_str()), ("notes", "user"));

    let recall = r#"{"user":"ana","query":"Where do I live?"}"#;
    let recall: wire::RecallRequest = serde_json::from_str(recall).unwrap();
    let ana = || "ana".parse().unwrap();
    assert_eq!(recall, wire::RecallRequest::new(wire::Scope::of(ana()), "Where do I live?"));
    let asked = longmem_memory::RecallRequest::try_from(recall).unwrap();
    let usual =
        longmem_memory::RecallRequest::new(longmem_core::Scope::of(ana()), "Where do I live?");
    assert_eq!(asked, usual);

    let note: wire::FactNote = serde_json::from_str(r#"{"statement":"is a nurse"}"#).unwrap();
    assert_eq!(note, wire::FactNote::new("is a nurse"));
    let message: wire::MessageRequest =
        serde_json::from_str(r#"{"user":"ana","message":"hi"}"#).unwrap();
    assert_eq!(message, wire::MessageRequest::new(ana(), "hi"));
}

#[test]
fn a_request_with_a_wrong_value_is_refused_in_words() {
    let wrong = |json: &str| serde_json::from_str::<wire::RecallRequest>(json).unwrap_err();
    assert!(wrong(r#"{"query":"x"}"#).to_string().contains("missing field `user`"));
    assert!(wrong(r#"{"user":"","query":"x"}"#).to_string().contains("name of a user is empty"));
    let king = wrong(r#"{"user":"ana","query":"x","roles":["king"]}"#).to_string();
    assert!(king.contains("\"king\" is not a role"), "{king}");
    let zone = r#"{"user":"ana","query":"x","time_zone":"Lisbon"}"#;
    let zone: wire::RecallRequest = serde_json::from_str(zone).unwrap();
    let error = longmem_memory::RecallRequest::try_from(zone).unwrap_err().to_string();
    assert_eq!(error, "\"Lisbon\" is not a time zone; expected a name like Europe/Lisbon");
}

#[test]
fn a_scope_without_filters_forgets_everything_only_if_that_is_asked_for() {
    let target = |json: &str| {
        let asked: wire::ForgetRequest = serde_json::from_str(json).unwrap();
        ForgetTarget::from(asked)
    };
    assert!(
        matches!(target(r#"{"user":"ana"}"#), ForgetTarget::Scope(scope) if scope.is_whole_user())
    );
    assert!(matches!(target(r#"{"user":"ana","everything":true}"#), ForgetTarget::User(_)));
    assert!(
        matches!(target(r#"{"user":"ana","turns":[7]}"#), ForgetTarget::Turns(_, turns) if turns.len() == 1)
    );
}
