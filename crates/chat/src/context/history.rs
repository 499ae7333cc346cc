//! The session's last turns as messages, trimmed in steps.
//!
//! A provider caches a prompt by its beginning, so the history must not lose its first turn every
//! time a new one is added. Where it may start is therefore decided by the turns' ids alone, and
//! the further back a start lies, the fewer turns may be one: see [`is_step`].

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use longmem_core::{Role, TokenCounter, Turn, TurnId};

use super::quoting::quoted_block;
use super::{MESSAGE_TOKENS, MessageRole, TraceEntry, TraceKind, block_cost, tool_output};

/// How many of the latest exchanges may each be the first, so that a small share is used well. With
/// 3, a share of 25 exchanges is filled to 80 % on average, and 86 % of the prompts continue the
/// one before; with 1 it would be 69 % and 88 %.
const FREE_STARTS: usize = 3;

/// The golden ratio as a fraction of 2⁶⁴: multiples of it spread evenly whatever the stride of the
/// ids (Knuth, The Art of Computer Programming, volume 3, section 6.4).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The turns of a session that could stand before the newest message.
pub(super) struct History<'a> {
    recent: &'a [Turn],
    drafts: Vec<Draft<'a>>,
    left_out: HashMap<TurnId, &'static str>,
}

/// A message to be: consecutive turns of one side.
pub(super) struct Draft<'a> {
    pub(super) role: MessageRole,
    pub(super) text: String,
    pub(super) turns: Vec<&'a Turn>,
    /// What it costs together with everything after it, the newest message not counted.
    cost: usize,
    /// The turn that lets the history start here: a user's, not a tool's.
    start: Option<TurnId>,
}

impl<'a> History<'a> {
    /// Turns into messages: what one side says in a row is one message.
    ///
    /// Left out are empty turns; system turns, which were another program's instructions; and
    /// tool turns before which nobody spoke. The others are quoted on the user's side, as in the
    /// Messages API, [shortened](tool_output::shortened). A tool's turn holds the call and what it
    /// printed, so both are always together, and the history never starts with one: it stays with
    /// what was said before it, or goes with it.
    pub(super) fn new(recent: &'a [Turn], message: &str, counter: &dyn TokenCounter) -> Self {
        let mut history = Self { recent, drafts: Vec::new(), left_out: HashMap::new() };
        for turn in recent {
            let reason = match turn.role {
                _ if turn.text.trim().is_empty() => "empty",
                Role::System => "system turns are not said again",
                Role::Tool if history.drafts.is_empty() => {
                    "a tool's output before which nobody spoke"
                }
                _ => {
                    history.add(turn);
                    continue;
                }
            };
            history.left_out.insert(turn.id, reason);
        }
        history.count(message, counter);
        history
    }

    fn add(&mut self, turn: &'a Turn) {
        let role = match turn.role {
            Role::Assistant => MessageRole::Assistant,
            Role::User | Role::Tool | Role::System => MessageRole::User,
        };
        let text = written(turn);
        match self.drafts.last_mut().filter(|draft| draft.role == role) {
            Some(draft) => {
                draft.text = joined(&draft.text, &text);
                draft.turns.push(turn);
            }
            None => {
                let start = (turn.role == Role::User).then_some(turn.id);
                self.drafts.push(Draft { role, text, turns: vec![turn], cost: 0, start });
            }
        }
    }

    fn count(&mut self, message: &str, counter: &dyn TokenCounter) {
        let mut after = 0;
        for (distance, draft) in self.drafts.iter_mut().rev().enumerate() {
            let own = if distance == 0 && draft.role == MessageRole::User {
                // It becomes one message with the newest, whose own cost is counted elsewhere.
                let both = block_cost(&joined(&draft.text, message), counter);
                both.saturating_sub(block_cost(message, counter))
            } else {
                MESSAGE_TOKENS + block_cost(&draft.text, counter)
            };
            after += own;
            draft.cost = after;
        }
    }

    /// What the whole history costs.
    pub(super) fn demand(&self) -> usize {
        self.drafts.iter().find(|draft| draft.start.is_some()).map_or(0, |draft| draft.cost)
    }

    /// Keeps the longest end of the history that fits into `room` and starts where it may.
    pub(super) fn keep(
        self,
        room: usize,
        counter: &dyn TokenCounter,
        trace: &mut Vec<TraceEntry>,
    ) -> Vec<Draft<'a>> {
        let starts: Vec<(usize, TurnId)> =
            self.drafts.iter().enumerate().filter_map(|(i, d)| Some((i, d.start?))).collect();
        let kept_from = starts
            .iter()
            .enumerate()
            .find(|&(place, &(index, id))| {
                let from_end = starts.len() - place;
                self.drafts[index].cost <= room && (place == 0 || is_step(id, from_end))
            })
            .map_or(self.drafts.len(), |(_, &(index, _))| index);

        let too_old = format!("older than what the share of {room} tokens holds");
        self.tell(kept_from, &too_old, counter, trace);
        self.drafts.into_iter().skip(kept_from).collect()
    }

    /// Keeps all of a history that follows on a prompt; none if it begins with the user, whose
    /// message the prompt ends with, or does not fit into `room`.
    pub(super) fn follow(
        self,
        room: usize,
        counter: &dyn TokenCounter,
        trace: &mut Vec<TraceEntry>,
    ) -> Option<Vec<Draft<'a>>> {
        let first = self.drafts.first()?;
        if first.role != MessageRole::Assistant || first.cost > room {
            return None;
        }
        self.tell(0, "", counter, trace);
        Some(self.drafts)
    }

    /// Tells what became of each turn, when the drafts before `kept_from` were left out as too old.
    fn tell(
        &self,
        kept_from: usize,
        too_old: &str,
        counter: &dyn TokenCounter,
        trace: &mut Vec<TraceEntry>,
    ) {
        let kept = &self.drafts[kept_from..];
        let in_it: HashSet<TurnId> = kept.iter().flat_map(|d| &d.turns).map(|t| t.id).collect();
        trace.extend(self.recent.iter().map(|turn| {
            let included = in_it.contains(&turn.id);
            let reason = match self.left_out.get(&turn.id) {
                Some(reason) => reason,
                None if included => "one of the session's last turns",
                None => too_old,
            };
            let tokens = counter.count(&written(turn));
            let shortened = turn.role == Role::Tool
                && matches!(tool_output::shortened(&turn.text), Cow::Owned(_));
            TraceEntry::of_turn(TraceKind::Recent, turn, tokens, included, reason)
                .shortened(shortened)
        }));
    }
}

/// Says whether a history that is trimmed may start with this turn, `from_end` exchanges (1 is the
/// latest) before the newest message.
///
/// Of the turns about 3·2ⁿ exchanges back only one in 2ⁿ may, so that the start, once chosen, stays
/// while the conversation grows by as much again; and neither the budget nor the rest of the
/// history has a say, so that a larger budget never starts later.
fn is_step(id: TurnId, from_end: usize) -> bool {
    let rarity = (id.0 as u64).wrapping_mul(GOLDEN).leading_zeros();
    from_end >> rarity.min(usize::BITS - 1) <= FREE_STARTS
}

/// Joins what one side says in a row.
pub(super) fn joined(first: &str, second: &str) -> String {
    format!("{first}\n\n{second}")
}

fn written(turn: &Turn) -> String {
    match turn.role {
        Role::Tool => {
            let printed = quoted_block(&tool_output::shortened(&turn.text));
            format!("<tool_result>\n{printed}\n</tool_result>")
        }
        Role::User | Role::Assistant | Role::System => turn.text.clone(),
    }
}
