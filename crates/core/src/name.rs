//! Names of users and sessions: checked once, at the door.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest name of a user or session, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 256;

/// A regular expression for one line that says something: no control character, and not only white space.
/// JSON Schemas show it.
pub const LINE_PATTERN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// Why a text cannot name a user or a session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidName {
    /// Nothing but white space.
    #[error("the name of a {kind} is empty")]
    Empty {
        /// "user" or "session".
        kind: &'static str,
    },
    /// More than [`MAX_NAME_BYTES`].
    #[error("the name of a {kind} may have {MAX_NAME_BYTES} bytes, this one has {bytes}")]
    TooLong {
        /// "user" or "session".
        kind: &'static str,
        /// How many bytes came.
        bytes: usize,
    },
    /// A line break or another control character.
    #[error("the name of a {kind} holds the control character U+{character:04X}")]
    ControlCharacter {
        /// "user" or "session".
        kind: &'static str,
        /// The code point that came.
        character: u32,
    },
}

fn checked(kind: &'static str, name: &str) -> Result<String, InvalidName> {
    if name.trim().is_empty() {
        return Err(InvalidName::Empty { kind });
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(InvalidName::TooLong { kind, bytes: name.len() });
    }
    match name.chars().find(|c| c.is_control()) {
        Some(c) => Err(InvalidName::ControlCharacter { kind, character: c.into() }),
        None => Ok(name.to_owned()),
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks a name.
            ///
            /// # Errors
            /// [`InvalidName`] for an empty name, one of more than [`MAX_NAME_BYTES`], or one with
            /// a control character.
            pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidName> {
                checked($kind, name.as_ref()).map(Self)
            }

            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(name: &str) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(name: String) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string", "minLength": 1, "maxLength": MAX_NAME_BYTES,
                    "pattern": LINE_PATTERN,
                })
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name_type! {
    /// Whose memory it is. Compared byte for byte: `Ana` and `ana` are two users.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::UserName;
    /// assert_eq!(UserName::new("ana")?.as_str(), "ana");
    /// assert!(UserName::new("two\nlines").is_err());
    /// # Ok::<(), longmem_core::InvalidName>(())
    /// ```
    UserName, "user"
}

name_type! {
    /// One conversation of a user, unique among that user's.
    SessionName, "session"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_cannot_be_shown_or_stored_as_a_name() {
        assert_eq!(UserName::new(" \t"), Err(InvalidName::Empty { kind: "user" }));
        assert_eq!(
            UserName::new("a".repeat(257)),
            Err(InvalidName::TooLong { kind: "user", bytes: 257 })
        );
        assert_eq!(
            SessionName::new("a\u{1b}[31m"),
            Err(InvalidName::ControlCharacter { kind: "session", character: 0x1b })
        );
    }

    #[test]
    fn keeps_hostile_but_printable_names_as_they_are() {
        for name in ["'; DROP TABLE turns; --", "../../etc/passwd", "名前", "a b"] {
            assert_eq!(UserName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn json_goes_through_the_same_check() {
        assert!(serde_json::from_str::<UserName>("\"\"").is_err());
    }
}
