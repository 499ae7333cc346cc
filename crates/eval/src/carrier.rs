//! Which words of a turn carry an answer.

use std::collections::HashSet;

use longmem_text::query_words;

use crate::dataset::Question;

/// The longest run of words that is looked for in a prompt as one piece.
const PIECE_WORDS: usize = 12;

/// The words of one turn that carry the answer to a question. A prompt that quotes only a part of a
/// turn holds the answer if it quotes these words:
///
/// 1. the words that the data set names for this turn;
/// 2. or else every piece of the answer that stands in the turn word for word;
/// 3. or else, where neither is known, half of the words that the question and its answer share with
///    one of the turn's passages: with the one that shares most of them, or any of several that share
///    as many.
///
/// Case, punctuation and line breaks do not count.
///
/// # Examples
/// ```
/// use longmem_eval::{Carrier, PlainText, dataset::Question};
///
/// let turn = "Long story. The port is 7443, as ever. More of it.";
/// let question: Question = serde_json::from_str(
///     r#"{"id": "q", "text": "Which port?", "answer": "7443", "evidence": ["t"]}"#)?;
/// let carrier = Carrier::of(&question, "t", turn, &[turn]);
/// assert!(carrier.is_in(&PlainText::of("[…] the port is 7443 […]")));
/// assert!(!carrier.is_in(&PlainText::of("Long story. […]")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// All of these texts.
    Texts(Vec<PlainText>),
    /// Enough of any of these passages.
    Passages(Vec<Passage>),
}

/// A passage with the words that it shares with a question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Passage {
    /// Runs of its words.
    pieces: Vec<Piece>,
    /// Number of different shared words in all of it.
    shared: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    text: PlainText,
    shared: Vec<String>,
}

/// A text without what does not count when words are compared: lower-case words between single
/// spaces. Each character of Chinese and its like is a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainText(String);

impl PlainText {
    /// Makes a text plain.
    pub fn of(text: &str) -> Self {
        let mut plain = " ".to_owned();
        for character in text.chars().flat_map(char::to_lowercase) {
            if !character.is_alphanumeric() {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
            } else if is_ideographic(character) {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
                plain.push(character);
                plain.push(' ');
            } else {
                plain.push(character);
            }
        }
        if !plain.ends_with(' ') {
            plain.push(' ');
        }
        Self(plain)
    }

    /// Whether there is no word in it.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Whether all words of another text stand in it in a row.
    pub fn holds(&self, other: &PlainText) -> bool {
        self.0.contains(&other.0)
    }
}

/// Whether a character is one of a script that is written without spaces.
fn is_ideographic(character: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&character) || character >= '\u{20000}'
}

impl Carrier {
    /// Finds the words of a turn that carry a question's answer. `passages` are the parts into which
    /// the turn is cut when it is embedded.
    pub fn of(question: &Question, turn: &str, text: &str, passages: &[&str]) -> Self {
        let named: Vec<PlainText> = question
            .evidence
            .iter()
            .filter(|piece| piece.id == turn)
            .filter_map(|piece| Some(PlainText::of(piece.text.as_ref()?)))
            .filter(|text| !text.is_empty())
            .collect();
        if !named.is_empty() {
            return Self(Kind::Texts(named));
        }
        let whole = PlainText::of(text);
        let answers = question.answer.iter().map(|piece| PlainText::of(piece));
        let in_turn: Vec<PlainText> =
            answers.filter(|piece| !piece.is_empty() && whole.holds(piece)).collect();
        if !in_turn.is_empty() {
            return Self(Kind::Texts(in_turn));
        }
        let wanted = format!("{} {}", question.text, question.answer.join(" "));
        let wanted: HashSet<String> = query_words(&wanted).into_iter().collect();
        let passages: Vec<Passage> =
            passages.iter().map(|passage| Passage::of(passage, &wanted)).collect();
        let most = passages.iter().map(|passage| passage.shared).max();
        Self(Kind::Passages(passages.into_iter().filter(|p| Some(p.shared) == most).collect()))
    }

    /// Whether a prompt's quotes hold them.
    pub fn is_in(&self, quotes: &PlainText) -> bool {
        match &self.0 {
            Kind::Texts(texts) => texts.iter().all(|text| quotes.holds(text)),
            Kind::Passages(passages) => passages.iter().any(|passage| passage.is_in(quotes)),
        }
    }
}

impl Passage {
    fn of(text: &str, wanted: &HashSet<String>) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let piece = |words: &[&str]| {
            let text = words.join(" ");
            let mut shared = query_words(&text);
            shared.retain(|word| wanted.contains(word));
            Piece { text: PlainText::of(&text), shared }
        };
        let pieces: Vec<Piece> = words.chunks(PIECE_WORDS).map(piece).collect();
        let shared = distinct(pieces.iter());
        Self { pieces, shared }
    }

    fn is_in(&self, quotes: &PlainText) -> bool {
        let is_there = |piece: &&Piece| !piece.text.is_empty() && quotes.holds(&piece.text);
        let mut there = self.pieces.iter().filter(is_there).peekable();
        there.peek().is_some() && 2 * distinct(there) >= self.shared
    }
}

/// Number of different shared words in some pieces.
fn distinct<'a>(pieces: impl Iterator<Item = &'a Piece>) -> usize {
    pieces.flat_map(|piece| &piece.shared).collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(answer: &str, evidence: &str) -> Question {
        let json = format!(
            r#"{{"id":"q","text":"Which port does the gateway use?","answer":{answer},
                 "evidence":[{evidence}]}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    const TURN: &str = "We talked about lunch. The gateway listens on 7443, encrypted.\n\
                        It rained. Bo came late to the meeting in Porto.";

    fn is_in(question: &Question, quotes: &str) -> bool {
        let passages: Vec<&str> = TURN.lines().collect();
        Carrier::of(question, "t", TURN, &passages).is_in(&PlainText::of(quotes))
    }

    #[test]
    fn named_words_go_before_the_answer() {
        let named = question(r#""7443""#, r#"{"turn":"t","text":"gateway listens on 7443"}"#);
        assert!(is_in(&named, "[…] The gateway\n  listens on 7443, encrypted. […]"));
        assert!(!is_in(&named, "It said 7443 […]"));
    }

    #[test]
    fn every_piece_of_the_answer_that_stands_in_the_turn_is_needed() {
        let two = question(r#""7443; Porto; Lisbon""#, r#""t""#);
        assert!(is_in(&two, "listens on 7443 […] the meeting in Porto."));
        assert!(!is_in(&two, "listens on 7443 […]"));
        assert!(!is_in(&question(r#""7443""#, r#""t""#), "the number 17443"));
    }

    #[test]
    fn without_known_words_it_is_half_of_what_the_best_passage_shares() {
        let unknown = question("null", r#""t""#);
        assert!(is_in(&unknown, TURN.lines().next().unwrap()));
        assert!(!is_in(&unknown, TURN.lines().last().unwrap()));
        assert!(!is_in(&unknown, ""));
    }

    #[test]
    fn characters_of_scripts_without_spaces_are_words() {
        assert!(PlainText::of("我住在里斯本。").holds(&PlainText::of("里斯本")));
        assert!(!PlainText::of("house boat").holds(&PlainText::of("use boat")));
    }
}
