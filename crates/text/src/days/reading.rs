//! Reads the patterns of a language as days on the calendar.

use jiff::ToSpan;
use jiff::civil::Date;

use super::calendar::{self, Stretch, back, holding};
use super::{Bound, DayWords, Days, Part, Season, Unit};
use crate::phrases::{length_matched, lists, plain_words};

/// What a pattern says of the words that it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// No days ("the other day").
    Nothing,
    /// A day so many days before today.
    DaysAgo(i64),
    /// A count of units or weekdays before today.
    Ago,
    /// The days from a count of units before today until today.
    Within,
    /// The unit, weekday, month or season before the one of today.
    Last,
    /// The weekend before today.
    LastWeekend,
    /// The unit, weekday or season of today.
    This,
    /// A day of a month, with a year or without.
    DayOfMonth,
    /// A part of a month or of a year.
    PartOf,
    /// A part of the month or year before this one.
    PartOfLast,
    /// A part of this week, month or year.
    PartOfThis,
    /// A month, a season or a quarter, with a year or without.
    Named,
    /// A year.
    Year,
    /// A day in digits.
    Date,
}

/// What the words of one expression name.
#[derive(Debug, Default)]
struct Slots {
    date: Option<Date>,
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    weekday: Option<i8>,
    count: Option<i64>,
    unit: Option<Unit>,
    season: Option<Season>,
    quarter: Option<i8>,
    part: Option<Part>,
}

impl Slots {
    /// Reads a word as what a pattern expects there; says whether it is that.
    fn fill(&mut self, name: &str, word: &str, days: &DayWords) -> bool {
        fn set<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
            let is_read = value.is_some();
            *slot = value;
            is_read
        }
        fn listed<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
            table.iter().find(|(words, _)| lists(words, word)).map(|(_, value)| *value)
        }
        match name {
            "date" => set(&mut self.date, word.parse().ok()),
            "day" => set(&mut self.day, day_of_month(word)),
            "month" => set(&mut self.month, days.month(word)),
            "year" => set(&mut self.year, year(word)),
            "weekday" => set(&mut self.weekday, days.weekday(word)),
            "weekdays" => {
                set(&mut self.weekday, days.weekday(word).or_else(|| days.weekday(singular(word))))
            }
            "count" => set(&mut self.count, count(word, days)),
            "unit" => {
                let unit = listed(days.units, word).or_else(|| listed(days.units, singular(word)));
                set(&mut self.unit, unit)
            }
            "season" => set(&mut self.season, listed(days.seasons, word)),
            "quarter" => set(&mut self.quarter, quarter(word)),
            "part" => set(&mut self.part, listed(days.parts, word)),
            "nth" => set(&mut self.part, listed(days.ordinals, word)),
            _ => false,
        }
    }

    /// The days that they name together, seen from today.
    fn stretch(&self, meaning: Meaning, today: Date) -> Option<Stretch> {
        match meaning {
            Meaning::Nothing => None,
            Meaning::Date => self.date.map(|day| (day, day)),
            Meaning::DaysAgo(count) => Some(calendar::ago(count, Unit::Day, today)),
            Meaning::Ago => match (self.count?, self.unit, self.weekday) {
                (count, Some(unit), _) => Some(calendar::ago(count, unit, today)),
                (count, None, Some(weekday)) => {
                    let day = calendar::weekday_before(today, weekday, (count - 1).max(0))?;
                    Some((day, day))
                }
                _ => None,
            },
            Meaning::Within => {
                let first = calendar::earlier(today, self.count.unwrap_or(1), self.unit?);
                Some((first.min(today), today))
            }
            Meaning::Last => self.last(today),
            Meaning::LastWeekend => last_unit(Unit::Weekend, today),
            Meaning::This => self.this(today),
            Meaning::DayOfMonth => {
                let (first, _) = calendar::month(self.month?, self.year, today)?;
                let day = Date::new(first.year(), first.month(), self.day?).ok()?;
                Some((day, day))
            }
            Meaning::PartOf => {
                let whole = match (self.month, self.year) {
                    (Some(month), year) => calendar::month(month, year, today)?,
                    (None, Some(year)) => holding(Unit::Year, Date::new(year, 1, 1).ok()?),
                    (None, None) => return None,
                };
                calendar::part_of(self.part?, whole)
            }
            Meaning::PartOfLast => calendar::part_of(self.part?, self.last(today)?),
            Meaning::PartOfThis => {
                let (first, _) = self.this(today)?;
                match self.part {
                    Some(part) => calendar::part_of(part, self.this(today)?),
                    None => Some((first, today)),
                }
            }
            Meaning::Named => {
                let quarter = self.quarter.or(match self.part {
                    Some(Part::Week(number)) => Some(number as i8),
                    _ => None,
                });
                if let Some(month) = self.month {
                    calendar::month(month, self.year, today)
                } else if let Some(quarter) = quarter {
                    calendar::quarter(quarter, self.year, today)
                } else {
                    calendar::season(self.season?, self.year, false, today)
                }
            }
            Meaning::Year => Some(holding(Unit::Year, Date::new(self.year?, 1, 1).ok()?)),
        }
    }

    fn last(&self, today: Date) -> Option<Stretch> {
        if let Some(unit) = self.unit {
            return last_unit(unit, today);
        }
        if let Some(weekday) = self.weekday {
            return calendar::weekday_before(today, weekday, 0).map(|day| (day, day));
        }
        if let Some(month) = self.month {
            let year = if month < today.month() { today.year() } else { today.year() - 1 };
            return calendar::month(month, Some(year), today);
        }
        calendar::season(self.season?, None, true, today)
    }

    fn this(&self, today: Date) -> Option<Stretch> {
        match (self.unit, self.weekday, self.month) {
            (Some(Unit::Day), ..) => None,
            (Some(unit), ..) => Some(holding(unit, today)),
            (None, Some(weekday), _) => {
                calendar::weekday_before(today, weekday, 0).map(|day| (day, day))
            }
            (None, None, Some(month)) => calendar::month(month, Some(today.year()), today),
            (None, None, None) => calendar::season(self.season?, None, false, today),
        }
    }
}

/// The unit before the one that holds today; none for days: "my last day" is no yesterday.
fn last_unit(unit: Unit, today: Date) -> Option<Stretch> {
    match unit {
        Unit::Day => None,
        Unit::Weekend => Some(holding(unit, back(today, 1.weeks()))),
        _ => Some(holding(unit, back(holding(unit, today).0, 1.days()))),
    }
}

/// The days that a text names, in its order.
pub(super) fn days_in(text: &str, days: &DayWords, today: Date) -> Vec<Days> {
    let words = words_and_dates(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some((stretch, length)) = expression(&words, at, days, today) else {
            at += 1;
            continue;
        };
        if let Some((first, last)) = stretch.filter(|(first, last)| first <= last) {
            let is_around = (1..=3).any(|back| {
                at >= back
                    && days.around.iter().any(|pattern| {
                        let before = &words[at - back..at];
                        length_matched(pattern, before, &mut |_, _| false) == Some(back)
                    })
            });
            let bound = if is_around { Bound::Around } else { Bound::On };
            found.push(Days { first, last, bound });
        }
        at += length;
    }
    found
}

/// The days that a text names if it names nothing else.
pub(super) fn days_meant(text: &str, days: &DayWords, today: Date) -> Option<Stretch> {
    let mut words = words_and_dates(text);
    // Where nothing else stands, "march" is the month.
    words.insert(0, days.before_month.split(' ').next()?.to_owned());
    let (stretch, length) = expression(&words, 1, days, today)?;
    stretch.filter(|(first, last)| length + 1 == words.len() && first <= last)
}

/// Reads one expression that begins at a word: its days, if it names any, and its number of words.
fn expression(
    words: &[String],
    at: usize,
    days: &DayWords,
    today: Date,
) -> Option<(Option<Stretch>, usize)> {
    days.patterns.iter().find_map(|(pattern, meaning)| {
        let mut slots = Slots::default();
        let length =
            length_matched(pattern, &words[at..], &mut |name, word| slots.fill(name, word, days))?;
        let is_bare = slots.month.is_some() && slots.year.is_none() && slots.day.is_none();
        let month = at + length - 1;
        if is_bare && lists(days.doubtful_months, &words[month]) {
            let before = month.checked_sub(1).map(|before| words[before].as_str())?;
            lists(days.before_month, before).then_some(())?;
        }
        Some((slots.stretch(*meaning, today), length))
    })
}

/// The plain words of a text; a date in digits ("2026-03-07", "7.3.2026") is one word, "2026-03-07".
fn words_and_dates(text: &str) -> Vec<String> {
    let is_mark = |c: char| matches!(c, '-' | '.');
    let mut words = Vec::new();
    for chunk in text.split(|c: char| !(c.is_alphanumeric() || is_mark(c))) {
        let chunk = chunk.trim_matches(is_mark);
        match chunk.parse().ok().or_else(|| date_with_dots(chunk)) {
            Some::<Date>(date) => words.push(date.to_string()),
            None => words.extend(plain_words(chunk)),
        }
    }
    words
}

/// Reads day, month and year between dots.
fn date_with_dots(chunk: &str) -> Option<Date> {
    let mut numbers = chunk.split('.');
    let (day, month, year_) = (numbers.next()?, numbers.next()?, numbers.next()?);
    numbers.next().is_none().then_some(())?;
    Date::new(year(year_)?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A number of units, at most 999.
fn count(word: &str, days: &DayWords) -> Option<i64> {
    if lists(days.one, word) {
        return Some(1);
    }
    let named = days.numbers.split(' ').position(|name| name == word).map(|number| number as i64);
    named.or_else(|| word.parse().ok().filter(|count| (0..1000).contains(count)))
}

fn day_of_month(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = &word[digits.len()..];
    if !matches!(ending, "" | "st" | "nd" | "rd" | "th") {
        return None;
    }
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

/// A year of four digits, from 1900 to 2199.
pub(super) fn year(word: &str) -> Option<i16> {
    word.parse().ok().filter(|year| word.len() == 4 && (1900..2200).contains(year))
}

fn quarter(word: &str) -> Option<i8> {
    word.strip_prefix('q')?.parse().ok().filter(|number| (1..=4).contains(number))
}

/// A word without the ending of its plural in English ("fridays") or German ("Freitagen").
fn singular(word: &str) -> &str {
    word.strip_suffix("en")
        .or_else(|| word.strip_suffix('s'))
        .or_else(|| word.strip_suffix('e'))
        .unwrap_or(word)
}
