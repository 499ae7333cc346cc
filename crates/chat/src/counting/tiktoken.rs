//! The tokenizers of OpenAI's models, whose tables are part of the program.

use longmem_core::TokenCounter;
use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

/// Counts tokens as OpenAI's models do. The first count of a process takes some hundred milliseconds,
/// in which the tables are read; nothing is fetched.
///
/// # Examples
/// ```
/// use longmem_chat::TiktokenTokens;
/// use longmem_core::TokenCounter;
///
/// let counter = TiktokenTokens::of_model("gpt-4o");
/// assert_eq!(counter.count("I moved to Lisbon."), 5);
/// assert_eq!(counter.describe(), "tiktoken: o200k_base");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TiktokenTokens {
    /// Whether the model has the older of the two tables.
    is_cl100k: bool,
}

impl TiktokenTokens {
    /// The tokenizer of a model: `cl100k_base` for GPT-4 and GPT-3.5, else `o200k_base`, which all
    /// newer ones have.
    pub fn of_model(name: &str) -> Self {
        Self { is_cl100k: get_tokenizer(name) == Some(Tokenizer::Cl100kBase) }
    }

    fn tokenizer(self) -> &'static CoreBPE {
        if self.is_cl100k { cl100k_base_singleton() } else { o200k_base_singleton() }
    }
}

impl TokenCounter for TiktokenTokens {
    fn count(&self, text: &str) -> usize {
        self.tokenizer().count_ordinary(text)
    }

    fn describe(&self) -> String {
        format!("tiktoken: {}", if self.is_cl100k { "cl100k_base" } else { "o200k_base" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_has_its_own_table() {
        for (model, table) in [
            ("gpt-4", "cl100k_base"),
            ("gpt-3.5-turbo", "cl100k_base"),
            ("gpt-4o-mini", "o200k_base"),
            ("gpt-5", "o200k_base"),
            ("a-model-of-next-year", "o200k_base"),
        ] {
            let described = TiktokenTokens::of_model(model).describe();
            assert_eq!(described, format!("tiktoken: {table}"), "{model}");
        }
        let counts = ["gpt-4", "gpt-4o"]
            .map(|model| TiktokenTokens::of_model(model).count("先月東京に引っ越しました。"));
        assert_ne!(counts[0], counts[1], "the newer table knows more Japanese");
    }

    #[test]
    fn marks_of_a_model_in_a_text_are_counted_as_text() {
        let counter = TiktokenTokens::of_model("gpt-4o");
        assert!(counter.count("<|endoftext|>") > 1);
    }
}
