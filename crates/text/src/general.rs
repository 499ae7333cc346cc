//! Messages that ask nothing of the person's own: what everybody could know, and "go on".

use unicode_segmentation::UnicodeSegmentation;

use crate::language::{Guess, Language, guess, read_as};
use crate::lexicon::{GeneralPatterns, Lexicon};
use crate::phrases::{begins, holds, length_matched, lists, plain_words};
use crate::questions::without_openings;
use crate::sentences::{begins_sentence, sentences};

/// Number of words beyond which a request is never general: a long one has its own circumstances.
const MOST_WORDS: usize = 25;

/// Well-known names in every language: languages of programming, acronyms.
const KNOWN_NAMES: &str = "ai api ascii bash bbc c celsius cia cpu css dna eu excel fahrenheit fbi gdp git \
    go gps gpu haskell html http https iq java javascript json kotlin lcd led linux math nasa nato \
    nfl nba oecd opec pdf perl php pi png python ram rna ruby rust sms sql ssd swift tcp typescript uk un \
    unesco unicef unix url us usa usb utc utf vat vpn who wifi www xml yaml";

/// Units in which everybody counts, in all languages.
const MEASURES: &str = "byte bytes kilobyte kilobytes megabyte gigabyte terabyte bit bits second seconds \
    minute minutes hour hours day days week weeks month months year years decade century inch inches foot \
    feet yard yards mile miles meter meters metre metres kilometer kilometers kilometre kilometres \
    centimeter centimeters centimetre centimetres millimeters gram grams kilogram kilograms kilo kilos \
    ounce ounces pound pounds stone ton tonne liter liters litre litres milliliters millilitres pint \
    pints gallon gallons cup cups tablespoon tablespoons teaspoon teaspoons dozen leap km kg ml cm mm \
    sekunde sekunden minuten stunde stunden tag tage tagen woche wochen monat monate jahr jahre \
    jahren gramm pfund liter meile meilen kilometern stunde segundo segundos minuto minutos hora \
    horas dia dias semana semanas mes meses ano anos gramo gramos metro metros litro litros milla millas";

/// Says whether a message asks for what everybody could know, or for something to be written, and
/// touches nothing personal: such a message needs no memory.
///
/// It rather misses such a request than to take one of the person's own questions for one: a
/// pronoun like "my" or "we", a reference to what was said or done, a name that is not well known,
/// and "the" before anything but what everybody means by it make a message personal.
///
/// # Examples
/// ```
/// use longmem_text::asks_general_knowledge;
/// assert!(asks_general_knowledge("What's the capital of Peru?"));
/// assert!(asks_general_knowledge("Schreib mir ein Gedicht über den Herbst"));
/// assert!(!asks_general_knowledge("What's the wifi password?"));
/// ```
pub fn asks_general_knowledge(message: &str) -> bool {
    if message.split_whitespace().nth(MOST_WORDS).is_some() {
        return false;
    }
    if is_sum(message) {
        return true;
    }
    let message = without_quotations(message);
    if sentences(&message).len() > 1 || message.split_whitespace().any(is_identifier) {
        return false;
    }
    let words = plain_words(&message);
    let Some(language) = read_as(&message) else { return false };
    let lexicon = language.lexicon();
    let general = &lexicon.general;
    let request = without_openings(&words, general.openings);
    let begins_with = |patterns: &[&str]| {
        let mut judge = |name: &str, word: &str| judge(lexicon, name, word);
        patterns.iter().any(|pattern| length_matched(pattern, request, &mut judge).is_some())
    };
    let is_work = begins_with(general.works);
    (is_work || begins_with(general.requests))
        && !holds(&words, general.personal)
        && speaks_of_no_i(&words)
        && has_no_possessive(&words)
        && articles_are_general(&words, general)
        && names_are_known(&message, lexicon, is_work)
}

/// Says whether a message only tells the assistant to go on ("continue", "again", "yes, do it").
///
/// # Examples
/// ```
/// use longmem_text::is_bare_command;
/// assert!(is_bare_command("go on") && is_bare_command("weiter!") && !is_bare_command("go on holiday"));
/// ```
pub fn is_bare_command(message: &str) -> bool {
    let words = plain_words(message);
    let is_one_in = |language: Language| begins(&words, language.lexicon().general.commands);
    match guess(message) {
        Guess::Known(language) => is_one_in(language),
        Guess::Open | Guess::Foreign => Language::ALL.into_iter().any(is_one_in),
    }
}

fn judge(lexicon: &Lexicon, name: &str, word: &str) -> bool {
    let general = &lexicon.general;
    match name {
        "number" => {
            word.parse::<u64>().is_ok()
                || lexicon.days.numbers.split(' ').any(|number| number == word)
        }
        "month" => lexicon.days.months.iter().any(|names| lists(names, word)),
        "concept" => lists(general.topics, word),
        "general" => lists(general.general_things, word),
        "word" => true,
        "measure" => lists(MEASURES, word),
        "known" => {
            let is_in = |language: Language| lists(language.lexicon().general.known_names, word);
            lists(KNOWN_NAMES, word) || Language::ALL.into_iter().any(is_in)
        }
        _ => false,
    }
}

/// "I" stands only in "how do I", "how can I", "how would I", which anybody asks.
fn speaks_of_no_i(words: &[String]) -> bool {
    words.iter().enumerate().all(|(at, word)| match word.as_str() {
        "i" => at >= 2 && words[at - 2] == "how" && lists("do can would", &words[at - 1]),
        "ich" => at >= 2 && words[at - 2] == "wie",
        "yo" => false,
        _ => true,
    })
}

/// "Owen's": what is behind an apostrophe belongs to "what", "how" and the like only.
fn has_no_possessive(words: &[String]) -> bool {
    words.windows(2).all(|pair| pair[1] != "s" || lists("what how who why that there", &pair[0]))
}

fn articles_are_general(words: &[String], general: &GeneralPatterns) -> bool {
    words.iter().enumerate().filter(|(_, word)| lists(general.articles, word)).all(|(at, _)| {
        words.get(at + 1).is_some_and(|next| {
            lists(general.general_things, next)
                || lists(general.topics, next)
                || lists(general.articles, next)
        })
    })
}

/// Says whether every name is a well-known one, or, behind "who wrote", of several words. Behind
/// "who wrote" there has to be one.
fn names_are_known(message: &str, lexicon: &Lexicon, is_work: bool) -> bool {
    let mut before = String::new();
    let mut unknown = 0;
    let mut names_a_work = false;
    let mut has_connector = false;
    for (start, word) in message.unicode_word_indices() {
        let plain = plain_words(word).join(" ");
        let is_known = || {
            let first = plain.split(' ').next().unwrap_or("");
            first == "i" || judge(lexicon, "known", first) || judge(lexicon, "month", first)
        };
        let is_capital =
            word.starts_with(char::is_uppercase) && !begins_sentence(&message[..start]);
        let is_name = lexicon.general.before_name.is_none_or(|list| lists(list, &before));
        if is_capital && is_name && !is_known() {
            // A possessive names whose something is.
            if word.contains(['\'', '’']) {
                return false;
            }
            unknown += 1;
        }
        // The question word is no World Health Organization.
        names_a_work |= plain != "who"
            && (judge(lexicon, "known", &plain) || lists(lexicon.general.general_things, &plain));
        has_connector |= lists("and of the und von y", &plain);
        before = plain;
    }
    // "Pride and Prejudice" is a title; "Quatro Ventos" may be anybody.
    // "Who wrote readme" names no work that everybody knows.
    if unknown == 0 { !is_work || names_a_work } else { is_work && unknown >= 2 && has_connector }
}

/// "IT-20771", "release/2.4", "ana@example.org", "kestrel-core": something of somebody's own.
fn is_identifier(token: &str) -> bool {
    let token = token.trim_matches(|c: char| !c.is_alphanumeric());
    let has_letter = token.chars().any(char::is_alphabetic);
    // "5km", "2nd", "90s" are no identifiers; "x2" and "v1" are.
    let is_mixed = token.chars().any(char::is_numeric) && token.starts_with(char::is_alphabetic);
    has_letter && (is_mixed || token.contains(['_', '@', '/', '.', '-', ':', '\\']))
}

/// A message without what stands in quotation marks.
fn without_quotations(message: &str) -> String {
    let mut kept = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((at, mark)) = rest.char_indices().find(|(at, c)| {
        let begins_word = rest[..*at].chars().next_back().is_none_or(char::is_whitespace);
        matches!(c, '"' | '“' | '„' | '«' | '‘') || (*c == '\'' && begins_word)
    }) {
        let close: &[char] = match mark {
            '"' => &['"'],
            '“' => &['”'],
            '„' => &['“', '”'],
            '«' => &['»'],
            '‘' => &['’'],
            _ => &['\''],
        };
        let inner = at + mark.len_utf8();
        let Some(length) = rest[inner..].find(close) else { break };
        kept.push_str(&rest[..at]);
        let end = inner + length;
        rest = &rest[end + rest[end..].chars().next().map_or(0, char::len_utf8)..];
    }
    kept.push_str(rest);
    kept
}

/// Words of sums, in all languages, beside numbers.
const SUM_WORDS: &str = "what is s whats how much calculate compute the was ist wie viel rechne cuanto es \
    cual please bitte plus minus times multiplied divided by over squared cubed percent of square \
    root mal geteilt durch prozent von por mas menos dividido entre wurzel aus x";

/// Words that calculate.
const OPERATIONS: &str = "plus minus times multiplied divided squared cubed percent mal geteilt \
    por mas menos dividido root wurzel x";

/// Says whether a message is a sum to be worked out: "what is 17 * 23?", "15% of 80".
fn is_sum(message: &str) -> bool {
    let words = plain_words(message);
    let is_number = |word: &String| word.bytes().all(|b| b.is_ascii_digit());
    if !words.iter().any(is_number)
        || !words.iter().all(|word| is_number(word) || lists(SUM_WORDS, word))
    {
        return false;
    }
    let characters: Vec<char> = message.chars().collect();
    let has_sign = (1..characters.len().saturating_sub(1)).any(|at| {
        let (before, sign, after) = (characters[at - 1], characters[at], characters[at + 1]);
        let is_apart = before == ' ' && after == ' ';
        match sign {
            '*' | '×' | '÷' | '^' | '+' => {
                is_apart || (before.is_ascii_digit() && after.is_ascii_digit())
            }
            // "10 - 12" alone is a range.
            '-' | '−' | '/' => is_apart && !words.iter().all(is_number),
            '%' => before.is_ascii_digit() || before == ' ',
            _ => false,
        }
    });
    let is_operation = |(at, word): (usize, &String)| {
        at > 0 && lists(OPERATIONS, word) && words.get(at + 1).is_some()
    };
    has_sign && words.iter().filter(|word| is_number(word)).count() >= 2
        || words.iter().enumerate().any(is_operation)
        || words.iter().any(|word| matches!(word.as_str(), "squared" | "cubed"))
}

#[cfg(test)]
mod tests;
