//! Finds out whether a file's dates begin with the day or with the month.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::stamp::{DayAndMonth, SentAt};

/// Which number a date begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayFirst,
    MonthFirst,
}

impl SentAt {
    /// The only order in which this is a date; `None` where both numbers could be a month. For a date
    /// with the year first, any order does.
    pub(super) fn certain_order(self) -> Option<DateOrder> {
        match self.day_and_month {
            DayAndMonth::Known { .. } | DayAndMonth::Unordered { first: 13.., .. } => {
                Some(DateOrder::DayFirst)
            }
            DayAndMonth::Unordered { second: 13.., .. } => Some(DateOrder::MonthFirst),
            DayAndMonth::Unordered { .. } => None,
        }
    }

    /// The moment, with the phone's clock taken as UTC: the file does not name its zone. `None` for
    /// a day that does not exist, such as February 30.
    pub(super) fn time(self, order: DateOrder) -> Option<Timestamp> {
        let (day, month) = match (self.day_and_month, self.certain_order().unwrap_or(order)) {
            (DayAndMonth::Known { day, month }, _) => (day, month),
            (DayAndMonth::Unordered { first, second, .. }, DateOrder::DayFirst) => (first, second),
            (DayAndMonth::Unordered { first, second, .. }, DateOrder::MonthFirst) => {
                (second, first)
            }
        };
        let (hour, minute, second) = (self.hour, self.minute, self.second);
        let local = DateTime::new(self.year, month, day, hour, minute, second, 0).ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    /// The date and the minute as text that is the same in either order.
    ///
    /// A key made of it does not change when a longer export of the same chat shows the order.
    pub(super) fn stable_text(self) -> String {
        let (one, two) = match self.day_and_month {
            DayAndMonth::Known { day, month } => (day, month),
            DayAndMonth::Unordered { first, second, .. } => (first, second),
        };
        let (low, high) = (one.min(two), one.max(two));
        format!("{}-{low}-{high} {}:{}", self.year, self.hour, self.minute)
    }
}

/// The likelier order of dates none of which shows it: messages follow each other in time, so the
/// order in which fewer of them go back; where that is the same, the region that the stamps look
/// like.
pub(super) fn likely_order(sent: &[SentAt]) -> DateOrder {
    let steps_back = |order: DateOrder| {
        let times = sent.iter().filter_map(|sent| sent.time(order));
        let mut last = None;
        times.filter(|time| last.replace(*time).is_some_and(|last| *time < last)).count()
    };
    let looks_american = |sent: &SentAt| {
        matches!(sent.day_and_month, DayAndMonth::Unordered { looks_american: true, .. })
    };
    let (day_first, month_first) =
        (steps_back(DateOrder::DayFirst), steps_back(DateOrder::MonthFirst));
    if day_first > month_first || (day_first == month_first && sent.iter().any(looks_american)) {
        DateOrder::MonthFirst
    } else {
        DateOrder::DayFirst
    }
}

#[cfg(test)]
mod tests {
    use super::super::stamp::split_stamp;
    use super::*;

    fn sent(dates: &[&str]) -> Vec<SentAt> {
        dates.iter().map(|date| split_stamp(date).unwrap().0).collect()
    }

    #[test]
    fn a_number_above_twelve_is_the_day() {
        for (date, order, time) in [
            ("13/2/26, 21:14", Some(DateOrder::DayFirst), "2026-02-13T21:14:00Z"),
            ("2/13/26, 21:14", Some(DateOrder::MonthFirst), "2026-02-13T21:14:00Z"),
            ("2026-02-03, 21:14", Some(DateOrder::DayFirst), "2026-02-03T21:14:00Z"),
            ("3/2/26, 21:14", None, "2026-02-03T21:14:00Z"),
        ] {
            let sent = sent(&[date])[0];
            assert_eq!(sent.certain_order(), order, "{date}");
            assert_eq!(sent.time(DateOrder::DayFirst).unwrap().to_string(), time, "{date}");
        }
        assert_eq!(sent(&["30/2/26, 21:14"])[0].time(DateOrder::DayFirst), None);
    }

    #[test]
    fn messages_follow_each_other_in_time() {
        for (dates, order) in [
            (["3/1/26, 9:00", "1/2/26, 9:00"], DateOrder::DayFirst),
            (["1/3/26, 9:00", "2/1/26, 9:00"], DateOrder::MonthFirst),
            (["1/2/26, 9:00", "1/2/26, 9:01"], DateOrder::DayFirst),
            (["1/2/26, 9:00 PM", "1/2/26, 9:01 PM"], DateOrder::MonthFirst),
            (["01/02/26, 9:00 PM", "01/02/26, 9:01 PM"], DateOrder::DayFirst),
        ] {
            assert_eq!(likely_order(&sent(&dates)), order, "{dates:?}");
        }
    }

    #[test]
    fn the_stable_text_does_not_depend_on_the_order() {
        let dates = sent(&["3/2/26, 21:14", "2/3/26, 9:14 PM", "2026-02-03 21:14"]);
        assert!(dates.iter().all(|date| date.stable_text() == "2026-2-3 21:14"), "{dates:?}");
    }
}
