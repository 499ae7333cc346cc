use std::io::{Cursor, Write};

use longmem_core::Role;
use longmem_transcripts::{Format, ImportedTurn, SkipReason};
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::samples::sample;
use crate::{Files, keys, only_format, read, read_as, sessions, skipped, texts, times};

/// The files of an export: a channel with two days, a talk of two people, and the lists.
fn export() -> Vec<(&'static str, String)> {
    let day = sample("2026-03-01.json");
    let users = json!([
        {"id": "U01DIEGO001", "name": "diego", "profile": {"display_name": "Diego", "real_name": "Diego Ruiz"}},
        {"id": "U02CARMEN01", "name": "carmen", "profile": {"display_name": "", "real_name": "Carmen Gil"}}
    ]);
    let next_day = json!([{"type": "message", "user": "U02CARMEN01", "ts": "1772440000.000100",
        "text": "Both are open, tell <#C02OPS00001>"}]);
    let direct = json!([{"type": "message", "user": "U01DIEGO001", "ts": "1772441000.000100",
        "text": "Lunch?"}]);
    vec![
        ("users.json", users.to_string()),
        (
            "channels.json",
            json!([{"id": "C01NET00001", "name": "network"}, {"id": "C02OPS00001", "name": "ops"}])
                .to_string(),
        ),
        ("groups.json", "[]".to_owned()),
        ("dms.json", json!([{"id": "D01", "members": ["U01DIEGO001", "U02CARMEN01"]}]).to_string()),
        ("integration_logs.json", json!([{"service_type": "deploy"}]).to_string()),
        ("network/2026-03-01.json", day.to_owned()),
        ("network/2026-03-02.json", next_day.to_string()),
        ("D01/2026-03-02.json", direct.to_string()),
    ]
}

fn speakers(turns: &[ImportedTurn]) -> Vec<&str> {
    turns.iter().map(|imported| imported.turn.speaker.as_deref().unwrap()).collect()
}

#[test]
fn reads_an_export_as_folder_and_as_zip() {
    let files = Files::new();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in export() {
        files.write(&format!("export/{name}"), &content);
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    let zip = files.write("Our workspace Slack export.zip", zip.finish().unwrap().into_inner());
    let (turns, report) = read(&files.path().join("export"));
    assert_eq!((only_format(&report), report.files()), (Format::Slack, 3));
    assert_eq!(
        texts(&turns),
        [
            "Lunch?",
            "@Carmen Gil the gateway listens on port 7443 & 7444, see the wiki (https://wiki.example/ports)",
            "Thanks, I open both in the firewall.",
            "Gateway 2.4 is live",
            "Both are open, tell #ops",
        ]
    );
    assert_eq!(speakers(&turns), ["Diego", "Diego", "Carmen Gil", "deploy", "Carmen Gil"]);
    assert_eq!(sessions(&turns)[..2], ["Slack D01", "Slack C01NET00001"]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Diego, Carmen Gil"));
    assert_eq!(turns[1].turn.session_title.as_deref(), Some("#network"));
    assert_eq!(keys(&turns)[1], "slack:1772359260.123459:U01DIEGO001");
    assert_eq!(times(&turns)[1], "2026-03-01T10:01:00.123Z");
    assert!(turns.iter().all(|imported| imported.turn.role == Role::User));
    assert_eq!(report.skipped, skipped(&[(SkipReason::MetaLine, 1), (SkipReason::Empty, 1)]));

    assert_eq!(report.left_out.count(), 0);

    let (zipped, zipped_report) = read(&zip);
    assert_eq!(keys(&zipped), keys(&turns));
    assert_eq!(sessions(&zipped), sessions(&turns));
    assert_eq!(speakers(&zipped), speakers(&turns));
    assert_eq!(zipped_report.skipped, report.skipped);
}

#[test]
fn a_day_alone_has_the_names_that_its_messages_state() {
    let (name, content) = ("2026-03-01.json", sample("2026-03-01.json"));
    let (turns, _) = read_as(&format!("network/{name}"), content);
    assert_eq!(speakers(&turns), ["diego", "U02CARMEN01", "deploy"]);
    assert_eq!(keys(&turns)[0], "slack:1772359260.123459:U01DIEGO001");
    assert_eq!(sessions(&turns), ["Slack network"; 3]);
}
