//! Turns a text into the words that are stored and searched.
//!
//! Words are folded (lower case, without accents and invisible signs), and English-stemmed if they are
//! plain ASCII letters.
//! A run of Chinese, Japanese or Korean characters becomes its single characters and its pairs, so
//! that a word of two characters is found inside a sentence without spaces. What is joined by
//! `_ - . @ / : +` without spaces (`ERR_CONN_4711`, `notes.md`, `ana@example.org`) becomes its parts and
//! the whole, so that it is found by either and ranks first by the whole.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::folding::folded;
use crate::language::{Guess, Language, guess};
use crate::names::without_possessive;

/// Longer words are cut here; nobody types more, and base64 blocks do not fill the index.
const MAX_WORD_CHARS: usize = 64;

/// The words by which a turn is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedWords {
    /// How often each occurs.
    pub counts: BTreeMap<String, u32>,
    /// How many there are in all, repetitions included.
    pub all: u32,
}

/// The words by which a turn is found: those of its date in UTC, its speaker's name and its text.
///
/// # Examples
/// ```
/// let time = "2026-03-07T10:00:00Z".parse()?;
/// let words = longmem_text::indexed_words(time, Some("Ana"), "I moved twice");
/// assert_eq!(words.counts["move"], 1);
/// assert!(words.counts.contains_key("ana") && words.counts.contains_key("march"));
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn indexed_words(time: Timestamp, speaker: Option<&str>, text: &str) -> IndexedWords {
    let mut counts = BTreeMap::new();
    let mut all = 0;
    let mut count = |word: &str| {
        all += 1;
        match counts.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                counts.insert(word.to_owned(), 1);
            }
        }
    };
    let date = time.to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string();
    for part in [date.as_str()].into_iter().chain(speaker).chain([text]) {
        each_word(part, &mut count);
    }
    IndexedWords { counts, all }
}

/// Calls `each` with the words of a text as they are stored, one after another, repetitions
/// included.
///
/// # Examples
/// ```
/// let mut words = Vec::new();
/// longmem_text::each_word("I moved twice", &mut |word| words.push(word.to_owned()));
/// assert_eq!(words, ["i", "move", "twice"]);
/// ```
pub fn each_word(text: &str, each: &mut dyn FnMut(&str)) {
    let _all = for_each_word(text, Purpose::Store, &mut |word| {
        each(word);
        ControlFlow::Continue(())
    });
}

/// Says whether `is` holds for one of the words of a text as they are stored; those behind it are not
/// looked at.
///
/// # Examples
/// ```
/// assert!(longmem_text::any_word("I moved twice", &mut |word| word == "move"));
/// ```
pub fn any_word(text: &str, is: &mut dyn FnMut(&str) -> bool) -> bool {
    let found = for_each_word(text, Purpose::Store, &mut |word| {
        if is(word) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}

/// Says whether a word, as it is stored, is a function word of some language.
///
/// # Examples
/// ```
/// assert!(longmem_text::is_function_word("the") && !longmem_text::is_function_word("lisbon"));
/// ```
pub fn is_function_word(word: &str) -> bool {
    FUNCTION_WORDS.iter().any(|words| words.contains(word))
}

/// The function words of each language as they are stored, in the order of [`Language::ALL`].
static FUNCTION_WORDS: LazyLock<[HashSet<Cow<'static, str>>; Language::ALL.len()]> =
    LazyLock::new(|| {
        Language::ALL.map(|language| {
            language.lexicon().function_words.split_ascii_whitespace().map(stemmed).collect()
        })
    });

/// The function words of the language of a query; English ones if nothing speaks for any, and none
/// if it is written in a language of which nothing is known.
fn function_words(text: &str) -> Option<&'static HashSet<Cow<'static, str>>> {
    let language = match guess(text) {
        Guess::Known(language) => language,
        Guess::Open => Language::English,
        Guess::Foreign => return None,
    };
    Some(&FUNCTION_WORDS[language as usize])
}

/// The words of a query: distinct, without the function words of its language unless there are no
/// others, in order.
///
/// # Examples
/// ```
/// assert_eq!(longmem_text::query_words("Where does the cat sleep?"), ["cat", "sleep"]);
/// assert_eq!(longmem_text::query_words("Wo schläft die Katze?"), ["schlaft", "katz"]);
/// ```
pub fn query_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut seen = HashSet::new();
    let _all = for_each_word(text, Purpose::Query, &mut |word| {
        if !seen.contains(word) {
            seen.insert(word.to_owned());
            words.push(word.to_owned());
        }
        ControlFlow::Continue(())
    });
    if let Some(function_words) = function_words(text)
        && words.iter().any(|word| !function_words.contains(word.as_str()))
    {
        words.retain(|word| !function_words.contains(word.as_str()));
    }
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Store,
    Query,
}

/// Takes the words of a text one after another, and says whether it broke off.
type TakeWord<'a> = &'a mut dyn FnMut(&str) -> ControlFlow<()>;

fn for_each_word(text: &str, purpose: Purpose, take: TakeWord<'_>) -> ControlFlow<()> {
    let folded = folded(text);
    for chunk in folded.split(|c: char| !(is_word_character(c) || is_joiner(c))) {
        let chunk = chunk.trim_matches(is_joiner);
        let mut parts = 0;
        for part in chunk.split(is_joiner).filter(|part| !part.is_empty()) {
            parts += 1;
            take_part(part, purpose, take)?;
        }
        if parts > 1 {
            take(cut(chunk))?;
        }
    }
    ControlFlow::Continue(())
}

pub(crate) fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || !c.is_ascii() && is_combining_mark(c)
}

fn is_joiner(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | '@' | '/' | ':' | '+' | '\\')
}

/// A part holds letters and digits only; scripts without spaces are cut out of it.
fn take_part(part: &str, purpose: Purpose, take: TakeWord<'_>) -> ControlFlow<()> {
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        let unspaced = is_unspaced(first);
        let end = rest.find(|c| is_unspaced(c) != unspaced).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        if unspaced {
            take_pairs(run, purpose, take)?;
        } else {
            take(&stemmed(cut(run)))?;
        }
        rest = tail;
    }
    ControlFlow::Continue(())
}

/// Pairs of neighbouring characters; single ones too where they are stored, and for a query of one.
fn take_pairs(run: &str, purpose: Purpose, take: TakeWord<'_>) -> ControlFlow<()> {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    if purpose == Purpose::Store || starts.len() == 2 {
        for pair in starts.windows(2) {
            take(&run[pair[0]..pair[1]])?;
        }
    }
    for triple in starts.windows(3) {
        take(&run[triple[0]..triple[2]])?;
    }
    ControlFlow::Continue(())
}

/// Han, Hiragana, Katakana and Hangul: scripts whose words are found by pairs of characters.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x11ff | 0x2e80..=0x30ff | 0x3105..=0x31ff | 0x3400..=0x9fff
        | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

fn cut(word: &str) -> &str {
    word.char_indices().nth(MAX_WORD_CHARS).map_or(word, |(end, _)| &word[..end])
}

/// A single word, or characters of a script without spaces, as it is stored.
pub(crate) fn stored_word(word: &str) -> String {
    stemmed(cut(&folded(word))).into_owned()
}

/// Number of words whose stems a thread keeps: more than people use, and a megabyte at most.
const KEPT_STEMS: usize = 1 << 13;

fn stemmed(word: &str) -> Cow<'_, str> {
    thread_local! {
        static ENGLISH: Stemmer = Stemmer::create(Algorithm::English);
        // Making a stem takes ten times as long as looking it up, and people say the same words again.
        static STEMS: RefCell<HashMap<String, String>> = RefCell::default();
    }
    if !word.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Cow::Borrowed(word);
    }
    STEMS.with_borrow_mut(|stems| {
        if let Some(stem) = stems.get(word) {
            return Cow::Owned(stem.clone());
        }
        let stem = ENGLISH.with(|stemmer| stemmer.stem(word).into_owned());
        if stems.len() == KEPT_STEMS {
            stems.clear();
        }
        stems.insert(word.to_owned(), stem.clone());
        Cow::Owned(stem)
    })
}

/// A word in lower case, without a possessive ending.
///
/// # Examples
/// ```
/// assert_eq!(longmem_text::lower_word("Priya's"), "priya");
/// ```
pub fn lower_word(word: &str) -> String {
    without_possessive(word).to_lowercase()
}

/// The words of a text as [`lower_word`] makes them, each once. Unlike [`query_words`] they keep
/// their endings and accents: they compare names and statements, not whole turns.
pub fn lower_words(text: &str) -> HashSet<String> {
    text.unicode_words().map(lower_word).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The words of a text and of its date, 7 March 2026.
    fn stored(text: &str) -> Vec<String> {
        let words = indexed_words("2026-03-07T10:00:00Z".parse().unwrap(), None, text);
        words.counts.into_keys().collect()
    }

    #[test]
    fn folds_case_accents_and_endings() {
        assert_eq!(stored("Cafés running"), ["2026", "7", "cafe", "march", "run"]);
        assert_eq!(query_words("the CAFE runs"), ["cafe", "run"]);
    }

    #[test]
    fn identifiers_are_found_by_their_parts_and_as_a_whole() {
        let words = stored("ERR_CONN_4711. Mail ana@example.org!");
        for word in ["err", "conn", "4711", "err_conn_4711", "ana", "ana@example.org"] {
            assert!(words.contains(&word.to_owned()), "{word}");
        }
    }

    #[test]
    fn a_word_of_two_characters_is_found_in_a_sentence_without_spaces() {
        for (query, sentence) in
            [("世界", "你好世界"), ("東京", "先月東京に引っ越した"), ("부산", "나는부산에산다")]
        {
            let words = stored(sentence);
            assert!(query_words(query).iter().all(|w| words.contains(w)), "{query} in {sentence}");
        }
        assert_eq!(query_words("猫"), ["猫"]);
    }

    #[test]
    fn stop_words_stay_when_there_is_nothing_else() {
        assert_eq!(query_words("who am i"), ["who", "am", "i"]);
        assert_eq!(query_words("where do I live?"), ["live"]);
    }

    #[test]
    fn function_words_are_those_of_the_language() {
        assert_eq!(query_words("Was hat die Ärztin gesagt?"), ["arztin", "gesagt"]);
        assert_eq!(query_words("¿Dónde está el dentista?"), ["dentista"]);
        assert_eq!(query_words("who fought in the war in a hat"), ["fought", "war", "hat"]);
        assert_eq!(query_words("the fur on the sole of my shoe"), ["fur", "sole", "shoe"]);
        // French: "on" is somebody, "but" a goal, "or" gold.
        let words = query_words("Quel est le but de la réunion, l'or ou on ?");
        assert!(["but", "or", "on"].iter().all(|word| words.iter().any(|w| w == word)));
    }

    #[test]
    fn a_text_of_marks_has_no_words() {
        assert_eq!(stored("… ?! — \u{200b}"), ["2026", "7", "march"]);
        assert_eq!(query_words("'\"*()"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn every_word_of_a_query_is_among_the_stored_words_of_the_same_text(text in "\\PC{0,80}") {
            let words = stored(&text);
            for word in query_words(&text) {
                prop_assert!(words.contains(&word), "{word:?} of {text:?}");
            }
        }

        #[test]
        fn stored_words_never_hold_a_space_or_a_quote(text in any::<String>()) {
            for word in query_words(&text) {
                prop_assert!(!word.contains([' ', '"', '|', '\0']));
            }
        }
    }
}
