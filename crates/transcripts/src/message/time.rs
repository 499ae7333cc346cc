//! Times as chat files write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Number from which on a time is in milliseconds. Seconds reach it after the year 5000,
/// milliseconds did in 1973.
const MIN_MILLISECONDS: f64 = 1e11;

/// Reads a time: RFC 3339, a date and time without a zone (taken as UTC), or Unix seconds or
/// milliseconds as a number or in a string.
pub(crate) fn parse_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => from_unix(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            match text.parse() {
                Ok(number) => from_unix(number),
                Err(_) => from_text(text),
            }
        }
        _ => None,
    }
}

fn from_unix(number: f64) -> Option<Timestamp> {
    if !number.is_finite() {
        return None;
    }
    let milliseconds = if number.abs() < MIN_MILLISECONDS { number * 1e3 } else { number };
    Timestamp::from_millisecond(milliseconds.round() as i64).ok()
}

fn from_text(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_every_way_that_files_write_a_time() {
        let expected: Timestamp = "2023-11-14T22:13:20.5Z".parse().unwrap();
        for value in [
            json!(1_700_000_000.5),
            json!(1_700_000_000_500_i64),
            json!("1700000000.5"),
            json!("2023-11-14T22:13:20.500Z"),
            json!("2023-11-14T23:13:20.5+01:00"),
            json!(" 2023-11-14 22:13:20.5 "),
            json!("2023-11-14T22:13:20.500000"),
        ] {
            assert_eq!(parse_time(&value), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_value_that_holds_no_time_is_none() {
        for value in
            [json!(null), json!(""), json!("yesterday"), json!("NaN"), json!(1e300), json!([1])]
        {
            assert_eq!(parse_time(&value), None, "{value}");
        }
    }
}
