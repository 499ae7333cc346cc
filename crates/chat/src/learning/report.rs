//! What a learner did.

use crate::Usage;

/// What a [`Learner`](crate::Learner) did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LearningReport {
    /// Turns of the person that were looked at.
    pub turns: u64,
    /// Facts that are new.
    pub new: u64,
    /// Facts that replaced another.
    pub changed: u64,
    /// Statements that were known.
    pub same: u64,
    /// Statements that were not worth keeping.
    pub incidental: u64,
    /// Statements and sentences that were dropped because they named what was not said.
    pub ungrounded: u64,
    /// Items that were dropped because they were malformed in both attempts.
    pub malformed: u64,
    /// Summaries that were made.
    pub summaries: u64,
    /// Whether somebody else was learning from the same user, so that something was left to that one, or
    /// to the next time.
    pub others_at_it: bool,
    /// What it cost.
    pub usage: Usage,
}

impl std::ops::AddAssign for LearningReport {
    fn add_assign(&mut self, other: Self) {
        self.turns += other.turns;
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
        self.incidental += other.incidental;
        self.ungrounded += other.ungrounded;
        self.malformed += other.malformed;
        self.summaries += other.summaries;
        self.others_at_it |= other.others_at_it;
        self.usage += other.usage;
    }
}
