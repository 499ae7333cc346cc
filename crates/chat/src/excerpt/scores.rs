//! How much the pieces of a text have to do with a question.

use std::collections::HashMap;
use std::ops::Range;

use longmem_text::each_word;

/// Worth of a word in the piece before or behind, as a part of its worth in the piece itself: what
/// is told is often named one sentence earlier.
const BESIDE: f32 = 0.5;

/// Scores each piece by the words that it shares with the question, 0 where there are none.
///
/// A word counts once a piece, as much as the logarithm of how rare it is among the pieces: one that
/// stands in every piece tells none apart and counts nothing. To these come the words that only
/// the pieces beside it hold, with a part of their worth.
pub(super) fn scores(text: &str, pieces: &[Range<usize>], question_words: &[String]) -> Vec<f32> {
    let numbers: HashMap<&str, usize> =
        question_words.iter().enumerate().map(|(number, word)| (word.as_str(), number)).collect();
    let shared: Vec<Vec<usize>> =
        pieces.iter().map(|piece| shared_words(&text[piece.clone()], &numbers)).collect();

    let mut pieces_with = vec![0_usize; question_words.len()];
    for &word in shared.iter().flatten() {
        pieces_with[word] += 1;
    }
    let rarity = |word: usize| (pieces.len() as f32 / pieces_with[word] as f32).ln();

    let beside = |place: usize| -> f32 {
        let before = place.checked_sub(1).map_or(&[][..], |before| &shared[before]);
        let after = shared.get(place + 1).map_or(&[][..], Vec::as_slice);
        let only_after = after.iter().filter(|word| !before.contains(word));
        let words = before.iter().chain(only_after).filter(|word| !shared[place].contains(word));
        words.map(|&word| rarity(word)).sum()
    };
    let score = |(place, words): (usize, &Vec<usize>)| {
        let own: f32 = words.iter().map(|&word| rarity(word)).sum();
        if own > 0.0 { own + BESIDE * beside(place) } else { 0.0 }
    };
    shared.iter().enumerate().map(score).collect()
}

/// The numbers of the question's words that a piece holds, each once.
fn shared_words(piece: &str, numbers: &HashMap<&str, usize>) -> Vec<usize> {
    let mut shared = Vec::new();
    each_word(piece, &mut |word| {
        if let Some(&number) = numbers.get(word)
            && !shared.contains(&number)
        {
            shared.push(number);
        }
    });
    shared
}

#[cfg(test)]
mod tests {
    use longmem_text::query_words;

    use super::super::pieces::pieces;
    use super::*;

    fn scored(text: &str, question: &str) -> Vec<f32> {
        scores(text, &pieces(text), &query_words(question))
    }

    #[test]
    fn a_word_of_every_sentence_counts_nothing() {
        let text = "My car is red. My car was towed. My car, alas.";
        let scores = scored(text, "Was my car towed?");
        assert!(scores[1] > 0.0 && scores[0] == 0.0 && scores[2] == 0.0, "{scores:?}");
        assert_eq!(scored(text, "Car?"), [0.0; 3]);
    }

    #[test]
    fn endings_and_accents_are_those_of_search() {
        let scores = scored("I run. We moved to a Café. It rains.", "moving cafes");
        assert!(scores[1] > scores[0] && scores[2] == 0.0, "{scores:?}");
    }

    #[test]
    fn a_word_repeated_counts_once_and_words_together_count_more() {
        let text = "Tea, tea, tea and tea. The tea is cold. Cold day. Nothing. Nothing else. Milk.";
        let scores = scored(text, "cold tea");
        let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        assert_eq!(best, Some(1), "{scores:?}");
    }
}
