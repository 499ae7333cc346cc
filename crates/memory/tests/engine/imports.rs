//! What an import brings, and what it leaves as it is.

use std::ops::ControlFlow;
use std::path::Path;

use longmem_core::{NewTurn, Scope, SourceKey, Timestamp};
use longmem_memory::{
    ForgetTarget, Format, ImportRequest, Memory, TranscriptSource, preview_import,
};

use crate::fixture::{Fixture, fixture, turn, user};

#[test]
fn importing_ten_times_equals_once_and_a_grown_file_adds_what_is_new() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let path = folder.path().join("chat.jsonl");
    let line = |n: usize| format!("{{\"role\":\"user\",\"text\":\"message {}\"}}\n", n % 5);
    std::fs::write(&path, (0..10).map(line).collect::<String>()).unwrap();
    let request = ImportRequest::new(&path, &ana);
    let import = || memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(import().new_turns, 10, "equal messages at different places are different turns");
    for _ in 0..9 {
        let again = import();
        assert_eq!((again.new_turns, again.read.unchanged), (0, 1));
    }
    std::fs::write(&path, (0..13).map(line).collect::<String>()).unwrap();
    assert_eq!(import().new_turns, 3);
}

#[test]
fn a_stopped_import_keeps_what_it_read_and_the_next_one_brings_the_rest() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let path = folder.path().join("chat.jsonl");
    let line = |n: usize| format!("{{\"role\":\"user\",\"text\":\"message {n}\"}}\n");
    std::fs::write(&path, (0..3_500).map(line).collect::<String>()).unwrap();
    let request = ImportRequest::new(&path, &ana);
    let mut told = Vec::new();
    let stopped = memory.import(request, &mut |progress| {
        told.push(progress.new_turns);
        if told.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let stopped = stopped.unwrap();
    assert!(stopped.stopped);
    assert_eq!((stopped.new_turns, stopped.read.turns), (2_000, 2_000));
    assert!(told.is_sorted() && told[1] <= 2_000, "{told:?}");
    let rest = memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((rest.new_turns, rest.stopped), (1_500, false));
    assert_eq!(memory.stats().unwrap().turns, 3_500);
}

#[test]
fn what_was_exported_is_imported_alike_and_adds_nothing_here() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let mut keyed = turn("with a key\nand two lines");
    keyed.source_key = Some(SourceKey("k1".to_owned()));
    keyed.speaker = Some("Ana".to_owned());
    keyed.session_title = Some("Notes".to_owned());
    let note = NewTurn { note: true, ..turn("without") };
    memory.remember(&ana, &[keyed, turn("without"), note]).unwrap();
    let export = |memory: &Memory| {
        let mut lines = Vec::new();
        memory.export(&Scope::of(ana.clone()), &mut lines).unwrap();
        String::from_utf8(lines).unwrap()
    };
    let lines = export(&memory);
    let path = folder.path().join("export.jsonl");
    std::fs::write(&path, &lines).unwrap();
    let other = user("somebody else");
    let request = ImportRequest { users_from_file: true, ..ImportRequest::new(&path, &other) };
    let here = memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((here.new_turns, here.known_turns), (0, 3));
    let empty = fixture();
    empty.memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(export(&empty.memory), lines);
    assert_eq!(lines.matches("\"note\":true").count(), 1);
}

#[test]
fn what_was_forgotten_comes_back_only_when_it_is_asked_for() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let path = folder.path().join("chat.jsonl");
    let line = |n: usize| format!("{{\"role\":\"user\",\"text\":\"message {n}\"}}\n");
    std::fs::write(&path, (0..4).map(line).collect::<String>()).unwrap();
    let import = |again: bool| {
        let request = ImportRequest { again, ..ImportRequest::new(&path, &ana) };
        let report = memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
        (report.new_turns, report.known_turns, report.forgotten_turns)
    };
    assert_eq!(import(false), (4, 0, 0));
    let session = memory.sessions(&ana).unwrap()[0].session.clone();
    let first = memory.session_turns(&ana, &session, None, Some(1)).unwrap()[0].id;
    memory.keep_value(Some(&ana), "import/chat.jsonl", Some(b"message 0")).unwrap();
    memory.forget(&ForgetTarget::Turns(Scope::of(ana.clone()), vec![first])).unwrap();
    assert_eq!(memory.kept_names(Some(&ana), "").unwrap(), [""; 0]);
    assert_eq!(import(false), (0, 3, 1));
    memory.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(import(false), (0, 0, 4));
    assert_eq!(memory.users().unwrap(), []);
    assert_eq!(import(true), (4, 0, 0));
    assert_eq!(import(false), (0, 0, 0), "the file did not change");
    assert_eq!(import(true), (0, 4, 0));
}

#[test]
fn a_file_is_read_again_for_another_user_and_with_other_flags() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let path = folder.path().join("chat.jsonl");
    std::fs::write(&path, "{\"role\":\"user\",\"text\":\"hello\"}\n").unwrap();
    let (ana, bo) = (user("ana"), user("bo"));
    let request = ImportRequest::new(&path, &ana);
    let unchanged = |request| {
        let report = memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
        report.read.unchanged
    };
    assert_eq!([unchanged(request), unchanged(request)], [0, 1]);
    for other in [
        ImportRequest { user: &bo, ..request },
        ImportRequest { notes: true, ..request },
        ImportRequest { format: Some(Format::JsonLines), ..request },
        ImportRequest { again: true, ..request },
    ] {
        assert_eq!(unchanged(other), 0, "{other:?}");
    }
    assert_eq!(unchanged(request), 1);
}

#[test]
fn a_transcript_imported_while_it_grows_ends_in_the_same_store() {
    let line = |n: usize| {
        format!(
            "{{\"type\":\"user\",\"sessionId\":\"s\",\"uuid\":\"u{n}\",\
             \"timestamp\":\"2026-05-01T10:{:02}:{:02}Z\",\
             \"message\":{{\"role\":\"user\",\"content\":\"message {n}\"}}}}\n",
            n / 60,
            n % 60
        )
    };
    let ana = user("ana");
    let (grown, whole) = (fixture(), fixture());
    let path = grown.folder.path().join("chat.jsonl");
    let request = ImportRequest::new(&path, &ana);
    let mut content = String::new();
    for step in 1..=10 {
        let new: String = ((step - 1) * 150..step * 150).map(line).collect();
        content.push_str(&new);
        std::fs::write(&path, &content).unwrap();
        let report = grown.memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((report.new_turns, report.known_turns), (150, 0));
        // Its fingerprint is read as well: of a grown file before and after, and while a mark is made.
        let most = if step == 1 { 2 * new.len() } else { new.len() } + 3 * 1024;
        assert_eq!(report.read.bytes_read, new.len() as u64);
        let in_all = report.read.bytes_read_in_all;
        assert!(in_all <= most as u64, "{in_all} bytes");
    }
    whole.memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
    let export = |memory: &Memory| {
        let mut lines = Vec::new();
        memory.export(&Scope::of(ana.clone()), &mut lines).unwrap();
        String::from_utf8(lines).unwrap()
    };
    assert_eq!(export(&grown.memory), export(&whole.memory));
}

#[test]
fn turns_that_are_here_under_a_former_key_are_known() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let mut turns = [turn("message 0"), turn("message 1")];
    for (n, turn) in turns.iter_mut().enumerate() {
        turn.source_key = Some(SourceKey(format!("claude-code:s:u{n}")));
    }
    memory.remember(&ana, &turns).unwrap();
    let first = memory.session_turns(&ana, &turns[0].session, None, Some(1)).unwrap()[0].id;
    memory.forget(&ForgetTarget::Turns(Scope::of(ana.clone()), vec![first])).unwrap();
    let path = folder.path().join("chat.jsonl");
    let line = |n: usize| {
        format!(
            "{{\"type\":\"user\",\"sessionId\":\"s\",\"uuid\":\"u{n}\",\
             \"message\":{{\"role\":\"user\",\"content\":\"message {n}\"}}}}\n"
        )
    };
    std::fs::write(&path, (0..3).map(line).collect::<String>()).unwrap();
    let request = ImportRequest::new(&path, &ana);
    let stream = || TranscriptSource::Path(&path);
    let preview =
        preview_import(Some(&memory), stream(), request, &mut |_| ControlFlow::Continue(()));
    let preview = preview.unwrap();
    let counts = (preview.new_turns, preview.known_turns, preview.forgotten_turns);
    assert_eq!((counts, preview.first), ((1, 1, 1), None));
    let report = memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(counts, (report.new_turns, report.known_turns, report.forgotten_turns));
}

#[test]
fn a_preview_stores_nothing_and_tells_the_dates() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let request = ImportRequest::new(Path::new("-"), &ana);
    let lines = "{\"role\":\"user\",\"text\":\"a\",\"time\":\"2026-03-02\",\"id\":\"1\"}\n\
        {\"role\":\"user\",\"text\":\"b\",\"time\":\"2026-03-01\",\"id\":\"2\"}\n\
        {\"role\":\"user\",\"text\":\"c\"}\n";
    for memory in [Some(&memory), None] {
        let stream = TranscriptSource::Stream {
            name: "standard input",
            bytes: Box::new(lines.as_bytes()),
            arrived: Timestamp::UNIX_EPOCH,
        };
        let preview = preview_import(memory, stream, request, &mut |_| ControlFlow::Continue(()));
        let preview = preview.unwrap();
        assert_eq!((preview.new_turns, preview.read.turns_without_time), (3, 1));
        let dates = [preview.first, preview.last].map(|time| time.unwrap().to_string());
        assert_eq!(dates, ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"]);
    }
    assert_eq!(memory.users().unwrap(), []);
}

#[test]
fn what_an_earlier_version_imported_is_known_wherever_it_was_copied() {
    let Fixture { folder, memory, embedder: _embedder } = fixture();
    let ana = user("ana");
    let uuid = "0b0c1f5e-3c55-4cf5-9d20-9f1b3a2c4d5e";
    let mut earlier = turn("Which port?");
    earlier.source_key = Some(SourceKey(format!("claude-code:s-1:{uuid}")));
    memory.remember(&ana, &[earlier]).unwrap();
    let import = |session: &str| {
        let path = folder.path().join(format!("{session}.jsonl"));
        let line = format!(
            "{{\"type\":\"user\",\"uuid\":\"{uuid}\",\"sessionId\":\"{session}\",\
             \"message\":{{\"content\":\"Which port?\"}}}}\n"
        );
        std::fs::write(&path, line).unwrap();
        let request = ImportRequest::new(&path, &ana);
        let report = memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
        (report.new_turns, report.known_turns, report.forgotten_turns)
    };
    assert_eq!(import("s-1"), (0, 1, 0));
    assert_eq!(import("s-2"), (0, 1, 0));
    memory.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(import("s-3"), (0, 0, 1));
}

#[test]
fn an_import_marks_notes_if_it_is_asked_to_or_the_file_does() {
    for (notes, expected) in [(false, [false, true]), (true, [true, true])] {
        let Fixture { folder, memory, embedder: _embedder } = fixture();
        let (ana, path) = (user("ana"), folder.path().join("diary.jsonl"));
        let lines = [
            r#"{"role":"user","text":"plain","note":"by hand"}"#,
            r#"{"role":"user","text":"marked","note":true}"#,
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let request = ImportRequest { notes, ..ImportRequest::new(&path, &ana) };
        memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
        let session = memory.sessions(&ana).unwrap()[0].session.clone();
        let turns = memory.session_turns(&ana, &session, None, None).unwrap();
        assert_eq!(turns.iter().map(|turn| turn.note).collect::<Vec<_>>(), expected);
    }
}
