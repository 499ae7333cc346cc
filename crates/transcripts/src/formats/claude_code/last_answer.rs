//! The model's last words in a session, which may be written again with more of them.

use serde::{Deserialize, Serialize};

use crate::keys::fingerprint;
use crate::parsed_turn::ParsedTurn;

/// Keys of earlier records of one message that are remembered; the newest of them stay.
const MAX_KEYS: usize = 16;

/// The model's last words in a session.
#[derive(Serialize, Deserialize)]
pub(super) struct LastAnswer {
    message_id: String,
    /// The keys by which stores may know the message.
    pub(super) keys: Vec<String>,
    /// Bytes of its text without white space at the end, and their fingerprint.
    length: usize,
    fingerprint: String,
    /// Place among the turns that wait for delivery; none once it is delivered.
    #[serde(skip)]
    pub(super) place: Option<usize>,
}

impl LastAnswer {
    pub(super) fn new(message_id: &str, turn: &ParsedTurn) -> Self {
        let text = turn.text.trim_end();
        let keys: Vec<String> = turn.source_key.iter().chain(&turn.former_keys).cloned().collect();
        Self {
            message_id: message_id.to_owned(),
            keys: keys.into_iter().take(MAX_KEYS).collect(),
            length: text.len(),
            fingerprint: fingerprint(&[text]),
            place: None,
        }
    }

    /// Whether a record of the message with this id holds these words and more.
    pub(super) fn has_grown_to(&self, message_id: &str, text: &str) -> bool {
        !message_id.is_empty()
            && self.message_id == message_id
            && text
                .get(..self.length)
                .is_some_and(|begin| fingerprint(&[begin]) == self.fingerprint)
    }

    /// Notes that the turns that waited are delivered.
    pub(super) fn delivered(&mut self) {
        self.place = None;
    }
}
