//! Times as chat files write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::json::fields::first_present;

/// The names under which programs write when a message was sent, without capitals and signs:
/// "createdat" stands for `created_at`, `createdAt` and `CreatedAt`. A name of the sending goes
/// before one of a later change.
const NAMES: [&str; 29] = [
    "timestamp",
    "ts",
    "time",
    "createdat",
    "createtime",
    "created",
    "createdtime",
    "createdon",
    "creationdate",
    "creationtime",
    "datecreated",
    "date",
    "datetime",
    "datetimeutc",
    "sentat",
    "sent",
    "timestampms",
    "messagetime",
    "msgtime",
    "receivedat",
    "insertedat",
    "publishedat",
    "starttime",
    "unixtime",
    "updatedat",
    "updatetime",
    "updated",
    "updatedon",
    "dateupdated",
];

/// Bytes of the longest field name that is compared with these.
const MAX_NAME_BYTES: usize = 20;

/// Numbers from which on a time is in milliseconds, microseconds, nanoseconds. Seconds reach the
/// first after the year 5000, milliseconds did in 1973, and so on.
const MIN_MILLISECONDS: f64 = 1e11;
const MIN_MICROSECONDS: f64 = 1e14;
const MIN_NANOSECONDS: f64 = 1e17;

/// Years that are believed. An earlier one is an empty field, a later one a sentinel or a number in
/// another unit. The end is fixed, since the same file must read the same on every day.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// Other ways to write a date and time, with and without an offset from UTC.
const WITH_OFFSET: [&str; 3] =
    ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%#z", "%a %b %d %Y %H:%M:%S GMT%z"];
const WITHOUT_OFFSET: [&str; 13] = [
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d, %H:%M:%S",
    "%a %b %e %H:%M:%S %Y",
    "%a, %d %b %Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M:%S",
    "%d.%m.%Y, %H:%M",
    "%B %d, %Y %I:%M %p",
    "%B %d, %Y at %I:%M %p",
    "%b %d, %Y, %I:%M:%S %p",
    "%A, %B %d, %Y at %I:%M:%S %p",
];

/// When the message or conversation was written, by the first of the usual names whose value is a
/// time.
pub(crate) fn time_of(object: &Value) -> Option<Timestamp> {
    let mut times: Vec<(usize, &Value)> = object
        .as_object()?
        .iter()
        .filter_map(|(name, value)| Some((rank_of(name)?, value)))
        .collect();
    times.sort_by_key(|(rank, _)| *rank);
    times.into_iter().find_map(|(_, value)| parse_time(value))
}

/// Whether an object states a time that cannot be read: words, or a year that cannot be. What is
/// empty, null or 0 states none.
pub(crate) fn has_unreadable_time(object: &Value) -> bool {
    let states = |value: &Value| match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    };
    let mut fields = object.as_object().into_iter().flatten();
    fields.any(|(name, value)| rank_of(name).is_some() && states(value))
        && time_of(object).is_none()
}

/// Whether version 0.1.0 read a time of an object, too. It knew fewer names and forms.
pub(crate) fn had_time_in_first_version(object: &Value) -> bool {
    match first_present(object, &["timestamp", "ts", "time", "created_at"]) {
        Value::Number(number) => number.as_f64().is_some_and(|number| number < MIN_MICROSECONDS),
        Value::String(text) => {
            let text = text.trim();
            let number = text.parse::<f64>().ok();
            number.is_some_and(|number| number < MIN_MICROSECONDS)
                || text.parse::<Timestamp>().is_ok()
                || text.parse::<DateTime>().is_ok()
        }
        _ => false,
    }
}

/// The place of a field among the [`NAMES`] of times.
fn rank_of(name: &str) -> Option<usize> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let letters = || name.bytes().filter(u8::is_ascii_alphabetic).map(|b| b.to_ascii_lowercase());
    NAMES.iter().position(|known| known.bytes().eq(letters()))
}

/// Reads a time of the years 1990 to 2100:
///
/// - seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or in a string,
/// - RFC 3339 or RFC 2822, also with "UTC" or "GMT" at the end; without a zone it is UTC,
/// - MongoDB's `{"$date": …}`, also with `{"$numberLong": …}`, and Firestore's `{"_seconds": …}`.
pub(crate) fn parse_time(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::Number(number) => from_unix(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            let number = text.parse().ok().and_then(from_unix).filter(is_believed);
            number.or_else(|| from_text(text))
        }
        Value::Object(_) => {
            let wrappers =
                ["$date", "$numberLong", "$numberDouble", "$numberInt", "_seconds", "seconds"];
            parse_time(first_present(value, &wrappers))
        }
        _ => None,
    };
    time.filter(is_believed)
}

fn is_believed(time: &Timestamp) -> bool {
    YEARS.contains(&time.to_zoned(TimeZone::UTC).year())
}

fn from_unix(number: f64) -> Option<Timestamp> {
    let milliseconds = match number.abs() {
        size if size < MIN_MILLISECONDS => number * 1e3,
        size if size < MIN_MICROSECONDS => number,
        size if size < MIN_NANOSECONDS => number / 1e3,
        size if size.is_finite() => number / 1e6,
        _ => return None,
    };
    Timestamp::from_millisecond(milliseconds.round() as i64).ok()
}

fn from_text(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    if let Ok(time) = rfc2822::parse(text) {
        return Some(time.timestamp());
    }
    // JavaScript adds the zone's name in brackets.
    let text = text.split_once(" (").map_or(text, |(time, _)| time);
    let bare = ["UTC", "GMT", "Z"].iter().find_map(|zone| text.strip_suffix(zone));
    let bare = bare.unwrap_or(text).trim_end();
    let offset = WITH_OFFSET
        .iter()
        .find_map(|form| BrokenDownTime::parse(form, bare).ok()?.to_timestamp().ok());
    offset.or_else(|| {
        let other_form =
            || WITHOUT_OFFSET.iter().find_map(|form| DateTime::strptime(form, bare).ok());
        let civil: DateTime = bare.parse().ok().or_else(other_form)?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_every_way_that_files_write_a_time() {
        let expected: Timestamp = "2023-11-14T22:13:20.5Z".parse().unwrap();
        for value in [
            json!(1_700_000_000.5),
            json!(1_700_000_000_500_i64),
            json!(1_700_000_000_500_000_i64),
            json!(1_700_000_000_500_000_000_i64),
            json!("1700000000.5"),
            json!("1700000000500"),
            json!("1700000000500000"),
            json!("1700000000500000000"),
            json!("2023-11-14T22:13:20.500Z"),
            json!("2023-11-14T22:13:20.5+00:00"),
            json!("2023-11-14T23:13:20.5+01:00"),
            json!("2023-11-14 23:13:20.5+01:00"),
            json!("2023-11-14 23:13:20.5 +0100"),
            json!(" 2023-11-14 22:13:20.5 "),
            json!("2023-11-14 22:13:20.5 UTC"),
            json!("2023-11-14T22:13:20.5 GMT"),
            json!("2023-11-14 22:13:20.5 +0000 UTC"),
            json!("2023-11-14 22:13:20.5+00"),
            json!("2023/11/14 22:13:20.5"),
            json!("2023-11-14T22:13:20.500000"),
            json!({"$date": "2023-11-14T22:13:20.5Z"}),
            json!({"$date": {"$numberLong": "1700000000500"}}),
            json!({"$date": 1_700_000_000_500_i64}),
        ] {
            assert_eq!(parse_time(&value), Some(expected), "{value}");
        }
        let expected: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        for value in [
            json!("Sun, 01 Mar 2026 10:00:00 +0000"),
            json!("Sun, 1 Mar 2026 11:00:00 +0100"),
            json!("1 Mar 2026 10:00:00 GMT"),
            json!("Sun, 01 Mar 2026 10:00:00 UTC"),
            json!("2026-03-01T10:00:00+0000"),
            json!("2026-03-01T11:00:00.000+0100"),
            json!("20260301T100000Z"),
            json!("Sun Mar 01 2026 11:00:00 GMT+0100 (Central European Standard Time)"),
            json!("Sun Mar  1 10:00:00 2026"),
            json!("2026-03-01T10:00Z"),
            json!("2026-03-01 10:00"),
            json!("2026/03/01 10:00"),
            json!({"_seconds": 1_772_359_200, "_nanoseconds": 0}),
            json!("01.03.2026 10:00"),
            json!("01.03.2026, 10:00:00"),
            json!("March 1, 2026 10:00 AM"),
            json!("March 1, 2026 at 10:00 AM"),
            json!("Mar 1, 2026, 10:00:00 AM"),
            json!("Sunday, March 1, 2026 at 10:00:00 AM UTC"),
        ] {
            assert_eq!(parse_time(&value), Some(expected), "{value}");
        }
        assert_eq!(parse_time(&json!("2026-03-01")).unwrap().to_string(), "2026-03-01T00:00:00Z");
    }

    #[test]
    fn a_value_that_holds_no_time_is_none() {
        for value in [
            json!(null),
            json!(""),
            json!("yesterday"),
            json!("NaN"),
            json!(1e300),
            json!([1]),
            json!({}),
            json!({"$date": null}),
            json!(true),
            json!("10:00"),
        ] {
            assert_eq!(parse_time(&value), None, "{value}");
        }
    }

    #[test]
    fn years_that_cannot_be_are_not_believed() {
        for value in [
            json!(0),
            json!(42),
            json!(-1),
            json!("0001-01-01T00:00:00Z"),
            json!("1970-01-01T00:00:00Z"),
            json!("9999-12-31T23:59:59Z"),
            json!(9_999_999_999_i64),
            json!(i64::MAX),
        ] {
            assert_eq!(parse_time(&value), None, "{value}");
        }
    }

    #[test]
    fn a_time_that_is_stated_and_cannot_be_read_is_told_from_none() {
        for (object, unreadable) in [
            (json!({"time": "not a date"}), true),
            (json!({"time": 1e308}), true),
            (json!({"createdAt": "9999-12-31T23:59:59Z"}), true),
            (json!({"time": "soon", "updatedAt": "2026-03-01"}), false),
            (json!({"time": "", "created": null, "ts": 0}), false),
            (json!({"text": "2026"}), false),
        ] {
            assert_eq!(has_unreadable_time(&object), unreadable, "{object}");
        }
    }

    #[test]
    fn the_first_name_whose_value_is_a_time_tells_it() {
        let message = json!({"time": "in the morning", "updatedAt": 1_772_445_600,
                             "createdAt": "2026-03-01T10:00:00Z"});
        assert_eq!(time_of(&message).unwrap().to_string(), "2026-03-01T10:00:00Z");
        assert_eq!(
            time_of(&json!({"updatedAt": 1_772_359_200})).unwrap().as_second(),
            1_772_359_200
        );
        assert_eq!(time_of(&json!({"time": 0, "text": "2026-03-01"})), None);
        assert_eq!(time_of(&json!("2026-03-01")), None);
        for name in NAMES.into_iter().chain(["created_at", "CreatedAt", "@timestamp", "sent-at"]) {
            assert!(time_of(&json!({name: "2026-03-01"})).is_some(), "{name}");
        }
        for name in ["text", "updated_by", "a_name_that_is_no_time_of_any_kind"] {
            assert!(time_of(&json!({name: "2026-03-01"})).is_none(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "\\PC*|[0-9:., TZ+/-]{0,30}") {
            let _ = parse_time(&json!(text));
        }

        #[test]
        fn a_time_is_the_same_in_every_unit(milliseconds in 1_000_000_000_000_i64..4_000_000_000_000) {
            let expected = Timestamp::from_millisecond(milliseconds).unwrap();
            for value in [
                json!(milliseconds),
                json!(milliseconds * 1000),
                json!(milliseconds * 1_000_000),
                json!(expected.to_string()),
                json!((milliseconds * 1000).to_string()),
            ] {
                prop_assert_eq!(parse_time(&value), Some(expected));
            }
        }
    }
}
