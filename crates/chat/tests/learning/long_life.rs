//! Two hundred turns in twelve sessions, with restarts: what is known at the end is what was said.

use longmem_chat::Reply;
use longmem_core::SummaryOf;
use longmem_memory::FactsAt;

use crate::{World, session, user};

const SESSIONS: usize = 12;
const MESSAGES: usize = 9;

/// What is said in a session: a home in every other one, a budget and a friend in each, and talk.
fn message(session: usize, number: usize) -> String {
    match number {
        0 if session % 2 == 1 => format!("I live in City{session}."),
        1 => format!("The budget is {session},000."),
        2 => format!("Friend{session} is my friend."),
        3 => "I feel tired today.".to_owned(),
        _ => format!("Let us talk of matter {number}."),
    }
}

#[tokio::test]
async fn what_is_known_after_a_long_life_is_what_was_said() {
    let mut world = World::new();
    let mut last_prompt = String::new();
    for number in 1..=SESSIONS {
        let name = format!("session {number}");
        let talk = world.conversation(&name);
        for place in 0..MESSAGES {
            world.pass(1);
            let reply = talk.ask(&message(number, place), &mut |_| {}).await.unwrap();
            let Reply::Answer { context, .. } = reply else { panic!("there is a model") };
            assert!(context.tokens <= talk.settings.budget.tokens());
            last_prompt = context.system.into_iter().map(|block| block.text).collect();
            world.learner.catch_up(Some(&session(&name))).await.unwrap();
        }
        world.learner.end_session(&session(&name)).await.unwrap();
        if number % 3 == 0 {
            world.restart();
        }
    }

    let mut expected = vec!["user: lives in City11".to_owned()];
    expected.push("user: set the budget to 12,000".to_owned());
    expected.extend((1..=SESSIONS).map(|n| format!("Friend{n}: is the user's friend")));
    assert_eq!(world.known(), expected);
    assert_eq!(world.held(FactsAt::Ever).len(), SESSIONS / 2 + 2 * SESSIONS);
    assert!(world.held(FactsAt::Ever).iter().all(|fact| !fact.contains("tired")));

    // Each fact names a turn of the session in which it was said.
    for fact in world.memory.facts(&user("ana"), FactsAt::Ever).unwrap() {
        let turn = world.memory.turns(&user("ana"), &[fact.turn.unwrap()]).unwrap();
        assert_eq!((Some(&turn[0].session), turn[0].time), (fact.session.as_ref(), fact.since));
    }

    for known in ["lives in City11\n", "set the budget to 12,000\n", "Friend1: is the user's"] {
        assert!(last_prompt.contains(known), "{known} is not in {last_prompt}");
    }
    assert!(!last_prompt.contains("lives in City9"), "{last_prompt}");
    let summaries = world.memory.summaries(&user("ana")).unwrap();
    let whole = summaries.iter().filter(|summary| summary.of == SummaryOf::Sessions).count();
    let folded = summaries.iter().filter(|summary| summary.folded_into.is_some()).count();
    assert_eq!((summaries.len(), whole, folded), (SESSIONS + 1, 1, SESSIONS - 3));
    let told = last_prompt.lines().filter(|line| line.contains("] \"session ")).count();
    assert_eq!(told, 3, "the last sessions only: {last_prompt}");
}
