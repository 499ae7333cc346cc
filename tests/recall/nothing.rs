//! Messages that ask memory for nothing, and questions that only look so.

use longmem::memory::PROMPT_THRESHOLD;
use longmem_eval::dataset;
use serde_json::Value;

use crate::support::{Known, asked, data, texts};

/// Questions of `general-own.json`, each with the note that answers it.
const OWN: [(&str, &str); 16] = [
    ("what is the wifi password?", "Wifi: network Heron, password pebble-31-gate"),
    ("who is the new dentist?", "Dr Amari is our dentist now, at the mill"),
    ("what's the capital of the fund again?", "The fund starts with a capital of 40,000"),
    ("how do I get into the garage?", "Garage: the code is 5512, then push hard"),
    ("which port does the gateway use?", "The gateway listens on 7443"),
    ("when is the next vet appointment?", "Vet on 14 July at 16:30, bring the vaccination card"),
    ("Where is the spare key?", "The spare key lies under the third flower pot"),
    ("what was the name of the plumber?", "Plumber: Goran, comes on Saturdays too"),
    ("how much is the rent?", "Rent goes up to 940 in August"),
    ("how old is the boiler?", "Our boiler was built in 2009"),
    ("which database did we choose?", "We chose Postgres over Mongo for the orders"),
    ("where are the backups stored?", "Backups go to the disk in the cellar every night"),
    ("what's the deadline for the grant?", "The grant application must be in by 30 September"),
    ("who has the drill?", "Lent the drill to Rasmus"),
    ("when is the parents' evening?", "Parents' evening at school: Tuesday the 12th, 19:00"),
    ("wie lautet der Code für die Garage?", "Garage: the code is 5512, then push hard"),
];

fn read(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(data(file)).unwrap()).unwrap()
}

fn lines(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

/// The notes of each of four people, and at last those that answer the questions of [`OWN`].
fn notes_of_five() -> Vec<Vec<String>> {
    let set = dataset::read(data("german-spanish.json")).unwrap();
    let notes_of = |person: &dataset::Conversation| {
        let notes = person.turns().filter(|(_, turn)| turn.note == Some(true));
        notes.map(|(_, turn)| turn.text.clone()).collect()
    };
    let own = OWN.iter().map(|(_, note)| (*note).to_owned()).collect();
    set.conversations.iter().map(notes_of).chain([own]).collect()
}

fn known(notes: &[String]) -> Known {
    Known::of_notes(&notes.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What a message brings for a prompt.
fn brought(known: &Known, message: &str) -> Vec<String> {
    let mut request = asked(message);
    request.threshold = PROMPT_THRESHOLD;
    texts(&known.recall_by(&request))
}

/// Number of messages that bring something, and of all.
fn count_brought(known: &Known, messages: &[&str]) -> (usize, usize) {
    let bringing = messages.iter().filter(|message| !brought(known, message).is_empty());
    (bringing.count(), messages.len())
}

const KINDS: [&str; 3] = ["smalltalk", "general", "commands"];

#[test]
fn nine_of_ten_messages_that_ask_for_nothing_bring_nothing_into_a_prompt() {
    let messages = read("general.json");
    for notes in notes_of_five() {
        let known = known(&notes);
        for kind in KINDS {
            let (bringing, all) = count_brought(&known, &lines(&messages[kind]));
            assert!(bringing * 10 <= all, "{kind}: {bringing} of {all} beside {notes:#?}");
        }
    }
    // Among more notes, in three languages, more is near: there it holds for all kinds together.
    let known = known(&notes_of_five().concat());
    let all_messages: Vec<&str> = KINDS.iter().flat_map(|kind| lines(&messages[*kind])).collect();
    let (bringing, all) = count_brought(&known, &all_messages);
    assert!(bringing * 10 <= all, "{bringing} of {all} beside the notes of five people");
}

#[test]
fn a_question_that_looks_general_brings_the_note_that_answers_it() {
    let known = known(&notes_of_five().concat());
    let listed = read("general-own.json");
    let listed = lines(&listed);
    for (question, note) in OWN {
        assert!(listed.contains(&question), "{question}");
        let found = brought(&known, question);
        assert!(found.contains(&note.to_owned()), "{question}: {found:?}");
    }
}
