//! Greetings, thanks and assent: messages that ask memory for nothing.

/// Words of greetings, thanks and assent.
const SOCIAL_WORDS: &str = "alright alrighty amazing anytime awesome bye cheers cool dear done \
    exactly excellent fine glad good goodbye goodnight got great haha hello hey hi hiya hmm indeed \
    interesting lol lovely never nice no nope np ok okay oh perfect please pleased sense sounds \
    sorry sure thank thanks thx totally understood welcome well wonderful wow yeah yep yes you yo \
    yup";

/// Function words allowed in small talk. They do not make a message small talk on their own, since
/// "how much is it?" and "what was on my mind?" do ask; "what" is not among them.
const JOINING_WORDS: &str = "a afternoon all and are as at be been doing evening for going have how \
    hows i im is it its later lot makes many me meet mind morning much my night of on right s see so \
    that thats the there this to today tonight up very whats with works would your youre";

/// Says whether a message is nothing but greetings, thanks or assent.
///
/// # Examples
/// ```
/// use longmem_text::english::is_small_talk;
/// assert!(is_small_talk("thanks a lot!") && !is_small_talk("thanks, and the budget?"));
/// ```
pub fn is_small_talk(message: &str) -> bool {
    let mut social = false;
    for word in
        message.to_lowercase().replace(['\'', '’'], "").split(|c: char| !c.is_alphanumeric())
    {
        if word.is_empty() {
            continue;
        }
        let is_one_of = |list: &str| list.split_whitespace().any(|listed| listed == word);
        if is_one_of(SOCIAL_WORDS) {
            social = true;
        } else if !is_one_of(JOINING_WORDS) {
            return false;
        }
    }
    social
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
        ] {
            assert!(!is_small_talk(message), "{message}");
        }
    }
}
