//! How long a text is for a language model.

/// Counts the tokens of a text as one language model sees it.
pub trait TokenCounter: Send + Sync {
    /// The number of tokens. Never counts too few: an estimate includes its margin.
    fn count(&self, text: &str) -> usize;

    /// Says how the count is made, for the trace: "estimate: …" or the tokenizer's name.
    fn describe(&self) -> String;
}

/// An estimate from the text's bytes and letters, for models whose tokenizer is not at hand.
///
/// English takes about 4 characters a token with most tokenizers, about 3 with those that came in
/// 2026; other scripts take 1 to 2. The estimate is one token for each 3 ASCII characters and
/// one for each other character, rounded up: above the real count for ordinary prose.
///
/// # Examples
/// ```
/// use longmem_core::{EstimatedTokens, TokenCounter};
/// assert_eq!(EstimatedTokens.count("abcdef"), 2);
/// assert_eq!(EstimatedTokens.count("東京"), 2);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct EstimatedTokens;

impl TokenCounter for EstimatedTokens {
    fn count(&self, text: &str) -> usize {
        let ascii = text.bytes().filter(u8::is_ascii).count();
        let other = text.chars().filter(|c| !c.is_ascii()).count();
        ascii.div_ceil(3) + other
    }

    fn describe(&self) -> String {
        "estimate: 3 ASCII characters or 1 other character a token".to_owned()
    }
}
