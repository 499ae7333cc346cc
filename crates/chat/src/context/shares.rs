//! Who gets how many tokens of a prompt.

use crate::budget::fraction;

/// How the room besides the system text and the newest message is shared out, as weights: only
/// their proportions matter.
///
/// What a part does not need flows on: facts → summaries → recent → recalled. Recalled turns stand
/// last in that line, and never pass anything back, because what is recalled changes with every
/// message: if the history grew and shrank with it, no prompt would be a prefix of the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    /// The weight of facts about the user.
    pub(super) facts: u16,
    /// The weight of summaries of earlier turns.
    pub(super) summaries: u16,
    /// The weight of the session's last turns, the newest message not counted.
    pub(super) recent: u16,
    /// The weight of recalled turns.
    pub(super) recalled: u16,
}

/// Tokens that each part would take if it could have all it wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demands {
    pub(super) facts: usize,
    pub(super) summaries: usize,
    pub(super) recent: usize,
}

/// Tokens that each part may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allotments {
    pub(super) facts: usize,
    pub(super) summaries: usize,
    pub(super) recent: usize,
    pub(super) recalled: usize,
}

impl Shares {
    /// The shares of every prompt. On long conversations, recent turns with 20 % of the budget cost
    /// 1.5 points of recall and with half of it 4.3, so recalled turns get the largest part; a chat
    /// that has forgotten its last exchanges would read worse.
    pub(super) const USUAL: Self = Self { facts: 10, summaries: 10, recent: 20, recalled: 60 };

    /// Shares out `room` tokens, of which the newest message takes `message` in any case.
    ///
    /// Every allotment grows with the room or stays, which is what keeps recall monotone in the
    /// budget.
    pub(super) fn split(self, room: usize, message: usize, demands: Demands) -> Allotments {
        let Self { facts, summaries, recent, recalled } = self;
        let [facts_weight, summaries_weight, recent_weight, recalled_weight] =
            [facts, summaries, recent, recalled].map(u32::from);

        // Each part in turn is measured against what the parts before it left, by its weight among
        // those that are still to come: what one leaves is shared by all after it.
        let after_summaries = recent_weight + recalled_weight;
        let after_facts = summaries_weight + after_summaries;
        let mut left = room;
        let facts = take(&mut left, message, demands.facts, facts_weight, after_facts);
        let summaries =
            take(&mut left, message, demands.summaries, summaries_weight, after_summaries);
        let recent = take(&mut left, message, demands.recent, recent_weight, recalled_weight);
        // Whatever is left besides the message goes to the recalled turns.
        let recalled = left.saturating_sub(message);
        Allotments { facts, summaries, recent, recalled }
    }
}

/// Takes what one part asks for out of the room that is `left`, at most its share.
///
/// The share is one of the whole room, the message's part included: so a long message takes from
/// the recalled turns before it takes from the parts that stay the same from prompt to prompt.
fn take(left: &mut usize, message: usize, demand: usize, weight: u32, weights_after: u32) -> usize {
    let share = fraction(*left, weight, weight + weights_after);
    let taken = demand.min(share).min(left.saturating_sub(message));
    *left -= taken;
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WANTS_ALL: Demands =
        Demands { facts: usize::MAX, summaries: usize::MAX, recent: usize::MAX };

    #[test]
    fn shares_are_proportions_of_the_room() {
        let allotments = Shares::USUAL.split(1_000, 0, WANTS_ALL);
        assert_eq!(
            allotments,
            Allotments { facts: 100, summaries: 100, recent: 200, recalled: 600 }
        );
    }

    #[test]
    fn what_a_part_does_not_need_flows_on() {
        let nothing = Demands { facts: 0, summaries: 0, recent: 30 };
        let allotments = Shares::USUAL.split(1_000, 100, nothing);
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
