//! Questions that name somebody, or ask for what a side of the talk said.

use longmem::Role;
use longmem::core::NewTurn;

use crate::support::Known;

/// Two people who talk about the same things.
fn two_friends() -> Known {
    let known = Known::nothing();
    known.talk(
        "lunch",
        &[
            ("Priya", "I'm off to Iceland in May, ten days with a tent."),
            ("Ben", "Lovely! I'm off to Crete in May, a week with my parents."),
            ("Priya", "My knee is better, the cycling helps."),
            ("Ben", "My shoulder still hurts from the climbing."),
        ],
    );
    known
}

#[test]
fn a_name_in_any_case_asks_for_the_words_of_its_bearer() {
    let known = two_friends();
    for (question, answer) in [
        ("Where does Ben go in May?", "Lovely! I'm off to Crete in May, a week with my parents."),
        ("where does ben go in may?", "Lovely! I'm off to Crete in May, a week with my parents."),
        ("WHERE DOES PRIYA GO IN MAY?", "I'm off to Iceland in May, ten days with a tent."),
        ("what helps priya's knee?", "My knee is better, the cycling helps."),
    ] {
        known.finds_first(question, answer);
    }
}

#[test]
fn the_owners_own_name_asks_for_nobodys_words() {
    let known = Known::nothing();
    let by_marta = |turn: NewTurn| NewTurn { speaker: Some("Marta".to_owned()), ..turn };
    let said = [
        known.note("The boss since March is Jonas Feld"),
        known.note("Marta is spelt without an h on the new badge"),
        known.note("The office moves to the third floor"),
    ];
    known.remember(&said.map(by_marta));
    let chat = [
        known.turn("lunch", Role::User, "What can I cook with leeks?"),
        known.turn("lunch", Role::Assistant, "Marta, a leek tart: leeks, cream, three eggs."),
    ];
    known.remember(&chat.map(|turn| match turn.role {
        Role::User => by_marta(turn),
        _ => turn,
    }));
    known.finds_first("Who is Marta's boss?", "The boss since March is Jonas Feld");
    known.finds_first(
        "which tart did the assistant give marta?",
        "Marta, a leek tart: leeks, cream, three eggs.",
    );
}

#[test]
fn who_asks_for_advice_gets_what_they_like() {
    let known = Known::nothing();
    let likes = "I love Ethiopian food, the hotter the better";
    known.chat("food", &[likes, "Ethiopian stews are often made with berbere."]);
    known.chat(
        "trip",
        &[
            "What could we do in Ghent?",
            "I can recommend a boat tour, and for dinner a restaurant by the canal.",
        ],
    );
    known.chat("work", &["The report is due on Friday.", "Shall I draft the summary?"]);
    known.finds_first("can you recommend a place to eat that I would like?", likes);
    known.finds_first("Can you suggest a restaurant for tonight? I want food that I love", likes);
}

#[test]
fn what_the_assistant_said_is_found_in_its_own_words() {
    let known = Known::nothing();
    let advice = "For the cellar I recommend lime plaster, it lets the wall dry.";
    known.chat("house", &["The wall in the cellar is damp.", advice]);
    known.chat("garden", &["The wall in the garden is crooked.", "A mason could set it straight."]);
    known.finds_first("what did you recommend for the cellar wall?", advice);
}
