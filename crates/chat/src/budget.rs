//! How many tokens a prompt may have, and who gets how many of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most tokens that a prompt may have, as its [`TokenCounter`](longmem_core::TokenCounter)
/// counts them; the answer's tokens are not part of it.
///
/// # Examples
/// ```
/// use longmem_chat::TokenBudget;
///
/// let budget = TokenBudget::new(1_000);
/// assert_eq!(budget.after(400), Some(TokenBudget::new(600)));
/// assert_eq!(budget.after(1_001), None);
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TokenBudget(usize);

impl TokenBudget {
    /// Makes a budget of so many tokens.
    pub const fn new(tokens: usize) -> Self {
        Self(tokens)
    }

    /// How many tokens it has.
    pub const fn tokens(self) -> usize {
        self.0
    }

    /// What is left after spending `cost` tokens; nothing if they are not there.
    pub fn after(self, cost: usize) -> Option<Self> {
        self.0.checked_sub(cost).map(Self)
    }
}

impl fmt::Display for TokenBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How the room beside the system text and the newest message is shared out, as weights: only
/// their proportions matter.
///
/// What a part does not need flows on: facts → summaries → recent → recalled. Recalled turns stand
/// last in that line, and never pass anything back, because what is recalled changes with every
/// message: if the history grew and shrank with it, no prompt would be a prefix of the next.
///
/// The default is facts 10, summaries 10, recent 20, recalled 60. On long conversations, recent
/// turns with 20 % of the budget cost 1.5 points of recall and with half of it 4.3, so recalled
/// turns get the largest part; a chat that has forgotten its last exchanges would read worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shares {
    /// The weight of facts about the user.
    pub facts: u16,
    /// The weight of summaries of earlier turns.
    pub summaries: u16,
    /// The weight of the session's last turns, the newest message not counted.
    pub recent: u16,
    /// The weight of recalled turns.
    pub recalled: u16,
}

impl Default for Shares {
    fn default() -> Self {
        Self { facts: 10, summaries: 10, recent: 20, recalled: 60 }
    }
}

/// How many tokens each part would take if it could have all it wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demands {
    pub(crate) facts: usize,
    pub(crate) summaries: usize,
    pub(crate) recent: usize,
}

/// How many tokens each part may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allotments {
    pub(crate) facts: usize,
    pub(crate) summaries: usize,
    pub(crate) recent: usize,
    pub(crate) recalled: usize,
}

impl Shares {
    /// Shares out `room` tokens, of which the newest message takes `message` in any case.
    ///
    /// The parts that stay the same from prompt to prompt are measured against the whole room, so
    /// that a long message takes from what is recalled before it takes from the history. Every
    /// allotment grows with the room or stays, which is what keeps recall monotone in the budget:
    /// a part is judged by what it asks for, never by what happened to fit.
    pub(crate) fn split(self, room: usize, message: usize, demands: Demands) -> Allotments {
        let mut room = room;
        let mut take = |demand: usize, weight: u16, weights_after: [u16; 3]| {
            let weights: u32 = weights_after.into_iter().map(u32::from).sum();
            let share = fraction(room, weight.into(), weights + u32::from(weight));
            let taken = demand.min(share).min(room.saturating_sub(message));
            room -= taken;
            taken
        };
        let Self { facts, summaries, recent, recalled } = self;
        let facts = take(demands.facts, facts, [summaries, recent, recalled]);
        let summaries = take(demands.summaries, summaries, [recent, recalled, 0]);
        let recent = take(demands.recent, recent, [recalled, 0, 0]);
        Allotments { facts, summaries, recent, recalled: room.saturating_sub(message) }
    }
}

/// `whole · part / all`, rounded down; 0 when all is 0.
fn fraction(whole: usize, part: u32, all: u32) -> usize {
    if all == 0 {
        return 0;
    }
    // A budget may be as large as usize goes, so the product needs more room than that.
    (whole as u128 * u128::from(part) / u128::from(all)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WANTS_ALL: Demands =
        Demands { facts: usize::MAX, summaries: usize::MAX, recent: usize::MAX };

    #[test]
    fn shares_are_proportions_of_the_room() {
        let allotments = Shares::default().split(1_000, 0, WANTS_ALL);
        assert_eq!(
            allotments,
            Allotments { facts: 100, summaries: 100, recent: 200, recalled: 600 }
        );
    }

    #[test]
    fn what_a_part_does_not_need_flows_on() {
        let nothing = Demands { facts: 0, summaries: 0, recent: 30 };
        let allotments = Shares::default().split(1_000, 100, nothing);
        assert_eq!(allotments, Allotments { facts: 0, summaries: 0, recent: 30, recalled: 870 });
    }

    #[test]
    fn a_long_message_takes_from_recall_before_it_takes_from_the_history() {
        let shares = Shares { facts: 0, summaries: 0, recent: 1, recalled: 3 };
        assert_eq!(shares.split(1_000, 600, WANTS_ALL).recent, 250);
        assert_eq!(shares.split(1_000, 900, WANTS_ALL).recent, 100);
    }

    #[test]
    fn shares_of_nothing_leave_everything_to_recall() {
        let none = Shares { facts: 0, summaries: 0, recent: 0, recalled: 0 };
        assert_eq!(none.split(50, 20, WANTS_ALL).recalled, 30);
    }

    fn shares() -> impl Strategy<Value = Shares> {
        (any::<u16>(), any::<u16>(), any::<u16>(), any::<u16>()).prop_map(
            |(facts, summaries, recent, recalled)| Shares { facts, summaries, recent, recalled },
        )
    }

    proptest! {
        #[test]
        fn allotments_use_the_room_up_and_never_shrink_when_it_grows(
            shares in shares(),
            room in 0usize..5_000,
            message in 0usize..2_000,
            (facts, summaries, recent) in (0usize..2_000, 0usize..2_000, 0usize..9_000),
        ) {
            prop_assume!(message <= room);
            let demands = Demands { facts, summaries, recent };
            let small = shares.split(room, message, demands);
            let sum = small.facts + small.summaries + small.recent + small.recalled;
            prop_assert_eq!(sum + message, room);
            let large = shares.split(room + 1, message, demands);
            prop_assert!(large.facts >= small.facts && large.summaries >= small.summaries);
            prop_assert!(large.recent >= small.recent && large.recalled >= small.recalled);
        }
    }
}
