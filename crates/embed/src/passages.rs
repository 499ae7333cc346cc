//! A long text cut into passages that the model sees whole.

use longmem_core::PassageSpan;
use unicode_segmentation::UnicodeSegmentation;

use crate::EmbedderError;
use crate::tokenizer::{PreToken, WindowTokenizer};

/// Tokens that a passage of a long text should have: about 130 English words of 1.3 tokens each.
/// Recall was best with passages of that length (130 words, overlapping by 20), measured on long
/// turns of chats between a user and an assistant.
const PASSAGE_TOKENS: usize = 170;

/// Tokens of a passage that the next one repeats: about 20 English words.
const OVERLAP_TOKENS: usize = 26;

/// Cuts a text into passages: one if the window holds it, else several of about
/// [`PASSAGE_TOKENS`], cut where a sentence ends if possible, else where a word ends, else between
/// two pre-tokens.
pub(crate) fn passages(
    tokenizer: &WindowTokenizer,
    text: &str,
) -> Result<Vec<PassageSpan>, EmbedderError> {
    let pre_tokens = tokenizer.pre_tokens(text)?;
    let special_tokens = tokenizer.special_tokens();
    let first_byte = text.len() - text.trim_start().len();
    let cutter = Cutter::new(text, &pre_tokens, tokenizer.capacity());
    let spans = cutter.ranges().into_iter().map(|(from, to)| {
        let start = if from == 0 { first_byte } else { pre_tokens[from].start };
        let end = pre_tokens.get(to).map_or(text.len(), |next| next.start);
        // In a text of white space only, the first byte is the end.
        let end = start + text[start..end].trim_end().len();
        PassageSpan { start, end, tokens: cutter.tokens(from, to) + special_tokens }
    });
    Ok(spans.collect())
}

/// Where a cut before a pre-token would be, the worst place first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    InsideWord,
    Word,
    Sentence,
}

/// Chooses ranges of pre-tokens.
struct Cutter {
    /// For each pre-token, the number of tokens before it; then the number of all tokens.
    before: Vec<usize>,
    /// For each pre-token, where a cut before it would be. Empty if nothing is cut.
    cuts: Vec<Cut>,
    /// Tokens of a passage at most, without the special ones.
    capacity: usize,
    /// Tokens that a passage should have.
    aim: usize,
    /// Tokens of a passage that the next one repeats.
    overlap: usize,
}

impl Cutter {
    fn new(text: &str, pre_tokens: &[PreToken], capacity: usize) -> Self {
        let mut before = Vec::with_capacity(pre_tokens.len() + 1);
        before.push(0);
        let mut total = 0;
        for pre_token in pre_tokens {
            total += pre_token.tokens;
            before.push(total);
        }
        // For a small window, aim and overlap keep their proportions.
        let longest_aim = PASSAGE_TOKENS.min(capacity * 2 / 3);
        let overlap = OVERLAP_TOKENS.min(capacity / 10);
        let (cuts, aim) = if total <= capacity {
            (Vec::new(), capacity)
        } else {
            let step = longest_aim - overlap;
            let passages = (total - overlap).div_ceil(step);
            // All passages are made equally long; otherwise the last could be a few words.
            (cuts(text, pre_tokens), (total - overlap).div_ceil(passages) + overlap)
        };
        Self { before, cuts, capacity, aim, overlap }
    }

    /// Number of pre-tokens.
    fn len(&self) -> usize {
        self.before.len() - 1
    }

    /// Number of tokens of a range of pre-tokens.
    fn tokens(&self, from: usize, to: usize) -> usize {
        self.before[to] - self.before[from]
    }

    /// The passages as ranges of pre-tokens, at least one.
    fn ranges(&self) -> Vec<(usize, usize)> {
        let mut ranges = Vec::new();
        let mut from = 0;
        loop {
            let to = self.end_of_passage(from);
            ranges.push((from, to));
            if to == self.len() {
                return ranges;
            }
            from = self.start_of_next(from, to);
        }
    }

    /// The best cut after `from`: the one nearest to the aim among those of the best kind that lie
    /// between half the aim and the capacity.
    fn end_of_passage(&self, from: usize) -> usize {
        let last = self.before.partition_point(|&b| b <= self.before[from] + self.capacity) - 1;
        // The rest of the text is one passage if it fits and is not much longer than others.
        let rest_fits = last == self.len() && self.tokens(from, last) <= self.aim + self.overlap;
        if rest_fits || from + 1 >= self.len() {
            return self.len();
        }
        let first = self.before.partition_point(|&b| b < self.before[from] + self.aim / 2);
        // A pre-token that exceeds the capacity becomes a passage, which is truncated when it is
        // embedded.
        let last = last.min(self.len() - 1).max(from + 1);
        let first = first.clamp(from + 1, last);
        let from_aim = |to: usize| self.tokens(from, to).abs_diff(self.aim);
        (first..=last)
            .min_by_key(|&to| (std::cmp::Reverse(self.cuts[to]), from_aim(to)))
            .unwrap_or(last)
    }

    /// Where the passage after `from..to` begins: at the first sentence that begins within the
    /// overlap, else at the first word, else at `to`.
    fn start_of_next(&self, from: usize, to: usize) -> usize {
        let earliest =
            self.before.partition_point(|&b| b + self.overlap < self.before[to]).max(from + 1);
        let first_of = |kind| (earliest..to).find(|&start| self.cuts[start] >= kind);
        first_of(Cut::Sentence).or_else(|| first_of(Cut::Word)).unwrap_or(to)
    }
}

/// Where a cut before each pre-token would be.
fn cuts(text: &str, pre_tokens: &[PreToken]) -> Vec<Cut> {
    let mut sentences = text.split_sentence_bound_indices().map(|(start, _)| start).peekable();
    let mut previous_start = 0;
    pre_tokens
        .iter()
        .map(|pre_token| {
            let gap = previous_start..pre_token.start;
            previous_start = pre_token.start;
            let mut begins_sentence = false;
            // A sentence may begin in the gap before the pre-token, with characters that are no
            // token.
            while sentences.next_if(|&sentence| sentence <= pre_token.start).is_some() {
                begins_sentence = true;
            }
            if begins_sentence {
                Cut::Sentence
            } else if text[gap].ends_with(char::is_whitespace) {
                Cut::Word
            } else {
                Cut::InsideWord
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tokenizer::tests::letters;

    const WINDOW: usize = 256;

    fn cut(text: &str) -> Vec<&str> {
        passages(&letters(WINDOW), text).unwrap().iter().map(|p| &text[p.start..p.end]).collect()
    }

    #[test]
    fn what_fits_the_window_is_one_passage() {
        for words in [0, 1, 254] {
            let text = format!("\n{} ", "the ".repeat(words));
            let tokenizer = letters(WINDOW);
            let spans = passages(&tokenizer, &text).unwrap();
            assert_eq!(spans.len(), 1);
            assert_eq!(spans[0].tokens, words + 2);
            assert_eq!(&text[spans[0].start..spans[0].end], text.trim());
        }
        assert_eq!(cut(&"the ".repeat(255)).len(), 2);
    }

    #[test]
    fn long_prose_is_cut_at_sentence_ends_into_passages_of_like_length() {
        let sentence = "The the the the the the the the the the the. ";
        let text = sentence.repeat(100);
        let passages = cut(&text);
        for passage in &passages {
            assert!(passage.starts_with("The") && passage.ends_with('.'), "{passage:?}");
            let words = passage.split(' ').count();
            assert!((110..=190).contains(&words), "{words} words");
        }
        // Neighbours share whole sentences.
        assert!(passages.len() > 100 * 12 / PASSAGE_TOKENS, "{}", passages.len());
    }

    #[test]
    fn text_without_sentences_is_cut_between_words_and_without_words_anywhere() {
        for passage in cut(&"the unaffable ".repeat(400)) {
            assert!(passage.starts_with("the") || passage.starts_with("unaffable"), "{passage:?}");
            assert!(passage.ends_with("the") || passage.ends_with("unaffable"), "{passage:?}");
        }
        assert!(cut(&"明".repeat(1_000)).iter().all(|p| p.chars().count() <= WINDOW - 2));
        assert!(cut(&"=".repeat(1_000)).len() >= 4);
        // One unknown token, however long.
        assert_eq!(cut(&"x".repeat(10_000)).len(), 1);
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[a-z]{1,12}[ ,.!?\n]{1,3}",
            1 => "[a-z0-9+/]{90,130} ?",
            1 => "[明日京都東。]{1,30}",
            1 => "(\\PC|\u{301}|\u{b}|\u{85}|\u{200b}){1,8}",
            1 => "[ \t\n]{1,20}",
            1 => "(\\[SEP\\]|\\[MASK\\]|[\\[\\]=]){1,20}",
        ]
    }

    proptest! {
        #[test]
        fn passages_cover_the_text_in_order_and_each_fits_the_window(
            pieces in prop::collection::vec(piece(), 0..120), window in 110usize..300
        ) {
            let text = pieces.concat();
            let tokenizer = letters(window);
            let spans = passages(&tokenizer, &text).unwrap();
            prop_assert!(!spans.is_empty());
            let mut covered = 0;
            for (position, span) in spans.iter().enumerate() {
                let alone = tokenizer.ids(&text[span.start..span.end]).unwrap();
                prop_assert_eq!((alone.ids.len(), alone.truncated), (span.tokens, 0));
                let gap = text.get(covered..span.start).unwrap_or_default();
                prop_assert!(gap.trim().is_empty(), "lost {gap:?}");
                prop_assert!(span.end > covered || position == 0);
                prop_assert!(position == 0 || span.start > spans[position - 1].start);
                covered = span.end;
            }
            prop_assert!(text[covered..].trim().is_empty());
        }
    }
}
