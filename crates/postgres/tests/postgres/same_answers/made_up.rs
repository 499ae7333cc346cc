//! Made-up turns, facts and vectors that histories are made of.

use std::fmt::Debug;

use longmem_core::{
    Embedding, EmbeddingModel, Entity, EntityKind, FactKind, NewFact, NewTurn, PassageSpan, Role,
    SessionName, SourceKey, Timestamp, fnv1a,
};

/// Words that no stemmer and no stop list touches.
pub(crate) const WORDS: [&str; 7] =
    ["lisbon", "tokyo", "berlin", "oslo", "東京", "err_42", "quito"];
pub(crate) const SESSIONS: [&str; 4] = ["a", "b", "ä/1", "'; --"];
pub(crate) const WIDTH: usize = 384;
pub(crate) const KEYS: u8 = 30;

pub(crate) fn shown(value: &impl Debug) -> String {
    format!("{value:?}")
}

pub(crate) fn name(session: &str) -> SessionName {
    SessionName::new(session).unwrap()
}

pub(crate) fn source_key(number: u8) -> SourceKey {
    SourceKey(format!("key {number}"))
}

/// So many seconds after the start of 2026.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

/// One of many turns, which have words in common with others and one of their own.
pub(crate) fn many(session: &str, number: usize) -> NewTurn {
    let [first, second] = [number, number / 7].map(|place| WORDS[place % WORDS.len()]);
    NewTurn {
        session: name(session),
        session_title: None,
        role: if number.is_multiple_of(2) { Role::User } else { Role::Assistant },
        speaker: None,
        text: format!("{first} {second} w{number}"),
        time: at(number as i64 % 14),
        note: false,
        source_key: None,
    }
}

pub(crate) fn new_fact(name: &str) -> NewFact {
    NewFact {
        subject: "user".to_owned(),
        statement: format!("likes {name}"),
        kind: FactKind::Preference,
        source: None,
        since: at(5),
        entities: vec![Entity { name: name.to_owned(), kind: EntityKind::Other }],
    }
}

pub(crate) fn model() -> EmbeddingModel {
    EmbeddingModel {
        name: "made-up".to_owned(),
        revision: "1".to_owned(),
        dimensions: WIDTH,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 64,
    }
}

/// A vector that shares as much with another as their texts share words: each word adds a direction
/// of its own.
pub(crate) fn vector(text: &str) -> Embedding {
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

/// Two words a passage, each with its vector.
pub(crate) fn passages(text: &str) -> Vec<(PassageSpan, Embedding)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let span = PassageSpan { start: 0, end: 1, tokens: 1 };
    words.chunks(2).map(|words| (span, vector(&words.join(" ")))).collect()
}
