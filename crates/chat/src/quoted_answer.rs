//! An answer without a language model: what memory holds, quoted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_core::{EstimatedTokens, Fact, FactId, Role, SessionName, Turn, TurnId};
use longmem_memory::{Found, Recall, says_the_question};
use longmem_text::{is_all_questions, query_words};

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
    /// The facts that bear on it, nearest first.
    pub facts: Vec<QuotedFact>,
    /// Both in one order as a text to read, which begins by saying that no language model is set up.
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

/// A fact that is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedFact {
    /// The fact.
    pub fact: FactId,
    /// Since when it holds.
    pub since: Timestamp,
    /// Until when it held; none while it holds.
    pub until: Option<Timestamp>,
    /// What is known, on one line.
    pub text: String,
}

/// Answers by quoting the best of what was recalled. Questions are no answers, and are left out: those
/// of the person, and the question itself put before.
///
/// # Examples
/// ```
/// use longmem_chat::quote_answer;
/// use longmem_memory::Recall;
///
/// let answer = quote_answer("Which port?", &Recall::default(), &jiff::tz::TimeZone::UTC);
/// assert!(answer.text.starts_with("No language model is set up"));
/// ```
pub fn quote_answer(question: &str, recall: &Recall, zone: &TimeZone) -> QuotedAnswer {
    let question_words = query_words(question);
    let mut answer = QuotedAnswer { quotes: Vec::new(), facts: Vec::new(), text: String::new() };
    let mut lines = Vec::new();
    for found in recall.in_order().filter(|found| answers(found, question)).take(MAX_QUOTES) {
        match found {
            Found::Turn(found) => {
                let quote = Quote::of(&found.turn, &question_words);
                lines.push(quote.line(zone));
                answer.quotes.push(quote);
            }
            Found::Fact(found) => {
                let fact = QuotedFact::of(&found.fact);
                lines.push(fact.line(zone));
                answer.facts.push(fact);
            }
        }
    }
    let heading = if lines.is_empty() {
        "No language model is set up, and nothing in memory is about this."
    } else if recall.unsure {
        "No language model is set up. Nothing in memory surely answers this; the nearest is:\n"
    } else {
        "No language model is set up. This is what memory holds, nearest first:\n"
    };
    answer.text = std::iter::once(heading.to_owned()).chain(lines).collect();
    answer
}

/// Says whether what was found may answer a question.
fn answers(found: &Found<'_>, question: &str) -> bool {
    match found {
        Found::Turn(found) => {
            let Turn { role, text, .. } = &found.turn;
            *role != Role::User || !(is_all_questions(text) || says_the_question(question, text))
        }
        Found::Fact(_) => true,
    }
}

impl Quote {
    fn of(turn: &Turn, question_words: &[String]) -> Self {
        let text = excerpt(&turn.text, question_words, QUOTE_TOKENS, &EstimatedTokens);
        Self {
            turn: turn.id,
            session: turn.session.clone(),
            session_title: turn.session_title.clone(),
            time: turn.time,
            speaker: turn.speaker.clone().unwrap_or_else(|| turn.role.to_string()),
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    fn line(&self, zone: &TimeZone) -> String {
        let Self { session, session_title, time, speaker, text, .. } = self;
        // Quotes within quotes are single ones.
        let session = session_title.as_deref().unwrap_or(session.as_str()).replace('"', "'");
        format!("\n- {}, session \"{session}\", {speaker}: {text}", day(*time, zone))
    }
}

impl QuotedFact {
    fn of(fact: &Fact) -> Self {
        Self { fact: fact.id, since: fact.since, until: fact.until, text: fact.line() }
    }

    fn line(&self, zone: &TimeZone) -> String {
        let since = day(self.since, zone);
        let until =
            self.until.map_or_else(String::new, |until| format!(" until {}", day(until, zone)));
        format!("\n- fact {}, since {since}{until}: {}", self.fact, self.text)
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{FactKind, Recalled, Role};
    use longmem_memory::RecalledFact;

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
        Recalled::new(turn, 1.0)
    }

    fn recall(results: Vec<Recalled>) -> Recall {
        Recall { results, ..Recall::default() }
    }

    #[test]
    fn quotes_with_date_session_and_speaker() {
        let long = format!("{}The port is 7443. {}", "Before. ".repeat(90), "After. ".repeat(90));
        let hits = vec![hit(1, Some("Ana"), "Port 7443,\n\nI say."), hit(2, None, &long)];
        let answer = quote_answer("Which port?", &recall(hits), &TimeZone::UTC);
        let lines: Vec<&str> = answer.text.lines().collect();
        assert_eq!(lines[2], "- Mon 2026-03-02, session \"gateway\", Ana: Port 7443, I say.");
        assert!(lines[3].contains("The port is 7443.") && lines[3].len() < 400, "{}", lines[3]);
        assert_eq!(answer.quotes[1].turn, TurnId(2));
    }

    #[test]
    fn quotes_a_few_only() {
        let hits = recall((0..20).map(|id| hit(id, None, "Port 7443.")).collect());
        assert_eq!(quote_answer("Port?", &hits, &TimeZone::UTC).quotes.len(), MAX_QUOTES);
    }

    #[test]
    fn questions_are_no_answers() {
        let hits = vec![
            hit(1, None, "Which port?"),
            hit(2, None, "which port now"),
            hit(3, None, "Is it the gateway's? Or the proxy's?"),
            hit(4, None, "Port 7443."),
        ];
        let answer = quote_answer("Which port?", &recall(hits), &TimeZone::UTC);
        let quoted: Vec<TurnId> = answer.quotes.iter().map(|quote| quote.turn).collect();
        assert_eq!(quoted, [TurnId(4)]);
        let nothing = recall(vec![hit(1, None, "Which port?")]);
        let answer = quote_answer("Which port?", &nothing, &TimeZone::UTC);
        assert!(answer.text.ends_with("nothing in memory is about this."), "{}", answer.text);
    }

    #[test]
    fn facts_stand_where_they_rank_and_weak_quotes_are_called_so() {
        let fact = |id, statement: &str, until: Option<&str>| Fact {
            id: FactId(id),
            subject: "Priya".to_owned(),
            statement: statement.to_owned(),
            kind: FactKind::Identity,
            entities: Vec::new(),
            since: "2026-01-05T10:00:00Z".parse().unwrap(),
            until: until.map(|time| time.parse().unwrap()),
            superseded_by: None,
            turn: None,
            session: None,
        };
        let recalled = |fact, rank_score| RecalledFact {
            fact,
            score: 0.5,
            explanation: longmem_core::Explanation { rank_score, ..Default::default() },
        };
        let past = fact(2, "lived in Porto", Some("2026-03-01T00:00:00Z"));
        let recall = Recall {
            facts: vec![recalled(fact(4, "lives in Lisbon", None), 1.0), recalled(past, -1.0)],
            unsure: true,
            ..recall(vec![hit(1, None, "Priya moved.")])
        };
        let answer = quote_answer("Where does Priya live?", &recall, &TimeZone::UTC);
        let lines: Vec<&str> = answer.text.lines().collect();
        assert!(lines[0].ends_with("Nothing in memory surely answers this; the nearest is:"));
        assert_eq!(lines[2], "- fact 4, since Mon 2026-01-05: Priya: lives in Lisbon");
        assert_eq!(lines[3], "- Mon 2026-03-02, session \"gateway\", user: Priya moved.");
        let past = "- fact 2, since Mon 2026-01-05 until Sun 2026-03-01: Priya: lived in Porto";
        assert_eq!(lines[4], past);
    }
}
