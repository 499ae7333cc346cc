//! A made-up history of any length, the same in every run.
//!
//! A turn has 30 words, drawn by the law of Zipf and Mandelbrot from 50,000: the most common stands
//! in about half of all turns, the hundredth in one of thirty, most in a handful. Words of real text
//! are distributed like this when stop words are left out, and the distribution decides how long a
//! search by words takes.

use fastrand::Rng;
use longmem_core::{NewTurn, Role, SessionName, Timestamp};

/// Number of different words, at most.
const VOCABULARY: f64 = 50_000.0;

/// Mandelbrot's shift. With this one the most common word stands in 48 % of the turns.
const SHIFT: f64 = 3.5;

const WORDS_PER_TURN: usize = 30;

/// Number of turns of a session; sessions are named `session 0`, `session 1` and so on.
pub const TURNS_PER_SESSION: usize = 20;

/// The start of 2026, in seconds: the time of the first turn.
const BEGINNING: i64 = 1_767_225_600;

/// Seconds from one turn to the next.
const SECONDS_PER_TURN: i64 = 60;

/// Makes turns without end: the user's and the assistant's in turn, in sessions of
/// [`TURNS_PER_SESSION`].
pub fn turns(seed: u64) -> impl Iterator<Item = NewTurn> {
    let mut random = Rng::with_seed(seed);
    (0..).map(move |number: usize| NewTurn {
        session: session(number / TURNS_PER_SESSION),
        session_title: None,
        role: if number.is_multiple_of(2) { Role::User } else { Role::Assistant },
        speaker: None,
        text: text(&mut random),
        time: time(number),
        note: false,
        source_key: None,
    })
}

fn session(number: usize) -> SessionName {
    SessionName::new(format!("session {number}")).expect("a short name")
}

fn time(number: usize) -> Timestamp {
    Timestamp::from_second(BEGINNING + SECONDS_PER_TURN * number as i64)
        .expect("thousands of years fit")
}

/// The number, from 0, of the made-up turn that has this time.
pub fn number_at(time: Timestamp) -> usize {
    ((time.as_second() - BEGINNING) / SECONDS_PER_TURN) as usize
}

fn text(random: &mut Rng) -> String {
    let words: Vec<String> = (0..WORDS_PER_TURN).map(|_| word(rank(random))).collect();
    words.join(" ")
}

/// Draws a rank. The probability of rank r is about 1 / (9.3 · (r + [`SHIFT`])).
fn rank(random: &mut Rng) -> usize {
    let spread = (VOCABULARY + 1.0 + SHIFT) / (1.0 + SHIFT);
    ((1.0 + SHIFT) * spread.powf(random.f64()) - SHIFT) as usize
}

/// The word of a rank, from 1, the most common first.
///
/// A word is made of open syllables without e and y: the stemmer leaves such words alone, and none
/// of them is a stop word.
pub fn word(rank: usize) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let mut word = String::new();
    let mut rest = rank;
    while rest > 0 || word.len() < 4 {
        word.push(char::from(CONSONANTS[rest / 4 % 16]));
        word.push(char::from(VOWELS[rest % 4]));
        rest /= 64;
    }
    word
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_turns() {
        let first_thousand = |seed| turns(seed).take(1_000).collect::<Vec<_>>();
        assert_eq!(first_thousand(1), first_thousand(1));
        assert_ne!(first_thousand(1), first_thousand(2));
    }

    #[test]
    fn a_turn_is_known_by_its_time() {
        for (number, turn) in turns(1).take(100).enumerate() {
            assert_eq!(number_at(turn.time), number);
        }
    }

    #[test]
    fn every_rank_has_a_word_of_its_own_and_the_first_is_in_about_half_of_the_turns() {
        let words: HashSet<String> = (1..=50_000).map(word).collect();
        assert_eq!(words.len(), 50_000);
        let first = word(1);
        let with_first =
            turns(1).take(1_000).filter(|turn| turn.text.split(' ').any(|word| word == first));
        let count = with_first.count();
        assert!((400..560).contains(&count), "{count}");
    }
}
