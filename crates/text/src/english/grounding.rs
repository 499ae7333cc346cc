//! Words that name nothing, and words that say what a sentence does.

/// Words that begin a sentence without naming anybody.
const OPENERS: &str = "a after all also an and another as assistant at before both but conversation during \
    earlier finally first for from he her his if in it its later next no nobody none nothing \
    on once one other others people person she since so some the their then there these they \
    this those to two until user what when where which while who with";

/// Words that say that something was settled.
const DECISIONS: &str = "agreed agrees approved approves chose chosen chooses decided decides \
    decision picked rejected settled";

/// Says whether a word in lower case may begin a sentence with a capital letter without being a
/// name.
pub fn is_opener(word: &str) -> bool {
    OPENERS.split_whitespace().any(|opener| opener == word)
}

/// Says whether a word in lower case says that something was settled ("decided", "agreed").
pub fn says_decided(word: &str) -> bool {
    DECISIONS.split_whitespace().any(|decision| decision == word)
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
    fn the_user_is_meant_by_the_words_for_it_and_by_pronouns() {
        assert!(["The user", "user", "I", "me"].into_iter().all(means_the_user));
        assert!(!means_the_user("Ana") && !means_the_user("the users"));
    }
}
