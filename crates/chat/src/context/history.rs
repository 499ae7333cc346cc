//! The session's last turns as messages, trimmed in steps.
//!
//! A provider caches a prompt by its beginning, so the history must not lose its first turn every
//! time a new one is added. Where it may start is therefore decided by the turns themselves, and
//! the further back a turn lies, the fewer of its kind may be the start: see [`is_step`].

mod said_turn;
mod steps;

use std::collections::{HashMap, HashSet};

use longmem_core::{NewTurn, Role, TokenCounter, Turn};

use self::said_turn::SaidTurn;
use self::steps::is_step;
use super::messages::{joined, joined_answer};
use super::{MESSAGE_TOKENS, MessageRole, TraceEntry, block_cost};

/// The turns of a session that could stand before the newest message.
pub(super) struct History<'a> {
    turns: Vec<SaidTurn<'a>>,
    drafts: Vec<Draft>,
    /// Why turns can never go in, by their place.
    left_out: HashMap<usize, &'static str>,
}

/// A message to be: consecutive turns of one side.
pub(super) struct Draft {
    pub(super) role: MessageRole,
    pub(super) text: String,
    /// The places of its turns in the history.
    places: Vec<usize>,
    /// Its tokens together with those of all messages after it, the newest message not counted.
    cost: usize,
    /// Whether the history may begin with it: with a user's turn, not with a tool's.
    may_start: bool,
}

impl<'a> History<'a> {
    /// Makes messages of turns: what one side says in a row is one message.
    ///
    /// Left out are empty turns; system turns, which were another program's instructions; and
    /// tool turns before which nobody spoke. Other tool turns are quoted on the user's side, as in
    /// the Messages API, and shortened. A tool's turn holds the call and what it printed, so both
    /// are always together, and the history never starts with one: it stays with what was said
    /// before it, or goes with it.
    pub(super) fn new(
        recent: &'a [Turn],
        waiting: &'a [NewTurn],
        message: &str,
        counter: &dyn TokenCounter,
    ) -> Self {
        let stored = recent.iter().map(SaidTurn::stored);
        let turns: Vec<SaidTurn<'_>> =
            stored.chain(waiting.iter().map(SaidTurn::waiting)).collect();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut left_out = HashMap::new();
        for (place, turn) in turns.iter().enumerate() {
            match reason_to_leave_out(turn, drafts.is_empty()) {
                Some(reason) => drop(left_out.insert(place, reason)),
                None => add_to_drafts(&mut drafts, place, turn),
            }
        }
        count_costs(&mut drafts, message, counter);
        Self { turns, drafts, left_out }
    }

    /// Tokens of the whole history.
    pub(super) fn demand(&self) -> usize {
        self.drafts.iter().find(|draft| draft.may_start).map_or(0, |draft| draft.cost)
    }

    /// Keeps the longest end of the history that fits into `room` and starts where it may.
    pub(super) fn keep(
        self,
        room: usize,
        counter: &dyn TokenCounter,
        trace: &mut Vec<TraceEntry>,
    ) -> Vec<Draft> {
        let starts: Vec<usize> =
            (0..self.drafts.len()).filter(|&place| self.drafts[place].may_start).collect();
        // The earliest start is the longest history. The very first needs to be no step: where
        // everything fits, nothing is trimmed.
        let kept_from = starts.iter().enumerate().find(|&(number, &place)| {
            let draft = &self.drafts[place];
            let exchanges_back = starts.len() - number;
            let first_turn = &self.turns[draft.places[0]];
            draft.cost <= room && (number == 0 || is_step(first_turn.number(), exchanges_back))
        });
        let kept_from = kept_from.map_or(self.drafts.len(), |(_, &place)| place);

        let too_old = format!("older than what the share of {room} tokens holds");
        self.trace_turns(kept_from, &too_old, counter, trace);
        self.drafts.into_iter().skip(kept_from).collect()
    }

    /// Keeps all of a history that follows on a prompt. Returns none if it begins with the user, who
    /// also spoke last in the prompt, or does not fit into `room`.
    pub(super) fn follow(
        self,
        room: usize,
        counter: &dyn TokenCounter,
        trace: &mut Vec<TraceEntry>,
    ) -> Option<Vec<Draft>> {
        let first = self.drafts.first()?;
        if first.role != MessageRole::Assistant || first.cost > room {
            return None;
        }
        self.trace_turns(0, "", counter, trace);
        Some(self.drafts)
    }

    /// Adds to the trace what became of each turn, when the drafts before `kept_from` were left out
    /// as too old.
    fn trace_turns(
        &self,
        kept_from: usize,
        too_old: &str,
        counter: &dyn TokenCounter,
        trace: &mut Vec<TraceEntry>,
    ) {
        let kept: HashSet<usize> = self.drafts[kept_from..]
            .iter()
            .flat_map(|draft| draft.places.iter().copied())
            .collect();
        trace.extend(self.turns.iter().enumerate().map(|(place, turn)| {
            let included = kept.contains(&place);
            let reason = match self.left_out.get(&place) {
                Some(reason) => reason,
                None if included => "one of the session's last turns",
                None => too_old,
            };
            turn.trace_entry(included, reason, counter)
        }));
    }
}

/// Why a turn can never be part of a history.
fn reason_to_leave_out(turn: &SaidTurn<'_>, nobody_spoke_before: bool) -> Option<&'static str> {
    match turn.role() {
        _ if turn.text().trim().is_empty() => Some("empty"),
        Role::System => Some("system turns are not said again"),
        Role::Tool if nobody_spoke_before => Some("a tool's output before which nobody spoke"),
        Role::User | Role::Assistant | Role::Tool => None,
    }
}

/// Adds a turn to the last message if that is of the same side, else as a message of its own.
fn add_to_drafts(drafts: &mut Vec<Draft>, place: usize, turn: &SaidTurn<'_>) {
    let role = match turn.role() {
        Role::Assistant => MessageRole::Assistant,
        Role::User | Role::Tool | Role::System => MessageRole::User,
    };
    let text = turn.text_in_prompt().into_owned();
    match drafts.last_mut().filter(|draft| draft.role == role) {
        Some(draft) => {
            let join = if turn.role() == Role::Assistant { joined_answer } else { joined };
            draft.text = join(&draft.text, &text);
            draft.places.push(place);
        }
        None => {
            let may_start = turn.role() == Role::User;
            drafts.push(Draft { role, text, places: vec![place], cost: 0, may_start });
        }
    }
}

/// Counts the tokens of each message together with all after it.
fn count_costs(drafts: &mut [Draft], message: &str, counter: &dyn TokenCounter) {
    let mut cost_after = 0;
    for (distance, draft) in drafts.iter_mut().rev().enumerate() {
        let own_cost = if distance == 0 && draft.role == MessageRole::User {
            // It becomes one message with the newest, whose own cost is counted elsewhere.
            let cost_of_both = block_cost(&joined(&draft.text, message), counter);
            cost_of_both.saturating_sub(block_cost(message, counter))
        } else {
            MESSAGE_TOKENS + block_cost(&draft.text, counter)
        };
        cost_after += own_cost;
        draft.cost = cost_after;
    }
}
