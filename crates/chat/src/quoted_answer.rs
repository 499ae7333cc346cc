//! An answer without a language model: what memory holds, quoted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_core::{EstimatedTokens, Recalled, SessionName, TurnId};
use longmem_text::query_words;

use crate::context::day;
use crate::excerpt;

/// Number of turns that are quoted: a person reads them, not a model.
const MAX_QUOTES: usize = 5;

/// Tokens of a quote, estimated: two or three sentences.
const QUOTE_TOKENS: usize = 75;

/// What memory says about a question, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedAnswer {
    /// The quotes, nearest to the question first.
    pub quotes: Vec<Quote>,
    /// The same as a text to read, which begins by saying that no language model is set up.
    pub text: String,
}

/// A part of a turn, with where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The turn that is quoted.
    pub turn: TurnId,
    /// The turn's session.
    pub session: SessionName,
    /// The session's title, if it has one.
    pub session_title: Option<String>,
    /// When it was said.
    pub time: Timestamp,
    /// Who said it: the name, or else the role.
    pub speaker: String,
    /// The turn's text on one line; of a long turn the sentences nearest to the question.
    pub text: String,
}

/// Answers by quoting the best recalled turns.
///
/// # Examples
/// ```
/// use longmem_chat::quote_answer;
///
/// let answer = quote_answer("Which port?", &[], &jiff::tz::TimeZone::UTC);
/// assert!(answer.text.starts_with("No language model is set up"));
/// ```
pub fn quote_answer(question: &str, recalled: &[Recalled], zone: &TimeZone) -> QuotedAnswer {
    let question_words = query_words(question);
    let quotes: Vec<Quote> = recalled
        .iter()
        .take(MAX_QUOTES)
        .map(|Recalled { turn, .. }| {
            let text = excerpt(&turn.text, &question_words, QUOTE_TOKENS, &EstimatedTokens);
            Quote {
                turn: turn.id,
                session: turn.session.clone(),
                session_title: turn.session_title.clone(),
                time: turn.time,
                speaker: turn.speaker.clone().unwrap_or_else(|| turn.role.to_string()),
                text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            }
        })
        .collect();
    let text = if quotes.is_empty() {
        "No language model is set up, and nothing in memory is about this.".to_owned()
    } else {
        let lines = quotes.iter().map(|quote| {
            let Quote { session, session_title, time, speaker, text, .. } = quote;
            let session = session_title.as_deref().unwrap_or(session.as_str());
            format!("\n- {}, session \"{session}\", {speaker}: {text}", day(*time, zone))
        });
        let heading = "No language model is set up. This is what memory holds, nearest first:\n";
        std::iter::once(heading.to_owned()).chain(lines).collect()
    };
    QuotedAnswer { quotes, text }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Explanation, Role, Turn};

    use super::*;

    fn hit(id: i64, speaker: Option<&str>, text: &str) -> Recalled {
        let turn = Turn {
            id: TurnId(id),
            session: SessionName::new("gateway").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: speaker.map(str::to_owned),
            time: "2026-03-02T10:00:00Z".parse().unwrap(),
            text: text.to_owned(),
            note: false,
        };
        Recalled { turn, score: 1.0, explanation: Explanation::default(), neighbours: vec![] }
    }

    #[test]
    fn quotes_with_date_session_and_speaker() {
        let long = format!("{}The port is 7443. {}", "Before. ".repeat(90), "After. ".repeat(90));
        let recalled = [hit(1, Some("Ana"), "Port 7443,\n\nI say."), hit(2, None, &long)];
        let answer = quote_answer("Which port?", &recalled, &TimeZone::UTC);
        let lines: Vec<&str> = answer.text.lines().collect();
        assert_eq!(lines[2], "- Mon 2026-03-02, session \"gateway\", Ana: Port 7443, I say.");
        assert!(lines[3].contains("The port is 7443.") && lines[3].len() < 400, "{}", lines[3]);
        assert_eq!(answer.quotes[1].turn, TurnId(2));
    }

    #[test]
    fn quotes_a_few_only() {
        let recalled: Vec<Recalled> = (0..20).map(|id| hit(id, None, "Port.")).collect();
        assert_eq!(quote_answer("Port?", &recalled, &TimeZone::UTC).quotes.len(), MAX_QUOTES);
    }
}
