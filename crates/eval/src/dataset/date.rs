//! Dates as the data sets write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, de};

/// Reads a date in any of the known forms. A date without an offset is in UTC.
///
/// - RFC 3339: `2023-05-08T13:56:00Z`
/// - a date with or without a time: `2023-05-08`, `2023-05-08 13:56`
/// - LoCoMo: `1:56 pm on 8 May, 2023`
/// - LongMemEval: `2023/05/08 (Mon) 13:56`
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse() {
        return Some(timestamp);
    }
    let civil = text
        .parse()
        .or_else(|_| DateTime::strptime("%I:%M %p on %d %B, %Y", text))
        .or_else(|_| DateTime::strptime("%Y/%m/%d %H:%M", without_weekday(text)))
        .ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The date without its weekday, which adds nothing and is sometimes wrong.
fn without_weekday(text: &str) -> String {
    match (text.find('('), text.find(')')) {
        (Some(open), Some(close)) if open < close => {
            format!("{} {}", text[..open].trim_end(), text[close + 1..].trim_start())
        }
        _ => text.to_owned(),
    }
}

pub(super) fn required<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    let expected = &"a date as \"2023-05-08T13:56:00Z\" or \"2023-05-08\"";
    parse(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), expected))
}

pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    struct Required(#[serde(deserialize_with = "required")] Timestamp);
    Ok(Option::<Required>::deserialize(from)?.map(|date| date.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_to_the_same_moment() {
        for text in [
            "2023-05-08T13:56:00Z",
            "2023-05-08T15:56:00+02:00",
            "2023-05-08 13:56",
            "2023-05-08T13:56:00",
            "1:56 pm on 8 May, 2023",
            "2023/05/08 (Mon) 13:56",
            "2023/05/08 (Tue) 13:56",
            "2023/05/08 13:56",
        ] {
            let expected = "2023-05-08T13:56:00Z".parse().ok();
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn twelve_o_clock_and_dates_alone() {
        let read = |text| parse(text).map(|t: Timestamp| t.to_string());
        assert_eq!(read("12:48 am on 1 February, 2023").as_deref(), Some("2023-02-01T00:48:00Z"));
        assert_eq!(read("12:09 pm on 13 September, 2023").as_deref(), Some("2023-09-13T12:09:00Z"));
        assert_eq!(read("2023-05-08").as_deref(), Some("2023-05-08T00:00:00Z"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "yesterday", "8 May", "2023/13/08 (Mon) 13:56", "1:56 on 8 May, 2023"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
