//! The ways of finding that are compared.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A way of finding turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The newest turns, whatever is asked.
    Recency,
    /// As in tutorials: of the user's last 500 messages the ten with the greatest cosine. What the
    /// assistant said is not kept; of several people with the role `user`, only the first is.
    Tutorial,
    /// The engine's recall by meaning alone, each turn by itself: no neighbours, no boosts.
    Dense,
    /// The engine's recall by words alone, each turn by itself: no neighbours, no boosts.
    Lexical,
    /// Reciprocal rank fusion (k = 60) of the best 100 of both.
    NaiveHybrid,
    /// The engine's recall as it is shipped.
    Default,
}

impl Strategy {
    /// Every strategy, the plainest first.
    pub const ALL: [Strategy; 6] = [
        Self::Recency,
        Self::Tutorial,
        Self::Dense,
        Self::Lexical,
        Self::NaiveHybrid,
        Self::Default,
    ];

    /// The name that is typed and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recency => "recency",
            Self::Tutorial => "tutorial",
            Self::Dense => "dense",
            Self::Lexical => "lexical",
            Self::NaiveHybrid => "naive-hybrid",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no strategy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is no strategy; a strategy is recency, tutorial, dense, lexical, naive-hybrid or \
     default"
)]
pub struct UnknownStrategy(pub String);

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(name: &str) -> Result<Self, UnknownStrategy> {
        let known = Self::ALL.into_iter().find(|strategy| strategy.as_str() == name);
        known.ok_or_else(|| UnknownStrategy(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_reads_back_from_its_name() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.as_str().parse(), Ok(strategy));
            assert_eq!(serde_json::to_value(strategy).unwrap(), strategy.as_str());
        }
        assert!("hybrid".parse::<Strategy>().is_err());
    }
}
