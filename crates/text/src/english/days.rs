//! Finds the days that a question speaks of: "on 7 March", "last May", "two weeks ago".

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Days {
    /// Says whether a day is one of them.
    pub fn contains(self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }

    fn one(day: Date) -> Self {
        Self { first: day, last: day }
    }

    fn month(day: Date) -> Self {
        Self { first: day.first_of_month(), last: day.last_of_month() }
    }

    fn year(day: Date) -> Self {
        Self { first: day.first_of_year(), last: day.last_of_year() }
    }

    /// From the Monday to the Sunday around a day.
    fn week(day: Date) -> Self {
        let monday = back(day, i64::from(day.weekday().to_monday_zero_offset()).days());
        Self { first: monday, last: back(monday, (-6).days()) }
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Says whether a word in lower case is the name of a month or of a day of the week.
///
/// # Examples
/// ```
/// use longmem_text::english::is_month_or_weekday;
/// assert!(is_month_or_weekday("june") && !is_month_or_weekday("priya"));
/// ```
pub fn is_month_or_weekday(word: &str) -> bool {
    MONTHS.contains(&word) || WEEKDAYS.contains(&word)
}

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// Finds every stretch of days that a text names, seen from a day.
///
/// A month without a year is the last one that has begun. "May" and "march", which are verbs too,
/// count as months only where a preposition, a day or a year stands beside them.
///
/// # Examples
/// ```
/// use longmem_text::english::days_named;
/// let days = days_named("what did I say yesterday?", jiff::civil::date(2026, 3, 18));
/// assert_eq!(days[0].first, jiff::civil::date(2026, 3, 17));
/// ```
pub fn days_named(text: &str, today: Date) -> Vec<Days> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match expression(&words, at, today) {
            Some((days, length)) => {
                found.push(days);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// Words that place something in time, beside weekdays, months and years.
const TIME_WORDS: &str = "ago date day days evening last month months morning next recently since \
    today tomorrow tonight week weekend weeks year years yesterday";

/// Says whether a text places anything in time ("last Friday", "two years ago"). English only.
pub fn tells_when(text: &str) -> bool {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| {
        TIME_WORDS.split(' ').any(|time| time == word)
            || WEEKDAYS.contains(&word)
            || (MONTHS.contains(&word) && !is_verb_too(word))
            || year(word).is_some()
    })
}

/// Says whether the name of a month is more often a verb: "it may rain", "march on".
fn is_verb_too(month: &str) -> bool {
    matches!(month, "may" | "march")
}

/// Reads one expression that begins at a word; with how many words it has.
fn expression(words: &[&str], at: usize, today: Date) -> Option<(Days, usize)> {
    let word = |offset: usize| words.get(at + offset).copied().unwrap_or("");
    let days_ago = |count: i64| Days::one(back(today, count.days()));
    if let Ok(day) = word(0).parse::<Date>() {
        return Some((Days::one(day), 1));
    }
    match word(0) {
        "today" | "tonight" => return Some((days_ago(0), 1)),
        "yesterday" => return Some((days_ago(1), 1)),
        "last" | "previous" => return Some((last(word(1), today)?, 2)),
        "this" => return Some((this(word(1), today)?, 2)),
        _ => {}
    }
    if let Some(count) = count(word(0))
        && word(2) == "ago"
    {
        return Some((ago(count, word(1), today)?, 3));
    }
    // 7 March 2026, the 7th of March, March 7th 2026, March 2026, March
    if let Some(day) = day_of_month(word(0)) {
        let of = usize::from(word(1) == "of");
        let month = month(word(1 + of))?;
        let (year, length) = year_or_last(word(2 + of), month, today);
        return Some((Days::one(Date::new(year, month, day).ok()?), 2 + of + length));
    }
    if let Some(number) = month(word(0)) {
        if let Some(day) = day_of_month(word(1)) {
            let (year, length) = year_or_last(word(2), number, today);
            return Some((Days::one(Date::new(year, number, day).ok()?), 2 + length));
        }
        let (year, length) = year_or_last(word(1), number, today);
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        let surely = !is_verb_too(word(0)) || length == 1 || PREPOSITIONS.contains(&before);
        return surely
            .then(|| Date::new(year, number, 1).ok())
            .flatten()
            .map(|first| (Days::month(first), 1 + length));
    }
    let number = year(word(0))?;
    Some((Days::year(Date::new(number, 1, 1).ok()?), 1))
}

const PREPOSITIONS: [&str; 8] = ["in", "since", "during", "of", "until", "by", "last", "early"];

fn last(unit: &str, today: Date) -> Option<Days> {
    match unit {
        "week" => Some(Days::week(back(today, 7.days()))),
        "month" => Some(Days::month(back(today.first_of_month(), 1.days()))),
        "year" => Some(Days::year(back(today.first_of_year(), 1.days()))),
        "night" => Some(Days::one(back(today, 1.days()))),
        "weekend" => {
            let saturday = back(Days::week(today).first, 2.days());
            Some(Days { first: saturday, last: back(saturday, (-1).days()) })
        }
        _ => last_weekday(unit, today).or_else(|| {
            let number = month(unit)?;
            let year = if number < today.month() { today.year() } else { today.year() - 1 };
            Some(Days::month(Date::new(year, number, 1).ok()?))
        }),
    }
}

fn last_weekday(name: &str, today: Date) -> Option<Days> {
    let offset = WEEKDAYS.iter().position(|weekday| *weekday == name)?;
    let weekday = Weekday::from_monday_zero_offset(offset as i8).ok()?;
    today.nth_weekday(-1, weekday).ok().map(Days::one)
}

fn this(unit: &str, today: Date) -> Option<Days> {
    match unit {
        "week" => Some(Days::week(today)),
        "month" => Some(Days::month(today)),
        "year" => Some(Days::year(today)),
        "morning" | "afternoon" | "evening" => Some(Days::one(today)),
        _ => None,
    }
}

/// Some days around the distance: who says "two weeks ago" does not count days.
fn ago(count: i64, unit: &str, today: Date) -> Option<Days> {
    let around = |day: Date, slack: i64| Days {
        first: back(day, slack.days()),
        last: back(day, (-slack).days()),
    };
    match unit {
        "day" | "days" => Some(Days::one(back(today, count.days()))),
        "week" | "weeks" => Some(around(back(today, count.weeks()), 3)),
        "month" | "months" => Some(around(back(today, count.months()), 10)),
        "year" | "years" => Some(Days::year(back(today, count.years()))),
        _ => None,
    }
}

/// A day before another; far beyond the calendar, the day itself.
fn back(day: Date, span: Span) -> Date {
    day.checked_sub(span).unwrap_or(day)
}

fn count(word: &str) -> Option<i64> {
    if matches!(word, "a" | "an") {
        return Some(1);
    }
    let named = NUMBERS.iter().position(|name| *name == word).map(|n| n as i64);
    named.or_else(|| word.parse().ok().filter(|n| (0..1000).contains(n)))
}

fn month(word: &str) -> Option<i8> {
    let whole = MONTHS.iter().position(|name| *name == word);
    // Short forms are the first three letters.
    let short = || MONTHS.iter().position(|name| word.len() == 3 && name.starts_with(word));
    whole.or_else(short).map(|position| position as i8 + 1)
}

fn day_of_month(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = &word[digits.len()..];
    if !matches!(ending, "" | "st" | "nd" | "rd" | "th") {
        return None;
    }
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn year(word: &str) -> Option<i16> {
    word.parse().ok().filter(|year| word.len() == 4 && (1900..2200).contains(year))
}

/// The year that stands there, or that of the last such month that has begun; with how many words
/// were read.
fn year_or_last(word: &str, month: i8, today: Date) -> (i16, usize) {
    match year(word) {
        Some(year) => (year, 1),
        None if month <= today.month() => (today.year(), 0),
        None => (today.year() - 1, 0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A Wednesday.
    const TODAY: Date = jiff::civil::date(2026, 3, 18);

    fn named(text: &str) -> Vec<String> {
        days_named(text, TODAY).iter().map(|d| format!("{}..{}", d.first, d.last)).collect()
    }

    #[test]
    fn reads_days() {
        for text in ["on 7 March", "the 7th of March", "March 7th, 2026", "2026-03-07", "Mar 7"] {
            assert_eq!(named(text), ["2026-03-07..2026-03-07"], "{text}");
        }
        assert_eq!(named("on 24 December"), ["2025-12-24..2025-12-24"], "the last one");
    }

    #[test]
    fn reads_months_and_years() {
        assert_eq!(named("in May 2023"), ["2023-05-01..2023-05-31"]);
        assert_eq!(named("last May"), ["2025-05-01..2025-05-31"]);
        assert_eq!(named("in August?"), ["2025-08-01..2025-08-31"]);
        assert_eq!(named("back in 2019"), ["2019-01-01..2019-12-31"]);
    }

    #[test]
    fn reads_distances() {
        assert_eq!(named("yesterday"), ["2026-03-17..2026-03-17"]);
        assert_eq!(named("two weeks ago"), ["2026-03-01..2026-03-07"]);
        assert_eq!(named("3 days ago"), ["2026-03-15..2026-03-15"]);
        assert_eq!(named("last week"), ["2026-03-09..2026-03-15"]);
        assert_eq!(named("last month"), ["2026-02-01..2026-02-28"]);
        assert_eq!(named("last Friday"), ["2026-03-13..2026-03-13"]);
        assert_eq!(named("last weekend"), ["2026-03-14..2026-03-15"]);
    }

    #[test]
    fn words_of_time_tell_when() {
        for text in ["I went there last Friday.", "two Years ago", "since 2019!", "in June"] {
            assert!(tells_when(text), "{text}");
        }
        for text in ["It may rain", "march on", "5 birthdays", "", " ", "room 4711"] {
            assert!(!tells_when(text), "{text}");
        }
    }

    #[test]
    fn other_texts_name_no_days() {
        for text in ["you may go", "march on", "room 2026b", "10 people", "last but not least"] {
            assert_eq!(named(text), [""; 0], "{text}");
        }
        assert!(named("").is_empty());
    }

    proptest! {
        #[test]
        fn never_panics_and_never_ends_before_it_begins(text in "(last|in|[0-9]{1,5}|may|31|february|ago|weeks|years|of|[a-z]{1,4}| ){0,12}") {
            for days in days_named(&text, TODAY) {
                prop_assert!(days.first <= days.last);
            }
        }
    }
}
