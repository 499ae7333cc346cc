//! Why no prompt can be made.

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use thiserror::Error;

use crate::TokenBudget;

/// Why no prompt can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// The message has no text.
    #[error("the message is empty")]
    EmptyMessage,
    /// The system text and the newest message, which must both go in, exceed the budget.
    #[error(
        "the message takes {message} tokens and the system text {system}; together they may take \
         {budget}"
    )]
    TooLong {
        /// What the newest message costs.
        message: usize,
        /// What the system text costs, 0 if there is none.
        system: usize,
        /// What both may cost.
        budget: TokenBudget,
    },
}

impl Diagnose for AssembleError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::EmptyMessage => ErrorCode::EmptyText,
            Self::TooLong { .. } => ErrorCode::MessageTooLong,
        }
    }

    fn fault(&self) -> Fault {
        Fault::Caller
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::EmptyMessage => Vec::new(),
            Self::TooLong { message, system, .. } => {
                vec![Remedy::RaiseBudget { to: message + system }]
            }
        }
    }
}
