//! Words that stand in one text only, and whether any of them is left in a file.

use std::collections::HashSet;
use std::path::Path;

/// Letters of a marker.
const LENGTH: usize = 14;

/// Letters at a marker's end that are looked for: a list of words leaves out what a word shares with the
/// one before it.
const LOOKED_FOR: usize = 9;

/// Gives out words that no text had before.
pub(crate) struct Markers {
    random: fastrand::Rng,
    given: Vec<String>,
}

impl Markers {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), given: Vec::new() }
    }

    pub(crate) fn next(&mut self) -> String {
        // Without vowels, so that no word has an ending that is taken off it.
        const LETTERS: &[u8] = b"bcdfghjklmnpqrtvwxz";
        let letter = |_| char::from(LETTERS[self.random.usize(..LETTERS.len())]);
        let marker: String = (0..LENGTH).map(letter).collect();
        self.given.push(marker.clone());
        marker
    }

    /// The markers that stand in none of these texts.
    pub(crate) fn not_in<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<&str> {
        let is_word = |c: char| c.is_ascii_lowercase();
        let there: HashSet<&str> =
            texts.flat_map(|text| text.split(move |c| !is_word(c))).collect();
        let given = self.given.iter().map(String::as_str);
        given.filter(|marker| !there.contains(marker)).collect()
    }
}

/// The markers whose bytes stand in a file of a folder, each with the file.
pub(crate) fn left_in(folder: &Path, markers: &[&str]) -> Vec<String> {
    let ends: HashSet<&[u8]> =
        markers.iter().map(|marker| &marker.as_bytes()[LENGTH - LOOKED_FOR..]).collect();
    let mut left = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let words = bytes.split(|byte| !byte.is_ascii_lowercase());
        let found =
            words.flat_map(|word| word.windows(LOOKED_FOR)).filter(|end| ends.contains(end));
        left.extend(found.map(|end| {
            // What is around it tells what it is.
            let at = end.as_ptr() as usize - bytes.as_ptr() as usize;
            let around = &bytes[at.saturating_sub(60)..(at + 60).min(bytes.len())];
            format!("{} in {}: {}", end.escape_ascii(), path.display(), around.escape_ascii())
        }));
    }
    left
}
