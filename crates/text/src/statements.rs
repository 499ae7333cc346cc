//! Turns what a person says of themselves into the form in which it is noted.

mod clauses;

use self::clauses::{is_unsure, names_itself, push_clause};
use crate::language::{Guess, Language, guess};
use crate::phrases::lists;

/// A statement about a person, as a note about "the user" has it: in the third person, without its
/// subject and without a full stop.
///
/// It is for what begins with "I", "my" or "the user", in English, German and Spanish. What it
/// cannot turn surely stays as it was said; quoted words always do.
///
/// # Examples
/// ```
/// use longmem_text::third_person;
/// assert_eq!(third_person("I live in Faro."), "lives in Faro");
/// assert_eq!(third_person("My sister is a nurse"), "the user's sister is a nurse");
/// assert_eq!(third_person("Ich bin Ärztin"), "ist Ärztin");
/// assert_eq!(third_person("Vivo en Faro"), "vive en Faro");
/// ```
pub fn third_person(statement: &str) -> String {
    let statement = without_full_stop(statement.trim());
    let words: Vec<&str> = statement.split_whitespace().collect();
    let Some(language) = language_spoken(statement, &words) else { return statement.to_owned() };
    let forms = &language.lexicon().first_person;
    let own = own_subject(&words, forms);
    let mut turned: Vec<String> = Vec::new();
    let mut rest = words.as_slice();
    match own {
        Subject::User(length) => rest = &words[length..],
        Subject::I => {
            rest = &words[1..];
            rest = push_verb(rest, forms, language, &mut turned);
        }
        Subject::Verb => rest = push_verb(rest, forms, language, &mut turned),
        Subject::Other => {}
    }
    let begins_with_own = matches!(own, Subject::I | Subject::Verb);
    let unquoted = rest.iter().position(|word| word.contains(QUOTES)).unwrap_or(rest.len());
    if is_unsure(&words, begins_with_own, forms) {
        return statement.to_owned();
    }
    let mut place = 0;
    while let Some(word) = rest.get(place) {
        let begins = turned.is_empty();
        let beside_others = !begins_with_own && place <= LONGEST_SUBJECT;
        if place < unquoted
            && let Some(length) = push_clause(rest, place, beside_others, forms, &mut turned)
        {
            place += length;
            continue;
        }
        place += 1;
        let turns = place <= unquoted && (begins || word.starts_with(char::is_lowercase));
        let own = if begins_with_own { forms.beside_i } else { &[] };
        turned.push(
            match own.iter().chain(forms.elsewhere).find(|(from, _)| turns && is(word, from)) {
                Some((from, to)) => replaced(word, from, to),
                None => (*word).to_owned(),
            },
        );
    }
    let stays = turned.is_empty() || (turned.len() > 1 && names_itself(&turned, forms));
    if stays { statement.to_owned() } else { turned.join(" ") }
}

/// Says whether a statement is about the person who makes it: it begins with "I", "my" or "the user", in
/// English, German or Spanish.
///
/// # Examples
/// ```
/// use longmem_text::is_about_the_speaker;
/// assert!(is_about_the_speaker("My dog is called Rex"));
/// assert!(!is_about_the_speaker("Rex is my dog"));
/// ```
pub fn is_about_the_speaker(statement: &str) -> bool {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let Some(language) = language_spoken(statement, &words) else { return false };
    let forms = &language.lexicon().first_person;
    let is_own = |word: &&str| forms.elsewhere.iter().any(|(own, _)| is(word, own));
    !matches!(own_subject(&words, forms), Subject::Other) || words.first().is_some_and(is_own)
}

/// How a language speaks of the person who speaks, in lower case.
pub(crate) struct FirstPerson {
    /// The pronoun ("i").
    pub(crate) pronoun: &'static str,
    /// Whether a statement may begin with the verb alone.
    pub(crate) drops_pronoun: bool,
    /// Words for the person in somebody else's mouth ("the user"), the longest first.
    pub(crate) user: &'static [&'static str],
    /// Words between the pronoun and its verb ("always").
    pub(crate) adverbs: &'static str,
    /// Pronouns with their verb in one word ("i'm"), and verbs that no rule turns.
    pub(crate) verbs: &'static [(&'static str, &'static str)],
    /// Turns another verb, if that is one.
    pub(crate) regular: fn(&str) -> Option<String>,
    /// Words that begin another clause ("dass"), beside those behind a comma.
    pub(crate) clauses: &'static str,
    /// Words that change where the person is the subject ("mich" → "sich").
    pub(crate) beside_i: &'static [(&'static str, &'static str)],
    /// What the pronoun becomes behind the beginning, where the order of words tells its verb.
    pub(crate) further_subject: Option<&'static str>,
    /// Words behind which the pronoun is a number ("World War I").
    pub(crate) numbered: &'static str,
    /// Joins two subjects.
    pub(crate) and: &'static str,
    /// Words of the first person that nothing turns: a statement with one stays as it was said.
    pub(crate) unsure: &'static str,
    /// Words that change anywhere ("my").
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

/// What a statement begins with.
#[derive(Clone, Copy)]
enum Subject {
    /// Words for the user, so many.
    User(usize),
    /// The pronoun.
    I,
    /// A verb, or a pronoun with its verb, in the first person.
    Verb,
    /// Anything else.
    Other,
}

/// Words before an "and" that may still be one subject ("my best friend Ana and I").
const LONGEST_SUBJECT: usize = 5;

/// Marks before which words are somebody's own.
const QUOTES: [char; 6] = ['"', '“', '„', '«', '‘', '`'];

/// The language of a statement; if its words do not tell, the one in which it speaks of the person.
fn language_spoken(statement: &str, words: &[&str]) -> Option<Language> {
    match guess(statement) {
        Guess::Known(language) => Some(language),
        Guess::Foreign => None,
        Guess::Open => {
            let is_own = |language: &Language| {
                !matches!(own_subject(words, &language.lexicon().first_person), Subject::Other)
            };
            // "me" is a word of many languages.
            let may_be_english = || !words.iter().any(|word| is(word, "me"));
            let begins_with_own = |language: &Language| {
                let first = words.first().filter(|word| !is(word, "me"));
                let elsewhere = language.lexicon().first_person.elsewhere;
                elsewhere.iter().any(|(own, _)| first.is_some_and(|word| is(word, own)))
            };
            let find = |is_spoken: &dyn Fn(&Language) -> bool| {
                Language::ALL.into_iter().find(|language| is_spoken(language))
            };
            find(&is_own)
                .or_else(|| find(&begins_with_own))
                .or_else(|| may_be_english().then_some(Language::English))
        }
    }
}

fn own_subject(words: &[&str], forms: &FirstPerson) -> Subject {
    let begins_with = |names: &&&str| {
        let mut names = names.split(' ').zip(words);
        names.all(|(name, word)| is(word, name))
    };
    if let Some(user) = forms.user.iter().find(begins_with) {
        let length = user.split(' ').count();
        if length < words.len() {
            return Subject::User(length);
        }
    }
    match words {
        // "I and my brother live here" has another subject.
        [first, next, ..]
            if plain(first) == forms.pronoun && turned_verb(next, forms).is_some() =>
        {
            Subject::I
        }
        [first, next, _, ..] if is(first, forms.pronoun) && is_adverb(next, forms) => Subject::I,
        [first, _, ..] if contracted(first, forms).is_some() => Subject::Verb,
        [first, rest @ ..] if forms.drops_pronoun && begins_with_verb(first, rest, forms) => {
            Subject::Verb
        }
        _ => Subject::Other,
    }
}

/// Says whether a verb stands first, or behind words that may stand between it and its pronoun.
fn begins_with_verb(first: &str, rest: &[&str], forms: &FirstPerson) -> bool {
    let behind = rest.iter().find(|word| !is_adverb(word, forms));
    turned_verb(first, forms).is_some()
        || (is_adverb(first, forms)
            && behind.is_some_and(|verb| turned_verb(verb, forms).is_some()))
}

/// Pushes the verb in the third person, with the adverbs before it; gives the words behind it.
fn push_verb<'w, 's>(
    words: &'w [&'s str],
    forms: &FirstPerson,
    language: Language,
    turned: &mut Vec<String>,
) -> &'w [&'s str] {
    let verb = words.iter().position(|word| !is_adverb(word, forms)).unwrap_or(words.len());
    for adverb in &words[..verb] {
        let adverb = adverb.to_lowercase();
        // "me llamo", but "me gusta" has the person as its object.
        let own = words
            .get(verb)
            .is_some_and(|verb| turned_verb(verb, forms).is_some_and(|third| third != plain(verb)));
        turned.push(match (language, adverb.as_str()) {
            (Language::Spanish, "me") => if own { "se" } else { "le" }.to_owned(),
            _ => adverb,
        });
    }
    let Some(word) = words.get(verb) else { return &[] };
    let changed = contracted(word, forms).or_else(|| turned_verb(word, forms));
    turned.push(match changed {
        Some(changed) => replaced(word, trimmed(word), &changed),
        None => (*word).to_owned(),
    });
    &words[verb + 1..]
}

/// What a pronoun with its verb in one word becomes.
fn contracted(word: &str, forms: &FirstPerson) -> Option<String> {
    let word = plain(word);
    if !word.contains('\'') {
        return None;
    }
    listed(&word, forms)
}

fn turned_verb(word: &str, forms: &FirstPerson) -> Option<String> {
    let word = trimmed(word);
    // "I Ching" is a name.
    if forms.further_subject.is_some() && word.starts_with(char::is_uppercase) {
        return None;
    }
    let word = plain(word);
    listed(&word, forms).or_else(|| (forms.regular)(&word))
}

fn listed(word: &str, forms: &FirstPerson) -> Option<String> {
    forms.verbs.iter().find(|(first, _)| *first == word).map(|(_, third)| (*third).to_owned())
}

fn is_adverb(word: &str, forms: &FirstPerson) -> bool {
    lists(forms.adverbs, &plain(word))
}

/// A word in lower case with a straight apostrophe.
fn plain(word: &str) -> String {
    word.to_lowercase().replace('’', "'")
}

/// Says whether a word is this one, whatever mark stands behind it.
fn is(word: &str, expected: &str) -> bool {
    plain(trimmed(word)) == expected
}

/// A word without the marks behind it.
fn trimmed(word: &str) -> &str {
    word.trim_end_matches([',', '.', ';', ':', '!', '?', ')'])
}

/// A word's replacement, with the mark behind the word.
fn replaced(word: &str, from: &str, to: &str) -> String {
    let mark = word.chars().skip(from.chars().count()).collect::<String>();
    format!("{to}{mark}")
}

/// A statement without the mark at its end; an ellipsis stays.
fn without_full_stop(statement: &str) -> &str {
    let statement = statement.trim_end_matches([',', ';', ':', ' ']);
    match statement.strip_suffix('.') {
        Some(rest) if !rest.ends_with('.') => rest,
        _ => statement,
    }
}

#[cfg(test)]
mod tests;
