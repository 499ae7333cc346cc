//! The arguments of tools, checked by hand: a schema is a promise that clients may not keep.

use std::ops::RangeInclusive;

use longmem_core::{FactId, TurnId};
use longmem_memory::WrittenTime;
use rmcp::model::JsonObject;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use super::reply::Refusal;

/// Reads the arguments of a tool. Those that it does not have are passed over: some clients add their own
/// to every tool.
///
/// # Errors
/// What is missing or of another type.
pub(super) fn read<T: DeserializeOwned>(
    tool: &str,
    arguments: Option<JsonObject>,
) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(arguments.unwrap_or_default())).map_err(|error| {
        let message = format!("the arguments of {tool} cannot be read: {error}");
        Refusal::new(message, "The tool's input schema says what it takes.")
    })
}

/// A number within its range.
///
/// # Errors
/// The range, for one outside of it.
pub(super) fn number(
    name: &str,
    given: Option<&Number>,
    default: usize,
    range: RangeInclusive<usize>,
) -> Result<usize, Refusal> {
    let Some(given) = given else { return Ok(default) };
    let whole = given.as_u64().and_then(|number| usize::try_from(number).ok());
    whole.filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        let message =
            format!("{name} is {given}, and may be a whole number from {least} to {most}");
        Refusal::new(message, format!("Give another {name}, or leave it out."))
    })
}

/// A text that says something and is not too long.
///
/// # Errors
/// For one that is empty, and one of more characters.
pub(super) fn text<'t>(name: &str, text: &'t str, most: usize) -> Result<&'t str, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(format!("{name} is empty"), format!("Give a {name}.")));
    }
    let characters = text.chars().count();
    if characters > most {
        let message = format!("{name} has {characters} characters, and may have {most}");
        return Err(Refusal::new(message, format!("Give a shorter {name}.")));
    }
    Ok(text)
}

/// A time as a person writes it.
///
/// # Errors
/// How times are written.
pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<WrittenTime>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|error| {
        Refusal::new(format!("{name} cannot be read: {error}"), "Write a date, or a time ago.")
    })
}

/// What a tool changes: a turn, or a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handle {
    /// A turn: `t40`.
    Turn(TurnId),
    /// A fact: `f12`.
    Fact(FactId),
}

impl Handle {
    /// Reads `t40` or `f12`.
    ///
    /// # Errors
    /// For anything else, a number alone included: it could be the one or the other.
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let trimmed = text.trim();
        let expected =
            "Write t and the number of a turn (t40), or f and the number of a fact (f12).";
        let refused = |what: &str| Refusal::new(format!("\"{text}\" {what}"), expected);
        let (kind, digits) = match trimmed.chars().next() {
            Some(kind @ ('t' | 'T' | 'f' | 'F')) => (kind.to_ascii_lowercase(), &trimmed[1..]),
            Some('0'..='9') => return Err(refused("does not say whether it is a turn or a fact")),
            _ => return Err(refused("names neither a turn nor a fact")),
        };
        match positive(digits) {
            Some(number) if kind == 't' => Ok(Self::Turn(TurnId(number))),
            Some(number) => Ok(Self::Fact(FactId(number))),
            None => Err(refused("names neither a turn nor a fact")),
        }
    }
}

/// Turns by their numbers: `t40`, `40` and the number itself are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TurnNumber(pub(super) TurnId);

impl<'de> Deserialize<'de> for TurnNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            other => return Err(D::Error::custom(format!("{other} is not the number of a turn"))),
        };
        let digits = written.trim().trim_start_matches(['t', 'T']);
        positive(digits).map(|number| Self(TurnId(number))).ok_or_else(|| {
            D::Error::custom(format!("\"{written}\" is not the number of a turn, such as t40"))
        })
    }
}

fn positive(digits: &str) -> Option<i64> {
    let is_plain = digits.chars().all(|character| character.is_ascii_digit());
    digits.parse().ok().filter(|number| is_plain && *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_and_facts_are_told_apart() {
        assert_eq!(Handle::read("t40"), Ok(Handle::Turn(TurnId(40))));
        assert_eq!(Handle::read(" F12 "), Ok(Handle::Fact(FactId(12))));
        let refused = Handle::read("40").unwrap_err().text();
        assert!(refused.starts_with("\"40\" does not say whether it is a turn or a fact. Write t"));
        for text in ["", "t", "t-1", "t0", "f+3", "x3", "t99999999999999999999", "é", "tt4"] {
            assert!(Handle::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_of_turns_come_in_three_forms() {
        let read = |json: &str| serde_json::from_str::<Vec<TurnNumber>>(json);
        let expected = vec![TurnNumber(TurnId(4)); 3];
        assert_eq!(read(r#"["t4", "4", 4]"#).unwrap(), expected);
        for json in ["[0]", "[-1]", "[1.5]", "[null]", r#"["f4"]"#, r#"[""]"#] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_number_out_of_range_says_the_range() {
        assert_eq!(number("limit", None, 8, 1..=50), Ok(8));
        assert_eq!(number("limit", Some(&50.into()), 8, 1..=50), Ok(50));
        for given in ["0", "51", "-1", "1.5", "1e300", "18446744073709551615"] {
            let given: Number = given.parse().unwrap();
            let refused = number("limit", Some(&given), 8, 1..=50).unwrap_err().text();
            let expected = format!("limit is {given}, and may be a whole number from 1 to 50.");
            assert!(refused.starts_with(&expected), "{refused}");
        }
    }
}
