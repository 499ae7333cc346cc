//! The model's tokenizer.

use std::path::Path;

use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{DecoderWrapper, PostProcessorWrapper, TokenizerImpl};

use crate::EmbedderError;
use crate::architecture::supported;
use crate::word_pieces::WordPieces;

/// BERT's tokenizer, read as what it is. `tokenizers::Tokenizer` would find out what the file holds,
/// which takes twice as long.
type BertTokenizer = TokenizerImpl<
    WordPieces,
    BertNormalizer,
    BertPreTokenizer,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// Number of bytes that are tokenized at once. The tokenizer needs some hundred bytes of memory for
/// each, so a long text goes through it in pieces.
const CHUNK_BYTES: usize = 16 * 1024;

/// Number of pre-tokens at the end of a chunk that are tokenized again with the next one, because
/// the cut may have changed them: a special token in the text, as `[MASK]`, is three pre-tokens if its
/// end is missing.
const UNSURE_PRE_TOKENS: usize = 3;

/// The model's tokenizer. It cuts at the model's window, where the shipped file says 128 tokens, and
/// pads nothing.
#[derive(Debug)]
pub(crate) struct WindowTokenizer {
    tokenizer: BertTokenizer,
    window: usize,
    special_tokens: usize,
}

/// A text as the model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenIds {
    /// At most as many as the window, the special ones included.
    pub(crate) ids: Vec<u32>,
    /// Number of tokens that were cut off.
    pub(crate) truncated: usize,
}

/// The smallest piece that a text can be cut into without changing its tokens: a word, a
/// punctuation mark or a Chinese character.
///
/// A BERT tokenizer works on each pre-token alone, so the tokens of a stretch of text are those of
/// its pre-tokens. A word of more than 100 characters becomes one `[UNK]`, so a pre-token has at most
/// 100 tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PreToken {
    /// Its first byte in the text, on a character boundary.
    pub(crate) start: usize,
    /// Its tokens, at least 1.
    pub(crate) tokens: usize,
}

impl WindowTokenizer {
    /// Reads a `tokenizer.json`; refuses a window that may be smaller than a pre-token.
    pub(crate) fn load(path: &Path, window: usize) -> Result<Self, EmbedderError> {
        let bytes = fs_err::read(path)?;
        let tokenizer = serde_json::from_slice(&bytes)
            .map_err(|error| EmbedderError::Tokenizer(error.into()))?;
        let loaded = Self::new(tokenizer, window)?;
        let longest_pre_token = loaded.tokenizer.get_model().max_input_chars_per_word;
        let least = longest_pre_token + loaded.special_tokens;
        supported("the window", window, window >= least, format!("{least} tokens or more"))?;
        Ok(loaded)
    }

    pub(crate) fn new(mut tokenizer: BertTokenizer, window: usize) -> Result<Self, EmbedderError> {
        // Tokens are cut off in `ids`, where they can be counted.
        tokenizer.with_truncation(None).map_err(EmbedderError::Tokenizer)?.with_padding(None);
        let empty = tokenizer.encode_fast("", true).map_err(EmbedderError::Tokenizer)?;
        Ok(Self { tokenizer, window, special_tokens: empty.len() })
    }

    /// Number of tokens in the vocabulary.
    pub(crate) fn vocabulary(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// Number of tokens of a text that fit the window beside the special ones.
    pub(crate) fn capacity(&self) -> usize {
        self.window - self.special_tokens
    }

    /// Number of special tokens that the model puts around a text.
    pub(crate) fn special_tokens(&self) -> usize {
        self.special_tokens
    }

    /// Tokenizes a text. What exceeds the window is cut off before the closing special token, as
    /// sentence-transformers does.
    pub(crate) fn ids(&self, text: &str) -> Result<TokenIds, EmbedderError> {
        let encoding = self.tokenizer.encode_fast(text, true).map_err(EmbedderError::Tokenizer)?;
        let mut ids = encoding.get_ids().to_vec();
        let truncated = ids.len().saturating_sub(self.window);
        ids.drain(ids.len() - 1 - truncated..ids.len() - 1);
        Ok(TokenIds { ids, truncated })
    }

    /// Finds the pre-tokens of a text, in order. Its time grows with the text's length.
    pub(crate) fn pre_tokens(&self, text: &str) -> Result<Vec<PreToken>, EmbedderError> {
        let mut found = Vec::new();
        let (mut start, mut size) = (0, CHUNK_BYTES);
        while start < text.len() {
            let end = text.floor_char_boundary(start + size);
            let mut chunk = self.pre_tokens_at_once(&text[start..end], start)?;
            if end == text.len() {
                found.append(&mut chunk);
                break;
            }
            if chunk.is_empty() {
                // The chunk holds only white space and characters that the model ignores.
                start = end;
            } else if chunk.len() <= UNSURE_PRE_TOKENS {
                // A word is longer than the chunk.
                size *= 2;
            } else {
                // The last ones are found again at the start of the next chunk.
                let sure = chunk.len() - UNSURE_PRE_TOKENS;
                start = chunk[sure].start;
                size = CHUNK_BYTES;
                found.extend_from_slice(&chunk[..sure]);
            }
        }
        Ok(found)
    }

    /// Finds the pre-tokens of a text that begins at `offset`, all at once.
    fn pre_tokens_at_once(
        &self,
        text: &str,
        offset: usize,
    ) -> Result<Vec<PreToken>, EmbedderError> {
        let encoding = self.tokenizer.encode(text, false).map_err(EmbedderError::Tokenizer)?;
        let words = encoding.get_word_ids().iter().zip(encoding.get_offsets());
        let mut found: Vec<PreToken> = Vec::new();
        let mut previous = None;
        for (word, &(start, _)) in words {
            match found.last_mut() {
                Some(pre_token) if *word == previous => pre_token.tokens += 1,
                _ => found.push(PreToken { start: offset + start, tokens: 1 }),
            }
            previous = *word;
        }
        Ok(found)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A BERT tokenizer that knows single characters and a few words; any other word is unknown.
    /// Like the shipped file, it claims that everything is to be cut and padded to a small length.
    pub(crate) fn letters(window: usize) -> WindowTokenizer {
        let specials = ["[CLS]", "[SEP]", "[UNK]", "[MASK]"];
        let words = ["the", "una", "##ff", "affable", "。", "明"];
        let mut vocabulary: Vec<_> = specials.into_iter().chain(words).map(str::to_owned).collect();
        vocabulary
            .extend(('!'..='@').chain('['..='~').flat_map(|c| [format!("{c}"), format!("##{c}")]));
        let ids: serde_json::Map<_, _> =
            vocabulary.into_iter().zip((0..).map(Into::into)).collect();
        let added = specials.map(|content| {
            json!({"id": ids[content], "content": content, "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        });
        let tokenizer = json!({
            "version": "1.0",
            "truncation": {"max_length": 4, "strategy": "LongestFirst", "stride": 0},
            "padding": {"strategy": {"Fixed": 4}, "direction": "Right", "pad_to_multiple_of": null,
                "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
            "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": true,
                "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 0]},
            "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "max_input_chars_per_word": 100,
                "continuing_subword_prefix": "##", "vocab": ids},
        });
        let tokenizer = serde_json::from_str(&tokenizer.to_string()).unwrap();
        WindowTokenizer::new(tokenizer, window).unwrap()
    }

    #[test]
    fn truncation_keeps_the_closing_token_and_counts_what_it_cuts() {
        let tokenizer = letters(5);
        let whole = tokenizer.ids("the the the").unwrap();
        assert_eq!((whole.ids.len(), whole.truncated), (5, 0));
        let cut = tokenizer.ids("the the the the the").unwrap();
        assert_eq!((&cut.ids, cut.truncated), (&whole.ids, 2));
        assert_eq!(tokenizer.ids("").unwrap().ids, [0, 1]);
    }

    #[test]
    fn a_long_text_has_the_same_pre_tokens_in_chunks_as_at_once() {
        let tokenizer = letters(256);
        let texts = [
            "the affable bear, unaffable. ".repeat(3_000),
            "我们明天见。".repeat(6_000),
            "x".repeat(50_000),
            format!("{} word {}", " ".repeat(40_000), "y".repeat(20_000)),
            "=".repeat(40_000),
        ];
        for text in texts {
            let at_once = tokenizer.pre_tokens_at_once(&text, 0).unwrap();
            assert_eq!(tokenizer.pre_tokens(&text).unwrap(), at_once);
        }
    }

    proptest! {
        #[test]
        fn a_text_cut_between_pre_tokens_keeps_its_tokens(
            text in "([a-z!。 \n]|\\PC|\u{301}|\u{b}|\u{200b}){0,60}", at in 0.0f64..1.0
        ) {
            let tokenizer = letters(10_000);
            let pre_tokens = tokenizer.pre_tokens(&text).unwrap();
            prop_assume!(!pre_tokens.is_empty());
            let cut = (at * pre_tokens.len() as f64) as usize;
            let (left, right) = text.split_at(pre_tokens[cut].start);
            let tokens = |part: &[PreToken]| part.iter().map(|p| p.tokens).sum::<usize>() + 2;
            prop_assert_eq!(tokenizer.ids(left).unwrap().ids.len(), tokens(&pre_tokens[..cut]));
            prop_assert_eq!(tokenizer.ids(right).unwrap().ids.len(), tokens(&pre_tokens[cut..]));
        }
    }
}
