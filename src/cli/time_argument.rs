//! Times as people write them on a command line.

use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// A moment, a day, or a time ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeArgument {
    At(Timestamp),
    Day(Date),
    Ago(SignedDuration),
}

impl TimeArgument {
    /// The moment that is meant, at this time and in this time zone. A day means its first moment.
    pub(crate) fn resolve(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Day(day) => day.to_zoned(zone.clone()).map_or(now, |zoned| zoned.timestamp()),
            Self::Ago(distance) => now.checked_sub(distance).unwrap_or(Timestamp::MIN),
        }
    }

    /// The moment that is meant as an end. A day means its last moment: what was said on a day was
    /// known on that day.
    pub(crate) fn resolve_end(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => {
                let next = day.tomorrow().ok().and_then(|next| next.to_zoned(zone.clone()).ok());
                next.map_or(now, |next| next.timestamp() - SignedDuration::from_millis(1))
            }
            time => time.resolve(now, zone),
        }
    }
}

/// Years of a time that is meant. Others cannot be reckoned with: a day later, or in another time zone,
/// there may be no such time.
const YEARS: RangeInclusive<i16> = 1..=9998;

/// Weeks of the longest time ago: to the year 1, about.
const MOST_WEEKS: u32 = 100_000;

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum NotATime {
    #[error(
        "\"{0}\" is not a time; write 2026-03-01, 2026-03-01T10:00:00Z, or 2w, 3d, 12h, 30m for ago"
    )]
    NotRead(String),
    #[error("\"{0}\" is too far away; expected a time of the years 1 to 9998")]
    TooFar(String),
}

impl FromStr for TimeArgument {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let too_far = || NotATime::TooFar(text.to_owned());
        let near = |date: Date, time: Self| {
            if YEARS.contains(&date.year()) { Ok(time) } else { Err(too_far()) }
        };
        if let Ok(time) = text.parse::<Timestamp>() {
            return near(time.to_zoned(TimeZone::UTC).date(), Self::At(time));
        }
        if let Ok(day) = text.parse() {
            return near(day, Self::Day(day));
        }
        let refused = || NotATime::NotRead(text.to_owned());
        let unit = text.chars().next_back().ok_or_else(refused)?;
        let minutes_per_unit = match unit {
            'w' => 7 * 24 * 60,
            'd' => 24 * 60,
            'h' => 60,
            'm' => 1,
            _ => return Err(refused()),
        };
        let count: u32 = text[..text.len() - 1].parse().map_err(|_| refused())?;
        let distance = SignedDuration::from_mins(i64::from(count) * minutes_per_unit);
        let longest = SignedDuration::from_hours(i64::from(MOST_WEEKS) * 7 * 24);
        if distance > longest { Err(too_far()) } else { Ok(Self::Ago(distance)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> String {
        let now = "2026-03-15T12:00:00Z".parse().unwrap();
        text.parse::<TimeArgument>().unwrap().resolve(now, &TimeZone::UTC).to_string()
    }

    #[test]
    fn reads_moments_days_and_distances() {
        assert_eq!(resolved("2026-03-01"), "2026-03-01T00:00:00Z");
        assert_eq!(resolved("2026-03-01T10:00:00+02:00"), "2026-03-01T08:00:00Z");
        assert_eq!(resolved("2w"), "2026-03-01T12:00:00Z");
        assert_eq!(resolved("90m"), "2026-03-15T10:30:00Z");
    }

    #[test]
    fn a_day_ends_with_its_last_moment() {
        let now = "2026-03-15T12:00:00Z".parse().unwrap();
        let end =
            |text: &str| text.parse::<TimeArgument>().unwrap().resolve_end(now, &TimeZone::UTC);
        assert_eq!(end("2026-03-01").to_string(), "2026-03-01T23:59:59.999Z");
        assert_eq!(end("2w").to_string(), "2026-03-01T12:00:00Z");
    }

    #[test]
    fn says_what_it_expected() {
        let error = "last tuesday".parse::<TimeArgument>().unwrap_err();
        assert!(error.to_string().starts_with("\"last tuesday\" is not a time; write 2026-03-01"));
        for far in ["9999-12-31", "9999-12-31T00:00:00Z", "-009999-01-01", "4294967295w"] {
            let error = far.parse::<TimeArgument>().unwrap_err();
            assert_eq!(error, NotATime::TooFar(far.to_owned()));
        }
        assert!("".parse::<TimeArgument>().is_err());
        assert!("3é".parse::<TimeArgument>().is_err());
    }
}
