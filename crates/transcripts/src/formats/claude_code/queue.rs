//! What a person typed while Claude Code worked.
//!
//! Such a prompt waits in a queue. Several records tell of it: `enqueue`, then `remove` or
//! `dequeue`, an attachment `queued_command` where the model was shown it in the middle of its work,
//! and a user message where it became a prompt of its own. It is one turn, whichever of them a
//! transcript holds.

use std::collections::HashMap;

use longmem_core::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// Bytes of prompts that are kept. With more, those found so far are dropped: only a transcript made
/// of queued prompts comes that far.
const MAX_BYTES: usize = 4 << 20;

/// The queued prompts of every session.
#[derive(Default, Deserialize)]
#[serde(from = "HashMap<String, SessionQueue>")]
pub(super) struct PromptQueues {
    sessions: HashMap<String, SessionQueue>,
    bytes: usize,
}

impl From<HashMap<String, SessionQueue>> for PromptQueues {
    fn from(sessions: HashMap<String, SessionQueue>) -> Self {
        let bytes = sessions.iter().map(|(session, queue)| queue.bytes(session)).sum();
        Self { sessions, bytes }
    }
}

impl Serialize for PromptQueues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let not_empty = self.sessions.iter().filter(|(session, queue)| queue.bytes(session) > 0);
        serializer.collect_map(not_empty)
    }
}

#[derive(Default, Serialize, Deserialize)]
struct SessionQueue {
    /// In the order in which they were typed.
    waiting: Vec<QueuedPrompt>,
    /// Prompts that have become turns, until the person's next message.
    taken: Vec<TakenPrompt>,
}

/// A prompt that waits.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct QueuedPrompt {
    pub(super) text: String,
    /// When it was typed.
    pub(super) time: Option<Timestamp>,
    /// Whether another record has told of it already.
    is_turn: bool,
}

/// A prompt that has become a turn.
#[derive(Serialize, Deserialize)]
struct TakenPrompt {
    text: String,
    /// Place of the turn among those that wait for delivery; none once it is delivered.
    #[serde(skip)]
    place: Option<usize>,
    /// Whether the record of a message has told of it, and not only the queue.
    has_message: bool,
    /// Whether the model has answered since.
    answered: bool,
}

/// What a message is to the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// It is another turn.
    New {
        /// When it was typed, where the queue knows it.
        typed: Option<Timestamp>,
    },
    /// It is the turn at this place among those that wait for delivery.
    At(usize),
    /// It is a turn that was delivered already.
    Delivered,
}

impl PromptQueues {
    /// Takes in a prompt that was typed.
    pub(super) fn enqueue(&mut self, session: &str, text: String, time: Option<Timestamp>) {
        self.make_room(session, &text);
        let prompt = QueuedPrompt { text, time, is_turn: false };
        self.session(session).waiting.push(prompt);
    }

    /// Takes the oldest prompt off the queue; it comes again as a user message.
    pub(super) fn dequeue(&mut self, session: &str) {
        self.take_off(session, 0);
    }

    /// Takes the prompt with this text off the queue, or the oldest; returns it unless another
    /// record has told of it already. A prompt that was never queued is returned, too: the
    /// transcript begins after it.
    pub(super) fn remove(&mut self, session: &str, text: Option<&str>) -> Option<QueuedPrompt> {
        let Some(text) = text else {
            return self.take_off(session, 0).filter(|prompt| !prompt.is_turn);
        };
        let queue = self.session(session);
        match queue.waiting.iter().position(|prompt| prompt.text == text) {
            Some(place) => self.take_off(session, place).filter(|prompt| !prompt.is_turn),
            None => Some(QueuedPrompt { text: text.to_owned(), time: None, is_turn: false }),
        }
    }

    /// Empties the queue: the prompts went back to the person, to be changed.
    pub(super) fn take_back_all(&mut self, session: &str) {
        while self.take_off(session, 0).is_some() {}
    }

    /// Notes that a prompt has become the turn at this place.
    pub(super) fn became_turn(
        &mut self,
        session: &str,
        text: &str,
        place: usize,
        has_message: bool,
    ) {
        self.make_room(session, text);
        let (text, place) = (text.to_owned(), Some(place));
        let taken = TakenPrompt { text, place, has_message, answered: false };
        self.session(session).taken.push(taken);
    }

    /// What an attachment with this text is.
    pub(super) fn attachment(&mut self, session: &str, text: &str) -> Message {
        let queue = self.session(session);
        let told = queue.taken.iter_mut().find(|taken| taken.text == text && !taken.has_message);
        if let Some(taken) = told {
            taken.has_message = true;
            return taken.place.map_or(Message::Delivered, Message::At);
        }
        Message::New { typed: queue.mark_as_turn(text) }
    }

    /// What a user message with this text is. `was_queued` is whether it says that it comes from
    /// the queue.
    pub(super) fn user_message(&mut self, session: &str, text: &str, was_queued: bool) -> Message {
        if !self.sessions.contains_key(session) {
            return Message::New { typed: None };
        }
        let queue = self.session(session);
        let same = queue.taken.iter().position(|taken| {
            // The same words after an answer were typed again.
            taken.text == text && (!taken.has_message || !taken.answered || was_queued)
        });
        if let Some(same) = same {
            let taken = queue.taken.remove(same);
            self.bytes -= bytes_of(session, &taken.text);
            return taken.place.map_or(Message::Delivered, Message::At);
        }
        queue.mark_as_turn(text);
        let past = std::mem::take(&mut queue.taken);
        self.bytes -= past.iter().map(|taken| bytes_of(session, &taken.text)).sum::<usize>();
        Message::New { typed: None }
    }

    /// Notes that the model has said something.
    pub(super) fn answered(&mut self, session: &str) {
        if let Some(queue) = self.sessions.get_mut(session) {
            queue.taken.iter_mut().for_each(|taken| taken.answered = true);
        }
    }

    /// Notes that every turn so far is delivered.
    pub(super) fn all_delivered(&mut self) {
        for taken in self.sessions.values_mut().flat_map(|queue| &mut queue.taken) {
            taken.place = None;
        }
    }

    fn take_off(&mut self, session: &str, place: usize) -> Option<QueuedPrompt> {
        let waiting = &mut self.session(session).waiting;
        let prompt = (place < waiting.len()).then(|| waiting.remove(place))?;
        self.bytes -= bytes_of(session, &prompt.text);
        Some(prompt)
    }

    fn session(&mut self, session: &str) -> &mut SessionQueue {
        if !self.sessions.contains_key(session) {
            self.sessions.insert(session.to_owned(), SessionQueue::default());
        }
        self.sessions.get_mut(session).expect("it is there or was inserted")
    }

    fn make_room(&mut self, session: &str, text: &str) {
        let bytes = bytes_of(session, text);
        if self.bytes + bytes > MAX_BYTES {
            self.sessions.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
    }
}

impl SessionQueue {
    fn bytes(&self, session: &str) -> usize {
        let waiting = self.waiting.iter().map(|prompt| &prompt.text);
        let taken = self.taken.iter().map(|taken| &taken.text);
        waiting.chain(taken).map(|text| bytes_of(session, text)).sum()
    }

    /// Notes that a waiting prompt is a turn already; returns when it was typed.
    fn mark_as_turn(&mut self, text: &str) -> Option<Timestamp> {
        let same = |prompt: &&mut QueuedPrompt| prompt.text == text && !prompt.is_turn;
        let prompt = self.waiting.iter_mut().find(same)?;
        prompt.is_turn = true;
        prompt.time
    }
}

fn bytes_of(session: &str, text: &str) -> usize {
    size_of::<(String, SessionQueue, QueuedPrompt)>() + session.len() + text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_one_turn_whichever_record_tells_of_it() {
        let mut queues = PromptQueues::default();
        queues.enqueue("s", "a".to_owned(), None);
        assert_eq!(queues.remove("s", Some("a")).unwrap().text, "a");
        queues.became_turn("s", "a", 3, false);
        assert_eq!(queues.attachment("s", "a"), Message::At(3));
        assert_eq!(queues.user_message("s", "a", false), Message::At(3));
        assert_eq!(queues.user_message("s", "a", false), Message::New { typed: None });
    }

    #[test]
    fn the_same_words_after_an_answer_are_another_turn() {
        let mut queues = PromptQueues::default();
        queues.became_turn("s", "go on", 3, true);
        queues.answered("s");
        assert_eq!(queues.user_message("s", "go on", false), Message::New { typed: None });
        queues.became_turn("s", "go on", 5, true);
        queues.answered("s");
        assert_eq!(queues.user_message("s", "go on", true), Message::At(5));
    }

    #[test]
    fn a_prompt_that_was_told_of_is_removed_in_silence() {
        let mut queues = PromptQueues::default();
        let time = Some(Timestamp::UNIX_EPOCH);
        for _ in 0..2 {
            queues.enqueue("s", "a".to_owned(), time);
        }
        assert_eq!(queues.attachment("s", "a"), Message::New { typed: time });
        assert!(queues.remove("s", None).is_none());
        assert!(queues.remove("s", None).is_some());
        assert!(queues.remove("s", None).is_none());
    }

    #[test]
    fn a_transcript_made_of_queued_prompts_takes_limited_memory() {
        let mut queues = PromptQueues::default();
        for index in 0..100 {
            queues.enqueue(&index.to_string(), "x".repeat(1 << 17), None);
            assert!(queues.bytes <= MAX_BYTES);
        }
        queues.take_back_all("99");
        assert!(queues.remove("99", None).is_none());
    }
}
