//! Clauses behind the one that a statement begins with, in which the person may be named again.

use super::{
    FirstPerson, QUOTES, contracted, is, is_adverb, plain, replaced, trimmed, turned_verb,
};
use crate::phrases::lists;

/// Says whether words of the first person would stay, or be turned wrongly: "mich" is "sich" only in the
/// clause whose subject the person is ("Ich weiß, dass sie mich mag").
pub(super) fn is_unsure(words: &[&str], begins_with_own: bool, forms: &FirstPerson) -> bool {
    let unquoted = words.iter().position(|word| word.contains(QUOTES)).unwrap_or(words.len());
    let mut in_own_clause = begins_with_own;
    words[..unquoted].iter().enumerate().any(|(place, word)| {
        let plain = plain(trimmed(word));
        let is_object = forms.beside_i.iter().any(|(own, _)| *own == plain);
        // "US" is no pronoun, and the first word is the subject.
        let may_be_unsure =
            if place == 0 { !begins_with_own } else { word.starts_with(char::is_lowercase) };
        let unsure =
            may_be_unsure && (lists(forms.unsure, &plain) || (is_object && !in_own_clause));
        in_own_clause &= trimmed(word) == *word && !lists(forms.clauses, &plain);
        unsure
    })
}

/// Pushes the person as a further subject, with the verb behind it: "and I work" becomes "and the user
/// works". Returns the number of words that it took; none where the pronoun does not stand, or may be a
/// number ("World War I"). `beside_others` is whether an "and" before it joins two subjects, whose verb
/// stays as it is.
pub(super) fn push_clause(
    words: &[&str],
    place: usize,
    beside_others: bool,
    forms: &FirstPerson,
    turned: &mut Vec<String>,
) -> Option<usize> {
    let subject = forms.further_subject?;
    let word = words[place];
    let before = place.checked_sub(1).map_or("", |before| words[before]);
    if let Some(verb) = contracted(word, forms) {
        turned.push(format!("{subject} {verb}"));
        return Some(1);
    }
    if plain(word) != forms.pronoun || !word.starts_with(char::is_uppercase) {
        return None;
    }
    if lists(forms.numbered, &plain(before)) {
        return None;
    }
    let adverbs = words[place + 1..].iter().take_while(|word| is_adverb(word, forms)).count();
    let verb = words.get(place + 1 + adverbs)?;
    let third = turned_verb(verb, forms);
    let joined = beside_others && is(before, forms.and);
    if third.is_none() && !joined {
        return None;
    }
    turned.push(subject.to_owned());
    turned.extend(words[place + 1..=place + adverbs].iter().map(|word| (*word).to_owned()));
    match third.filter(|_| !joined) {
        Some(third) => turned.push(replaced(verb, trimmed(verb), &third)),
        None => turned.push((*verb).to_owned()),
    }
    Some(2 + adverbs)
}

/// Says whether the pronoun is still there, and is no number.
pub(super) fn names_itself(turned: &[String], forms: &FirstPerson) -> bool {
    let unquoted = turned.iter().position(|word| word.contains(QUOTES)).unwrap_or(turned.len());
    turned[..unquoted].iter().enumerate().any(|(place, word)| {
        let before = place.checked_sub(1).map_or("", |before| turned[before].as_str());
        plain(trimmed(word).trim_start_matches('(')) == forms.pronoun
            && !lists(forms.numbered, &plain(before))
    })
}
