//! What must hold for every prompt, whatever goes in.

use std::collections::HashSet;

use jiff::Timestamp;
use longmem_core::{EstimatedTokens, Recalled, Role, SessionName, TokenCounter, Turn, TurnId};
use proptest::prelude::*;

use super::assemble::assemble_in_shape;
use super::input::PromptShape;
use super::shares::Shares;
use super::*;

/// A counter that no tokenizer is as bad as: a longer text may cost less, and a whole costs more than
/// its parts.
struct Wayward;

impl TokenCounter for Wayward {
    fn count(&self, text: &str) -> usize {
        let sum = text.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
        text.len() / 4 + text.len().pow(2) / 4_000 + (sum % 23) as usize
    }

    fn describe(&self) -> String {
        "anything".to_owned()
    }
}

#[derive(Debug, Clone)]
struct World {
    system: Option<String>,
    wishes: Vec<DatedText>,
    facts: Vec<DatedText>,
    summaries: Vec<DatedText>,
    recalled: Vec<Recalled>,
    recent: Vec<Turn>,
    message: String,
    shape: PromptShape,
}

impl World {
    fn assemble(
        &self,
        budget: usize,
        counter: &dyn TokenCounter,
    ) -> Result<Context, AssembleError> {
        let budget = TokenBudget::new(budget);
        let input = AssembleInput {
            system: self.system.as_deref(),
            wishes: &self.wishes,
            facts: &self.facts,
            summaries: &self.summaries,
            recalled: &self.recalled,
            recent: &self.recent,
            message_turn: Some(TurnId(10_000)),
            ..AssembleInput::new(&self.message, Timestamp::UNIX_EPOCH, budget)
        };
        assemble_in_shape(&self.shape, &input, counter)
    }

    /// With every turn quoted whole, so that the id in its text is never cut off.
    fn unshortened(mut self) -> Self {
        self.shape.recalled_turn_tokens = 100_000;
        self
    }

    /// The recalled turns that are in the prompt, quoted or as recent ones.
    fn recalled_in(&self, context: &Context) -> HashSet<TurnId> {
        let included: HashSet<TurnId> =
            context.trace.iter().filter(|e| e.included).filter_map(|e| e.turn).collect();
        self.recalled.iter().map(|hit| hit.turn.id).filter(|id| included.contains(id)).collect()
    }
}

/// Every turn of a user's memory, each with its id in its text, in three sessions.
fn memory() -> impl Strategy<Value = Vec<Turn>> {
    let one = (0usize..3, 0usize..8, "[a-z<\n. ]{0,60}", 0usize..20);
    prop::collection::vec(one, 0..60).prop_map(|turns| {
        let roles = [Role::User, Role::Assistant, Role::User, Role::Assistant];
        let rare = [Role::User, Role::Assistant, Role::Tool, Role::System];
        let numbered = turns.into_iter().enumerate();
        numbered
            .map(|(index, (session, role, text, repeats))| Turn {
                id: TurnId(index as i64 + 1),
                session: SessionName::new(["a", "b", "c"][session]).unwrap(),
                session_title: None,
                role: if role < 4 { roles[role] } else { rare[role - 4] },
                speaker: None,
                time: Timestamp::from_second(index as i64 * 7_000).unwrap(),
                text: format!("#{}# {}", index + 1, text.repeat(repeats / 4)),
                note: false,
            })
            .collect()
    })
}

fn world() -> impl Strategy<Value = World> {
    let notes = || prop::collection::vec((0i64..1_000_000, "[a-z<\n ]{0,80}"), 0..6);
    let ranks = prop::collection::vec((any::<prop::sample::Index>(), 0usize..3), 0..25);
    let shares = (0u16..100, 0u16..100, 0u16..100, 0u16..100);
    let text = (prop::option::of("[a-z ]{0,60}"), "[a-z]{1,5}[a-z\n ]{0,80}");
    (memory(), ranks, (notes(), notes()), notes(), text, shares, 5usize..200).prop_map(
        |(memory, ranks, (wishes, facts), summaries, (system, message), shares, longest)| {
            let dated = |notes: Vec<(i64, String)>| -> Vec<DatedText> {
                let note = |(second, text)| DatedText {
                    time: Timestamp::from_second(second).unwrap(),
                    text,
                };
                notes.into_iter().map(note).collect()
            };
            let (wishes, facts, summaries) = (dated(wishes), dated(facts), dated(summaries));
            let recent = memory.iter().filter(|t| t.session.as_str() == "a").cloned().collect();
            let recalled = if memory.is_empty() { vec![] } else { hits(&memory, &ranks) };
            let (facts_share, summaries_share, recent_share, recalled_share) = shares;
            let shares = Shares {
                facts: facts_share,
                summaries: summaries_share,
                recent: recent_share,
                recalled: recalled_share,
            };
            let shape = PromptShape { shares, recalled_turn_tokens: longest, ..PromptShape::USUAL };
            World { system, wishes, facts, summaries, recalled, recent, message, shape }
        },
    )
}

fn hits(memory: &[Turn], ranks: &[(prop::sample::Index, usize)]) -> Vec<Recalled> {
    let mut seen = HashSet::new();
    let mut hits = Vec::new();
    for (index, beside) in ranks {
        let place = index.index(memory.len());
        if seen.insert(place) {
            let from = place.saturating_sub(*beside);
            let to = (place + beside + 1).min(memory.len());
            let neighbours = memory[from..to].iter().filter(|t| t.id != memory[place].id);
            let score = 1.0 - hits.len() as f32 / 100.0;
            let mut hit = Recalled::new(memory[place].clone(), score);
            hit.neighbours = neighbours.cloned().collect();
            hits.push(hit);
        }
    }
    hits
}

/// The ids of turns as their texts say them, in the order in which they are printed.
fn printed(context: &Context) -> Vec<Vec<i64>> {
    let texts = context.messages.iter().flat_map(|m| &m.content).map(|block| &block.text);
    texts
        .map(|text| {
            let pieces: Vec<&str> = text.split('#').collect();
            pieces.iter().skip(1).step_by(2).map(|id| id.parse().unwrap()).collect()
        })
        .collect()
}

proptest! {
    #[test]
    fn the_budget_is_never_exceeded(world in world(), budget in 0usize..1_500) {
        let counters: [&dyn TokenCounter; 2] = [&EstimatedTokens, &Wayward];
        for counter in counters {
            match world.assemble(budget, counter) {
                Ok(context) => {
                    prop_assert_eq!(context.tokens, context.count(counter));
                    prop_assert!(context.tokens <= budget);
                }
                Err(AssembleError::TooLong { message, system, .. }) => {
                    prop_assert!(message + system > budget);
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }

    #[test]
    fn the_newest_message_is_always_in_and_what_is_recalled_stands_behind_it(
        world in world(),
        budget in 100usize..1_500,
    ) {
        let context = world.assemble(budget, &EstimatedTokens).unwrap();
        let last = context.messages.last().unwrap();
        prop_assert_eq!(last.role, MessageRole::User);
        prop_assert!(last.content[0].text.ends_with(&world.message));
        prop_assert!(last.content.len() <= 2);
        for block in &last.content[1..] {
            prop_assert!(block.text.starts_with("<recalled_memory "));
        }
    }

    #[test]
    fn roles_alternate_from_the_user_and_no_block_is_empty(
        world in world(),
        budget in 100usize..1_500,
    ) {
        let context = world.assemble(budget, &EstimatedTokens).unwrap();
        for (place, message) in context.messages.iter().enumerate() {
            let expected = [MessageRole::User, MessageRole::Assistant][place % 2];
            prop_assert_eq!(message.role, expected);
        }
        for block in context.messages.iter().flat_map(|m| &m.content).chain(&context.system) {
            prop_assert!(!block.text.trim().is_empty());
        }
    }

    #[test]
    fn no_turn_comes_twice_and_the_trace_names_those_that_came(
        world in world(),
        budget in 100usize..1_500,
    ) {
        let context = world.unshortened().assemble(budget, &EstimatedTokens).unwrap();
        let mut traced: Vec<i64> =
            context.trace.iter().filter(|e| e.included).filter_map(|e| Some(e.turn?.0)).collect();
        traced.retain(|id| *id != 10_000);
        let mut came = printed(&context).concat();
        traced.sort_unstable();
        came.sort_unstable();
        prop_assert_eq!(&traced, &came);
        came.dedup();
        prop_assert_eq!(traced, came);
    }

    #[test]
    fn everything_is_in_order_of_time(world in world(), budget in 100usize..1_500) {
        let context = world.unshortened().assemble(budget, &EstimatedTokens).unwrap();
        let mut blocks = printed(&context);
        let has_recalled = context.messages.last().unwrap().content.len() == 2;
        let recalled = if has_recalled { blocks.pop().unwrap() } else { Vec::new() };
        prop_assert!(blocks.concat().is_sorted());
        for session in ["a", "b", "c"] {
            let in_session = |id: &i64| {
                context.trace.iter().any(|e| {
                    e.turn == Some(TurnId(*id)) && e.session.as_ref().unwrap().as_str() == session
                })
            };
            prop_assert!(recalled.iter().filter(|id| in_session(id)).is_sorted());
        }
    }

    #[test]
    fn a_tool_turn_never_comes_without_what_was_said_before_it(
        world in world(),
        budget in 100usize..1_500,
    ) {
        let context = world.assemble(budget, &EstimatedTokens).unwrap();
        let kept: HashSet<TurnId> = context
            .trace
            .iter()
            .filter(|e| e.included && e.kind == TraceKind::Recent)
            .filter_map(|e| e.turn)
            .collect();
        for (place, turn) in world.recent.iter().enumerate().filter(|(_, t)| t.role == Role::Tool) {
            if kept.contains(&turn.id) {
                let speaks = |turn: &&Turn| matches!(turn.role, Role::User | Role::Assistant);
                let before = world.recent[..place].iter().rev().find(speaks);
                prop_assert!(kept.contains(&before.unwrap().id));
            }
        }
    }

    #[test]
    fn more_budget_never_recalls_less(
        world in world(),
        budget in 100usize..1_000,
        more in 1usize..600,
    ) {
        let small = world.recalled_in(&world.assemble(budget, &EstimatedTokens).unwrap());
        let large = world.recalled_in(&world.assemble(budget + more, &EstimatedTokens).unwrap());
        prop_assert!(small.is_subset(&large), "{small:?} is not in {large:?}");
    }

    #[test]
    fn with_all_the_room_there_is_nothing_is_left_out_for_want_of_it(world in world()) {
        let even = Shares { facts: 1, summaries: 1, recent: 1, recalled: 1 };
        let facts_tokens = 1_000_000;
        let shape = PromptShape { shares: even, facts_tokens, ..world.shape };
        let world = World { shape, ..world };
        let context = world.assemble(1_000_000, &EstimatedTokens).unwrap();
        for entry in &context.trace {
            prop_assert!(!entry.reason.contains("no room"), "{entry:?}");
        }
    }
}
