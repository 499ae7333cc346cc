//! Summaries: of what grew long, of what ended, of what is long ago; grounded in what was said.

use longmem_core::{Role, SummaryOf};

use crate::{World, session, user};

fn texts(world: &World) -> Vec<String> {
    let summaries = world.memory.summaries(&user("ana")).unwrap();
    summaries.into_iter().map(|summary| summary.text).collect()
}

/// Says something and its answer.
fn exchange(world: &World, name: &str, text: &str) {
    world.say(name, Role::User, text);
    world.say(name, Role::Assistant, "So be it.");
}

#[tokio::test]
async fn a_session_that_ended_is_summed_up_once_and_again_when_it_went_on() {
    let world = World::new();
    exchange(&world, "one", "The tiles come from Aveiro.");
    assert_eq!(world.learn().await.summaries, 0, "somebody spoke a moment ago");
    world.pass(1);
    assert_eq!(world.learn().await.summaries, 1);
    assert_eq!(texts(&world), ["The tiles come from Aveiro. So be it."]);
    assert_eq!(world.learn().await.summaries, 0);
    exchange(&world, "one", "They arrived.");
    world.learner.end_session(&session("one")).await.unwrap();
    assert_eq!(texts(&world), ["The tiles come from Aveiro. So be it. They arrived."]);
}

#[tokio::test]
async fn the_session_that_goes_on_has_not_ended() {
    let world = World::new();
    exchange(&world, "one", "The tiles come from Aveiro.");
    world.pass(5);
    let report = world.learner.catch_up(Some(&session("one"))).await.unwrap();
    assert_eq!((report.turns, report.summaries), (1, 0));
}

#[tokio::test]
async fn what_was_not_said_is_asked_for_once_more_and_then_left_out() {
    let world = World::new();
    exchange(&world, "one", "The tiles come from Aveiro.");
    let made_up =
        r#"{"summary":"The tiles cost 900 euros. The tiles come from Aveiro. Rui paid."}"#;
    world.model.take_asked();
    world.model.say_instead(&[r#"{"facts":[]}"#, made_up, made_up]);
    world.pass(1);
    let report = world.learn().await;
    assert_eq!((report.summaries, report.ungrounded), (1, 2));
    assert_eq!(texts(&world), ["The tiles come from Aveiro."]);
    let asked = world.model.take_asked().pop().unwrap();
    assert!(asked.contains("sentence 1: this was not said: 900"), "{asked}");
}

/// Not again and again: that costs money each time.
#[tokio::test]
async fn a_summary_that_cannot_be_made_is_not_tried_again_until_something_is_said() {
    let world = World::new();
    exchange(&world, "one", "The tiles come from Aveiro.");
    world.model.say_instead(&[r#"{"facts":[]}"#, "no", "no"]);
    world.pass(1);
    let report = world.learn().await;
    assert_eq!((report.summaries, report.malformed), (0, 1));
    world.model.take_asked();
    world.learn().await;
    assert_eq!(world.model.take_asked(), [""; 0]);
    let talk = world.conversation("two");
    assert!(!world.ask(&talk, "Hello!").await.contains("earlier_conversation"));
}

#[tokio::test]
async fn the_last_three_sessions_go_into_a_prompt_and_older_ones_folded_together() {
    let world = World::new();
    for number in 1..=6 {
        exchange(&world, &format!("session {number}"), &format!("We talked of topic {number}."));
        world.learner.end_session(&session(&format!("session {number}"))).await.unwrap();
    }
    let summaries = world.memory.summaries(&user("ana")).unwrap();
    let folded = summaries.iter().filter(|summary| summary.folded_into.is_some()).count();
    let whole: Vec<&str> = summaries
        .iter()
        .filter(|summary| summary.of == SummaryOf::Sessions)
        .map(|summary| summary.text.as_str())
        .collect();
    assert_eq!((folded, whole.len()), (3, 1));
    assert!(whole[0].starts_with("We talked of topic 1."), "{whole:?}");

    let talk = world.conversation("now");
    let prompt = world.ask(&talk, "Hello!").await;
    let told: Vec<&str> = prompt.lines().filter(|line| line.starts_with("- [")).collect();
    assert_eq!(told.len(), 4, "{prompt}");
    for (line, number) in told[1..].iter().zip(4..) {
        assert!(line.contains(&format!("\"session {number}\": We talked of topic {number}.")));
    }
}

#[tokio::test]
async fn a_forgotten_session_leaves_no_summary_that_tells_of_it() {
    let world = World::new();
    for number in 1..=5 {
        exchange(&world, &format!("session {number}"), &format!("We talked of topic {number}."));
        world.learner.end_session(&session(&format!("session {number}"))).await.unwrap();
    }
    assert!(texts(&world).iter().any(|text| text.contains("topic 1.")));
    let mut scope = longmem_core::Scope::of(user("ana"));
    scope.sessions = vec![session("session 1")];
    world.memory.forget(&longmem_memory::ForgetTarget::Scope(scope)).unwrap();
    assert!(texts(&world).iter().all(|text| !text.contains("topic 1.")), "{:?}", texts(&world));
    world.pass(1);
    world.learn().await;
    assert!(texts(&world).iter().all(|text| !text.contains("topic 1.")), "{:?}", texts(&world));
}

/// The beginning is summed up when the session is too long; the summary stands in for it, and the
/// turns themselves stay.
#[tokio::test]
async fn a_session_that_grows_long_is_summed_up_at_its_beginning() {
    let world = World::new();
    let talk = world.conversation("long");
    for number in 0..60 {
        let filler = "and so on and so forth ".repeat(3);
        exchange(&world, "long", &format!("Matter {number} came up. {filler}"));
        world.learner.catch_up(Some(&session("long"))).await.unwrap();
    }
    let summaries = world.memory.summaries(&user("ana")).unwrap();
    assert_eq!(summaries.len(), 1, "one summary stands in for all of the beginning");
    let SummaryOf::Stretch { through, .. } = &summaries[0].of else { panic!("{summaries:?}") };

    world.pass(1);
    let context = talk.context_for("What came up?").await.unwrap();
    let system = &context.system[0].text;
    assert!(system.contains("<earlier_conversation"), "{system}");
    let turns = world.memory.recent(&user("ana"), &session("long"), 999).unwrap();
    assert_eq!(turns.len(), 120, "every turn is still stored");
    let first = turns.iter().find(|turn| turn.id > *through).unwrap();
    assert_eq!(first.role, Role::User);
    let sent = &context.messages[0].content[0].text;
    assert_eq!(*sent, first.text, "history begins where the summary ends");
}

#[tokio::test]
async fn action_items_name_only_what_was_said() {
    let world = World::new();
    world.say("one", Role::User, "I will call Priya on Friday. What does the lift cost?");
    let items = r#"{"action_items":["The user will call Priya on Friday","Pay Rui"],
        "open_questions":["What does the lift cost?"]}"#;
    world.model.say_instead(&[items, items]);
    let found = world.learner.action_items(&session("one")).await.unwrap();
    assert_eq!(found.action_items, ["The user will call Priya on Friday"]);
    assert_eq!(found.open_questions, ["What does the lift cost?"]);
}
