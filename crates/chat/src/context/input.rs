//! What a prompt is made of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_core::{Fact, NewTurn, Recalled, SourceKey, Turn, TurnId};

use super::shares::Shares;
use crate::TokenBudget;

/// Where days begin and end by default.
static UTC: TimeZone = TimeZone::UTC;

/// Everything that a prompt is made of.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AssembleInput<'a> {
    /// The persona or other standing instructions; it always goes in.
    pub system: Option<&'a str>,
    /// Standing instructions of the user's own about how to answer, newest first. They stand before
    /// the facts and share their room; the prompt asks the model to follow them.
    pub wishes: &'a [DatedText],
    /// What else is known about the user, most important first.
    pub facts: &'a [DatedText],
    /// Summaries of earlier turns, most important first.
    pub summaries: &'a [DatedText],
    /// What a recall brought for the message, best first.
    pub recalled: &'a [Recalled],
    /// The session's stored turns before the message, oldest first. They should begin with the
    /// session, or reach further back than their share can hold: then the history starts at the
    /// same turn in most prompts.
    pub recent: &'a [Turn],
    /// The session's turns that were said after those and are not stored yet, oldest first.
    pub waiting: &'a [NewTurn],
    /// The newest message of the user; it always goes in.
    pub message: &'a str,
    /// The message's turn if it is stored, so that it is not quoted to itself.
    pub message_turn: Option<TurnId>,
    /// When the message is asked.
    pub now: Timestamp,
    /// The most that the prompt may cost.
    pub budget: TokenBudget,
    /// Where the days of the prompt begin and end; UTC by default.
    pub time_zone: &'a TimeZone,
}

impl<'a> AssembleInput<'a> {
    /// A message and nothing else.
    pub fn new(message: &'a str, now: Timestamp, budget: TokenBudget) -> Self {
        Self {
            system: None,
            wishes: &[],
            facts: &[],
            summaries: &[],
            recalled: &[],
            recent: &[],
            waiting: &[],
            message,
            message_turn: None,
            now,
            budget,
            time_zone: &UTC,
        }
    }

    /// The session's turns after this one, stored and waiting; none if it is not among them.
    pub(super) fn turns_after(&self, turn: &TurnRef) -> Option<(&'a [Turn], &'a [NewTurn])> {
        match turn {
            TurnRef::Stored(id) => {
                let place = self.recent.iter().position(|turn| turn.id == *id)?;
                Some((&self.recent[place + 1..], self.waiting))
            }
            TurnRef::Waiting(key) => {
                let has_key = |turn: &NewTurn| turn.source_key.as_ref() == Some(key);
                let place = self.waiting.iter().position(has_key)?;
                Some((&[], &self.waiting[place + 1..]))
            }
        }
    }

    /// The system text, unless it is blank.
    pub(super) fn system_text(&self) -> Option<&'a str> {
        self.system.filter(|text| !text.trim().is_empty())
    }
}

/// A statement with its date: a fact or a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedText {
    /// Since when a fact holds, or when the turns of a summary were said.
    pub time: Timestamp,
    /// The statement.
    pub text: String,
}

impl From<&Fact> for DatedText {
    /// A fact as it stands in a prompt: what held once says until when.
    fn from(fact: &Fact) -> Self {
        let until = fact
            .until
            .map_or_else(String::new, |until| format!(" (until {})", until.strftime("%Y-%m-%d")));
        Self { time: fact.since, text: format!("{}{until}", fact.line()) }
    }
}

/// The numbers that shape a prompt.
#[derive(Debug, Clone, Copy)]
pub(super) struct PromptShape {
    /// Who gets how much of the budget.
    pub(super) shares: Shares,
    /// Tokens of one recalled turn, before what is left of the room is given out. A longer one is
    /// shortened to the sentences nearest to the message, so that no single turn fills a small
    /// budget.
    pub(super) recalled_turn_tokens: usize,
    /// Tokens of all facts about the user together, however large their share is.
    pub(super) facts_tokens: usize,
}

impl PromptShape {
    /// The shape of every prompt; tests vary it.
    pub(super) const USUAL: Self =
        Self { shares: Shares::USUAL, recalled_turn_tokens: 400, facts_tokens: 400 };
}

/// Which turn of a session: one that is stored, or one that waits for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TurnRef {
    /// It has this number.
    Stored(TurnId),
    /// It bears this key, and keeps it when it is stored.
    Waiting(SourceKey),
}

impl TurnRef {
    /// The number, if it is stored.
    pub(crate) fn stored(&self) -> Option<TurnId> {
        match self {
            Self::Stored(id) => Some(*id),
            Self::Waiting(_) => None,
        }
    }

    /// Refers to a turn that waits; none if it bears no key.
    pub(crate) fn of_waiting(turn: &NewTurn) -> Option<Self> {
        turn.source_key.clone().map(Self::Waiting)
    }
}
