//! A macro for enums whose names are a closed set of words.

use thiserror::Error;

/// A text that is none of the words that are expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{came}\" is not {what}; it is one of {expected}")]
pub struct UnknownWord {
    what: &'static str,
    expected: String,
    came: String,
}

impl UnknownWord {
    /// Says that `came` is none of the words of `what` ("a role").
    pub fn new(what: &'static str, expected: &[&str], came: &str) -> Self {
        Self { what, expected: expected.join(", "), came: came.to_owned() }
    }
}

/// Declares an enum of units with the word that is stored, shown and read for each: `ALL`,
/// `as_str`, `Display`, `FromStr` (in any case; words after `|` are read as well), serde and the JSON
/// Schema.
///
/// # Examples
/// ```
/// longmem_core::closed_words! {
///     /// A size.
///     pub enum Size: "a size" {
///         /// The small one.
///         Small = "small",
///         /// The large one.
///         Large = "large" | "big",
///     }
/// }
/// assert_eq!("BIG".parse(), Ok(Size::Large));
/// assert_eq!(Size::Small.to_string(), "small");
/// assert_eq!("huge".parse::<Size>().unwrap_err().to_string(),
///            "\"huge\" is not a size; it is one of small, large");
/// ```
#[macro_export]
macro_rules! closed_words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident: $what:literal {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every one, in the order of declaration.
            $vis const ALL: &[$name] = &[$($name::$variant),+];

            /// The word that is stored and shown.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(word: &str) -> Result<Self, $crate::UnknownWord> {
                $(
                    if [$word $(, $alias)*].iter().any(|known| known.eq_ignore_ascii_case(word)) {
                        return Ok($name::$variant);
                    }
                )+
                Err($crate::UnknownWord::new($what, &[$($word),+], word))
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let word = <::std::string::String as $crate::serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err($crate::serde::de::Error::custom)
            }
        }

        impl $crate::schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut $crate::schemars::SchemaGenerator) -> $crate::schemars::Schema {
                $crate::schemars::json_schema!({ "type": "string", "enum": [$($word),+] })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    closed_words! {
        enum Size: "a size" {
            Small = "small",
            Large = "large" | "big",
        }
    }

    #[test]
    fn every_word_reads_back_and_another_is_refused_with_the_choice() {
        for size in Size::ALL {
            assert_eq!(size.as_str().parse(), Ok(*size));
            let json = serde_json::to_string(size).unwrap();
            assert_eq!(serde_json::from_str::<Size>(&json).unwrap(), *size);
        }
        assert_eq!("Big".parse(), Ok(Size::Large));
        let error = "huge".parse::<Size>().unwrap_err().to_string();
        assert_eq!(error, "\"huge\" is not a size; it is one of small, large");
        assert!(serde_json::from_str::<Size>("\"huge\"").unwrap_err().to_string().contains("huge"));
    }
}
