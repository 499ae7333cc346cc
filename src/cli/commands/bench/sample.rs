//! The texts that embedding is measured on.

use serde_json::Value;

use crate::commands::demo::HISTORY;

/// Questions as people ask them.
const QUESTIONS: [&str; 4] = [
    "Where do I live now?",
    "What food is my partner allergic to?",
    "How did we fix the connection error in the deployment?",
    "When is the next appointment with the vet?",
];

pub(super) fn questions() -> Vec<String> {
    QUESTIONS.map(str::to_owned).to_vec()
}

/// The messages of the sample history, in its order.
pub(super) fn turns() -> Vec<String> {
    let history: Value = serde_json::from_slice(HISTORY).expect("the sample history is JSON");
    let conversations = history.as_array().into_iter().flatten();
    conversations
        .filter_map(|conversation| conversation["mapping"].as_object())
        .flat_map(serde_json::Map::values)
        .filter_map(|node| node["message"]["content"]["parts"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_what_people_said() {
        let turns = turns();
        assert!(turns.len() > 100);
        assert!(turns.iter().any(|text| text.contains("half marathon")));
    }
}
