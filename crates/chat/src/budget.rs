//! How many tokens a prompt may have.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Budget of a prompt where nobody sets another: room for about twenty recalled turns and the
/// conversation itself, at little cost.
pub const DEFAULT_BUDGET: TokenBudget = TokenBudget::new(4_000);

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

    /// The number of tokens.
    pub const fn tokens(self) -> usize {
        self.0
    }

    /// What is left after spending `cost` tokens; none if the budget has fewer.
    pub fn after(self, cost: usize) -> Option<Self> {
        self.0.checked_sub(cost).map(Self)
    }

    /// A part of the budget, rounded down: `part` of `whole` equal parts.
    pub(crate) fn fraction(self, part: u32, whole: u32) -> Self {
        Self(fraction(self.0, part, whole))
    }
}

impl fmt::Display for TokenBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `tokens · part / whole`, rounded down; 0 when `whole` is 0.
pub(crate) fn fraction(tokens: usize, part: u32, whole: u32) -> usize {
    if whole == 0 {
        return 0;
    }
    // A budget may be as large as a usize, so the product needs more bits than that.
    (tokens as u128 * u128::from(part) / u128::from(whole)) as usize
}
