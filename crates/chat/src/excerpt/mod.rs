//! The parts of a long text that have most to do with a question.

mod choice;
mod pieces;
mod scores;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use longmem_core::TokenCounter;
use longmem_text::{places_of_words, query_words};

use self::choice::chosen_windows;
use self::pieces::pieces;
use self::scores::scores;

/// Stands where text was left out.
const ELLIPSIS: &str = "[…]";

/// Shortens a text to about `limit` tokens: the sentences that share most with a question, and what
/// stands around them, with a mark `[…]` wherever something is left out.
///
/// `question_words` are the question's words as [`query_words`](longmem_text::query_words) makes
/// them. A word counts the more the fewer sentences of this text hold it. A text that shares no
/// word with the question is shortened to its beginning and its end. The marks at both ends are not
/// counted in the limit.
///
/// # Examples
/// ```
/// use longmem_core::EstimatedTokens;
/// use longmem_text::query_words;
///
/// let text = "We talked about lunch. The gateway listens on port 7443. It rained all day.";
/// let question = query_words("Which port has the gateway?");
/// let short = longmem_chat::excerpt(text, &question, 10, &EstimatedTokens);
/// assert_eq!(short, "[…] The gateway listens on port 7443. […]");
/// ```
pub fn excerpt<'a>(
    text: &'a str,
    question_words: &[String],
    limit: usize,
    counter: &dyn TokenCounter,
) -> Cow<'a, str> {
    if counter.count(text) <= limit {
        return Cow::Borrowed(text);
    }
    let pieces = pieces(text);
    let scores = scores(text, &pieces, question_words);
    let costs: Vec<usize> =
        pieces.iter().map(|piece| counter.count(&text[piece.clone()])).collect();
    let mark = counter.count(&format!(" {ELLIPSIS} "));
    let mut kept: Vec<Range<usize>> = chosen_windows(&scores, &costs, limit, mark)
        .into_iter()
        .map(|window| pieces[window.start].start..pieces[window.end - 1].end)
        .collect();
    if kept.is_empty() {
        // No piece fits whole: the beginning of the best one.
        let best = (0..pieces.len()).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let piece = best.map_or(0..0, |best| pieces[best].clone());
        let length = longest_beginning(&text[piece.clone()], limit, counter).len();
        kept.push(piece.start..piece.start + length);
    }
    Cow::Owned(with_marks(text, &kept))
}

/// Shortens a text as [`excerpt`] does, to what has most to do with a question as a person writes it.
pub fn excerpt_about<'a>(
    text: &'a str,
    question: &str,
    limit: usize,
    counter: &dyn TokenCounter,
) -> Cow<'a, str> {
    excerpt(text, &query_words(question), limit, counter)
}

/// Where words of a question stand in a text, in whatever form: ranges of bytes in their order, none
/// overlapping.
pub fn places_about(text: &str, question: &str) -> Vec<Range<usize>> {
    places_of_words(text, &query_words(question))
}

/// Writes the parts of a text one after another, with a mark where something is left out.
fn with_marks(text: &str, kept: &[Range<usize>]) -> String {
    let mut short = String::new();
    let mut written_to = 0;
    for part in kept {
        if !text[written_to..part.start].trim().is_empty() {
            short.push_str(if short.is_empty() { "" } else { " " });
            short.push_str(ELLIPSIS);
            short.push(' ');
        }
        short.push_str(text[part.clone()].trim());
        written_to = part.end;
    }
    if !text[written_to..].trim().is_empty() {
        short.push(' ');
        short.push_str(ELLIPSIS);
    }
    short
}

/// The longest beginning of at most `limit` tokens.
fn longest_beginning<'a>(text: &'a str, limit: usize, counter: &dyn TokenCounter) -> &'a str {
    let ends: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let fitting = ends.partition_point(|&end| counter.count(&text[..end]) <= limit);
    ends.get(fitting.saturating_sub(1)).map_or("", |&end| &text[..end])
}
