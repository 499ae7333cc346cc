//! Words that name nothing, and words that say what a sentence does.

/// Words that begin a sentence without naming anybody.
const OPENERS: &str = "a after all also an and another as assistant at before both but conversation during \
    earlier finally first for from he her his if in it its later next no nobody none nothing \
    on once one other others people person she since so some the their then there these they \
    this those to two until user what when where which while who with";

/// Words by which a note or a summary says how something stands, as they are stored. Who writes it
/// chooses them: they need not occur in what it is made of.
const FRAMES: &str = "agre approv ask assist believ call chose chosen choos consid convers current \
    decid decis discuss enjoy express feel felt go identifi includ interest like live love mention \
    name need note own person pick plan prefer recent reject said say settl share speak talk tell \
    think thought told use user want wish work";

/// Says whether a word in lower case may begin a sentence with a capital letter without being a
/// name.
pub fn is_opener(word: &str) -> bool {
    OPENERS.split_whitespace().any(|opener| opener == word)
}

/// Says whether a word, as [`each_word`](crate::each_word) gives it, only says how something stands in
/// a note or a summary ("the user prefers", "decided to").
pub fn frames_a_note(word: &str) -> bool {
    FRAMES.split_whitespace().any(|frame| frame == word)
}

/// Says whether somebody who writes about a person ("the user") means that person by this subject.
pub fn means_the_user(subject: &str) -> bool {
    ["user", "the user", "i", "me"].contains(&subject.to_lowercase().as_str())
}

/// Says whether a word in lower case is the pronoun that is written with a capital letter, like a
/// name.
pub fn is_capital_pronoun(word: &str) -> bool {
    word == "i"
}

/// The forms in which a noun in lower case may stand elsewhere: itself, and with an "s" more or
/// less at its end.
pub fn noun_forms(word: &str) -> impl Iterator<Item = String> {
    let singular = word.strip_suffix('s').map(str::to_owned);
    [word.to_owned(), format!("{word}s")].into_iter().chain(singular)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_is_found_in_its_other_number() {
        assert!(noun_forms("euros").any(|form| form == "euro"));
        assert!(noun_forms("euro").any(|form| form == "euros"));
        assert!(noun_forms("euro").all(|form| form != "eur"));
    }

    #[test]
    fn a_note_is_framed_by_verbs_in_any_form() {
        for text in ["lives", "prefers", "decided", "decides", "agreed", "is planning", "wants"] {
            let words = crate::query_words(text);
            assert!(words.iter().all(|word| frames_a_note(word)), "{words:?}");
        }
        assert!(!frames_a_note("tea"));
    }

    #[test]
    fn the_user_is_meant_by_the_words_for_it_and_by_pronouns() {
        assert!(["The user", "user", "I", "me"].into_iter().all(means_the_user));
        assert!(!means_the_user("Ana") && !means_the_user("the users"));
    }
}
