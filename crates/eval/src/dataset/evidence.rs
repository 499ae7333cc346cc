//! What a question's answer is, and where it stands.

use serde::{Deserialize, Deserializer};

/// A turn or a session that holds an answer.
///
/// # Examples
/// ```
/// use longmem_eval::dataset::EvidencePiece;
///
/// let whole: EvidencePiece = serde_json::from_str(r#""t1""#)?;
/// assert_eq!((whole.id.as_str(), whole.text), ("t1", None));
/// let part: EvidencePiece =
///     serde_json::from_str(r#"{"turn": "t1", "text": "the port is 7443"}"#)?;
/// assert_eq!(part.text.as_deref(), Some("the port is 7443"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct EvidencePiece {
    /// Its id.
    pub id: String,
    /// The words of the turn that carry the answer, if the data set names them.
    pub text: Option<String>,
}

/// A piece of evidence as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Id(String),
    Part { turn: String, text: String },
}

impl From<Written> for EvidencePiece {
    fn from(written: Written) -> Self {
        match written {
            Written::Id(id) => Self { id, text: None },
            Written::Part { turn, text } => Self { id: turn, text: Some(text) },
        }
    }
}

impl From<String> for EvidencePiece {
    fn from(id: String) -> Self {
        Self { id, text: None }
    }
}

/// An answer as it is written: data sets have texts, numbers and lists of texts.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Text(String),
    Texts(Vec<String>),
    Whole(i64),
    Number(f64),
}

impl Answer {
    /// Its pieces, which `;` separates within a text.
    pub(super) fn pieces(self) -> Vec<String> {
        match self {
            Self::Text(text) => pieces_of(&text).collect(),
            Self::Texts(texts) => texts.iter().flat_map(|text| pieces_of(text)).collect(),
            Self::Whole(number) => vec![number.to_string()],
            Self::Number(number) => vec![number.to_string()],
        }
    }
}

fn pieces_of(text: &str) -> impl Iterator<Item = String> {
    text.split(';').map(str::trim).filter(|piece| !piece.is_empty()).map(str::to_owned)
}

pub(super) fn answer<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Answer>::deserialize(from)?.map(Answer::pieces).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_every_kind_become_pieces() {
        let pieces = |json: &str| serde_json::from_str::<Answer>(json).unwrap().pieces();
        assert_eq!(pieces(r#""7 May; in Porto ;""#), ["7 May", "in Porto"]);
        assert_eq!(pieces(r#"["a", "b; c"]"#), ["a", "b", "c"]);
        assert_eq!(pieces("2022"), ["2022"]);
        assert_eq!(pieces("2.5"), ["2.5"]);
    }
}
