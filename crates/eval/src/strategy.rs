//! The ways of finding that are compared.

longmem_core::closed_words! {
    /// A way of finding turns.
    pub enum Strategy: "a strategy" {
        /// The newest turns, whatever is asked.
        Recency = "recency",
        /// As in tutorials: of the user's last 500 messages, the ten with the greatest cosine. The
        /// assistant's messages are left out; of several people with the role `user`, all but the
        /// first are.
        Tutorial = "tutorial",
        /// The engine's recall by meaning alone: each turn by itself, without neighbours or boosts.
        Dense = "dense",
        /// The engine's recall by words alone: each turn by itself, without neighbours or boosts.
        Lexical = "lexical",
        /// Reciprocal rank fusion (k = 60) of the best 100 of [`Strategy::Dense`] and
        /// [`Strategy::Lexical`].
        NaiveHybrid = "naive-hybrid",
        /// The engine's recall as it is shipped.
        Default = "default",
    }
}

impl Strategy {
    /// The plain ways of finding that longmem has to be better than.
    pub const PEERS: [Self; 3] = [Self::Dense, Self::Lexical, Self::NaiveHybrid];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_names_no_strategy_is_refused_with_those_that_do() {
        assert_eq!(
            "hybrid".parse::<Strategy>().unwrap_err().to_string(),
            "\"hybrid\" is not a strategy; it is one of recency, tutorial, dense, lexical, \
             naive-hybrid, default"
        );
    }
}
