//! How English speaks of the person who speaks.

use crate::phrases::lists;
use crate::statements::FirstPerson;

pub(super) const FIRST_PERSON: FirstPerson = FirstPerson {
    pronoun: "i",
    drops_pronoun: false,
    user: &["the user", "user"],
    adverbs: "actually also already always currently definitely ever finally generally just mainly \
        mostly never now often only originally personally rarely really recently regularly \
        seldom sometimes still strongly then usually",
    verbs: &[
        ("i'm", "is"),
        ("i've", "has"),
        ("i'd", "would"),
        ("i'll", "will"),
        ("am", "is"),
        ("have", "has"),
        ("don't", "does not"),
        ("haven't", "has not"),
        ("ain't", "is not"),
        ("gotta", "has to"),
        ("wanna", "wants to"),
    ],
    regular,
    clauses: "",
    beside_i: &[],
    further_subject: Some("the user"),
    numbered: "act category chapter charles class elizabeth francis george james level napoleon \
        nicholas part phase stage tier type volume war wilhelm",
    and: "and",
    unsure: "our ours us we we'd we'll we're we've",
    elsewhere: &[
        ("my", "the user's"),
        ("me", "the user"),
        ("myself", "themselves"),
        ("mine", "the user's"),
    ],
};

/// Verbs that are the same in the first and the third person.
const SAME: &str = "better can can't could couldn't cannot did didn't had hadn't may might must mustn't ought \
    should shouldn't was wasn't were will won't would wouldn't";

/// Past forms that do not end in "ed".
const PAST: &str = "ate became began bent bit blew bought bred broke brought built came caught chose \
    cut dealt drank drew drove dug fed fell felt fled flew forgave forgot fought found froze gave got \
    grew heard held hid hit hurt kept knew laid led left lent let lit lost made meant met paid put \
    quit ran rang rode rose said sang sat saw sent set shook shot shut slept sold spent split spoke \
    spread stole stood stuck swam swore taught thought threw told took tore understood went woke won \
    wore wound wrote";

/// Verbs in the present that end in "ed".
const PRESENT_IN_ED: &str = "bleed breed exceed feed heed need proceed seed speed succeed weed";

/// Words that may follow "I" and are no verbs.
const NO_VERBS: &str = "and or nor but so because when too as if in on at the a an to of for from with who which that not myself";

fn regular(verb: &str) -> Option<String> {
    let is_word = verb.chars().all(|c| c.is_ascii_lowercase() || c == '\'');
    if !is_word || lists(NO_VERBS, verb) {
        return None;
    }
    let is_past = verb.ends_with("ed") && !lists(PRESENT_IN_ED, verb);
    if is_past || lists(PAST, verb) || lists(SAME, verb) {
        return Some(verb.to_owned());
    }
    let before_y = verb.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    if let Some(stem) = before_y {
        return Some(format!("{stem}ies"));
    }
    let hisses = ["s", "x", "z", "ch", "sh", "o"].iter().any(|end| verb.ends_with(end));
    Some(format!("{verb}{}", if hisses { "es" } else { "s" }))
}
