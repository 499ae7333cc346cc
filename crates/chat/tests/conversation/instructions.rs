//! Standing instructions are noted when they are said, and followed in later prompts.

use longmem_chat::Reply;
use longmem_core::{FactKind, SessionName};
use longmem_memory::FactsAt;

use crate::{Act, World};

impl World {
    /// What is noted, as the statements that hold.
    fn noted(&self) -> Vec<String> {
        let facts = self.memory.facts(&self.conversation.user, FactsAt::Now).unwrap();
        assert!(facts.iter().all(|fact| fact.kind == FactKind::Instruction && fact.turn.is_some()));
        facts.into_iter().map(|fact| fact.statement).collect()
    }
}

#[tokio::test]
async fn an_instruction_is_noted_once_and_stands_in_the_prompts_of_later_sessions() {
    let mut world = World::with([
        Act::Answer("Gladly. Always call me Bot."),
        Act::Answer("Yes."),
        Act::Answer("5 km."),
    ]);
    world.ask("I moved to Graz. Always answer in metric.").await.unwrap();
    let noted = world.conversation.take_noted();
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0].text, "Always answer in metric.");
    world.ask("please, always answer in metric!").await.unwrap();
    assert_eq!(world.conversation.take_noted(), []);
    assert_eq!(world.noted(), ["Always answer in metric."]);

    world.conversation.session = SessionName::new("tomorrow").unwrap();
    let Reply::Answer { context, .. } = world.ask("How far is it?").await.unwrap() else {
        panic!("there is a model");
    };
    let wish = "- wish [Mon 2026-03-02] \"Always answer in metric.\"\n";
    assert!(context.system[0].text.contains(wish), "{context:?}");
}

#[tokio::test]
async fn without_a_model_it_is_noted_too_and_not_quoted_back() {
    let mut world = World::with([]);
    world.conversation.model = None;
    let Reply::Quotes(answer) = world.ask("From now on call me Sam.").await.unwrap() else {
        panic!("there is no model");
    };
    assert_eq!((answer.facts, answer.quotes), (vec![], vec![]));
    assert_eq!(world.noted(), ["From now on call me Sam."]);
}

#[tokio::test]
async fn where_nothing_is_learned_nothing_is_noted() {
    let mut world = World::with([Act::Answer("Gladly.")]);
    world.conversation.settings.learns = false;
    world.ask("Always answer in metric.").await.unwrap();
    assert_eq!(world.conversation.take_noted(), []);
    assert_eq!(world.noted(), [""; 0]);
}

/// A question outside any session is not stored, so it leaves nothing behind.
#[tokio::test]
async fn what_is_not_stored_is_not_noted() {
    let world = World::with([Act::Answer("Gladly.")]);
    world.conversation.consult("Always answer in metric.", &mut |_| {}).await.unwrap();
    assert_eq!(world.noted(), [""; 0]);
}

#[tokio::test]
async fn a_prompt_that_says_an_old_name_is_not_continued() {
    let mut world =
        World::with([Act::Answer("Hello."), Act::Answer("Hello!"), Act::Answer("Yes, Sam.")]);
    world.ask("Call me Samuel.").await.unwrap();
    world.conversation.settings.continued = true;
    world.ask("Good morning!").await.unwrap();
    let Reply::Answer { context, .. } = world.ask("From now on call me Sam.").await.unwrap() else {
        panic!("there is a model");
    };
    let system = &context.system[0].text;
    assert!(
        system.contains("\"From now on call me Sam.\"") && !system.contains("Samuel"),
        "{system}"
    );
}
