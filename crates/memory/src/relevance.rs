//! How likely a turn is to be of use, and when nothing is.

use longmem_core::Explanation;

/// A recall whose best turn is less likely than this to be of use brings nothing. On LoCoMo it
/// loses 1 of 997 questions that have an answer, and leaves out about a third of 14 general ones
/// asked in each of five conversations ("What is the capital of France?"): a turn too many costs
/// less than a memory lost.
pub const DEFAULT_THRESHOLD: f32 = 0.01;

/// The mean over the turns that [`relevance`] was fitted on.
const MIDDLING_COSINE: f32 = 0.28;

/// The turn's chance of being evidence for the query, 0 to 1.
///
/// σ(−5.6 + 4.5 · cosine + 4.8 · coverage): a logistic regression on the best 20 turns of 997 LoCoMo
/// questions, whose evidence is known, and of 30 greetings and general questions in each of the five
/// conversations. A turn without a
/// vector counts as one of middling cosine.
pub(crate) fn relevance(explanation: &Explanation) -> f32 {
    let cosine = explanation.cosine.unwrap_or(MIDDLING_COSINE);
    1.0 / (1.0 + (5.6 - 4.5 * cosine - 4.8 * explanation.coverage).exp())
}

/// Words of greetings, thanks and assent, which ask memory for nothing.
const SOCIAL_WORDS: &str = "alright alrighty amazing anytime awesome bye cheers cool dear done \
    exactly excellent fine glad good goodbye goodnight got great haha hello hey hi hiya hmm indeed \
    interesting lol lovely never nice no nope np ok okay oh perfect please pleased sense sounds \
    sorry sure thank thanks thx totally understood welcome well wonderful wow yeah yep yes you yo \
    yup";

/// Words that such a message joins the others with. They make none by themselves, since "how much
/// is it?" and "what was on my mind?" do ask; and "what" is not among them.
const JOINING_WORDS: &str = "a afternoon all and are as at be been doing evening for going have how \
    hows i im is it its later lot makes many me meet mind morning much my night of on right s see so \
    that thats the there this to today tonight up very whats with works would your youre";

/// Says whether a message is nothing but greetings, thanks or assent ("hi, how are you?").
pub(crate) fn asks_for_nothing(message: &str) -> bool {
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
    fn greetings_thanks_and_assent_ask_for_nothing() {
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
            assert!(asks_for_nothing(message), "{message}");
        }
    }

    #[test]
    fn what_names_anything_asks_for_it() {
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
            assert!(!asks_for_nothing(message), "{message}");
        }
    }

    #[test]
    fn more_likeness_is_more_relevant() {
        let scored = |cosine, coverage| {
            relevance(&Explanation { cosine: Some(cosine), coverage, ..Explanation::default() })
        };
        assert!(scored(0.05, 0.0) < DEFAULT_THRESHOLD);
        assert!(scored(0.5, 0.0) > DEFAULT_THRESHOLD);
        assert!(scored(0.3, 0.4) > scored(0.3, 0.2));
    }
}
