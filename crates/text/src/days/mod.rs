//! Finds the days that a question speaks of: "on 7 March", "last May", "hace dos semanas".
//!
//! A language gives a table of patterns ([`DayWords`]); what they mean on the calendar is the same
//! in all.

mod calendar;
mod reading;

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::Date;

pub(crate) use calendar::{Part, Season, Unit};
pub(crate) use reading::Meaning;

use crate::language::{Language, read_as};
use crate::phrases::{lists, plain_words};

/// A stretch of days that a text names, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day, not before the first.
    pub last: Date,
    /// What the text says of them.
    pub bound: Bound,
}

impl Days {
    /// Says whether a day is one of them.
    pub fn contains(self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

/// How a stretch of days bounds what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It was on these days ("in May").
    On,
    /// It was before, after or until them ("since May", "as of Monday"); the answer need not have
    /// been said on them.
    Around,
}

/// How a language speaks of days.
pub(crate) struct DayWords {
    /// The names of each month, January first, between spaces.
    pub(crate) months: [&'static str; 12],
    /// The names of each day of the week, Monday first, between spaces.
    pub(crate) weekdays: [&'static str; 7],
    /// Names of months that are more often other words; they need a day, a year or a preposition.
    pub(crate) doubtful_months: &'static str,
    /// Words before the name of a month that make it surely one.
    pub(crate) before_month: &'static str,
    /// Words that place something in time, beside names of months and weekdays.
    pub(crate) time_words: &'static str,
    /// Numbers from zero on.
    pub(crate) numbers: &'static str,
    /// Words for one ("a").
    pub(crate) one: &'static str,
    /// Words for each unit.
    pub(crate) units: &'static [(&'static str, Unit)],
    /// Words for each season.
    pub(crate) seasons: &'static [(&'static str, Season)],
    /// Words for each part of a month ("beginning").
    pub(crate) parts: &'static [(&'static str, Part)],
    /// Words for the place of a week in a month, or of a quarter in a year ("first").
    pub(crate) ordinals: &'static [(&'static str, Part)],
    /// Patterns that bound days without being on them ("as of (the)").
    pub(crate) around: &'static [&'static str],
    /// Patterns that name days. The first that fits counts.
    pub(crate) patterns: &'static [(&'static str, Meaning)],
}

impl DayWords {
    fn month(&self, word: &str) -> Option<i8> {
        let place = self.months.iter().position(|names| lists(names, word))?;
        Some(place as i8 + 1)
    }

    fn weekday(&self, word: &str) -> Option<i8> {
        self.weekdays.iter().position(|names| lists(names, word)).map(|place| place as i8)
    }

    fn is_full_name(&self, word: &str) -> bool {
        // Names of three letters are short forms, but for "May", which stands first.
        self.months.iter().chain(&self.weekdays).any(|names| {
            lists(names, word) && (word.len() > 3 || names.split(' ').next() == Some(word))
        })
    }
}

/// Says whether a word in lower case is the name of a month or of a day of the week in one of the
/// known languages.
///
/// # Examples
/// ```
/// use longmem_text::is_month_or_weekday;
/// assert!(is_month_or_weekday("june") && is_month_or_weekday("märz"));
/// assert!(!is_month_or_weekday("priya"));
/// ```
pub fn is_month_or_weekday(word: &str) -> bool {
    let plain = plain_words(word);
    plain.len() == 1
        && Language::ALL.iter().any(|language| language.lexicon().days.is_full_name(&plain[0]))
}

/// Finds every stretch of days that a text names, seen from a day.
///
/// A month without a year is the last one that has begun; a bare weekday is the last one before
/// today. "May" and "march", which are verbs too, count as months only where a preposition, a day
/// or a year stands beside them.
///
/// # Examples
/// ```
/// use longmem_text::{Bound, days_named};
/// let days = days_named("what did I say before yesterday?", jiff::civil::date(2026, 3, 18));
/// assert_eq!(days[0].first, jiff::civil::date(2026, 3, 17));
/// assert_eq!(days[0].bound, Bound::Around);
/// ```
pub fn days_named(text: &str, today: Date) -> Vec<Days> {
    // Years and dates in digits are read in every language.
    let language = read_as(text).unwrap_or(Language::English);
    reading::days_in(text, &language.lexicon().days, today)
}

/// The days that a text names in one of the known languages, if it says nothing else, seen from a day.
///
/// # Examples
/// ```
/// use longmem_text::days_meant;
/// let today = jiff::civil::date(2026, 3, 18);
/// let days = days_meant("last week", today).expect("names days");
/// assert_eq!((days.first, days.last), (jiff::civil::date(2026, 3, 9), jiff::civil::date(2026, 3, 15)));
/// assert!(days_meant("last week or so", today).is_none());
/// ```
pub fn days_meant(text: &str, today: Date) -> Option<Days> {
    let read = |language: &Language| reading::days_meant(text, &language.lexicon().days, today);
    let (first, last) = Language::ALL.iter().find_map(read)?;
    Some(Days { first, last, bound: Bound::On })
}

/// Says whether a text places anything in time ("last Friday", "vor zwei Jahren").
///
/// # Examples
/// ```
/// use longmem_text::tells_when;
/// assert!(tells_when("I went there last Friday") && !tells_when("It may rain"));
/// ```
pub fn tells_when(text: &str) -> bool {
    let language = read_as(text).unwrap_or(Language::English);
    let times = &TIMES[language as usize];
    plain_words(text)
        .iter()
        .any(|word| times.contains(word.as_str()) || reading::year(word).is_some())
}

/// Says whether a text holds a number, in digits or as a word from zero to twelve.
///
/// # Examples
/// ```
/// use longmem_text::tells_number;
/// assert!(tells_number("It cost 40 €") && tells_number("Wir haben drei Katzen"));
/// assert!(!tells_number("It cost a lot"));
/// ```
pub fn tells_number(text: &str) -> bool {
    let days = &read_as(text).unwrap_or(Language::English).lexicon().days;
    text.contains(char::is_numeric)
        || plain_words(text).iter().any(|word| lists(days.numbers, word))
}

/// The words by which each language places something in time, in the order of [`Language::ALL`].
static TIMES: LazyLock<[HashSet<&'static str>; Language::ALL.len()]> = LazyLock::new(|| {
    Language::ALL.map(|language| {
        let days = &language.lexicon().days;
        let months = days.months.iter().flat_map(|names| names.split(' '));
        let surely_months = months.filter(|month| !lists(days.doubtful_months, month));
        let weekdays = days.weekdays.iter().flat_map(|names| names.split(' '));
        days.time_words.split_ascii_whitespace().chain(weekdays).chain(surely_months).collect()
    })
});

#[cfg(test)]
mod tests;
