//! Greetings, thanks and assent: messages that ask memory for nothing.

use crate::language::{Guess, Language, guess};
use crate::phrases::{begins, lists, plain_words};

/// Number of words beyond which a message is never small talk.
const MOST_WORDS: usize = 16;

/// Says whether a message is nothing but greetings, thanks or assent.
///
/// # Examples
/// ```
/// use longmem_text::is_small_talk;
/// assert!(is_small_talk("thanks a lot!") && !is_small_talk("thanks, and the budget?"));
/// assert!(is_small_talk("Danke, bis morgen!"));
/// ```
pub fn is_small_talk(message: &str) -> bool {
    let words = plain_words(message);
    if words.is_empty() || words.len() > MOST_WORDS {
        return false;
    }
    // "Hola", "danke" and "ok" say little about their language: where it stays open, any will do.
    match guess(message) {
        Guess::Known(language) => is_small_talk_in(language, &words),
        Guess::Open | Guess::Foreign => {
            Language::ALL.into_iter().any(|language| is_small_talk_in(language, &words))
        }
    }
}

fn is_small_talk_in(language: Language, words: &[String]) -> bool {
    let small_talk = &language.lexicon().small_talk;
    let is_social = |word: &String| lists(small_talk.social, word);
    let is_joining = |word: &String| lists(small_talk.joining, word);
    begins(words, small_talk.phrases)
        || (words.iter().any(is_social)
            && words.iter().all(|word| is_social(word) || is_joining(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_thanks_and_assent_are_small_talk() {
        for message in [
            "hi, how are you?",
            "Hello!",
            "thanks a lot!",
            "Good morning",
            "ok",
            "sounds good",
            "great, thank you",
            "That makes sense.",
            "never mind",
            "Nice to meet you",
            "yes please",
            "good night",
            "how's it going?",
            "lol",
            "thx!",
            "you're the best",
            "hi there",
            "good evening, everyone",
            "hello, good night to you",
            "pleased to meet you",
            "thank you so much",
            "thanks for the help!",
            "it's fine",
            "das ist super",
            "todo bien",
            "see you tomorrow",
            "I'm back",
            "I'm bored",
            "what's up",
            "whats up?",
            "have a nice weekend!",
            "cheers, that worked",
            "no worries",
            "Danke!",
            "Guten Morgen",
            "vielen Dank, bis morgen",
            "Wie geht's dir?",
            "mir ist langweilig",
            "alles klar",
            "gute Nacht",
            "Tschüss",
            "¡Hola! ¿Qué tal?",
            "muchas gracias",
            "buenos días",
            "hasta mañana",
            "eres el mejor",
        ] {
            assert!(is_small_talk(message), "{message}");
        }
    }

    #[test]
    fn a_message_that_asks_for_something_is_not() {
        for message in [
            "hi, where do I live?",
            "thanks, and the budget?",
            "how is Priya?",
            "",
            "???",
            "what is it",
            "4711",
            "how much is it?",
            "how many are there?",
            "what was on my mind?",
            "how is my course going?",
            "what was good?",
            "你好",
            "what's up with the boiler?",
            "see you tomorrow at Anna's place, what is the address",
            "I'm bored of the budget",
            "good night story for Emil",
            "Was war gut?",
            "Wie geht es Anke?",
            "wie heiß war es?",
            "¿Cómo está mi hijo?",
            "¿Qué tal el dentista?",
            "what can you do about the leak?",
            "is my friend well?",
            "de la noche",
            "hey whats on tonight?",
            "hi, whats on this weekend",
            "ok whats my day today",
            "whats to be done today",
            "how much is the fine",
            "how many are done",
            "is it done",
            "hello is anybody home",
            "ok, the evening?",
            "going to meet you all then?",
            "ok und morgen?",
            "vale, y mañana?",
            "what's next",
            "what is next?",
            "ok and tonight?",
            "yes and the weekend?",
            "is it me",
            "thanks, who has it?",
            "heute ist was?",
            "hola, ¿qué es esta noche?",
            "how was your day trip plan for Porto?",
        ] {
            assert!(!is_small_talk(message), "{message}");
        }
    }
}
