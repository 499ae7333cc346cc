use super::*;

/// Plans, rules of the household and idioms: nothing about how the assistant answers.
const RULES_FOR_OTHERS: &[&str] = &[
    "From now on, rent is 900",
    "from now on Ben picks up the kids",
    "From now on dinner is at 7",
    "Going forward Anna owns the budget",
    "In future, bins go out on Mondays",
    "In the future cars will fly",
    "Always use winter tyres from October",
    "Always check the oil before long trips",
    "Always add salt to pasta water",
    "Never run the dishwasher at night",
    "Never use bleach on the marble",
    "Stop using the old printer, it jams",
    "Stop using Chrome was my new year's resolution",
    "When you give the cat pills, use butter",
    "Never tell me the odds",
    "Always be honest, my father told me",
    "Call me by noon",
    "Call me sometime",
    "Call me whenever",
    "Call me up",
    "Call me please",
    "Call me with the results",
    "Call me first thing in the morning",
    "Call me because I forgot",
    "Call me Ishmael is the first line of Moby Dick",
    "Only answer in case of emergency",
    "Every answer should be in the exam booklet",
    "Don't write on the wall",
    "Ab jetzt nur noch Bio-Milch",
    "Ab heute kein Zucker mehr",
    "Keine Milch verwenden, Emil ist allergisch",
    "Nenn mich verrückt",
    "Sag Mia immer Bescheid",
    "Verwende nie Bleiche auf dem Marmor",
    "Llámame loco",
    "Nunca uses lejía en el mármol",
    "Don't use plastic bags",
    "Always keep it dry",
    "Always show ID at the gate",
    "Call me Monday",
    "Always answer the door politely",
    "Only answer the phone",
    "From now on we answer in German",
    "Antworte Mia immer sofort",
    "Whenever I send money to Ana, use the blue card",
    "Always sign the visitor book",
    "From now on, use the back door",
    "Don't start without Anna",
    "In future, call the plumber first",
    "Use the metric wrench from now on",
    "Never use code 4711 at the door",
    "Keep the receipts in one list from now on",
    "From now on, speak German with grandma",
    "Use dark roast from now on",
    "Always write Anna a card",
    "Always use exact change",
    "Never say words that hurt",
    "Call me Friday",
    "Call me Anna's driver",
    "Antworte Emil immer auf Deutsch",
    "Nenn mich Sam und nicht Samuel",
    "Only answer in writing",
    "Always put the bins in three lines",
    "For the party you plan, buy wine",
];

#[test]
fn what_is_to_be_done_from_now_on_is_found() {
    for text in [
        "always answer in metric",
        "Never use semicolons in my emails",
        "from now on call me Sam",
        "From now on, please write in British English.",
        "please don't use emojis",
        "I'd like you to keep answers short from now on",
        "Keep answers short from now on.",
        "In future, use 24-hour times.",
        "Call me Sam",
        "don't call me Samantha",
        "Please never call me Mrs. Jones.",
        "Can you always answer in German?",
        "Always include units when you answer.",
        "Going forward, quote the source.",
        "Stop using bullet points",
        "When you give prices, use Canadian dollars.",
        "If you're not sure, tell me.",
        "Every summary should end with a question.",
        "Don't ever send me walls of text.",
        "Please address me as Dr. Okafor.",
        "Whenever I ask for code, always use Rust.",
        "when I paste a log, always explain the first error",
        "Only answer in French",
        "Answer in imperial from now on.",
        "Never use emojis.",
        "From now on, answer in metric units.",
        "Keep your answers short from now on",
        "Please keep your answers short.",
        "Be concise from now on",
        "From now on, keep it short.",
        "Always translate to German",
        "Always spell colour with u",
        "Never use em dashes",
        "Always use Python for code examples",
        "From now on, speak German with me.",
        "Call me Dr. Okafor",
        "Call me Jean Luc, please.",
        "Hey, call me Sam!",
        "Ab jetzt bitte kurz antworten",
        "Llámame Ana",
        "Use metric from now on",
        "make sure you always check the units",
        "By the way, always write dates as day, month, year.",
        "I want you to always use metric units",
        "Please always use British spelling.",
        "Bitte antworte immer auf Deutsch",
        "I prefer short answers",
        "I prefer concise replies.",
        "Call me Jean Luc from now on",
        "Never use em dashes.",
        "Always cite your sources",
        "From now on, answer in one paragraph.",
        "Ab jetzt nenn mich Sam",
        "Verwende nie Semikolons",
        "bitte keine Emojis verwenden",
        "Nenn mich Sam",
        "Ich möchte, dass du ab jetzt kurz antwortest",
        "Schreib ab jetzt ohne Abkürzungen",
        "Responde siempre en español",
        "A partir de ahora, llámame Sam",
        "Por favor, no uses emojis",
        "Desde ahora háblame de tú.",
        "Explícame siempre las cosas con un ejemplo.",
        "Empfiehl mir nie Restaurants mit Fisch.",
        "Nunca uses punto y coma en mis correos",
        "Quiero que respondas siempre en metros",
    ] {
        assert_eq!(standing_instructions(text), [text]);
    }
}

#[test]
fn stories_and_single_requests_are_left_out() {
    for text in [
        "I always go running",
        "she never calls",
        "we always meet at noon",
        "You should always salt the water",
        "Never mind",
        "never again!",
        "Never been to Spain.",
        "Always wanted to see it",
        "Always a pleasure",
        "Always tell the truth",
        "Always do your best and never give up!",
        "Never say never",
        "From now on I will run daily",
        "From now on we meet at noon",
        "In the future I want to live in Porto",
        "call me tomorrow",
        "Call me back when you can",
        "don't worry",
        "Don't forget to call mum",
        "don't add the onions",
        "Don't use it",
        "Don't use too much salt in the soup.",
        "Always check the oil, my dad used to say.",
        "Siempre di la verdad, decía mi abuela.",
        "When you give a talk, do you use notes?",
        "When you get home, feed the cat.",
        "Every answer in the quiz was wrong.",
        "Could you answer my question?",
        "Do you always answer in metric?",
        "Why do you never use semicolons?",
        "They said: she always uses metric",
        "My boss wants me to always answer quickly",
        "When I was young I always used a pen",
        "When I say that, he never answers",
        "Use the new key",
        "Write a poem about rain",
        "Ich gehe immer laufen",
        "Sie ruft nie an",
        "Ab jetzt gehe ich laufen",
        "Nenn mich nicht so",
        "Wenn ich laufe, trinke ich immer Wasser",
        "Siempre usa gafas",
        "Nunca llama",
        "A partir de ahora voy a correr",
        "Llámame mañana",
        "no uses esto",
        "",
        "你好",
    ] {
        assert!(standing_instructions(text).is_empty(), "{text}");
    }
}

#[test]
fn rules_for_somebody_else_are_left_out() {
    for text in RULES_FOR_OTHERS {
        assert!(standing_instructions(text).is_empty(), "{text}");
    }
}

#[test]
fn instructions_are_found_among_other_sentences_and_cut() {
    let text = "I moved.\nAlways answer in metric. She never calls! From now on call me Sam.";
    assert_eq!(
        standing_instructions(text),
        ["Always answer in metric.", "From now on call me Sam."]
    );
    let long = format!("Always answer in metric {}", "and so on ".repeat(100));
    let found = standing_instructions(&long);
    assert!(found[0].chars().count() <= 300 && found[0].ends_with("and"), "{found:?}");
    let unbroken = format!("Always answer in {}", "語".repeat(500));
    assert_eq!(standing_instructions(&unbroken), ["Always answer in"]);
}

/// Prints what is missed and what is wrongly found. The rules were improved with these messages, so
/// the figures say that none was lost, not how well others are read.
#[test]
fn the_messages_of_the_test_data_are_read_well() {
    let messages = include_str!("../../../eval/data/instructions.json");
    let messages: serde_json::Value = serde_json::from_str(messages).unwrap();
    let (mut expected, mut found, mut wrong) = (0, 0, 0);
    for message in messages.as_array().unwrap() {
        let wanted: Vec<&str> = message["instructions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sentence| sentence.as_str().unwrap())
            .collect();
        let read = standing_instructions(message["text"].as_str().unwrap());
        expected += wanted.len();
        for sentence in &wanted {
            if read.contains(sentence) {
                found += 1;
            } else {
                println!("missed: {sentence}");
            }
        }
        for sentence in read.iter().filter(|sentence| !wanted.contains(sentence)) {
            println!("wrong: {sentence}");
            wrong += 1;
        }
    }
    println!("{found} of {expected} instructions found, {wrong} wrong");
    assert!(found * 10 >= expected * 9 && wrong <= 2, "{found} of {expected}, {wrong} wrong");
}
