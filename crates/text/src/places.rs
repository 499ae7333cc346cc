//! Where the words of a question stand in a text.

use std::collections::HashSet;
use std::ops::Range;

use crate::words::{is_unspaced, is_word_character, stored_word};

/// The places in a text where words of a question stand, as a search matches them: whatever their case,
/// accents and endings. Byte ranges, in order and apart from each other.
///
/// `question_words` are the question's words as [`query_words`](crate::query_words) makes them.
///
/// # Examples
/// ```
/// use longmem_text::{places_of_words, query_words};
///
/// let text = "I moved to a café.";
/// let places = places_of_words(text, &query_words("Which cafes did I move to?"));
/// assert_eq!(places.into_iter().map(|place| &text[place]).collect::<Vec<_>>(), ["moved", "café"]);
/// ```
pub fn places_of_words(text: &str, question_words: &[String]) -> Vec<Range<usize>> {
    let asked: HashSet<&str> = question_words.iter().map(String::as_str).collect();
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut mark = |place: Range<usize>| match places.last_mut() {
        Some(last) if last.end >= place.start => last.end = last.end.max(place.end),
        _ => places.push(place),
    };
    for run in runs(text) {
        let is_asked = |place: &Range<usize>| asked.contains(&*stored_word(&text[place.clone()]));
        if text[run.clone()].starts_with(is_unspaced) {
            let starts = text[run.clone()].char_indices().map(|(at, _)| run.start + at);
            let bounds: Vec<usize> = starts.chain([run.end]).collect();
            // Single characters, and pairs of them.
            for first in 0..bounds.len() - 1 {
                let pieces = bounds[first + 1..].iter().take(2).map(|end| bounds[first]..*end);
                pieces.filter(is_asked).for_each(&mut mark);
            }
        } else if is_asked(&run) {
            mark(run);
        }
    }
    places
}

/// The runs of letters and digits of a text; those of scripts without spaces stand alone.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_word_character)?;
        let first = text[start..].chars().next()?;
        let goes_on = |c: char| is_word_character(c) && is_unspaced(c) == is_unspaced(first);
        let rest = &text[start..];
        at = start + rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query_words;

    fn found<'a>(text: &'a str, question: &str) -> Vec<&'a str> {
        places_of_words(text, &query_words(question))
            .into_iter()
            .map(|place| &text[place])
            .collect()
    }

    #[test]
    fn words_are_found_as_the_search_matches_them() {
        assert_eq!(
            found("Priya's DEADLINES moved; the rest stays.", "deadline for Priya"),
            ["Priya", "DEADLINES"]
        );
        assert_eq!(
            found("ERR_CONN_4711 came back", "How did we fix ERR_CONN_4711?"),
            ["ERR", "CONN", "4711"]
        );
        assert_eq!(found("Das Café in der Straße", "cafe strasse"), ["Café", "Straße"]);
        assert_eq!(found("cafe\u{301} here", "café"), ["cafe\u{301}"]);
        assert_eq!(found("先月東京に引っ越した", "東京"), ["東京"]);
        assert_eq!(found("東京都は広い", "東京都"), ["東京都"]);
        assert_eq!(found("nothing of it", "Which port?"), Vec::<&str>::new());
        assert_eq!(found("", "port"), Vec::<&str>::new());
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_apart(text in "\\PC{0,60}", question in "\\PC{0,20}") {
            let places = places_of_words(&text, &query_words(&question));
            prop_assert!(places.windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert!(places.iter().all(|place| !text[place.clone()].is_empty()));
        }
    }
}
