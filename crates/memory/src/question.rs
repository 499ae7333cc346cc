//! What a question says besides its words: whom and which days it is about.

use jiff::civil::Date;
use longmem_core::Role;
use longmem_text::{Days, Party, asked_party, asks_when, days_named, first_named, without_names};

/// A question, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// What is embedded: the question without the names of the people who talk. A name says who,
    /// which is judged by the speaker, and would draw every greeting near.
    pub(crate) to_embed: String,
    /// Whose turns it asks for, if it says so.
    pub(crate) about: Option<About>,
    /// The days that it names.
    pub(crate) days: Vec<Days>,
    /// Whether it asks when something was or will be.
    pub(crate) asks_when: bool,
}

/// Whose turns a question asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    /// Those of one of several people.
    Speaker(String),
    /// Those of the person, or of the assistant.
    Role(Role),
}

impl Question {
    /// Reads a question among people of these names, asked on a day.
    pub(crate) fn read(text: &str, speakers: &[String], today: Date) -> Self {
        Self {
            to_embed: without_names(text, speakers),
            about: about(text, speakers),
            days: days_named(text, today),
            asks_when: asks_when(text),
        }
    }
}

/// Of several people who are named, the first is most likely the one whose words are asked for
/// ("What does Ana think of Ben's plan?"): in four of five such questions of LoCoMo.
fn about(text: &str, speakers: &[String]) -> Option<About> {
    if let Some(speaker) = first_named(text, speakers) {
        return Some(About::Speaker(speaker.to_owned()));
    }
    asked_party(text).map(|party| {
        About::Role(match party {
            Party::User => Role::User,
            Party::Assistant => Role::Assistant,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_before_a_pronoun() {
        let about = |text: &str| about(text, &["Caroline".to_owned()]);
        assert_eq!(about("Where did I see Caroline?"), Some(About::Speaker("Caroline".to_owned())));
        assert_eq!(about("Where do I live?"), Some(About::Role(Role::User)));
        assert_eq!(about("Remind me what you said"), Some(About::Role(Role::Assistant)));
        assert_eq!(about("What is the capital of France?"), None);
    }
}
