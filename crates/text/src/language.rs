//! Guesses the language of a text, and asks the right one.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::lexicon::Lexicon;
use crate::phrases::{lists, plain_words};
use crate::{english, german, spanish};

/// A language of which something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Spanish];

    pub(crate) fn lexicon(self) -> &'static Lexicon {
        match self {
            Self::English => &english::LEXICON,
            Self::German => &german::LEXICON,
            Self::Spanish => &spanish::LEXICON,
        }
    }
}

/// Function words of languages of which nothing else is known: Portuguese, French, Italian, Dutch.
/// They keep the rules of a known language away from a text that is none.
const OTHER_LANGUAGES: [&str; 4] = [
    "a ao aos as com como da das de dela dele do dos e ela ele em era essa esse esta este eu foi isso \
     isto ja la mais mas me meu meus minha minhas na nas nao no nos nossa nosso o obrigada obrigado \
     onde os ou para pela pelo por porque qual quais quando que quem se sem ser sua seu tem tenho \
     um uma voce voces hoje ontem qual moro fica",
    "a ai as au aux avec c ce ces cette comment d dans de des donc du elle elles en est et etait eux \
     fait hier il ils j je jour l la le les leur lui m ma mais me mes moi mon n ne nos notre nous on \
     ont ou par pas pour pourquoi qu quand que quel quelle quels qui quoi s sa ses si son sont suis \
     sur t ta te tes toi ton tu un une va vais vos votre vous y habite oui non merci bonjour",
    "a ad al alla anche che chi ci come con cosa da dal dalla de dei del della delle di dove e era \
     gli ha ho hai i il in io l la le lei lo lui ma me mi mia mie mio nei nel nella noi non o per \
     perche piu qual quale quando quanto questa questo se sei si sono su sua suo ti tu tua tuo un \
     una abito grazie ciao oggi ieri",
    "aan al als bij dan dat de deze die dit door een en er gaan geen had heb hebben heeft het hij hoe \
     hun ik in is je jij kan maar me mij mijn moet naar niet nog of om ons onze ook op over te toch \
     tot u uit van veel voor waar wanneer waarom was wat we welke wel werd wie wij wil worden zal ze \
     zij zijn zo zou woon vandaag gisteren",
];

/// Words of these that are ordinary words of English too, which say less.
const AMBIGUOUS_ELSEWHERE: &str = "ad but come con door dove fait jour la me met mine moet non of \
    on or over pas per pour qui sale se sera son sur tan te ton van";

/// Number of languages that a text is compared with: the known ones, then the others.
const COMPARED: usize = Language::ALL.len() + OTHER_LANGUAGES.len();

/// Number of words by which a language is guessed.
const WORDS_LOOKED_AT: usize = 200;

/// A guess needs this many points: one word that no other language has, or two that others share.
const ENOUGH_POINTS: u32 = 2;

/// What a text's words say about its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    /// It is most likely this one.
    Known(Language),
    /// It is most likely one of which nothing is known.
    Foreign,
    /// Nothing speaks for one language more than for another.
    Open,
}

/// The points that a word gives each of the compared languages.
type Points = [u32; COMPARED];

/// The points of every word that tells something: two if one language alone has it, one if several
/// have.
static POINTS: LazyLock<HashMap<&'static str, Points>> = LazyLock::new(|| {
    let mut points: HashMap<&'static str, Points> = HashMap::new();
    let known = Language::ALL.into_iter().map(Language::lexicon).map(|lexicon| {
        let days = &lexicon.days;
        let named = days.months.iter().chain(&days.weekdays).flat_map(|names| names.split(' '));
        let words = lexicon.function_words.split_ascii_whitespace();
        let typical = lexicon.typical_words.split_ascii_whitespace();
        let times = days.time_words.split_ascii_whitespace();
        words.chain(named).chain(times).chain(typical).collect::<Vec<_>>()
    });
    let others =
        OTHER_LANGUAGES.iter().map(|list| list.split_ascii_whitespace().collect::<Vec<_>>());
    for (place, list) in known.chain(others).enumerate() {
        // A single letter is most often the rest of a contraction, in any language.
        let is_word = |word: &&str| word.len() > 1 || matches!(*word, "i" | "a" | "e" | "o" | "y");
        for word in list.into_iter().filter(is_word) {
            points.entry(word).or_default()[place] = 1;
        }
    }
    for (word, points) in &mut points {
        let ambiguous = lists(AMBIGUOUS_ELSEWHERE, word)
            || Language::ALL.iter().any(|other| lists(other.lexicon().ambiguous_words, word));
        if !ambiguous && points.iter().sum::<u32>() == 1 {
            for point in points.iter_mut() {
                *point *= 2;
            }
        }
    }
    points
});

/// The language of a text, if its words and letters speak for one of those that are known.
///
/// # Examples
/// ```
/// use longmem_text::{Language, language_of};
/// assert_eq!(language_of("Wo wohne ich?"), Some(Language::German));
/// assert_eq!(language_of("wifi password"), None);
/// ```
pub fn language_of(text: &str) -> Option<Language> {
    match guess(text) {
        Guess::Known(language) => Some(language),
        Guess::Foreign | Guess::Open => None,
    }
}

/// The language whose rules a text is read by: the one it is written in, English if nothing speaks
/// for any, and none if it is written in a language that is not known.
pub(crate) fn read_as(text: &str) -> Option<Language> {
    match guess(text) {
        Guess::Known(language) => Some(language),
        Guess::Open => Some(Language::English),
        Guess::Foreign => None,
    }
}

pub(crate) fn guess(text: &str) -> Guess {
    let mut sums = Points::default();
    // Letters that only languages have of which nothing is known.
    let mut foreign = 0;
    for word in text
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '¿' | '¡'))
        .filter(|w| !w.is_empty())
        .take(WORDS_LOOKED_AT)
    {
        if word.is_ascii() {
            add(&mut sums, &word.to_ascii_lowercase());
        } else {
            foreign += letters(&mut sums, &word.to_lowercase());
            for plain in plain_words(word) {
                add(&mut sums, &plain);
            }
        }
    }
    let (known, others) = sums.split_at(Language::ALL.len());
    let others = others.iter().max().copied().unwrap_or(0) + foreign;
    let most = known.iter().copied().max().unwrap_or(0);
    if others > most && others >= ENOUGH_POINTS {
        return Guess::Foreign;
    }
    let mut best = Language::ALL.into_iter().zip(known).filter(|(_, points)| **points == most);
    match (best.next(), best.next()) {
        (Some((language, _)), None) if most > others && most >= ENOUGH_POINTS => {
            Guess::Known(language)
        }
        _ => Guess::Open,
    }
}

fn add(sums: &mut Points, word: &str) {
    if let Some(points) = POINTS.get(word) {
        sums.iter_mut().zip(points).for_each(|(sum, points)| *sum += points);
    }
}

/// Adds what a word's letters say to the sums; gives what they say for no compared language.
fn letters(sums: &mut Points, word: &str) -> u32 {
    const GERMAN: usize = 1;
    const SPANISH: usize = 2;
    const PORTUGUESE: usize = 3;
    const FRENCH: usize = 4;
    const ITALIAN: usize = 5;
    let holds = |letters: &str| word.contains(|c| letters.contains(c));
    for (place, alone, shared) in [
        (GERMAN, "ß", "äöü"),
        (SPANISH, "ñ¿¡", "áíóú"),
        (PORTUGUESE, "ãõ", "çáíóúâêô"),
        (FRENCH, "œ", "çèêàùâîôûë"),
        (ITALIAN, "ò", "àèìù"),
    ] {
        sums[place] += if holds(alone) { 2 } else { u32::from(holds(shared)) };
    }
    let is_elsewhere =
        |c: char| c.is_alphabetic() && !c.is_ascii() && !"ßäöüñáéíóúãõçâêôœèàùîûëïòì".contains(c);
    if word.contains(is_elsewhere) { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(expected: Guess, texts: &[&str]) {
        for text in texts {
            assert_eq!(guess(text), expected, "{text}");
        }
    }

    #[test]
    fn short_questions_are_told_by_their_function_words() {
        all(
            Guess::Known(Language::English),
            &[
                "Where do I live?",
                "What was the PIN?",
                "who is Anke",
                "What did I say about the hat and the war?",
                "Also, what about the die cast model?",
                "Did my son come home?",
                "is no news good news?",
                "How do I cook for me and my son?",
                "when did we stay in São Paulo?",
                "Tell me about Müller",
            ],
        );
        all(
            Guess::Known(Language::German),
            &[
                "Wo wohne ich?",
                "Was war am Montag?",
                "Was hat die Ärztin gesagt?",
                "wie heißt mein Hund",
                "Welche Milch verträgt Lotte?",
                "An welchem Wochentag ist die Chorprobe?",
                "Wann war das?",
                "Bis wann muss die Nachzahlung überwiesen sein?",
                "Darf Emil ohne Schwimmflügel ins Becken?",
                "Also, was hat er am Ende genommen?",
            ],
        );
        all(
            Guess::Known(Language::Spanish),
            &[
                "¿Dónde vivo?",
                "donde vivo yo",
                "¿Qué me dijo el médico?",
                "como se llama mi perro",
                "no come carne mi hijo",
                "¿Cuándo son las vacaciones?",
                "¿Cuánto cuesta el alquiler?",
                "hace dos semanas",
            ],
        );
    }

    #[test]
    fn other_languages_are_foreign() {
        all(
            Guess::Foreign,
            &[
                "Onde eu moro?",
                "Qual é o nome da minha filha?",
                "Où est-ce que j'habite ?",
                "Quel est le nom de mon fils ?",
                "Dove abito io?",
                "Waar woon ik?",
                "我住在哪里？",
                "次の歯医者はいつ？",
                "Где я живу?",
                "Gdzie mieszkają moi rodzice?",
            ],
        );
    }

    #[test]
    fn what_says_nothing_stays_open() {
        all(
            Guess::Open,
            &[
                "",
                "?",
                "wifi password",
                "4711",
                "Kafka",
                "Lisbon 2024",
                "door code",
                "See ya!",
                "Is Oscar Melanie's pet?",
            ],
        );
    }

    #[test]
    fn a_question_among_foreign_words_keeps_its_language() {
        all(Guess::Known(Language::English), &["what is the meaning of 婆婆?"]);
        all(Guess::Known(Language::German), &["Was ist das Passwort vom Router?"]);
    }
}
