//! Stretches of days around a day.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// From the first day to the last, both included.
pub(super) type Stretch = (Date, Date);

/// A unit in which a text counts time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A day, or a night.
    Day,
    /// From Monday to Sunday.
    Week,
    /// Saturday and Sunday.
    Weekend,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

/// A part of a month or of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its first third.
    Beginning,
    /// Its second third.
    Middle,
    /// Its last third.
    End,
    /// Its week of this number, from 1, counted in seven days from its first.
    Week(i64),
    /// Its last seven days.
    LastWeek,
}

/// A season of the north, in the months of the weather service: spring is March to May.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    /// March to May.
    Spring,
    /// June to August.
    Summer,
    /// September to November.
    Autumn,
    /// December to February; counted to the year in which it begins.
    Winter,
}

/// A day before another (after it, with a negative span); beyond the calendar, the day itself.
pub(super) fn back(day: Date, span: Span) -> Date {
    day.checked_sub(span).unwrap_or(day)
}

/// The week, month, year … that holds a day.
pub(super) fn holding(unit: Unit, day: Date) -> Stretch {
    let monday = back(day, i64::from(day.weekday().to_monday_zero_offset()).days());
    match unit {
        Unit::Day => (day, day),
        Unit::Week => (monday, back(monday, (-6).days())),
        Unit::Weekend => (back(monday, (-5).days()), back(monday, (-6).days())),
        Unit::Month => (day.first_of_month(), day.last_of_month()),
        Unit::Year => (day.first_of_year(), day.last_of_year()),
    }
}

/// A day so many units earlier.
pub(super) fn earlier(day: Date, count: i64, unit: Unit) -> Date {
    match unit {
        Unit::Day => back(day, count.days()),
        Unit::Week | Unit::Weekend => back(day, count.weeks()),
        Unit::Month => back(day, count.months()),
        Unit::Year => back(day, count.years()),
    }
}

/// Some days around a distance: who says "two weeks ago" does not count days.
pub(super) fn ago(count: i64, unit: Unit, today: Date) -> Stretch {
    let day = earlier(today, count, unit);
    let around = |slack: i64| (back(day, slack.days()), back(day, (-slack).days()));
    match unit {
        Unit::Day => (day, day),
        Unit::Week => around(3),
        Unit::Month => around(10),
        Unit::Weekend | Unit::Year => holding(unit, day),
    }
}

/// The last day of this name before today, or the one so many weeks before it.
pub(super) fn weekday_before(today: Date, from_monday: i8, weeks_earlier: i64) -> Option<Date> {
    let weekday = Weekday::from_monday_zero_offset(from_monday).ok()?;
    let last = today.nth_weekday(-1, weekday).ok()?;
    Some(back(last, weeks_earlier.weeks()))
}

/// A month of a year; without a year, the last such month that has begun.
pub(super) fn month(month: i8, year: Option<i16>, today: Date) -> Option<Stretch> {
    let last = if month <= today.month() { today.year() } else { today.year() - 1 };
    Some(holding(Unit::Month, Date::new(year.unwrap_or(last), month, 1).ok()?))
}

/// The months of a season or a quarter: so many from this one on.
pub(super) fn months_from(first: i8, count: i64, year: i16) -> Option<Stretch> {
    let first = Date::new(year, first, 1).ok()?;
    Some((first, back(first, (1 - count).months()).last_of_month()))
}

/// A season of a year; without a year, the last one that has begun, or, if `ended`, that has ended.
pub(super) fn season(
    season: Season,
    year: Option<i16>,
    ended: bool,
    today: Date,
) -> Option<Stretch> {
    let first = match season {
        Season::Spring => 3,
        Season::Summer => 6,
        Season::Autumn => 9,
        Season::Winter => 12,
    };
    let of_year = |year| months_from(first, 3, year);
    if let Some(year) = year {
        return of_year(year);
    }
    let is_over = |(begin, end): &Stretch| if ended { *end < today } else { *begin <= today };
    (0..3).filter_map(|years| of_year(today.year() - years)).find(is_over)
}

/// A quarter of a year, 1 to 4; without a year, the last one that has begun.
pub(super) fn quarter(number: i8, year: Option<i16>, today: Date) -> Option<Stretch> {
    let first = 3 * number - 2;
    let last = if first <= today.month() { today.year() } else { today.year() - 1 };
    months_from(first, 3, year.unwrap_or(last))
}

/// A part of a month or of a year.
pub(super) fn part_of(part: Part, (first, last): Stretch) -> Option<Stretch> {
    let plus = |days: i64| back(first, (-days).days());
    let length = i64::from((last - first).get_days()) + 1;
    let stretch = match part {
        Part::Beginning => (first, plus(length / 3 - 1)),
        Part::Middle => (plus(length / 3), plus(2 * length / 3 - 1)),
        Part::End => (plus(2 * length / 3), last),
        Part::Week(number) => (plus(7 * (number - 1)), plus(7 * number - 1).min(last)),
        Part::LastWeek => (back(last, 6.days()), last),
    };
    (stretch.0 <= stretch.1).then_some(stretch)
}
