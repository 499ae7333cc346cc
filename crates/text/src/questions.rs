//! How a question asks: for a time, a number, what was once so, and for whose words.

use std::collections::HashSet;

use crate::language::read_as;
use crate::lexicon::QuestionPatterns;
use crate::phrases::{begins, holds, length_of_first, lists, plain_words};

/// Says whether a text holds a pattern of its language.
fn asks(text: &str, patterns: impl Fn(&QuestionPatterns) -> &'static [&'static str]) -> bool {
    read_as(text)
        .is_some_and(|language| holds(&plain_words(text), patterns(&language.lexicon().questions)))
}

/// Says whether a question asks when ("When did …?", "On which day …?", "¿Cuándo …?").
///
/// # Examples
/// ```
/// use longmem_text::asks_when;
/// assert!(asks_when("Since when?") && asks_when("Wann war das?") && !asks_when("Where?"));
/// ```
pub fn asks_when(text: &str) -> bool {
    asks(text, |questions| questions.when)
}

/// Says whether a question asks for a number ("How many …?", "What amount …?", "Wie alt …?").
///
/// # Examples
/// ```
/// use longmem_text::asks_number;
/// assert!(asks_number("How old is Ana?") && !asks_number("How is Ana?"));
/// ```
pub fn asks_number(text: &str) -> bool {
    asks(text, |questions| questions.number)
}

/// Says whether a question asks what was so and may be so no longer ("Where did I live before?").
///
/// # Examples
/// ```
/// use longmem_text::asks_for_history;
/// assert!(asks_for_history("Where did I use to work?") && !asks_for_history("Where do I work?"));
/// ```
pub fn asks_for_history(text: &str) -> bool {
    asks(text, |questions| questions.history)
}

/// One of the two who talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The person who asks.
    User,
    /// The assistant who is asked.
    Assistant,
}

/// Whose words a question asks for, if its pronouns say so. Who asks for advice ("Can you recommend
/// …?") does not ask for what the assistant said.
///
/// # Examples
/// ```
/// use longmem_text::{Party, asked_party};
/// assert_eq!(asked_party("Where do I live?"), Some(Party::User));
/// assert_eq!(asked_party("What did you suggest?"), Some(Party::Assistant));
/// assert_eq!(asked_party("Can you suggest a film?"), None);
/// ```
pub fn asked_party(text: &str) -> Option<Party> {
    let questions = &read_as(text)?.lexicon().questions;
    let words = plain_words(text);
    let user = || holds(&words, questions.user).then_some(Party::User);
    // "Remind me what you said" asks for the assistant's words although it says "me".
    if holds(&words, questions.assistant_said) {
        Some(Party::Assistant)
    } else if holds(&words, questions.advice) {
        user()
    } else if holds(&words, questions.assistant) {
        Some(Party::Assistant)
    } else {
        user()
    }
}

/// Says whether a question is put to somebody about themselves ("How was your weekend?"), and so is talk
/// rather than a question to a memory.
///
/// # Examples
/// ```
/// use longmem_text::asks_the_other;
/// assert!(asks_the_other("How was your weekend?"));
/// assert!(!asks_the_other("What did you say about my knee?"));
/// ```
pub fn asks_the_other(text: &str) -> bool {
    asks(text, |questions| questions.other) && !asks(text, |questions| questions.not_only_other)
}

/// Number of different words of a text that say no ("not", "kein", "nunca").
///
/// # Examples
/// ```
/// use longmem_text::negations;
/// assert_eq!(negations("We may not keep the dog"), 1);
/// assert_eq!(negations("Wir behalten den Hund"), 0);
/// ```
pub fn negations(text: &str) -> usize {
    let Some(language) = read_as(text) else { return 0 };
    let words: HashSet<String> = plain_words(text).into_iter().collect();
    words.iter().filter(|word| lists(language.lexicon().negations, word)).count()
}

/// Says whether a message asks for the list of what is known about the person who asks, which needs
/// no language model.
///
/// # Examples
/// ```
/// use longmem_text::asks_what_is_known;
/// assert!(asks_what_is_known("What do you know about me?"));
/// assert!(!asks_what_is_known("What do you know about Lisbon?"));
/// ```
pub fn asks_what_is_known(message: &str) -> bool {
    read_as(message).is_some_and(|language| {
        let questions = &language.lexicon().questions;
        let words = plain_words(message);
        begins(without_openings(&words, questions.openings), questions.what_is_known)
    })
}

/// The words behind those at the beginning that say nothing ("and", "by the way").
pub(crate) fn without_openings<'a>(words: &'a [String], openings: &[&str]) -> &'a [String] {
    let mut rest = words;
    while let Some(length) = length_of_first(rest, openings).filter(|length| *length > 0) {
        rest = &rest[length..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_about_the_other_one_makes_talk() {
        for text in
            ["Did you enjoy it?", "Wie geht es dir?", "Was macht dein Garten?", "¿Qué haces tú?"]
        {
            assert!(asks_the_other(text), "{text}");
        }
        for text in [
            "Where do I live?",
            "What did you recommend?",
            "Was hast du empfohlen?",
            "What does Ana's dog eat?",
            "Can you remind me?",
        ] {
            assert!(!asks_the_other(text), "{text}");
        }
    }

    #[test]
    fn when_and_which_day_ask_when() {
        for text in [
            "When did I move?",
            "Since when?",
            "On which day was it?",
            "what year is it",
            "Do you know when my flight leaves?",
            "Wann war der Umzug?",
            "An welchem Wochentag ist die Chorprobe?",
            "¿Cuándo fue la boda?",
            "¿Qué día es la cita?",
        ] {
            assert!(asks_when(text), "{text}");
        }
        for text in [
            "What did I do?",
            "Whenever",
            "What should I leave out when I cook for her?",
            "which one, and what a day",
            "",
            "the year 2020",
            "Wo war der Umzug?",
            "¿Dónde fue la boda?",
        ] {
            assert!(!asks_when(text), "{text}");
        }
    }

    #[test]
    fn how_many_and_what_amount_ask_for_a_number() {
        for text in [
            "How many users did you calculate?",
            "how much is the rent",
            "How often do I run?",
            "how old is Otis?",
            "What number did she give?",
            "What's the price of the boiler?",
            "what is the total amount?",
            "Wie alt ist Emil?",
            "Wie viele Kinder hat er?",
            "Welchen Betrag muss ich überweisen?",
            "¿Cuántos años tiene mi hija?",
            "¿Cuál es el precio?",
        ] {
            assert!(asks_number(text), "{text}");
        }
        for text in [
            "How is Ana?",
            "what is the serial number of the boiler?",
            "the price",
            "Wie heißt er?",
            "¿Cómo se llama?",
            "",
        ] {
            assert!(!asks_number(text), "{text}");
        }
    }

    #[test]
    fn what_was_so_once_is_asked_for() {
        for text in [
            "How much did I earn before the raise?",
            "Where did I use to work?",
            "What was I previously called?",
            "What was the registration of the old van?",
            "Did I once live in Porto?",
            "Wo haben wir vor dem Umzug gewohnt?",
            "Was war früher mein Beruf?",
            "was war frueher mein Beruf?",
            "Wo habe ich damals gearbeitet?",
            "¿Dónde vivía antes?",
            "¿Dónde vivíamos antes de mudarnos?",
        ] {
            assert!(asks_for_history(text), "{text}");
        }
        for text in [
            "Where do I live now?",
            "What must I not forget before the trip?",
            "How long did you say I should wait before having the piano tuned?",
            "how old is Otis?",
            "Which milk can Lotte no longer drink?",
            "Wo wohne ich?",
            "Was muss ich vor dem Flug packen?",
            "¿Dónde vivo?",
            "",
        ] {
            assert!(!asks_for_history(text), "{text}");
        }
    }

    #[test]
    fn pronouns_say_whose_words_are_asked_for() {
        for (text, expected) in [
            ("Where do I live?", Some(Party::User)),
            ("what's my ring size", Some(Party::User)),
            ("I'm allergic to what?", Some(Party::User)),
            ("Remind me what you said", Some(Party::Assistant)),
            ("What did you suggest?", Some(Party::Assistant)),
            ("What do you recommend?", Some(Party::Assistant)),
            ("What was your fix?", Some(Party::Assistant)),
            ("What is the capital of France?", None),
            ("Wo wohne ich?", Some(Party::User)),
            ("Wie heißt mein Hund?", Some(Party::User)),
            ("Was hast du mir empfohlen?", Some(Party::Assistant)),
            ("In welcher Kodierung kommt die Datei laut dir?", Some(Party::Assistant)),
            ("Erinnere mich an den Termin", Some(Party::Assistant)),
            ("Wohin fahren wir nach deinem letzten Vorschlag?", Some(Party::Assistant)),
            ("Was meinte Anke?", None),
            ("¿Dónde vivo?", Some(Party::User)),
            ("¿Cómo se llama mi perro?", Some(Party::User)),
            ("¿Qué me dijiste del vuelo?", Some(Party::Assistant)),
            ("¿Qué película recomendaste?", Some(Party::Assistant)),
            ("¿Cuál es la capital de Perú?", None),
            // Portuguese, French: their "me" is no English one.
            ("Onde é que ele me viu?", None),
            ("Où est-ce qu'il me voit ?", None),
        ] {
            assert_eq!(asked_party(text), expected, "{text}");
        }
    }

    #[test]
    fn advice_is_not_the_assistants_words() {
        for (text, expected) in [
            ("Can you recommend a film?", None),
            ("Could you please suggest a name for the cat?", None),
            ("Would you recommend it?", None),
            ("How would you suggest to begin?", None),
            ("Suggest some books", None),
            ("Any tips for running?", None),
            ("Can you suggest a gift for my wife?", Some(Party::User)),
            ("any advice for me?", Some(Party::User)),
            ("Can you recommend again what you said?", Some(Party::Assistant)),
            ("Remind me, can you suggest a film?", Some(Party::Assistant)),
            ("What did you recommend, any ideas?", Some(Party::Assistant)),
            ("Kannst du einen Film empfehlen?", None),
            ("Kannst du mir einen Film empfehlen?", Some(Party::User)),
            ("Hast du Tipps für den Umzug?", None),
            ("¿Puedes recomendar una película?", None),
            ("¿Me recomiendas un libro?", Some(Party::User)),
        ] {
            assert_eq!(asked_party(text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_question_about_oneself_asks_for_the_list() {
        for question in [
            "what do you know about me",
            "So, what do you know about me already?",
            "What have you learned about me?",
            "Tell me what you remember about me!",
            "Was weißt du über mich?",
            "¿Qué sabes de mí?",
        ] {
            assert!(asks_what_is_known(question), "{question}");
        }
        for other in [
            "What do you know about me and Priya?",
            "what do you know about my dog?",
            "What do you know?",
            "Was weißt du über meinen Hund?",
            "",
        ] {
            assert!(!asks_what_is_known(other), "{other}");
        }
    }
}
