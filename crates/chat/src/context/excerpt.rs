//! The part of a long text that has most to do with a question.

use std::borrow::Cow;
use std::collections::HashSet;

use longmem_core::TokenCounter;
use unicode_segmentation::UnicodeSegmentation;

/// Stands where text was left out.
const ELLIPSIS: &str = "[…]";

/// Shortens a text to about `limit` tokens: the run of whole sentences that shares most of `words`,
/// with a mark where something is left out.
pub(crate) fn excerpt<'a>(
    text: &'a str,
    words: &HashSet<String>,
    limit: usize,
    counter: &dyn TokenCounter,
) -> Cow<'a, str> {
    if counter.count(text) <= limit {
        return Cow::Borrowed(text);
    }
    let sentences: Vec<&str> = text.split_sentence_bounds().collect();
    let costs: Vec<usize> = sentences.iter().map(|s| counter.count(s)).collect();
    let shared: Vec<usize> = sentences.iter().map(|s| shared_words(s, words)).collect();

    // Every longest run that fits, from each end: where one sentence more is too much, the run
    // loses its first ones.
    let (mut start, mut cost, mut score) = (0, 0, 0);
    let mut best = (0, 0);
    let mut kept = 0..0;
    for end in 0..sentences.len() {
        cost += costs[end];
        score += shared[end];
        while cost > limit {
            cost -= costs[start];
            score -= shared[start];
            start += 1;
        }
        // Of equal scores the fullest, and of those the first.
        if (score, cost) > best {
            best = (score, cost);
            kept = start..end + 1;
        }
    }
    if kept.is_empty() {
        // Every sentence is longer than the limit.
        let beginning = longest_beginning(text, limit, counter);
        return Cow::Owned(format!("{} {ELLIPSIS}", beginning.trim_end()));
    }
    let before = if kept.start > 0 { format!("{ELLIPSIS} ") } else { String::new() };
    let after = if kept.end < sentences.len() { format!(" {ELLIPSIS}") } else { String::new() };
    Cow::Owned(format!("{before}{}{after}", sentences[kept].concat().trim()))
}

/// Number of different words that a sentence shares with `words`.
fn shared_words(sentence: &str, words: &HashSet<String>) -> usize {
    let lower = sentence.unicode_words().map(str::to_lowercase);
    lower.filter(|word| words.contains(word)).collect::<HashSet<String>>().len()
}

/// The longest beginning of at most `limit` tokens.
fn longest_beginning<'a>(text: &'a str, limit: usize, counter: &dyn TokenCounter) -> &'a str {
    let ends: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let fitting = ends.partition_point(|&end| counter.count(&text[..end]) <= limit);
    &text[..ends[fitting.saturating_sub(1)]]
}

#[cfg(test)]
mod tests {
    use longmem_core::EstimatedTokens;
    use longmem_text::english::content_words as words;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_the_sentences_that_answer() {
        let text = "We talked about lunch. The gateway listens on port 7443. It rained all day. \
                    Nobody minded the rain at all.";
        let short = excerpt(text, &words("Which port has the gateway?"), 13, &EstimatedTokens);
        assert_eq!(short, "[…] The gateway listens on port 7443. […]");
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        assert_eq!(excerpt("Short.", &words("x"), 2, &EstimatedTokens), "Short.");
    }

    #[test]
    fn a_text_without_sentences_keeps_its_head() {
        let text = "東".repeat(50);
        let short = excerpt(&text, &words("西"), 10, &EstimatedTokens);
        assert_eq!(short, format!("{} […]", "東".repeat(8)), "a token for each, and a quarter");
    }

    proptest! {
        #[test]
        fn an_excerpt_stays_near_its_limit(
            text in "[a-z東.!\n ]{0,400}",
            question in "[a-z ]{0,30}",
            limit in 1usize..60,
        ) {
            let short = excerpt(&text, &words(&question), limit, &EstimatedTokens);
            let marks = EstimatedTokens.count("[…] ") + EstimatedTokens.count(" […]");
            prop_assert!(EstimatedTokens.count(&short) <= limit + marks);
        }
    }
}
