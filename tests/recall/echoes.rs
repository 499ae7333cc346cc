//! The question put before, and one message stored twice.

use longmem::Role;

use crate::support::{Known, asked, texts};

const QUESTION: &str = "What is my sister's dog called?";
const ANSWER: &str = "My sister's dog is called Pixel, he is a whippet";

#[test]
fn the_question_asked_three_times_before_stands_behind_its_answer() {
    let known = Known::nothing();
    known.remember(&[known.note(ANSWER), known.note("The boiler is from 2009")]);
    let ways = [QUESTION, "hey, what is my sister's dog called?", "what is my sister's dog called"];
    for (place, question) in ways.iter().enumerate() {
        // In a chat without a language model nobody answers.
        let session = format!("chat {place}");
        known.remember(&[known.turn(&session, Role::User, question)]);
    }
    known.remember(&ways.map(|question| known.turn("one chat", Role::User, question)));
    for question in ways {
        known.finds_first(question, ANSWER);
        let quoted = known.quoted(question);
        assert!(quoted.iter().all(|quote| !ways.contains(&quote.as_str())), "{quoted:?}");
    }
}

#[test]
fn questions_are_never_quoted() {
    let known = Known::nothing();
    let session = |place: usize| format!("chat {place}");
    let questions = [
        "Is the gateway down again?",
        "Who looks after the gateway?",
        "Which port does the gateway use?",
        "Can the gateway be restarted by night?",
        "Should the gateway get a second disk?",
    ];
    let turns = questions.iter().enumerate();
    let turns = turns.map(|(place, text)| known.turn(&session(place), Role::User, text));
    known.remember(&turns.collect::<Vec<_>>());
    assert_eq!(known.quoted("which port does the gateway use?"), Vec::<String>::new());
    known.chat("ops", &["The gateway listens on 7443."]);
    assert_eq!(known.quoted("which port does the gateway use?"), ["The gateway listens on 7443."]);
}

#[test]
fn one_text_in_two_sessions_is_one_result_that_names_the_other() {
    let text = "The spare key hangs behind the boiler";
    let known = Known::nothing();
    known.chat("monday", &[text, "Good to know."]);
    known.chat("friday", &[text, "You said so on Monday."]);
    let recall = known.recall("where is the spare key?");
    assert_eq!(texts(&recall)[0], text);
    assert_eq!(texts(&recall).iter().filter(|found| *found == text).count(), 1);
    assert_eq!(recall.results[0].turn.session.as_str(), "friday", "the newer one is shown");
    assert_eq!(recall.results[0].copies.len(), 1);
}

#[test]
fn texts_whose_numbers_differ_are_two_results() {
    let runs = [
        "Ran along the river before work today, it was cold but dry, 5 km",
        "Ran along the river before work today, it was cold but dry, 8 km",
    ];
    let known = Known::of_notes(&runs);
    let recall = known.recall_by(&asked("how far did I run along the river?"));
    let found = texts(&recall);
    assert!(runs.iter().all(|run| found.contains(&(*run).to_owned())), "{found:?}");
    assert!(recall.results.iter().all(|found| found.copies.is_empty()));
}
