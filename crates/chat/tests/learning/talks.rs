//! Talks: a conversation, and a learner on a thread of its own.

use std::time::Duration;

use longmem_chat::{AsyncMemory, ChatError, LearningOutcome, Talk, TalkSettings};

use crate::{World, user};

/// Ends a talk with a learner.
async fn end(talk: Talk) -> Option<LearningOutcome> {
    talk.end().unwrap().within(Duration::from_secs(20)).await
}

#[tokio::test]
async fn by_the_end_of_a_talk_everything_is_learned() {
    let world = World::new();
    let talk = Talk::new(world.conversation("one"), Some(world.learner.clone())).unwrap();
    world.ask(&talk.conversation, "I live in Porto.").await;
    talk.wake_learner();
    world.ask(&talk.conversation, "I prefer tea.").await;
    let Some(LearningOutcome::Learned(report)) = end(talk).await else { panic!("it is learned") };
    assert_eq!((report.turns, report.new, report.summaries), (2, 2, 1));
    assert_eq!(world.known(), ["user: lives in Porto", "user: prefers tea"]);
}

#[tokio::test]
async fn what_cannot_be_learned_is_learned_in_the_next_talk() {
    let world = World::new();
    *world.model.is_down.lock().unwrap() = true;
    let talk = Talk::new(world.conversation("one"), Some(world.learner.clone())).unwrap();
    world.say("one", longmem_core::Role::User, "I live in Porto.");
    talk.wake_learner();
    let outcome = end(talk).await;
    let failed = matches!(outcome, Some(LearningOutcome::Failed(ChatError::Provider(_))));
    assert!(failed, "{outcome:?}");
    *world.model.is_down.lock().unwrap() = false;
    let next = Talk::new(world.conversation("two"), Some(world.learner.clone())).unwrap();
    assert!(matches!(end(next).await, Some(LearningOutcome::Learned(report)) if report.new == 1));
}

#[tokio::test]
async fn a_talk_without_a_name_begins_a_session_and_without_a_model_nobody_learns() {
    let world = World::new();
    let memory = AsyncMemory::one_at_a_time(world.memory.clone());
    let talk = Talk::begin(&TalkSettings::default(), memory, user("ana"), None).unwrap();
    assert_eq!(talk.conversation.session.as_str(), "chat 2026-03-02 10:00:00");
    assert!(talk.conversation.settings.continued);
    assert!(talk.end().is_none());
}
