//! How Spanish speaks of the person who speaks.

use crate::statements::FirstPerson;

pub(super) const FIRST_PERSON: FirstPerson = FirstPerson {
    pronoun: "yo",
    drops_pronoun: true,
    user: &["el usuario", "la usuaria", "the user", "user"],
    adverbs: "ahora casi me no nunca siempre sólo solo también ya",
    verbs: &[
        ("aprendo", "aprende"),
        ("bebo", "bebe"),
        ("busco", "busca"),
        ("canto", "canta"),
        ("celebro", "celebra"),
        ("cocino", "cocina"),
        ("colecciono", "colecciona"),
        ("como", "come"),
        ("compro", "compra"),
        ("conduzco", "conduce"),
        ("conozco", "conoce"),
        ("corro", "corre"),
        ("creo", "cree"),
        ("debo", "debe"),
        ("dedico", "dedica"),
        ("enseño", "enseña"),
        ("entreno", "entrena"),
        ("escribo", "escribe"),
        ("espero", "espera"),
        ("estoy", "está"),
        ("estudio", "estudia"),
        ("estuve", "estuvo"),
        ("fui", "fue"),
        ("hablo", "habla"),
        ("hago", "hace"),
        ("he", "ha"),
        ("hice", "hizo"),
        ("juego", "juega"),
        ("leo", "lee"),
        ("llamo", "llama"),
        ("llevo", "lleva"),
        ("monto", "monta"),
        ("mudo", "muda"),
        ("nado", "nada"),
        ("necesito", "necesita"),
        ("odio", "odia"),
        ("pienso", "piensa"),
        ("pinto", "pinta"),
        ("planeo", "planea"),
        ("prefiero", "prefiere"),
        ("puedo", "puede"),
        ("quiero", "quiere"),
        ("sé", "sabe"),
        ("soy", "es"),
        ("suelo", "suele"),
        ("tengo", "tiene"),
        ("toco", "toca"),
        ("tomo", "toma"),
        ("trabajo", "trabaja"),
        ("tuve", "tuvo"),
        ("uso", "usa"),
        ("viajo", "viaja"),
        ("vine", "vino"),
        ("vivo", "vive"),
        ("voy", "va"),
        // With "me", the person is their object: "le gusta".
        ("duele", "duele"),
        ("duelen", "duelen"),
        ("encanta", "encanta"),
        ("encantan", "encantan"),
        ("gusta", "gusta"),
        ("gustan", "gustan"),
        ("interesa", "interesa"),
        ("interesan", "interesan"),
    ],
    regular,
    clauses: "aunque como cuando donde e ni o pero porque que si u y",
    beside_i: &[("me", "se"), ("conmigo", "consigo")],
    further_subject: None,
    numbered: "",
    and: "y",
    unsure: "nos nosotras nosotros nuestra nuestro yo",
    elsewhere: &[("mi", "su"), ("mis", "sus")],
};

/// The simple past; a future in "ré" may look the same and stays.
fn regular(verb: &str) -> Option<String> {
    if verb.chars().count() < 4 || ["aré", "eré", "iré"].iter().any(|end| verb.ends_with(end)) {
        return None;
    }
    let third = |end, third| verb.strip_suffix(end).map(|stem| format!("{stem}{third}"));
    // "busqué", "pagué" and "empecé" are written otherwise in the third person.
    third("qué", "có")
        .or_else(|| third("gué", "gó"))
        .or_else(|| third("cé", "zó"))
        .or_else(|| third("é", "ó"))
        .or_else(|| third("í", "ió"))
}
