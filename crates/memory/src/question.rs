//! What a question says besides its words: whom and which days it is about.

use std::collections::HashSet;

use jiff::civil::Date;
use longmem_text::{
    Bound, Days, Party, asked_party, asks_number, asks_when, days_named, names_mentioned,
    without_names,
};

use crate::alike::word_set;

/// A question, read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is read from the text by itself")]
pub(crate) struct Question {
    /// The question as it was written, by whose words turns are found.
    pub(crate) text: String,
    /// What is embedded: the question without the names of the people who talk. A name says who,
    /// which is judged by the speaker, and would draw every greeting near.
    pub(crate) to_embed: String,
    /// Its words, function words among them, by which it is known again.
    pub(crate) words: HashSet<String>,
    /// The people of whom it names the whole name or the first, in the order of the text.
    pub(crate) named: Vec<String>,
    /// Whose words it asks for by its pronouns.
    pub(crate) party: Option<Party>,
    /// The days on which the answer may have been said.
    pub(crate) days: Vec<Days>,
    /// Whether it asks when something was or will be.
    pub(crate) asks_when: bool,
    /// Whether it asks how many, how much, how long or how old.
    pub(crate) asks_number: bool,
    /// Whether it asks at all; in a long message, most sentences only tell.
    pub(crate) asks: bool,
    /// Whether it is a sentence in the middle of a long message; questions mostly stand at an end.
    pub(crate) in_middle: bool,
}

impl Question {
    /// Reads a question among people of these names, asked on a day.
    pub(crate) fn read(text: &str, people: &[String], today: Date) -> Self {
        let named = names_mentioned(text, people).into_iter().map(str::to_owned).collect();
        let days = days_named(text, today).into_iter();
        Self {
            text: text.to_owned(),
            to_embed: without_names(text, people),
            words: word_set(text),
            named,
            party: asked_party(text),
            days: days.filter(|days| days.bound == Bound::On).collect(),
            asks_when: asks_when(text),
            asks_number: asks_number(text),
            asks: true,
            in_middle: false,
        }
    }

    /// The same as a remark, which asks for nobody's words, no day and no number.
    pub(crate) fn into_remark(self) -> Self {
        Self {
            named: Vec::new(),
            party: None,
            days: Vec::new(),
            asks_when: false,
            asks_number: false,
            asks: false,
            ..self
        }
    }

    /// Whose turns it asks for, if this person keeps the memory. The person's own name asks for
    /// nobody's words: whoever writes "Who is Marta's boss?" may be Marta's assistant.
    pub(crate) fn about(&self, is_owner: impl Fn(&str) -> bool) -> About<'_> {
        let mut others = self.named.iter().filter(|name| !is_owner(name));
        match (others.next(), others.next()) {
            (Some(first), None) => About::Speaker { name: first, share: 1.0 },
            // Of several people who are named, the first is most likely the one whose words are
            // asked for ("What does Ana think of Ben's plan?"), but less surely so.
            (Some(first), Some(_)) => About::Speaker { name: first, share: 0.5 },
            (None, _) if self.named.is_empty() => self.party.map_or(About::Nobody, About::Party),
            (None, _) => About::Nobody,
        }
    }
}

/// Whose turns a question asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum About<'a> {
    /// It does not say.
    Nobody,
    /// Those of one of several people; `share` is how surely, 0 to 1.
    Speaker {
        /// The name.
        name: &'a str,
        /// How surely.
        share: f32,
    },
    /// Those of the person who asks, or of the assistant.
    Party(Party),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(text: &str, owner: &str) -> (Option<(String, f32)>, Option<Party>) {
        let people = ["Caroline", "Melanie", "Marta"].map(str::to_owned);
        let question = Question::read(text, &people, jiff::civil::date(2026, 3, 18));
        match question.about(|name| name == owner) {
            About::Nobody => (None, None),
            About::Speaker { name, share } => (Some((name.to_owned(), share)), None),
            About::Party(party) => (None, Some(party)),
        }
    }

    #[test]
    fn a_name_goes_before_a_pronoun() {
        let caroline = Some(("Caroline".to_owned(), 1.0));
        assert_eq!(about("Where did I see Caroline?", "").0, caroline);
        assert_eq!(about("where did i see caroline?", "").0, caroline);
        assert_eq!(about("Where do I live?", ""), (None, Some(Party::User)));
        assert_eq!(about("Remind me what you said", ""), (None, Some(Party::Assistant)));
        assert_eq!(about("What is the capital of France?", ""), (None, None));
    }

    #[test]
    fn of_two_people_the_first_is_asked_for_less_surely() {
        let found = about("What does Melanie think of Caroline's plan?", "");
        assert_eq!(found.0, Some(("Melanie".to_owned(), 0.5)));
    }

    #[test]
    fn the_own_name_asks_for_nobody() {
        assert_eq!(about("Who is Marta's boss, and what did I say?", "Marta"), (None, None));
        let found = about("What did Marta tell Caroline?", "Marta");
        assert_eq!(found.0, Some(("Caroline".to_owned(), 1.0)));
    }
}
