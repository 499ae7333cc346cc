//! Questions that stand in long messages.

use std::path::Path;

use fs_err as fs;
use longmem_core::fnv1a;
use longmem_text::sentences;

use super::{Conversation, Dataset};
use crate::EvalError;

/// Where a question stands in a long message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind the other text.
    Behind,
    /// Before the other text.
    Before,
}

/// The text that fills long messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filler {
    /// What it is taken from; never empty.
    sources: Vec<Source>,
    /// What stands between its pieces.
    between: &'static str,
}

/// A text that fills messages, in pieces that stay whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    /// The id of the conversation that it is; none for a file.
    conversation: Option<String>,
    /// Sentences or lines; never empty.
    pieces: Vec<String>,
}

impl Filler {
    /// What is said in the conversations of data sets, sentence by sentence. The talk around a question
    /// is never that of its own conversation.
    ///
    /// # Errors
    /// [`EvalError::NothingToWrapWith`] if there are not two conversations.
    pub fn talk<'a>(sets: impl IntoIterator<Item = &'a Dataset>) -> Result<Self, EvalError> {
        let conversations = sets.into_iter().flat_map(|set| &set.conversations);
        let sources: Vec<Source> =
            conversations.map(Source::of).filter(|source| !source.pieces.is_empty()).collect();
        let first = sources.first().map(|source| &source.conversation);
        if sources.iter().all(|source| Some(&source.conversation) == first) {
            return Err(EvalError::NothingToWrapWith);
        }
        Ok(Self { sources, between: " " })
    }

    /// The lines of a file of text: code, or logs.
    ///
    /// # Errors
    /// [`EvalError::Io`]; [`EvalError::NothingToWrapWith`] if the file holds no text.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, EvalError> {
        let text = fs::read_to_string(path.as_ref())?;
        let pieces: Vec<String> = text.lines().map(str::to_owned).collect();
        if text.trim().is_empty() {
            return Err(EvalError::NothingToWrapWith);
        }
        Ok(Self { sources: vec![Source { conversation: None, pieces }], between: "\n" })
    }

    /// Whole pieces in a row, of at least `words` words together, for a question of a conversation:
    /// always the same for the same question.
    fn text(&self, conversation: &str, question: &str, words: usize) -> String {
        let mut random =
            fastrand::Rng::with_seed(fnv1a(format!("{conversation}/{question}").as_bytes()));
        let usable: Vec<&Source> = self
            .sources
            .iter()
            .filter(|source| source.conversation.as_deref() != Some(conversation))
            .collect();
        let source = usable[random.usize(..usable.len())];
        let start = random.usize(..source.pieces.len());
        let mut missing = words;
        let mut taken = Vec::new();
        for piece in source.pieces.iter().cycle().skip(start) {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(piece.split_whitespace().count());
            taken.push(piece.as_str());
        }
        taken.join(self.between)
    }
}

impl Source {
    fn of(conversation: &Conversation) -> Self {
        let turns = conversation.turns().flat_map(|(_, turn)| sentences(&turn.text));
        let id = Some(conversation.id.clone());
        Self { conversation: id, pieces: turns.map(str::to_owned).collect() }
    }
}

impl Dataset {
    /// The same conversations with every question in a message of its own with about `words` words of
    /// other text: whole sentences of one other conversation, or whole lines of a file.
    #[must_use]
    pub fn wrapped(&self, filler: &Filler, words: usize, place: Place) -> Self {
        let mut wrapped = self.clone();
        for conversation in &mut wrapped.conversations {
            let Conversation { id, questions, .. } = conversation;
            for question in questions {
                let text = filler.text(id, &question.id, words);
                let (question_text, between) = (&question.text, filler.between);
                question.message = Some(match place {
                    Place::Behind => format!("{text}{between}{question_text}"),
                    Place::Before => format!("{question_text}{between}{text}"),
                });
            }
        }
        wrapped
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layout, Repairs};
    use super::*;

    fn set() -> Dataset {
        let conversation = |id: &str, text: &str| -> Conversation {
            serde_json::from_value(serde_json::json!({
                "id": id,
                "sessions": [{"id": "s", "date": "2026-03-02", "turns": [
                    {"id": "t", "role": "user", "text": text}]}],
                "questions": [{"id": "q", "text": "Who?"}],
            }))
            .unwrap()
        };
        let conversations = vec![
            conversation("a", "Apples are red. They grow on trees."),
            conversation("b", "Bread is brown. Bakers bake it."),
        ];
        let repairs = Repairs::default();
        Dataset { name: "set".to_owned(), layout: Layout::Neutral, conversations, repairs }
    }

    fn message(set: &Dataset, place: usize) -> &str {
        set.conversations[place].questions[0].sent()
    }

    #[test]
    fn whole_sentences_of_another_conversation_stand_around_the_question() {
        let set = set();
        let filler = Filler::talk([&set]).unwrap();
        let behind = set.wrapped(&filler, 5, Place::Behind);
        let before = set.wrapped(&filler, 5, Place::Before);
        for (place, foreign) in [
            (0, ["Bread is brown.", "Bakers bake it."]),
            (1, ["Apples are red.", "They grow on trees."]),
        ] {
            let text = message(&behind, place);
            let talk = text.strip_suffix(" Who?").unwrap();
            assert!(foreign.iter().all(|sentence| talk.contains(sentence)), "{text}");
            assert_eq!(message(&before, place), format!("Who? {talk}"));
        }
        assert_eq!(behind, set.wrapped(&filler, 5, Place::Behind), "the same each time");
        assert_eq!(behind.conversations[0].questions[0].text, "Who?");
        assert_eq!(behind.conversations[0].sessions, set.conversations[0].sessions);
    }

    #[test]
    fn a_file_is_taken_line_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.py");
        std::fs::write(&file, "if a:\n    b(1)\n").unwrap();
        let set = set();
        let wrapped = set.wrapped(&Filler::file(&file).unwrap(), 3, Place::Before);
        let text = message(&wrapped, 0);
        assert!(["Who?\nif a:\n    b(1)", "Who?\n    b(1)\nif a:"].contains(&text), "{text}");
        std::fs::write(&file, " \n").unwrap();
        assert!(matches!(Filler::file(&file), Err(EvalError::NothingToWrapWith)));
    }

    #[test]
    fn a_question_is_not_wrapped_in_its_own_conversation() {
        let mut alone = set();
        alone.conversations.truncate(1);
        assert!(matches!(Filler::talk([&alone]), Err(EvalError::NothingToWrapWith)));
    }
}
