//! A line of an export is an [`ExportedTurn`], but for its first.

use std::sync::Arc;

use longmem_core::{FixedClock, Role, Scope, UserName};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use longmem_wire::{ExportedTurn, NewTurn};

#[test]
fn every_line_is_read_and_written_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let now = "2026-03-08T18:30:00Z".parse().unwrap();
    let memory = Memory::new(
        Arc::new(store),
        Arc::new(WordHashEmbedder::default()),
        Arc::new(FixedClock(now)),
    );
    let ana = UserName::new("ana").unwrap();
    let mut plain = NewTurn::new("I live in \"Graça\" now!").said_at(now);
    plain.session_title = Some("Moving house".to_owned());
    let mut named = NewTurn::new("Welcome!");
    (named.role, named.speaker) = (Role::Assistant, Some("Bo".to_owned()));
    memory.remember(&ana, &[plain, named.said_at(now)]).unwrap();
    let mut lines = Vec::new();
    memory.export(&Scope::of(ana), &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let (header, lines) = lines.split_once('\n').unwrap();
    assert_eq!(header, r#"{"longmem_export":1}"#);
    assert_eq!(lines.lines().count(), 2);
    for line in lines.lines() {
        let turn: ExportedTurn = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&turn).unwrap(), line);
    }
}
