//! Memory does not feed on itself.

use longmem_core::{Role, Scope, SessionName};
use longmem_memory::RecallRequest;

use crate::fixture::{Fixture, fixture, turn, user};

/// What a prompt holds of recalled turns, as somebody pastes it.
fn block(quotes: &[String]) -> String {
    let quotes: Vec<String> = quotes.iter().map(|quote| format!("- user: {quote}")).collect();
    let quotes = quotes.join("\n");
    format!("<recalled_memory today=\"Mon\" note=\"Quotes\">\n{quotes}\n</recalled_memory>")
}

#[test]
fn a_thousand_pasted_prompts_add_what_is_new_and_nothing_else() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let (ana, session) = (user("ana"), SessionName::new("loop").unwrap());
    let mut pasted = String::new();
    for round in 0..1_000 {
        let new = format!("The gate number {round} is open.");
        let text = if pasted.is_empty() { new } else { format!("{pasted}\n{new}") };
        let turn = match round % 2 {
            0 => memory.new_turn(session.clone(), Role::User, text),
            _ => turn(&text),
        };
        memory.remember(&ana, &[turn]).unwrap();
        if round % 100 == 0 {
            let request = RecallRequest::new(Scope::of(ana.clone()), "Which gate is open?");
            let results = memory.recall(&request).unwrap().results;
            let quotes: Vec<String> = results.into_iter().map(|found| found.turn.text).collect();
            assert!(!quotes.is_empty());
            pasted = block(&quotes);
        }
    }
    let mut lines = Vec::new();
    assert_eq!(memory.export(&Scope::of(ana), &mut lines).unwrap().turns, 1_000);
    let exported = String::from_utf8(lines).unwrap();
    assert!(!exported.contains("recalled_memory"));
    // The first line says that it is an export.
    for (round, line) in exported.lines().skip(1).enumerate() {
        assert!(line.contains(&format!("\"text\":\"The gate number {round} is open.\"")), "{line}");
    }
}

#[test]
fn what_is_nothing_but_pasted_memory_is_refused() {
    let Fixture { folder: _folder, memory, embedder: _embedder } = fixture();
    let error = memory.remember(&user("ana"), &[turn(&block(&["x".to_owned()]))]).unwrap_err();
    assert!(error.to_string().contains("only repeats what longmem recalled"), "{error}");
    let about = "<recalled_memory> is a tag. My flight is at 9.";
    memory.remember(&user("ana"), &[turn(about)]).unwrap();
}
