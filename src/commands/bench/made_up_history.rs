//! A made-up history of any length, the same in every run: what `longmem bench` and the benches in
//! `benches/` run on.
//!
//! A turn has 30 words, drawn by the law of Zipf and Mandelbrot from 50,000: the most common
//! stands in about half of all turns, the hundredth in one of thirty, most in a handful. Such are
//! the words of real text without stop words, and a search by words takes its time from them.

use fastrand::Rng;
use longmem_core::{NewTurn, Role, SessionName, Timestamp};

/// Different words at most.
const VOCABULARY: f64 = 50_000.0;

/// Mandelbrot's shift: it makes the most common word stand in 48 % of the turns.
const SHIFT: f64 = 3.5;

const WORDS_PER_TURN: usize = 30;

const TURNS_PER_SESSION: usize = 20;

/// Makes turns without end: sessions of 20, the user and the assistant in turn, one a minute.
pub(crate) fn turns(seed: u64) -> impl Iterator<Item = NewTurn> {
    let mut random = Rng::with_seed(seed);
    (0..).map(move |number: usize| NewTurn {
        session: SessionName::new(format!("session {}", number / TURNS_PER_SESSION))
            .expect("a short name"),
        session_title: None,
        role: if number.is_multiple_of(2) { Role::User } else { Role::Assistant },
        speaker: None,
        text: text(&mut random),
        // From the start of 2026.
        time: Timestamp::from_second(1_767_225_600 + 60 * number as i64)
            .expect("thousands of years fit"),
        source_key: None,
    })
}

fn text(random: &mut Rng) -> String {
    let words: Vec<String> = (0..WORDS_PER_TURN).map(|_| word(rank(random))).collect();
    words.join(" ")
}

/// Draws a rank; rank r comes with a probability of about 1 / (9.3 · (r + [`SHIFT`])).
fn rank(random: &mut Rng) -> usize {
    let spread = (VOCABULARY + 1.0 + SHIFT) / (1.0 + SHIFT);
    ((1.0 + SHIFT) * spread.powf(random.f64()) - SHIFT) as usize
}

/// The word of a rank, from 1, the most common first.
///
/// Open syllables without e and y: the stemmer leaves such words alone, and none is a stop word.
pub(crate) fn word(rank: usize) -> String {
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
