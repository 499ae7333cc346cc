//! No note and no message of two people who talk is taken for a passage without words.

use std::path::Path;

use longmem_text::has_words;
use serde_json::Value;

/// Characters of a piece: about what a passage has.
const PIECE: usize = 450;

/// Calls `each` with every text of a data set: the strings that are called "text".
fn each_text(value: &Value, each: &mut dyn FnMut(&str)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| each_text(value, each)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "text" => each(text),
                    _ => each_text(value, each),
                }
            }
        }
        _ => {}
    }
}

/// Runs where `LONGMEM_EVAL_DATA` names a folder with the data sets.
#[test]
fn every_piece_of_notes_and_talks_has_words() {
    let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") else {
        println!("skipped: LONGMEM_EVAL_DATA names no folder with data sets");
        return;
    };
    for file in ["notes-dev/notes-dev.json", "locomo-dev/locomo-dev.json"] {
        let path = Path::new(&folder).join(file);
        let Ok(json) = std::fs::read_to_string(&path) else {
            println!("skipped: there is no {}", path.display());
            continue;
        };
        let mut pieces = 0;
        each_text(&serde_json::from_str(&json).unwrap(), &mut |text| {
            let characters: Vec<char> = text.chars().collect();
            for piece in characters.chunks(PIECE) {
                let piece: String = piece.iter().collect();
                assert!(has_words(&piece), "{file}: {piece}");
                pieces += 1;
            }
        });
        assert!(pieces > 400, "{file} has {pieces} pieces");
    }
}
