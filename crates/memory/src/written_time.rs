//! Times as people write them: "2026-03-01", "last week", "2w".

use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};
use longmem_text::days_meant;
use thiserror::Error;

/// A moment, a stretch of days, or a time ago, as a person wrote it. It is read without a clock, and
/// means a moment once somebody says what time it is.
///
/// # Examples
/// ```
/// use longmem_memory::WrittenTime;
///
/// let now: jiff::Zoned = "2026-03-18T12:00:00[UTC]".parse()?;
/// let ago: WrittenTime = "2w".parse()?;
/// assert_eq!(ago.resolve(&now).to_string(), "2026-03-04T12:00:00Z");
/// let day: WrittenTime = "yesterday".parse()?;
/// assert_eq!(day.resolve_end(&now).to_string(), "2026-03-18T00:00:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct WrittenTime(Written);

#[derive(Debug, Clone)]
enum Written {
    /// A moment with its distance from UTC.
    At(Timestamp),
    /// A moment on a clock of this time zone.
    Civil(DateTime),
    /// So long ago; also so long from now, where the word "ago" does not stand there.
    Distance { span: Span, says_ago: bool },
    /// Days in words or digits ("last week", "2026-03"), and a time on the first of them.
    Days(String, Option<Time>),
}

impl WrittenTime {
    /// The moment that is meant, at this time and in this time zone. Days mean their first moment.
    pub fn resolve(&self, now: &Zoned) -> Timestamp {
        match &self.0 {
            Written::At(time) => *time,
            Written::Civil(time) => moment(*time, now),
            Written::Distance { span, .. } => {
                now.checked_sub(*span).map_or(Timestamp::MIN, |then| then.timestamp())
            }
            Written::Days(text, time) => match days(text, now.date()) {
                Some((first, _)) => moment(first.to_datetime(time.unwrap_or_default()), now),
                // Words that are read on one day are read on every day.
                None => now.timestamp(),
            },
        }
    }

    /// The moment at which what is meant is over: that of the last day, where days are meant.
    pub fn resolve_end(&self, now: &Zoned) -> Timestamp {
        match &self.0 {
            Written::Days(text, None) => match days(text, now.date()) {
                Some((_, last)) => last
                    .tomorrow()
                    .map_or(Timestamp::MAX, |next| moment(next.to_datetime(Time::MIN), now)),
                None => now.timestamp(),
            },
            _ => self.resolve(now),
        }
    }

    /// The moment at which what is meant is over, where something to come is asked for: "3d" means in three
    /// days, and "3d ago" what it says.
    ///
    /// # Examples
    /// ```
    /// use longmem_memory::WrittenTime;
    ///
    /// let now: jiff::Zoned = "2026-03-18T12:00:00[UTC]".parse()?;
    /// let end: WrittenTime = "3 days".parse()?;
    /// assert_eq!(end.resolve_ahead(&now).to_string(), "2026-03-21T12:00:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resolve_ahead(&self, now: &Zoned) -> Timestamp {
        match &self.0 {
            Written::Distance { span, says_ago: false } => {
                now.checked_add(*span).map_or(Timestamp::MAX, |then| then.timestamp())
            }
            _ => self.resolve_end(now),
        }
    }

    /// The last moment of what is meant: what was said on a day was known on that day.
    pub fn resolve_last(&self, now: &Zoned) -> Timestamp {
        match &self.0 {
            Written::Days(_, None) => self.resolve_end(now) - SignedDuration::from_millis(1),
            _ => self.resolve(now),
        }
    }
}

/// A time on the clocks of the time zone of another; beyond the calendar, that other time.
fn moment(time: DateTime, now: &Zoned) -> Timestamp {
    time.to_zoned(now.time_zone().clone()).map_or(now.timestamp(), |zoned| zoned.timestamp())
}

/// The first and the last of the days that a text names, seen from a day.
fn days(text: &str, today: Date) -> Option<(Date, Date)> {
    if let Ok(first) = Date::strptime("%Y-%m-%d", format!("{text}-01")) {
        return Some((first, first.last_of_month()));
    }
    let days = days_meant(text, today)?;
    Some((days.first, days.last))
}

/// Years of a time that is meant. Others cannot be reckoned with: a day later, or in another time zone,
/// there may be no such time.
const YEARS: RangeInclusive<i16> = 1..=9998;

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotATime {
    /// It is none of the forms that are read.
    #[error(
        "\"{0}\" is not a time; write a day (2026-03-01, yesterday, monday), days (2026-03, 2026, \
         last week, this month), a moment (10:30, \"2026-03-01 10:30\", 2026-03-01T10:30:00Z), or a \
         time ago (2h, 3d, 2w, \"3 days ago\")"
    )]
    NotRead(String),
    /// It is outside the years that can be reckoned with.
    #[error("\"{0}\" is too far away; expected a time of the years 1 to 9998")]
    TooFar(String),
}

impl FromStr for WrittenTime {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        // Which day is today makes no difference to whether words name days.
        let today = Date::constant(2026, 3, 18);
        let near = |date: Option<Date>, time: Written| {
            let is_near = date.is_some_and(|date| YEARS.contains(&date.year()));
            if is_near { Ok(Self(time)) } else { Err(NotATime::TooFar(text.to_owned())) }
        };
        if let Ok(time) = text.parse::<Timestamp>() {
            return near(Some(time.to_zoned(TimeZone::UTC).date()), Written::At(time));
        }
        if text.eq_ignore_ascii_case("now") {
            return Ok(Self(Written::Distance { span: Span::new(), says_ago: true }));
        }
        let says_ago = text.ends_with("ago");
        match distance(text) {
            Some(Ok(span)) => {
                let distance = Written::Distance { span, says_ago };
                return near(today.checked_sub(span).ok(), distance);
            }
            Some(Err(_)) => return Err(NotATime::TooFar(text.to_owned())),
            None => {}
        }
        if let Some((first, _)) = days(text, today) {
            return near(Some(first), Written::Days(text.to_owned(), None));
        }
        // One that ends in Z and comes here is beyond the times that there are.
        if let Ok(time) = text.trim_end_matches('Z').parse::<DateTime>() {
            return near(Some(time.date()), Written::Civil(time));
        }
        let (day, clock) = text.rsplit_once([' ', 'T']).unwrap_or(("today", text));
        let time = Time::strptime("%H:%M", clock).or_else(|_| Time::strptime("%H:%M:%S", clock));
        match (time, days(day, today)) {
            (Ok(time), Some((first, _))) => {
                near(Some(first), Written::Days(day.to_owned(), Some(time)))
            }
            _ => Err(NotATime::NotRead(text.to_owned())),
        }
    }
}

/// Reads a distance in time: "3d", "2h ago", "3 days ago", "2 weeks"; an error if it is too long to reckon with.
fn distance(text: &str) -> Option<Result<Span, jiff::Error>> {
    // "10:30:00" is a time of a clock.
    let distance = text.strip_suffix("ago").map_or(text, str::trim_end);
    if distance.contains(':') {
        return None;
    }
    match distance.parse::<Span>() {
        Ok(span) if span.is_negative() || span.is_zero() => None,
        Ok(span) => Some(Ok(span)),
        // A number with a unit that a small one has.
        Err(error) => {
            let unit = distance.trim_start_matches(|c: char| c.is_ascii_digit());
            let has_number = unit.len() < distance.len();
            (has_number && format!("1{unit}").parse::<Span>().is_ok()).then_some(Err(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-03-18T12:00:00Z".parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC)
    }

    fn start(text: &str) -> String {
        text.parse::<WrittenTime>().unwrap().resolve(&now()).to_string()
    }

    #[test]
    fn reads_moments_days_and_distances() {
        for (text, time) in [
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("2026-03-01T10:00:00+02:00", "2026-03-01T08:00:00Z"),
            ("2026-03-01 10:30", "2026-03-01T10:30:00Z"),
            ("2026-03-01T10:30", "2026-03-01T10:30:00Z"),
            ("2w", "2026-03-04T12:00:00Z"),
            ("90m", "2026-03-18T10:30:00Z"),
            ("2h ago", "2026-03-18T10:00:00Z"),
            ("3 days ago", "2026-03-15T12:00:00Z"),
            ("2 weeks ago", "2026-03-04T12:00:00Z"),
            ("1 month ago", "2026-02-18T12:00:00Z"),
            ("now", "2026-03-18T12:00:00Z"),
            ("yesterday", "2026-03-17T00:00:00Z"),
            ("Today", "2026-03-18T00:00:00Z"),
            ("last week", "2026-03-09T00:00:00Z"),
            ("this month", "2026-03-01T00:00:00Z"),
            ("monday", "2026-03-16T00:00:00Z"),
            ("2026-02", "2026-02-01T00:00:00Z"),
            ("2025", "2025-01-01T00:00:00Z"),
            ("March 2025", "2025-03-01T00:00:00Z"),
            ("10:30", "2026-03-18T10:30:00Z"),
            ("yesterday 9:05", "2026-03-17T09:05:00Z"),
            ("gestern", "2026-03-17T00:00:00Z"),
        ] {
            assert_eq!(start(text), time, "{text}");
        }
    }

    #[test]
    fn days_end_with_their_last_moment() {
        let argument = |text: &str| text.parse::<WrittenTime>().unwrap();
        for (text, end) in [
            ("2026-03-01", "2026-03-02T00:00:00Z"),
            ("2026-02", "2026-03-01T00:00:00Z"),
            ("2025", "2026-01-01T00:00:00Z"),
            ("yesterday", "2026-03-18T00:00:00Z"),
            ("last week", "2026-03-16T00:00:00Z"),
            ("10:30", "2026-03-18T10:30:00Z"),
            ("2w", "2026-03-04T12:00:00Z"),
        ] {
            assert_eq!(argument(text).resolve_end(&now()).to_string(), end, "{text}");
        }
        let last = argument("2026-03-01").resolve_last(&now());
        assert_eq!(last.to_string(), "2026-03-01T23:59:59.999Z");
    }

    #[test]
    fn what_is_to_come_is_counted_from_now() {
        for (text, end) in [
            ("3 days", "2026-03-21T12:00:00Z"),
            ("90d", "2026-06-16T12:00:00Z"),
            ("3 days ago", "2026-03-15T12:00:00Z"),
            ("now", "2026-03-18T12:00:00Z"),
            ("2027-03-01", "2027-03-02T00:00:00Z"),
            ("2027", "2028-01-01T00:00:00Z"),
            ("2027-03-01T10:00:00Z", "2027-03-01T10:00:00Z"),
        ] {
            let written: WrittenTime = text.parse().unwrap();
            assert_eq!(written.resolve_ahead(&now()).to_string(), end, "{text}");
        }
        // What can be counted back cannot always be counted on.
        let far: WrittenTime = "2000 years".parse().unwrap();
        let end = "9990-01-01T00:00:00Z".parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC);
        assert_eq!(far.resolve_ahead(&end), Timestamp::MAX);
    }

    #[test]
    fn a_day_is_that_of_the_time_zone() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let now = "2026-03-18T02:00:00Z".parse::<Timestamp>().unwrap().to_zoned(zone);
        let today = "today".parse::<WrittenTime>().unwrap();
        assert_eq!(today.resolve(&now).to_string(), "2026-03-17T04:00:00Z");
        assert_eq!(today.resolve_end(&now).to_string(), "2026-03-18T04:00:00Z");
    }

    #[test]
    fn says_what_it_expected() {
        for text in [
            "",
            "soon",
            "last tuesdayish",
            "3é",
            "-3d",
            "0d",
            "25:00",
            "2026-13",
            "2026-02-30",
            "x",
        ] {
            let error = text.parse::<WrittenTime>().unwrap_err().to_string();
            let message = format!("\"{text}\" is not a time; write a day (2026-03-01, yesterday");
            assert!(error.starts_with(&message), "{error}");
        }
        for far in ["9999-12-31", "9999-12-31T00:00:00Z", "-009999-01-01", "4294967295w", "9999-12"]
        {
            let error = far.parse::<WrittenTime>().unwrap_err();
            assert_eq!(error, NotATime::TooFar(far.to_owned()));
        }
    }
}
