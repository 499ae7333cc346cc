//! Conversations are found by what was said in them.

use longmem_core::{NewTurn, SessionName};
use longmem_memory::{Memory, MemoryError};

use crate::fixture::{Fixture, fixture, turn, user};

fn said(session: &str, title: Option<&str>, text: &str) -> NewTurn {
    let mut turn = turn(text);
    turn.session = SessionName::new(session).unwrap();
    turn.session_title = title.map(str::to_owned);
    turn
}

fn found(memory: &Memory, words: &str) -> Vec<String> {
    let sessions = memory.search_sessions(&user("ana"), words).unwrap();
    let mut names: Vec<String> =
        sessions.into_iter().map(|session| session.session.to_string()).collect();
    names.sort();
    names
}

#[test]
fn all_words_must_stand_in_the_title_or_the_turns() {
    let Fixture { memory, folder: _folder, .. } = fixture();
    memory
        .remember(
            &user("ana"),
            &[
                said("k1", Some("Kitchen renovation"), "The tiles come from Aveiro."),
                said("k1", None, "They cost 31 euros."),
                said("k2", Some("Café plans"), "A kitchen with tiles."),
                said("k3", None, "The tiles come from Aveiro."),
            ],
        )
        .unwrap();
    memory.remember(&user("bo"), &[said("k4", None, "Bo's kitchen tiles")]).unwrap();

    assert_eq!(found(&memory, "kitchen tile"), ["k1", "k2"]);
    assert_eq!(found(&memory, "KITCHENS euros"), ["k1"], "one in the title, one in a turn");
    assert_eq!(found(&memory, "cafe"), ["k2"]);
    assert_eq!(found(&memory, "aveiro"), ["k1", "k3"], "of the same text, both");
    assert_eq!(found(&memory, "k3"), ["k3"]);
    assert_eq!(found(&memory, "submarine"), Vec::<String>::new());
    assert!(matches!(memory.search_sessions(&user("ana"), " ?! "), Err(MemoryError::EmptyQuery)));
}
