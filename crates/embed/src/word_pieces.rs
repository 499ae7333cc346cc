//! The tokenizer's model: the longest known pieces of a word, one after another.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokenizers::models::wordpiece::WordPieceTrainer;
use tokenizers::{Model, Result, Token};

use crate::vocabulary::Vocabulary;

/// `WordPiece`, as `tokenizers` computes it, over a [`Vocabulary`] that is made sooner: the two maps of
/// 30,522 strings of `tokenizers` took half of the time until a process had embedded its first question.
#[derive(Debug, Deserialize)]
pub(crate) struct WordPieces {
    #[serde(default, rename = "type")]
    _kind: Kind,
    /// The token of a word that is not made of known pieces.
    unk_token: String,
    /// Begins each piece but the first of a word.
    continuing_subword_prefix: String,
    /// A longer word is unknown.
    pub(crate) max_input_chars_per_word: usize,
    vocab: Vocabulary,
}

/// What the file says that it holds.
#[derive(Debug, Default, Deserialize)]
enum Kind {
    #[default]
    WordPiece,
}

impl WordPieces {
    /// A word that is not made of known pieces.
    fn unknown(&self, word: &str) -> Result<Vec<Token>> {
        let id = self.vocab.id(&self.unk_token).ok_or_else(|| {
            format!("the token of unknown words, {}, is not in the vocabulary", self.unk_token)
        })?;
        Ok(vec![token(id, 0, word.len())])
    }
}

/// A token without its text, which nobody reads.
fn token(id: u32, start: usize, end: usize) -> Token {
    Token { id, value: String::new(), offsets: (start, end) }
}

impl Model for WordPieces {
    type Trainer = WordPieceTrainer;

    fn tokenize(&self, word: &str) -> Result<Vec<Token>> {
        if word.chars().count() > self.max_input_chars_per_word {
            return self.unknown(word);
        }
        let mut tokens = Vec::new();
        let mut start = 0;
        while start < word.len() {
            let prefix = if start == 0 { "" } else { &self.continuing_subword_prefix };
            let Some((id, length)) = self.vocab.longest(prefix, &word[start..]) else {
                return self.unknown(word);
            };
            tokens.push(token(id, start, start + length));
            start += length;
        }
        Ok(tokens)
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        self.vocab.id(token)
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        self.vocab.tokens().find(|(_, of_token)| *of_token == id).map(|(text, _)| text.to_owned())
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        self.vocab.tokens().map(|(text, id)| (text.to_owned(), id)).collect()
    }

    fn get_vocab_size(&self) -> usize {
        self.vocab.len()
    }

    fn save(&self, _folder: &Path, _prefix: Option<&str>) -> Result<Vec<PathBuf>> {
        Err("a vocabulary is only read here".into())
    }

    fn get_trainer(&self) -> WordPieceTrainer {
        WordPieceTrainer::builder().build()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tokenizers::models::wordpiece::WordPiece;

    use super::*;

    fn file(vocab: &BTreeMap<String, u32>, most_characters: usize) -> Value {
        json!({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": most_characters, "vocab": vocab})
    }

    fn ids_and_places(tokens: Result<Vec<Token>>) -> Vec<(u32, (usize, usize))> {
        tokens.unwrap().into_iter().map(|token| (token.id, token.offsets)).collect()
    }

    proptest! {
        #[test]
        fn a_word_has_the_tokens_that_tokenizers_finds(
            pieces in prop::collection::btree_map("(##)?[abü明]{1,4}|#{1,3}", 0u32..1_000, 0..60),
            words in prop::collection::vec("[abcü明#]{0,14}", 1..20),
            most_characters in 6usize..14,
        ) {
            let mut vocab = pieces;
            vocab.insert("[UNK]".to_owned(), 7);
            let file = file(&vocab, most_characters).to_string();
            let ours: WordPieces = serde_json::from_str(&file).unwrap();
            let theirs: WordPiece = serde_json::from_str(&file).unwrap();
            for word in &words {
                let expected = ids_and_places(theirs.tokenize(word));
                prop_assert_eq!(ids_and_places(ours.tokenize(word)), expected, "{}", word);
                prop_assert_eq!(ours.token_to_id(word), theirs.token_to_id(word));
            }
            prop_assert_eq!(ours.get_vocab(), theirs.get_vocab());
            prop_assert_eq!(ours.get_vocab_size(), vocab.len());
        }
    }

    #[test]
    fn a_file_of_another_kind_and_a_vocabulary_without_the_unknown_token_are_refused() {
        let mut other = file(&BTreeMap::new(), 100);
        let empty: WordPieces = serde_json::from_value(other.clone()).unwrap();
        let error = empty.tokenize("word").unwrap_err().to_string();
        assert_eq!(error, "the token of unknown words, [UNK], is not in the vocabulary");
        other["type"] = json!("BPE");
        let error = serde_json::from_value::<WordPieces>(other).unwrap_err().to_string();
        assert!(error.contains("BPE") && error.contains("WordPiece"), "{error}");
    }
}
