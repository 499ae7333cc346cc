//! Cuts a long message into the parts that may each be asked of memory.

mod cutting;
mod prose;

pub(crate) use cutting::sentences_of;
use prose::{is_no_prose, is_prose};

use crate::language::{Guess, Language, guess};
use crate::phrases::{begins, holds, plain_words};
use crate::questions::without_openings;

/// What a question mark weighs.
const QUESTION_MARK: f32 = 3.0;

/// What an interrogative or an auxiliary at the beginning weighs.
const INTERROGATIVE: f32 = 1.5;

/// What a request ("remind me") weighs.
const REQUEST: f32 = 1.0;

/// From this weight on, a sentence asks.
const ASKS_FROM: f32 = 1.5;

/// One sentence of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part<'a> {
    /// The sentence, without white space around it.
    pub text: &'a str,
    /// Where it begins in the message, in bytes.
    pub start: usize,
    /// Whether it asks for something.
    pub asks: bool,
    /// How much speaks for its being a question, from 0 to 5.5.
    pub weight: f32,
}

/// The sentences of a message that are prose, in its order; the last line alone if there are none.
///
/// Code, logs, stack frames, shell prompts, JSON and rows of tables are left out. A sentence asks if
/// it ends with a question mark, or begins as a question does in its language. A message of nothing
/// has no parts.
///
/// # Examples
/// ```
/// let parts = longmem_text::parts("Work was fine, version 2.1 is out. By the way, where do I live?");
/// assert_eq!(parts[0].text, "Work was fine, version 2.1 is out.");
/// assert!(!parts[0].asks && parts[1].asks);
/// ```
pub fn parts(message: &str) -> Vec<Part<'_>> {
    // A sentence too short to tell its language is in that of the message.
    let language = match guess(message) {
        Guess::Known(language) => language,
        Guess::Open | Guess::Foreign => Language::English,
    };
    let mut found = Vec::new();
    let mut in_code = false;
    for line in message.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !is_no_prose(line.trim()) {
            found.extend(
                sentences_of(line)
                    .filter(|text| is_prose(text))
                    .map(|text| part(message, text, language)),
            );
        }
    }
    if found.is_empty() {
        let last = message.lines().rev().map(str::trim).find(|line| !line.is_empty());
        found.extend(last.map(|text| part(message, text, language)));
    }
    found
}

/// Says whether every sentence of a text asks, also one that ends without a mark.
/// [`only_asks`](crate::only_asks) goes by the marks alone, which takes no reading of the text.
///
/// # Examples
/// ```
/// use longmem_text::is_all_questions;
///
/// assert!(is_all_questions("what is my locker code"));
/// assert!(!is_all_questions("Ana is vegan") && !is_all_questions("I moved. And you?"));
/// ```
pub fn is_all_questions(text: &str) -> bool {
    let parts = parts(text);
    !parts.is_empty() && parts.iter().all(|part| part.asks)
}

fn part<'a>(message: &'a str, text: &'a str, fallback: Language) -> Part<'a> {
    let language = match guess(text) {
        Guess::Known(language) => Some(language),
        Guess::Open => Some(fallback),
        Guess::Foreign => None,
    };
    let mut weight = 0.0;
    if is_question(text) {
        weight += QUESTION_MARK;
    }
    if let Some(language) = language {
        let questions = &language.lexicon().questions;
        let words = plain_words(text);
        if begins(without_openings(&words, questions.openings), questions.interrogatives) {
            weight += INTERROGATIVE;
        }
        if holds(&words, questions.requests) {
            weight += REQUEST;
        }
    }
    let start = text.as_ptr() as usize - message.as_ptr() as usize;
    Part { text, start, asks: weight >= ASKS_FROM, weight }
}

/// Says whether a sentence ends with a question mark, perhaps with other marks behind it.
fn is_question(sentence: &str) -> bool {
    let is_behind = |c: char| !matches!(c, '?' | '？' | '؟') && !c.is_alphanumeric();
    sentence.trim_end_matches(is_behind).ends_with(['?', '？', '؟'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(message: &str) -> Vec<&str> {
        parts(message).iter().map(|part| part.text).collect()
    }

    #[test]
    fn sentences_are_cut_at_marks_and_line_breaks() {
        assert_eq!(
            texts("I moved. where do I live?! Great…\nAnd \"you?\" he said. (Really?) Yes"),
            [
                "I moved.",
                "where do I live?!",
                "Great…",
                "And \"you?\"",
                "he said.",
                "(Really?)",
                "Yes"
            ]
        );
        assert_eq!(texts("我搬家了。我住在哪里？好！"), ["我搬家了。", "我住在哪里？", "好！"]);
    }

    #[test]
    fn a_number_may_end_a_sentence() {
        assert_eq!(texts("I came at 7. where were you?"), ["I came at 7.", "where were you?"]);
    }

    #[test]
    fn numbers_short_forms_addresses_and_file_names_stay_whole() {
        for message in [
            "It costs 3.50 euros at most I think",
            "Some fruit, e.g. apples and pears, z. B. Birnen",
            "Dr. Smith lives there since spring with Mr. J. Jones",
            "See the page at example.org about the whole of it",
            "The file notes.md holds all of the plans",
            "Am 7. März war ich in der Stadt",
            "1. Buy some milk and bread",
            "What is the address of the Fritz!Box at home?",
            "What's the state of IT-20771 since 2026-11-12?",
            "for lunch (around noon, I think),",
            "...and then I left for home",
            "@sam can you look at it",
        ] {
            assert_eq!(texts(message), [message]);
        }
    }

    #[test]
    fn what_is_no_prose_is_left_out() {
        let message = "Look at this:\n\
            ```\nwhere do I live?\n```\n\
            2026-03-07 10:15:23 server started without any trouble\n\
            10:15:23 worker is ready\n\
            ERROR could not open the file\n\
            at java.util.List.get(List.java:12)\n\
            $ cargo test\n\
            ana@laptop:~$ ls notes\n\
            {\"name\": \"Ana\"}\n\
            | name | city |\n\
            def hello(name):\n\
            let x = call()\n\
            import numpy as np\n\
            from os import path\n\
            <div>hello there</div>\n\
            x[0] += 17 * (y - 3);\n\
            let me know what the port is\n\
            from when is the lease?";
        assert_eq!(
            texts(message),
            ["Look at this:", "let me know what the port is", "from when is the lease?"]
        );
    }

    #[test]
    fn the_last_line_is_left_if_nothing_is_prose() {
        assert_eq!(texts("{\"a\": 1}\n{\"b\": 2}\n"), ["{\"b\": 2}"]);
        assert_eq!(texts("4711?"), ["4711?"]);
        assert!(parts("").is_empty() && parts(" \n").is_empty());
    }

    #[test]
    fn a_message_of_one_sentence_is_one_part() {
        for message in ["where do I live?", "wifi?", "PIN?", "What's 17 * 23?", "door code", "???"]
        {
            assert_eq!(texts(message), [message]);
        }
    }

    #[test]
    fn questions_ask_and_talk_does_not() {
        for (message, weight) in [
            ("where do I live", 1.5),
            ("Hey, by the way, where do I live?", 4.5),
            ("and so what is my ring size", 1.5),
            ("Can you tell me the wifi password?", 5.5),
            ("Could you look up the port", 2.5),
            ("Did I lock the door", 1.5),
            ("any idea who called?", 4.0),
            ("one more thing: when is my jab", 1.5),
            ("Wo wohne ich", 1.5),
            ("ach übrigens, wie heißt mein Arzt", 1.5),
            ("Kannst du mir sagen, wo ich wohne?", 5.5),
            ("por cierto, dónde vivo yo", 1.5),
            ("¿Me recuerdas dónde vivo?", 3.0),
            ("我住在哪里？", 3.0),
        ] {
            let found = parts(message);
            assert!(found[0].asks, "{message}");
            assert!((found[0].weight - weight).abs() < 1e-6, "{message}: {}", found[0].weight);
        }
        for message in [
            "I moved to Porto",
            "serial number of my work laptop",
            "Had lunch with Anna",
            "When I was young I ran",
            "remind me",
            "Will do",
            "Ich war in Porto",
            "War gestern beim Arzt",
            "vivo en Lima",
        ] {
            assert!(!parts(message)[0].asks, "{message}");
        }
    }

    #[test]
    fn a_very_long_message_is_read() {
        let message = "I went to the market and bought a few things there. ".repeat(20_000);
        assert_eq!(parts(&message).len(), 20_000);
        assert_eq!(parts(&"word ".repeat(200_000)).len(), 1);
        assert_eq!(parts(&"a.".repeat(200_000)).len(), 1);
        assert_eq!(parts(&"?".repeat(200_000)).len(), 1);
    }

    proptest! {
        #[test]
        fn parts_stand_where_they_say_in_order(message in "(\\PC|\n|[a-z.?! ]{0,9}){0,60}") {
            let mut end = 0;
            for part in parts(&message) {
                prop_assert!(part.start >= end);
                prop_assert_eq!(&message[part.start..part.start + part.text.len()], part.text);
                prop_assert!(!part.text.is_empty());
                end = part.start + part.text.len();
            }
        }
    }
}
