//! What becomes of statements in three languages.

use proptest::prelude::*;

use super::*;

fn turn(cases: &[(&str, &str)]) {
    for (said, noted) in cases {
        assert_eq!(third_person(said), *noted, "{said}");
    }
}

#[test]
fn english() {
    turn(&[
        ("I live in Faro", "lives in Faro"),
        ("I'm allergic to peanuts.", "is allergic to peanuts"),
        ("I’ve moved to Graz!", "has moved to Graz!"),
        (
            "I study law and my brother helps me",
            "studies law and the user's brother helps the user",
        ),
        ("I always go running", "always goes running"),
        ("I also watch birds", "also watches birds"),
        ("I bought a house", "bought a house"),
        ("I moved to Porto", "moved to Porto"),
        ("I need glasses", "needs glasses"),
        ("I don't eat meat", "does not eat meat"),
        ("I was born in 1984", "was born in 1984"),
        ("I can swim", "can swim"),
        ("My brother plays the cello,", "the user's brother plays the cello"),
        ("My sister Marta is a nurse in Graz", "the user's sister Marta is a nurse in Graz"),
        ("The user lives in Faro", "lives in Faro"),
        ("User prefers tea", "prefers tea"),
        ("The user's dog is called Rex", "The user's dog is called Rex"),
        ("is my sister", "is the user's sister"),
        ("I'm a nurse and I work nights", "is a nurse and the user works nights"),
        ("I have had asthma since I was 5", "has had asthma since the user was 5"),
        ("My wife and I live in Faro", "the user's wife and the user live in Faro"),
        ("My wife thinks I am lazy", "the user's wife thinks the user is lazy"),
        ("My name is Tom and I'm 34", "the user's name is Tom and the user is 34"),
        ("Yesterday I lost my phone", "Yesterday the user lost the user's phone"),
        ("If I win, I will buy a boat", "If the user wins, the user will buy a boat"),
        ("In Rome I was happy", "In Rome the user was happy"),
        ("I like films about World War I", "likes films about World War I"),
        ("I wanna learn Dutch", "wants to learn Dutch"),
        ("I better go", "better go"),
        ("I moved to the US", "moved to the US"),
        ("I told her \"we won\"", "told her \"we won\""),
        ("I only buy, never rent", "only buys, never rent"),
        ("I have a brother who lives in Porto.", "has a brother who lives in Porto"),
        ("I said \"I am king\" to her", "said \"I am king\" to her"),
    ]);
}

#[test]
fn german() {
    turn(&[
        ("Ich wohne in Faro.", "wohnt in Faro"),
        ("Ich arbeite als Tischlerin", "arbeitet als Tischlerin"),
        ("Ich wollte nach Wien", "wollte nach Wien"),
        ("Ich segle mit meinem Bruder", "segelt mit des Nutzers Bruder"),
        ("Ich heirate im Juni", "heiratet im Juni"),
        ("Ich zahle die Miete", "zahlt die Miete"),
        ("Ich interessiere mich für Vögel", "interessiert sich für Vögel"),
        ("Ich fahre einen alten Volvo", "fährt einen alten Volvo"),
        ("Meine Schwester ist Ärztin", "des Nutzers Schwester ist Ärztin"),
        ("Der Nutzer wohnt in Faro", "wohnt in Faro"),
    ]);
}

#[test]
fn spanish() {
    turn(&[
        ("Vivo en Faro.", "vive en Faro"),
        ("Yo soy médico", "es médico"),
        ("No como carne porque soy vegetariano", "no come carne porque soy vegetariano"),
        ("Me llamo Ana", "se llama Ana"),
        ("Me gusta el té", "le gusta el té"),
        ("Me mudé a Graz", "se mudó a Graz"),
        ("Busqué un piso en el centro", "buscó un piso en el centro"),
        ("Mi hermana es enfermera", "su hermana es enfermera"),
        ("El usuario vive en Faro", "vive en Faro"),
    ]);
}

#[test]
fn what_is_not_about_the_speaker_stays() {
    for statement in [
        "lives in Faro",
        "prefers tea over coffee",
        "I and the boys live here",
        "loves My Fair Lady",
        "fought in World War I",
        "I live here and we have a dog",
        "I told John that I and Ana would come",
        "I am vegan (I was vegetarian before)",
        "I Ching readings are fun",
        "I, Robot is a film",
        "Neither I nor my wife smoke",
        "Ich esse kein Fleisch, weil ich Tiere mag",
        "Seit 2019 lebe ich in Lyon",
        "Ich weiß, dass mein Chef mich hasst",
        "Ich koche und meine Frau hilft mir",
        "Mein Chef hasst mich",
        "Mi jefe me odia",
        "Pedro me odia",
        "Me despierto pronto",
        "Quiero que me respondas siempre en español",
        "Mi mujer y yo vivimos en Faro",
        "wants answers to begin with \"I see, my friend\"",
        "是医生",
        "Eu moro em Faro com a minha mãe",
        "I",
        "",
        "user",
    ] {
        assert_eq!(third_person(statement), statement);
    }
}

#[test]
fn who_speaks_of_themselves_is_told() {
    for own in ["I live in Faro", "Mein Hund heißt Rex", "Tengo dos gatos", "The user is a nurse"]
    {
        assert!(is_about_the_speaker(own), "{own}");
    }
    for other in ["lives in Faro", "Rex is my dog", "Marta es enfermera", ""] {
        assert!(!is_about_the_speaker(other), "{other}");
    }
}

proptest! {
    #[test]
    fn the_person_is_no_longer_the_one_who_speaks(verb in "[bdfghklmprstvw][a-z]{2,8}") {
        let noted = third_person(&format!("I {verb} the old boats of my sister"));
        let words: Vec<&str> = noted.split(' ').collect();
        prop_assert!(words[0].starts_with(&verb[..verb.len() - 1]), "{noted}");
        prop_assert!(noted.ends_with("the old boats of the user's sister"), "{noted}");
    }

    #[test]
    fn no_text_breaks_it(text in any::<String>()) {
        third_person(&text);
    }
}
