//! The arguments of tools, checked by hand: a schema is a promise that clients may not keep.

use std::fmt;
use std::ops::RangeInclusive;

use longmem_core::{FactId, OWN_BLOCK_TAGS, TurnId, closed_words};
use longmem_memory::WrittenTime;
use longmem_transcripts::without_own_blocks;
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

/// A text that is to be stored, which may hold no memory that was recalled: memory would feed on itself.
///
/// # Errors
/// Those of [`text`], and for one that holds such memory, as it is or escaped for HTML or JSON.
pub(super) fn new_text(name: &str, given: &str, most: usize) -> Result<(), Refusal> {
    text(name, given, most)?;
    let lower = given.to_lowercase();
    let has_tag =
        |tag: &str| lower.contains(&format!("<{tag}")) || lower.contains(&format!("&lt;{tag}"));
    if OWN_BLOCK_TAGS.into_iter().any(has_tag) || without_own_blocks(given) != given {
        return Err(Refusal::new(
            format!("the {name} holds recalled memory, which is stored already"),
            "Give only what is new, in plain words.",
        ));
    }
    Ok(())
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

closed_words! {
    /// What something is that a tool changes.
    pub(super) enum Kind: "a kind of memory" {
        /// One message of a conversation, or a note.
        Turn = "turn",
        /// A note, which is a turn that stands alone.
        Note = "note",
        /// A fact.
        Fact = "fact",
    }
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
    /// Reads `t40` or `f12`, or a number with what it is the number of.
    ///
    /// # Errors
    /// For anything else: a number alone could be a turn or a fact.
    pub(super) fn read(id: &Id, kind: Option<Kind>) -> Result<Self, Refusal> {
        let expected =
            "Write t and the number of a turn (t40), or f and the number of a fact (f12).";
        let refused = |what: &str| Refusal::new(format!("\"{}\" {what}", id.0), expected);
        let trimmed = id.0.trim();
        let (is_turn, digits) = match (trimmed.chars().next(), kind) {
            (Some('t' | 'T'), None | Some(Kind::Turn | Kind::Note)) => (true, &trimmed[1..]),
            (Some('f' | 'F'), None | Some(Kind::Fact)) => (false, &trimmed[1..]),
            (Some('t' | 'T' | 'f' | 'F'), Some(kind)) => {
                return Err(refused(&format!("is no {kind}, which is the kind that was given")));
            }
            (Some('0'..='9'), None) => {
                return Err(refused("does not say whether it is a turn or a fact"));
            }
            (Some('0'..='9'), Some(kind)) => (kind != Kind::Fact, trimmed),
            _ => return Err(refused("names neither a turn nor a fact")),
        };
        match positive(digits) {
            Some(number) if is_turn => Ok(Self::Turn(TurnId(number))),
            Some(number) => Ok(Self::Fact(FactId(number))),
            None => Err(refused("names neither a turn nor a fact")),
        }
    }

    /// Its number, as all JSON has it.
    pub(super) fn number(self) -> i64 {
        let (Self::Turn(TurnId(number)) | Self::Fact(FactId(number))) = self;
        number
    }

    /// What it is.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Turn(_) => Kind::Turn,
            Self::Fact(_) => Kind::Fact,
        }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn(id) => write!(formatter, "t{id}"),
            Self::Fact(id) => write!(formatter, "f{id}"),
        }
    }
}

/// The id of something, written or as a number.
#[derive(Debug, Clone)]
pub(super) struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            other => Err(D::Error::custom(format!("{other} is no id, such as t40 or f12"))),
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
        let read = |text: &str, kind| Handle::read(&Id(text.to_owned()), kind);
        assert_eq!(read("t40", None), Ok(Handle::Turn(TurnId(40))));
        assert_eq!(read(" F12 ", None), Ok(Handle::Fact(FactId(12))));
        assert_eq!(read("40", Some(Kind::Note)), Ok(Handle::Turn(TurnId(40))));
        assert_eq!(read("t40", Some(Kind::Turn)), Ok(Handle::Turn(TurnId(40))));
        assert_eq!(read("12", Some(Kind::Fact)), Ok(Handle::Fact(FactId(12))));
        let refused = read("40", None).unwrap_err().text();
        assert!(refused.starts_with("\"40\" does not say whether it is a turn or a fact. Write t"));
        let refused = read("t40", Some(Kind::Fact)).unwrap_err().text();
        assert!(refused.starts_with("\"t40\" is no fact, which is the kind"), "{refused}");
        for text in ["", "t", "t-1", "t0", "f+3", "x3", "t99999999999999999999", "é", "tt4", "-4"]
        {
            assert!(read(text, None).is_err(), "{text}");
            assert!(read(text, Some(Kind::Turn)).is_err(), "{text}");
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
