//! What a prompt that continues another must keep.

use jiff::Timestamp;
use longmem_core::{EstimatedTokens, NewTurn, SessionName, SourceKey, Turn};
use proptest::prelude::*;

use super::*;
use crate::{AssembleError, CacheControl, Message, MessageRole, assemble};

fn turn(id: i64, role: Role, text: &str) -> Turn {
    Turn {
        id: TurnId(id),
        session: SessionName::new("today").unwrap(),
        session_title: None,
        role,
        speaker: None,
        time: Timestamp::from_second(id * 60).unwrap(),
        text: text.to_owned(),
        note: false,
    }
}

fn hit(id: i64, score: f32) -> Recalled {
    let session = SessionName::new("earlier").unwrap();
    let turn = Turn { session, ..turn(id, Role::User, &format!("Remembered {id}.")) };
    Recalled::new(turn, score)
}

/// A conversation as it goes: every prompt continues the last where it can.
struct Talk {
    budget: usize,
    turns: Vec<Turn>,
    last: Option<(Context, TurnRef)>,
}

impl Talk {
    fn new(budget: usize) -> Self {
        Self { budget, turns: vec![], last: None }
    }

    /// Says something; returns the prompt, and whether it continues the one before.
    fn say(&mut self, text: &str, recalled: &[Recalled]) -> Result<(Context, bool), AssembleError> {
        let message = TurnId(self.turns.len() as i64 + 1);
        let budget = TokenBudget::new(self.budget);
        let input = AssembleInput {
            system: Some("Be kind."),
            recalled,
            recent: &self.turns,
            message_turn: Some(message),
            ..AssembleInput::new(text, Timestamp::UNIX_EPOCH, budget)
        };
        let continuing = self
            .last
            .as_ref()
            .and_then(|(previous, last)| continued(previous, last, &input, &EstimatedTokens));
        let is_continued = continuing.is_some();
        let context = match continuing {
            Some(context) => context,
            None => {
                let fresh = AssembleInput { budget: fresh_budget(input.budget), ..input };
                assemble(&fresh, &EstimatedTokens)?
            }
        };
        let context = context.marked_for_continuing();
        self.turns.push(turn(message.0, Role::User, text));
        self.last = Some((context.clone(), TurnRef::Stored(message)));
        Ok((context, is_continued))
    }

    fn hear(&mut self, role: Role, text: &str) {
        self.turns.push(turn(self.turns.len() as i64 + 1, role, text));
    }
}

fn texts(context: &Context) -> Vec<&str> {
    let messages = context.messages.iter().flat_map(|message| &message.content);
    context.system.iter().chain(messages).map(|block| block.text.as_str()).collect()
}

#[test]
fn what_was_sent_stays_and_only_what_is_new_is_quoted() {
    let mut talk = Talk::new(4_000);
    let (first, _) = talk.say("One?", &[hit(101, 0.9), hit(102, 0.8)]).unwrap();
    talk.hear(Role::Assistant, "One.");
    let hits = [hit(102, 0.9), hit(103, 0.6), hit(104, 0.3)];
    let (second, is_continued) = talk.say("Two?", &hits).unwrap();
    assert!(is_continued);
    assert!(texts(&second).starts_with(&texts(&first)));
    let new = &texts(&second)[texts(&first).len()..];
    assert_eq!(new[..2], ["One.", "Two?"]);
    assert!(
        new[2].contains("Remembered 103.") && !new[2].contains("Remembered 102."),
        "{}",
        new[2]
    );
    assert!(!new[2].contains("Remembered 104."), "a third as likely as the best is too little");
    let recalled: Vec<i64> = second
        .trace
        .iter()
        .filter(|entry| entry.included && entry.kind == TraceKind::Recalled)
        .filter_map(|entry| Some(entry.turn?.0))
        .collect();
    assert_eq!(recalled, [101, 102, 103], "the trace tells of the whole prompt");
}

#[test]
fn the_ends_of_both_prompts_are_marked_and_no_more_than_four_blocks() {
    let mut talk = Talk::new(4_000);
    for text in ["One?", "Two?", "Three?"] {
        talk.say(text, &[]).unwrap();
        talk.hear(Role::Assistant, "Yes.");
    }
    let (context, is_continued) = talk.say("Four?", &[]).unwrap();
    assert!(is_continued);
    let marked = |message: &Message| {
        message.content.iter().any(|block| block.cache_control == Some(CacheControl::Ephemeral))
    };
    let marks: Vec<bool> = context.messages.iter().map(marked).collect();
    assert_eq!(marks, [false, false, false, false, true, false, true]);
    assert!(context.system[0].cache_control.is_some());
}

#[test]
fn a_fresh_prompt_is_made_where_the_conversation_does_not_follow_on_the_last() {
    // The last message was never answered.
    let mut talk = Talk::new(4_000);
    talk.say("One?", &[]).unwrap();
    let (context, is_continued) = talk.say("Two?", &[]).unwrap();
    assert!(!is_continued);
    assert_eq!(texts(&context), ["Be kind.", "One?\n\nTwo?"]);
    // Its last turn is gone.
    talk.hear(Role::Assistant, "Both.");
    talk.turns.remove(1);
    assert!(!talk.say("Three?", &[]).unwrap().1);
}

#[test]
fn a_message_that_waits_to_be_stored_is_followed_like_a_stored_one() {
    let wait = |role, text: &str| {
        let Turn { session, session_title, speaker, time, text, note, .. } = turn(1, role, text);
        let source_key = Some(SourceKey(text.clone()));
        NewTurn { session, session_title, role, speaker, text, time, note, source_key }
    };
    let waiting = [wait(Role::User, "One?"), wait(Role::Assistant, "One.")];
    let budget = TokenBudget::new(4_000);
    let input = |message| AssembleInput::new(message, Timestamp::UNIX_EPOCH, budget);
    let previous = assemble(&input("One?"), &EstimatedTokens).unwrap();
    let last = TurnRef::of_waiting(&waiting[0]).unwrap();
    let next = AssembleInput { waiting: &waiting, ..input("Two?") };
    let context = continued(&previous, &last, &next, &EstimatedTokens).unwrap();
    assert_eq!(texts(&context), ["One?", "One.", "Two?"]);
    let stored = AssembleInput { waiting: &waiting[1..], ..next };
    assert!(continued(&previous, &last, &stored, &EstimatedTokens).is_none());
}

#[test]
fn a_tool_between_message_and_answer_is_no_reason_to_lose_the_order() {
    let mut talk = Talk::new(4_000);
    talk.say("Read it.", &[]).unwrap();
    talk.hear(Role::Tool, "Read {\"file\":\"a\"}\ncontents");
    talk.hear(Role::Assistant, "Done.");
    let (context, _) = talk.say("And?", &[]).unwrap();
    let roles: Vec<MessageRole> = context.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [MessageRole::User, MessageRole::Assistant, MessageRole::User]);
    assert!(texts(&context)[1].ends_with("contents\n</tool_result>"));
}

#[test]
fn a_long_conversation_mostly_continues_and_begins_afresh_now_and_then() {
    let mut talk = Talk::new(4_000);
    let mut fresh = 0;
    for place in 0..200 {
        let hits: Vec<Recalled> = (0..8).map(|n| hit(1_000 + (place * 3 + n) % 400, 0.9)).collect();
        let text = format!("Message {place}: {}", "word ".repeat(8 + place as usize * 7 % 20));
        let (context, is_continued) = talk.say(&text, &hits).unwrap();
        fresh += usize::from(!is_continued);
        assert!(context.tokens <= 4_000, "{}", context.tokens);
        talk.hear(Role::Assistant, &"answer ".repeat(15));
    }
    assert!((5..40).contains(&fresh), "{fresh} of 200 are fresh");
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![Role::User, Role::Assistant, Role::Assistant, Role::Tool])
}

proptest! {
    #[test]
    fn whatever_is_said_the_rules_of_prompts_hold(
        steps in prop::collection::vec(
            (
                "[a-z<\n ]{0,80}",
                prop::collection::vec((100i64..140, 0f32..1.0), 0..12),
                prop::collection::vec((role(), "[a-z\n]{1,60}"), 0..4),
            ),
            1..20,
        ),
        budget in 150usize..2_500,
    ) {
        let mut talk = Talk::new(budget);
        let mut before: Option<Context> = None;
        for (text, hits, heard) in steps {
            let mut hits: Vec<Recalled> = hits.into_iter().map(|(id, score)| hit(id, score)).collect();
            hits.sort_by(|a, b| b.score.total_cmp(&a.score));
            let Ok((context, is_continued)) = talk.say(&format!("Say {text}"), &hits) else { continue };
            prop_assert_eq!(context.tokens, context.count(&EstimatedTokens));
            prop_assert!(context.tokens <= budget);
            for (place, message) in context.messages.iter().enumerate() {
                let expected = [MessageRole::User, MessageRole::Assistant][place % 2];
                prop_assert_eq!(message.role, expected);
                prop_assert!(message.content.iter().all(|block| !block.text.trim().is_empty()));
            }
            let messages = context.messages.iter().flat_map(|message| &message.content);
            let marks = context.system.iter().chain(messages).filter(|b| b.cache_control.is_some());
            prop_assert!(marks.count() <= 4);
            if let Some(before) = before.filter(|_| is_continued) {
                prop_assert!(texts(&context).starts_with(&texts(&before)));
            }
            let quoted: Vec<TurnId> =
                context.trace.iter().filter(|e| e.included).filter_map(|e| e.turn).collect();
            let once: HashSet<TurnId> = quoted.iter().copied().collect();
            prop_assert_eq!(once.len(), quoted.len(), "a turn comes twice");
            before = Some(context);
            for (role, text) in heard {
                talk.hear(role, &text);
            }
        }
    }
}
