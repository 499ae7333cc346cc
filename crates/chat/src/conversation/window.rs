//! How prompt and answer share a model's window.

use crate::TokenBudget;

/// What a prompt and its answer may have of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WindowShares {
    /// Tokens of the prompt, as they are estimated.
    pub(super) budget: TokenBudget,
    /// Tokens of the answer.
    pub(super) max_tokens: u32,
}

impl WindowShares {
    /// Shares a window of so many tokens, where not all of both fits: at most a third is for the answer,
    /// and a tenth of the prompt's part stays free, since its tokens are estimated and the server adds
    /// its own.
    pub(super) fn of(window: usize, budget: TokenBudget, max_tokens: u32) -> Self {
        let wanted = budget.tokens().saturating_mul(10).div_ceil(9);
        if wanted.saturating_add(max_tokens as usize) <= window {
            return Self { budget, max_tokens };
        }
        let max_tokens = max_tokens.min(u32::try_from(window / 3).unwrap_or(u32::MAX)).max(1);
        let left = window.saturating_sub(max_tokens as usize);
        Self { budget: budget.min(TokenBudget::new(left / 10 * 9)), max_tokens }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_prompt_and_answer_fit_the_usual_windows() {
        for (window, budget, max_tokens) in [
            (200_000, 4_000, 1_024),
            (8_192, 4_000, 1_024),
            (4_096, 2_763, 1_024),
            (1_024, 612, 341),
        ] {
            let shares = WindowShares::of(window, TokenBudget::new(4_000), 1_024);
            assert_eq!(
                (shares.budget.tokens(), shares.max_tokens),
                (budget, max_tokens),
                "{window}"
            );
        }
    }

    proptest! {
        #[test]
        fn prompt_and_answer_never_exceed_the_window(
            window in 10..300_000_usize, budget in 0..300_000_usize, max_tokens in 1..100_000_u32,
        ) {
            let shares = WindowShares::of(window, TokenBudget::new(budget), max_tokens);
            prop_assert!(shares.budget.tokens() + shares.max_tokens as usize <= window);
            prop_assert!(shares.budget.tokens() <= budget && shares.max_tokens <= max_tokens);
        }
    }
}
