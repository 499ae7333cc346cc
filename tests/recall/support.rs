//! A memory with the real model, filled and asked in a line each.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use longmem::core::{FixedClock, NewTurn};
use longmem::memory::Found;
use longmem::{
    Longmem, Options, Recall, RecallRequest, Reply, Role, Scope, SessionName, TextEmbedder,
    UserName,
};
use longmem_eval::EmbedOnce;
use tempfile::TempDir;

/// The user whose memory it is, where a test has only one.
pub(crate) const ANA: &str = "ana";

/// When tests remember and ask, unless they say otherwise.
pub(crate) const NOW: &str = "2026-06-10T10:00:00Z";

/// The real model, loaded once and fetched into the repository's `models/` if absent.
pub(crate) static MODEL: LazyLock<Arc<EmbedOnce>> = LazyLock::new(|| {
    let options = Options::new(env!("CARGO_MANIFEST_DIR"));
    Arc::new(EmbedOnce::new(Arc::new(options.minilm())))
});

/// A file of the test data that `longmem eval` reads.
pub(crate) fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/eval/data").join(file)
}

/// A memory in a folder of its own, which goes with it.
pub(crate) struct Known {
    pub(crate) longmem: Longmem,
    _folder: TempDir,
}

impl Known {
    /// Nothing yet.
    pub(crate) fn nothing() -> Self {
        Self::nothing_at(NOW)
    }

    /// Nothing yet, at a moment at which the clock stands still.
    pub(crate) fn nothing_at(now: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = Options::new(folder.path());
        options.embedder = Some(Arc::clone(&*MODEL) as Arc<dyn TextEmbedder>);
        options.clock = Arc::new(FixedClock(now.parse().unwrap()));
        Self { longmem: Longmem::open(options).unwrap(), _folder: folder }
    }

    /// What Ana noted.
    pub(crate) fn of_notes(notes: &[&str]) -> Self {
        let known = Self::nothing();
        let notes: Vec<NewTurn> = notes.iter().map(|text| known.note(text)).collect();
        known.remember(&notes);
        known
    }

    /// A note that is made now.
    pub(crate) fn note(&self, text: &str) -> NewTurn {
        NewTurn { note: true, ..self.turn("notes", Role::User, text) }
    }

    /// A turn that is said now.
    pub(crate) fn turn(&self, session: &str, role: Role, text: &str) -> NewTurn {
        self.longmem.memory().new_turn(SessionName::new(session).unwrap(), role, text)
    }

    /// Stores turns of Ana's, with their vectors.
    pub(crate) fn remember(&self, turns: &[NewTurn]) {
        self.longmem.memory().remember(&user(ANA), turns).unwrap();
        self.longmem.index().unwrap();
    }

    /// Stores a chat of Ana's: what she and the assistant say in turn.
    pub(crate) fn chat(&self, session: &str, said: &[&str]) {
        let roles = [Role::User, Role::Assistant].into_iter().cycle();
        let turns = said.iter().zip(roles).map(|(text, role)| self.turn(session, role, text));
        self.remember(&turns.collect::<Vec<_>>());
    }

    /// Stores what two people or more said to each other.
    pub(crate) fn talk(&self, session: &str, said: &[(&str, &str)]) {
        let turns = said.iter().map(|(speaker, text)| NewTurn {
            speaker: Some((*speaker).to_owned()),
            ..self.turn(session, Role::User, text)
        });
        self.remember(&turns.collect::<Vec<_>>());
    }

    /// What Ana's memory brings for a message.
    pub(crate) fn recall(&self, message: &str) -> Recall {
        self.longmem.recall(ANA, message).unwrap()
    }

    /// What a request brings.
    pub(crate) fn recall_by(&self, request: &RecallRequest) -> Recall {
        self.longmem.memory().recall(request).unwrap()
    }

    /// The texts of turns and facts that a message brings, most relevant first.
    pub(crate) fn recalled(&self, message: &str) -> Vec<String> {
        texts(&self.recall(message))
    }

    /// The texts that are quoted as the answer to a question.
    pub(crate) fn quoted(&self, question: &str) -> Vec<String> {
        let Reply::Quotes(answer) = self.longmem.ask(ANA, question).unwrap() else {
            panic!("no language model is set up")
        };
        let lines = answer.text.lines().filter(|line| line.starts_with("- "));
        lines.map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
    }

    /// Checks that recall and the quoted answer both begin with a text.
    #[track_caller]
    pub(crate) fn finds_first(&self, question: &str, expected: &str) {
        let recalled = self.recalled(question);
        assert_eq!(
            recalled.first().map(String::as_str),
            Some(expected),
            "{question}\n{recalled:#?}"
        );
        let quoted = self.quoted(question);
        assert_eq!(quoted.first().map(String::as_str), Some(expected), "{question}\n{quoted:#?}");
    }
}

/// A request for what Ana's memory holds.
pub(crate) fn asked(message: &str) -> RecallRequest {
    RecallRequest::new(Scope::of(user(ANA)), message)
}

pub(crate) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(crate) fn time(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// The texts of turns and facts, most relevant first.
pub(crate) fn texts(recall: &Recall) -> Vec<String> {
    let text = |found: Found<'_>| match found {
        Found::Turn(found) => found.turn.text.clone(),
        Found::Fact(found) => found.fact.statement.clone(),
    };
    recall.in_order().map(text).collect()
}
