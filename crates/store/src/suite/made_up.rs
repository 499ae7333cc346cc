//! Made-up turns and vectors that the tests start from.

use longmem_core::{
    Embedding, EmbeddingModel, NewTurn, PassageSpan, Role, SessionName, Timestamp, UserName, fnv1a,
};

pub(super) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(super) fn session(name: &str) -> SessionName {
    SessionName::new(name).unwrap()
}

/// So many seconds after the start of 2026.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

/// A user's turn, said so many seconds after the start of 2026.
pub(super) fn turn(session_name: &str, text: &str, second: i64) -> NewTurn {
    NewTurn {
        session: session(session_name),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: at(second),
        note: false,
        source_key: None,
    }
}

/// Numbers of each made-up vector.
pub(super) const WIDTH: usize = 384;

/// A model whose vectors are made by [`vector`].
pub(super) fn model(revision: &str) -> EmbeddingModel {
    EmbeddingModel {
        name: "made-up".to_owned(),
        revision: revision.to_owned(),
        dimensions: WIDTH,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 64,
    }
}

/// A vector that shares as much with another as their texts share words: each word adds a direction
/// of its own.
pub(super) fn vector(text: &str) -> Embedding {
    let mut numbers = vec![0.0; WIDTH];
    for word in text.split_whitespace() {
        // A linear congruential generator, seeded with the word's hash.
        let mut state = fnv1a(word.as_bytes());
        for number in &mut numbers {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *number += (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
        }
    }
    Embedding::normalized(numbers).unwrap()
}

/// A passage that no test looks into.
pub(super) const SPAN: PassageSpan = PassageSpan { start: 0, end: 1, tokens: 1 };

/// Stands in for an embedding model.
pub(super) struct Embedder {
    model: EmbeddingModel,
}

impl Embedder {
    pub(super) fn new(revision: &str) -> Self {
        Self { model: model(revision) }
    }

    pub(super) fn model(&self) -> &EmbeddingModel {
        &self.model
    }
}

/// Fifty words a passage, each with its vector.
pub(super) fn passages(text: &str) -> Vec<(PassageSpan, Embedding)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.chunks(50).map(|words| (SPAN, vector(&words.join(" ")))).collect()
}
