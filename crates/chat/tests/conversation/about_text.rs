//! Questions about a text that is handed in with them.

use longmem_chat::{Notice, Reply, TokenBudget};

use super::{Act, World};

/// A log with one line that answers, in the middle of what fills it.
fn log(lines: usize) -> String {
    let filler = "All quiet on the loading dock today.\n".repeat(lines);
    format!("{filler}The compressor failed at noon.\n{filler}")
}

#[tokio::test]
async fn the_text_stands_beside_the_question_and_nothing_is_stored() {
    let world = World::with([Act::Answer("The compressor.")]);
    world.remember("ana", "plant", "The compressor failed in May too.");
    let text = "09:00 ok\n12:00 compressor failed";
    let reply = world.conversation.consult_about("What failed?", text, &mut |_| {}).await.unwrap();
    assert!(matches!(reply, Reply::Answer { .. }));
    let blocks = world.asked().pop().unwrap();
    assert!(blocks[0].starts_with("What failed?\n\n"), "{}", blocks[0]);
    assert!(blocks[0].ends_with(&format!("<text>\n{text}\n</text>")), "{}", blocks[0]);
    assert!(blocks[1].contains("failed in May too"), "memory is searched too: {}", blocks[1]);
    assert_eq!(world.stored(), Vec::<String>::new());
    assert_eq!(world.conversation.take_notices(), []);
}

#[tokio::test]
async fn a_long_text_is_cut_to_the_parts_nearest_to_the_question() {
    let mut world = World::with([Act::Answer("The compressor.")]);
    world.conversation.settings.budget = TokenBudget::new(600);
    let text = log(300);
    let reply = world.conversation.consult_about("What failed?", &text, &mut |_| {}).await.unwrap();
    let Reply::Answer { context, .. } = reply else { panic!("there is a model") };
    assert!(context.tokens <= 600, "{}", context.tokens);
    let message = world.asked().pop().unwrap().remove(0);
    assert!(message.contains("The compressor failed at noon."), "{message}");
    let notices = world.conversation.take_notices();
    assert!(
        matches!(notices[..], [Notice::TextShortened { sent, all }] if sent < 600 && all > 4_000),
        "{notices:?}"
    );
}

#[tokio::test]
async fn in_a_session_the_text_is_a_part_of_the_message_that_is_stored() {
    let world = World::with([Act::Answer("The compressor.")]);
    world.conversation.ask_about("What failed?", &log(1), &mut |_| {}).await.unwrap();
    let stored = world.stored();
    assert!(stored[0].starts_with("user: What failed?\n\n") && stored[0].contains("at noon"));
    assert_eq!(stored[1], "assistant: The compressor.");
}

#[tokio::test]
async fn without_a_model_memory_is_quoted_and_it_is_said_that_nobody_read_the_text() {
    let mut world = World::with([]);
    world.conversation.model = None;
    world.remember("ana", "plant", "The compressor failed in May.");
    let reply = world.conversation.consult_about("What failed?", "x", &mut |_| {}).await.unwrap();
    let Reply::Quotes(quoted) = reply else { panic!("there is no model") };
    assert!(quoted.text.contains("failed in May"), "{}", quoted.text);
    assert_eq!(world.conversation.take_notices(), [Notice::TextUnread]);
}
