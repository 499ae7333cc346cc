use longmem_core::Role;
use longmem_transcripts::{Format, ImportedTurn, SkipReason};
use serde_json::json;

use crate::samples::{database, sample};
use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

fn roles(turns: &[ImportedTurn]) -> Vec<Role> {
    turns.iter().map(|imported| imported.turn.role).collect()
}

/// What llm 0.31 left in `responses`, and what 0.36 wrote into `turns`.
const TEXTS: [&str; 14] = [
    "I fly to Oslo on Friday. What should I pack?",
    "Warm boots and a rain coat.",
    "And which tram goes to the harbour?",
    "Tram 12 goes to Aker Brygge.",
    "How warm is it in Oslo?",
    "weather {\"city\":\"Oslo\"}\n4 degrees, rain",
    "It is 4 degrees in Oslo.",
    "Which of these is the ferry to Dragsholm?",
    "The B10 at 9:15.",
    "Where do I leave the spare key?",
    "With Mira, as last time.",
    "How warm is it in Oslo?",
    "weather {\"city\":\"Oslo\"}\n4 degrees, rain",
    "It is 4 degrees in Oslo.",
];

#[test]
fn reads_what_old_and_new_versions_logged() {
    let (turns, report) = read_as("logs.db", database(sample("logs.db")));
    assert_eq!(only_format(&report), Format::Llm);
    assert_eq!(texts(&turns), TEXTS);
    let (user, assistant, tool) = (Role::User, Role::Assistant, Role::Tool);
    assert_eq!(roles(&turns)[3..7], [assistant, user, tool, assistant]);
    assert_eq!(sessions(&turns)[..4], ["01m8ap20b3t3pqmv8rf35m45wz"; 4]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("I fly to Oslo on Friday. What s…"));
    assert!(times(&turns).windows(2).all(|two| two[0] < two[1]), "{:?}", times(&turns));
    assert_eq!(report.skipped, skipped(&[]));
}

#[test]
fn the_database_and_its_json_have_the_same_turns() {
    let rows = read_as("logs.db", database(sample("logs.db"))).0;
    let (printed, report) = read_as("logs.json", sample("logs.json"));
    assert_eq!(only_format(&report), Format::LlmJson);
    assert_eq!(texts(&printed), texts(&rows));
    assert_eq!(keys(&printed), keys(&rows));
    assert_eq!(sessions(&printed), sessions(&rows));
    assert_eq!(times(&printed), times(&rows));
}

#[test]
fn a_database_without_tools_is_read_too() {
    let (turns, report) = read_as(
        "logs.db",
        database(
            "CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
             CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT,
                prompt_json TEXT, options_json TEXT, response TEXT, response_json TEXT,
                conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT);
             INSERT INTO conversations VALUES ('c', 'Ports', 'm');
             INSERT INTO responses VALUES ('2', 'm', 'And the next?', NULL, NULL, '{}', '7444', NULL,
                'c', 9, '2023-07-01T12:00:05.123456');
             INSERT INTO responses VALUES ('1', 'm', 'Which port?', 'Be brief.', NULL, '{}', '7443', NULL,
                'c', 9, '2023-07-01T12:00:00.123456');",
        ),
    );
    assert_eq!(only_format(&report), Format::Llm);
    assert_eq!(texts(&turns), ["Which port?", "7443", "And the next?", "7444"]);
    assert_eq!(keys(&turns)[..2], ["llm:1:prompt", "llm:1:response"]);
    assert_eq!(times(&turns)[0], "2023-07-01T12:00:00.123456Z");
}

#[test]
fn what_a_model_thought_is_no_part_of_its_answer() {
    let row = |id: &str, response: &str| {
        json!({"id": id, "conversation_id": "c", "datetime_utc": "2026-01-02T10:00:00",
            "prompt": "Which port?", "response": response})
    };
    let rows = json!([row("1", "<think>Ports.</think>\n\n7443."), row("2", "<think>Ports")]);
    let (turns, report) = read_as("logs.json", rows.to_string());
    assert_eq!(texts(&turns), ["Which port?", "7443.", "Which port?"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Reasoning, 1)]));
}
