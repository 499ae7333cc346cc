use super::*;

/// Requests that need no memory, written for this test.
const GENERAL: &[&str] = &[
    "What's the capital of Portugal?",
    "what is the capital of burkina faso",
    "What is the population of Norway?",
    "What's the currency of Japan?",
    "What is the boiling point of water?",
    "what is the speed of light",
    "What's the square root of 144?",
    "What is 12 * 14?",
    "what's 15% of 80?",
    "7 plus 5",
    "how much is 3 times 19?",
    "2+2",
    "What is 100 divided by 8?",
    "Write a haiku about rain",
    "write me a short poem about the sea",
    "Compose a limerick about a cat",
    "Tell me a joke",
    "tell me another joke please",
    "Can you tell me a bedtime story?",
    "sing me a song",
    "Give me a riddle",
    "Tell me a fun fact about octopuses",
    "give me a synonym for happy",
    "what's another word for big?",
    "Translate 'good morning' into French",
    "translate \"thank you\" to Japanese",
    "How do you say cheese in German?",
    "what's thank you in Italian",
    "Convert 5 miles to km",
    "convert 100 fahrenheit to celsius",
    "How many ounces are in a pound?",
    "how many minutes in a day",
    "How many days does February have?",
    "How many planets are there?",
    "How far away is the moon?",
    "how old is the universe",
    "How tall is Mount Everest?",
    "Is a tomato a fruit?",
    "is a whale a mammal",
    "Are bats birds?",
    "Can penguins fly?",
    "Explain recursion",
    "explain how photosynthesis works",
    "Can you explain what a closure is?",
    "Explain the water cycle",
    "define entropy",
    "What is the difference between a frog and a toad?",
    "what is a monad",
    "What is an adverb?",
    "how do I boil an egg?",
    "How do you tie a tie?",
    "how do I reverse a list in Python?",
    "how does a fridge work?",
    "How does a car engine work",
    "Why is the sky blue?",
    "why do cats purr",
    "Who invented the telephone?",
    "Who wrote Hamlet and Macbeth?",
    "Who painted the Mona Lisa?",
    "Who painted the Starry Night?",
    "who was the first president of the USA",
    "What does NASA stand for?",
    "What rhymes with cat?",
    "list the planets",
    "Name three rivers",
    "Flip a coin",
    "roll a die",
    "pick a number",
    "Generate a strong password",
    "write a function that reverses a string",
    "Please write a regex for dates",
    "Was ist die Hauptstadt von Frankreich?",
    "Erzähl mir einen Witz",
    "Schreib ein Gedicht über den Winter",
    "Wie viele Minuten hat eine Stunde?",
    "Übersetze \"guten Morgen\" ins Englische",
    "Was ist 17 mal 3?",
    "Warum ist der Himmel blau?",
    "Ist ein Wal ein Fisch?",
    "¿Cuál es la capital de Chile?",
    "Cuéntame un chiste",
    "Escribe un poema sobre la luna",
    "Traduce \"buenos días\" al inglés",
    "¿Por qué es azul el cielo?",
    "¿Cuántos días tiene febrero?",
    "¿Qué es un volcán?",
];

const COMMANDS: &[&str] = &[
    "continue",
    "Go on!",
    "next",
    "again",
    "yes do it",
    "keep going",
    "ok, proceed",
    "more please",
    "try again",
    "tell me more",
    "go ahead",
    "weiter",
    "mach weiter",
    "ja, mach das",
    "noch einmal",
    "nochmal bitte",
    "sigue",
    "continúa",
    "sí, hazlo",
    "otra vez",
    "siguiente",
];

/// The person's own questions, and requests in which memory may help.
const OWN: &[&str] = &[
    "what's the wifi password?",
    "What is the port of the gateway?",
    "when is the dentist",
    "what is the budget",
    "What is the capital of our company?",
    "Write a poem about my dog",
    "Write a poem about Emil",
    "write a story for Anna's birthday",
    "Tell me a joke about Priya",
    "Explain the deployment",
    "explain kestrel-core",
    "Explain IT-20771",
    "what did I say about recursion",
    "Explain it again like last time",
    "How do I get to work?",
    "how do we boil an egg",
    "how do I restart the server?",
    "Who wrote the deployment guide?",
    "Who painted Anna's kitchen?",
    "Who wrote Kestrel?",
    "What is a good gift for a teacher?",
    "What's 10.0.0.7?",
    "what is 4711",
    "what is 2026-03-07",
    "call +49 30 1234",
    "What does KPR stand for?",
    "How many vans are in a depot?",
    "How old is Otis?",
    "how far is the office",
    "is a Thursday a good day?",
    "Translate the letter into German",
    "translate my CV to English",
    "Who is Anna?",
    "Remind me what the capital of Peru was",
    "What is the difference between the two offers?",
    "go on holiday",
    "next dentist appointment",
    "continue with the budget",
    "again the wifi?",
    "recommend a book",
    "who is the first person to call in an emergency",
    "explain owen's decision",
    "explain backups to Kit",
    "Explain Rollfix",
    "what is a valid discount code",
    "tell me a fact about owen",
    "write a poem for anna",
    "how do I undo a migration",
    "how far is the moon bay hotel",
    "What's the speed of the internet at home?",
    "what is the highest bid",
    "who wrote Quatro Ventos",
    "10 - 12",
    "Erkläre Rollfix",
    "Was ist ein gutes Geschenk?",
    "",
    "?",
    "Was ist die Hauptstadt meiner Liste?",
    "Was ist der Unterschied zwischen den Angeboten?",
    "Wie heißt die Katze?",
    "Schreib ein Gedicht über Emil",
    "Erklär mir den Vertrag",
    "Was ist das Passwort?",
    "Warum ist der Drucker kaputt?",
    "¿Cuál es la contraseña?",
    "Escribe un poema para Ana",
    "¿Qué es un regalo bueno para mi madre?",
    "Explica el contrato",
    "Onde eu moro?",
];

#[test]
fn nine_of_ten_general_requests_are_found() {
    let missed: Vec<_> = GENERAL.iter().filter(|text| !asks_general_knowledge(text)).collect();
    assert!(missed.len() * 10 <= GENERAL.len(), "{missed:#?}");
}

#[test]
fn bare_commands_are_found() {
    for text in COMMANDS {
        assert!(is_bare_command(text), "{text}");
    }
}

#[test]
fn the_persons_own_questions_are_not_general() {
    let taken: Vec<_> =
        OWN.iter().filter(|text| asks_general_knowledge(text) || is_bare_command(text)).collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn general_requests_are_no_commands() {
    assert!(GENERAL.iter().all(|text| !is_bare_command(text)));
}

#[test]
fn quotations_are_left_out() {
    assert_eq!(without_quotations("say \"good 'old' day\" now"), "say  now");
    assert_eq!(without_quotations("'a b' c"), " c");
    assert_eq!(without_quotations("Anna's and Ben's dogs"), "Anna's and Ben's dogs");
    assert_eq!(without_quotations("it is \"open"), "it is \"open");
}
