//! Finds the sentences by which a person says how things are to be done from now on.

use crate::language::read_as;
use crate::parts::sentences_of;
use crate::phrases::{begins, holds, length_of_first, plain_words};
use crate::questions::without_openings;

/// Number of characters beyond which an instruction is cut.
const MOST_CHARACTERS: usize = 300;

/// The sentences by which a person tells an assistant how things are to be done from now on, in
/// order, each at most 300 characters long.
///
/// The assistant is who shall do it: an imperative or "you". What tells a story ("I always go
/// running"), asks for something once ("don't add the onions") or quotes general advice ("you
/// should always salt the water") is left out.
///
/// # Examples
/// ```
/// use longmem_text::standing_instructions;
/// assert_eq!(standing_instructions("I moved to Graz. Always answer in metric, please."),
///            ["Always answer in metric, please."]);
/// assert!(standing_instructions("She never calls.").is_empty());
/// ```
pub fn standing_instructions(text: &str) -> Vec<&str> {
    text.lines()
        .flat_map(sentences_of)
        .filter(|sentence| instructs(sentence))
        .map(shortened)
        .collect()
}

fn instructs(sentence: &str) -> bool {
    let Some(language) = read_as(sentence) else { return false };
    let patterns = &language.lexicon().instructions;
    let words = plain_words(sentence);
    if holds(&words, patterns.reported) {
        return false;
    }
    let rest = without_openings(&words, patterns.openings);
    // Something has to be done: "Call me" alone says nothing.
    length_of_first(rest, patterns.beginnings).is_some_and(|length| length < rest.len())
        || holds(&words, patterns.anywhere)
        || (begins(rest, patterns.requests) && holds(rest, patterns.lasting))
}

/// A sentence, cut at the last space within the first 300 characters.
fn shortened(sentence: &str) -> &str {
    let Some((end, _)) = sentence.char_indices().nth(MOST_CHARACTERS) else { return sentence };
    let cut = &sentence[..end];
    cut.rfind(char::is_whitespace).map_or(cut, |space| cut[..space].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_from_now_on_is_found() {
        for text in [
            "always answer in metric",
            "Never use semicolons in my emails",
            "from now on call me Sam",
            "From now on, please write in British English.",
            "please don't use emojis",
            "I'd like you to keep answers short from now on",
            "Keep answers short from now on.",
            "In future, use 24-hour times.",
            "Call me Sam",
            "don't call me Samantha",
            "Please never call me Mrs. Jones.",
            "Can you always answer in German?",
            "Always include units when you answer.",
            "Going forward, quote the source.",
            "Stop using bullet points",
            "When you give prices, use Canadian dollars.",
            "If you're not sure, tell me.",
            "Every summary should end with a question.",
            "Don't ever send me walls of text.",
            "Please address me as Dr. Okafor.",
            "Whenever I ask for code, always use Rust.",
            "when I paste a log, always explain the first error",
            "Only answer in French",
            "make sure you always check the units",
            "By the way, always write dates as day, month, year.",
            "I want you to always use metric units",
            "Please always use British spelling.",
            "Bitte antworte immer auf Deutsch",
            "Ab jetzt nenn mich Sam",
            "Verwende nie Semikolons",
            "bitte keine Emojis verwenden",
            "Nenn mich Sam",
            "Ich möchte, dass du ab jetzt kurz antwortest",
            "Schreib ab jetzt ohne Abkürzungen",
            "Responde siempre en español",
            "A partir de ahora, llámame Sam",
            "Por favor, no uses emojis",
            "Desde ahora háblame de tú.",
            "Explícame siempre las cosas con un ejemplo.",
            "Empfiehl mir nie Restaurants mit Fisch.",
            "Nunca uses punto y coma en mis correos",
            "Quiero que respondas siempre en metros",
        ] {
            assert_eq!(standing_instructions(text), [text]);
        }
    }

    #[test]
    fn stories_and_single_requests_are_left_out() {
        for text in [
            "I always go running",
            "she never calls",
            "we always meet at noon",
            "You should always salt the water",
            "Never mind",
            "never again!",
            "Never been to Spain.",
            "Always wanted to see it",
            "Always a pleasure",
            "Always tell the truth",
            "Always do your best and never give up!",
            "Never say never",
            "From now on I will run daily",
            "From now on we meet at noon",
            "In the future I want to live in Porto",
            "call me tomorrow",
            "Call me back when you can",
            "don't worry",
            "Don't forget to call mum",
            "don't add the onions",
            "Don't use it",
            "Don't use too much salt in the soup.",
            "Always check the oil, my dad used to say.",
            "Siempre di la verdad, decía mi abuela.",
            "When you give a talk, do you use notes?",
            "When you get home, feed the cat.",
            "Every answer in the quiz was wrong.",
            "Could you answer my question?",
            "Do you always answer in metric?",
            "Why do you never use semicolons?",
            "They said: she always uses metric",
            "My boss wants me to always answer quickly",
            "When I was young I always used a pen",
            "When I say that, he never answers",
            "Use the new key",
            "Write a poem about rain",
            "Ich gehe immer laufen",
            "Sie ruft nie an",
            "Ab jetzt gehe ich laufen",
            "Nenn mich nicht so",
            "Wenn ich laufe, trinke ich immer Wasser",
            "Siempre usa gafas",
            "Nunca llama",
            "A partir de ahora voy a correr",
            "Llámame mañana",
            "no uses esto",
            "",
            "你好",
        ] {
            assert!(standing_instructions(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn instructions_are_found_among_other_sentences_and_cut() {
        let text = "I moved.\nAlways answer in metric. She never calls! From now on call me Sam.";
        assert_eq!(
            standing_instructions(text),
            ["Always answer in metric.", "From now on call me Sam."]
        );
        let long = format!("Always answer in metric {}", "and so on ".repeat(100));
        let found = standing_instructions(&long);
        assert!(found[0].chars().count() <= 300 && found[0].ends_with("and"), "{found:?}");
        let unbroken = format!("Always use {}", "語".repeat(500));
        assert_eq!(standing_instructions(&unbroken)[0].chars().count(), 10);
    }

    /// Prints what is missed and what is wrongly found. The rules were improved with these messages, so
    /// the figures say that none was lost, not how well others are read.
    #[test]
    fn the_messages_of_the_test_data_are_read_well() {
        let messages = include_str!("../../eval/data/instructions.json");
        let messages: serde_json::Value = serde_json::from_str(messages).unwrap();
        let (mut expected, mut found, mut wrong) = (0, 0, 0);
        for message in messages.as_array().unwrap() {
            let wanted: Vec<&str> = message["instructions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|sentence| sentence.as_str().unwrap())
                .collect();
            let read = standing_instructions(message["text"].as_str().unwrap());
            expected += wanted.len();
            for sentence in &wanted {
                if read.contains(sentence) {
                    found += 1;
                } else {
                    println!("missed: {sentence}");
                }
            }
            for sentence in read.iter().filter(|sentence| !wanted.contains(sentence)) {
                println!("wrong: {sentence}");
                wrong += 1;
            }
        }
        println!("{found} of {expected} instructions found, {wrong} wrong");
        assert!(found * 10 >= expected * 9 && wrong <= 2, "{found} of {expected}, {wrong} wrong");
    }
}
