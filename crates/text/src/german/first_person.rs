//! How German speaks of the person who speaks.

use crate::phrases::lists;
use crate::statements::FirstPerson;

pub(super) const FIRST_PERSON: FirstPerson = FirstPerson {
    pronoun: "ich",
    drops_pronoun: false,
    user: &["der nutzer", "die nutzerin", "der benutzer", "die benutzerin", "the user", "user"],
    adverbs: "",
    verbs: &[
        ("bin", "ist"),
        ("habe", "hat"),
        ("hab", "hat"),
        ("werde", "wird"),
        ("backe", "bäckt"),
        ("empfehle", "empfiehlt"),
        ("esse", "isst"),
        ("fahre", "fährt"),
        ("fange", "fängt"),
        ("gebe", "gibt"),
        ("halte", "hält"),
        ("helfe", "hilft"),
        ("lade", "lädt"),
        ("lasse", "lässt"),
        ("laufe", "läuft"),
        ("lese", "liest"),
        ("nehme", "nimmt"),
        ("rate", "rät"),
        ("schlafe", "schläft"),
        ("sehe", "sieht"),
        ("spreche", "spricht"),
        ("trage", "trägt"),
        ("treffe", "trifft"),
        ("trete", "tritt"),
        ("vergesse", "vergisst"),
        ("verlasse", "verlässt"),
        ("wasche", "wäscht"),
    ],
    regular,
    clauses: "aber als bis damit dass denn ob obwohl oder sondern und weil wenn wie",
    beside_i: &[("mich", "sich"), ("mir", "sich")],
    further_subject: None,
    numbered: "",
    and: "und",
    unsure: "ich uns unser unsere unserem unseren unserer wir",
    // The genitive before a noun is the same for every gender and case.
    elsewhere: &[
        ("mein", "des Nutzers"),
        ("meine", "des Nutzers"),
        ("meinem", "des Nutzers"),
        ("meinen", "des Nutzers"),
        ("meiner", "des Nutzers"),
        ("meines", "des Nutzers"),
    ],
};

/// Verbs that are the same in the first and the third person, beside past forms in "te".
const SAME: &str = "bekam blieb darf fand fing fuhr gab ging hatte hielt kam kann las lief mag muss musste \
    möchte nahm sah schrieb soll sprach stand traf trug verlor war wäre weiß will wurde würde zog";

/// Verbs in the present that end in "te".
const PRESENT_IN_TE: &str = "achte antworte arbeite beobachte berichte betrachte biete bitte \
    erwarte faste gestalte heirate hüte koste leite miete poste reite rette richte schalte \
    starte teste unterrichte veranstalte vermiete vermute verwalte warte wette züchte";

fn regular(verb: &str) -> Option<String> {
    if lists(SAME, verb) {
        return Some(verb.to_owned());
    }
    let stem = verb.strip_suffix('e').filter(|stem| stem.chars().count() > 1)?;
    if stem.ends_with('t') && !lists(PRESENT_IN_TE, verb) {
        return Some(verb.to_owned());
    }
    // "arbeitet", "rechnet"; "segelt" and "sammelt" lose an "e" in the first person only.
    let before_l = stem.strip_suffix('l').and_then(|before| before.chars().next_back());
    if before_l.is_some_and(|c| !"aeiouäöüyhlr".contains(c)) {
        return Some(format!("{}elt", &stem[..stem.len() - 1]));
    }
    let hard = ["t", "d", "chn", "ffn", "gn", "tm"].iter().any(|end| stem.ends_with(end));
    Some(format!("{stem}{}", if hard { "et" } else { "t" }))
}
