//! Vectors equal those of sentence-transformers, which made `golden/golden.json`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod real_model;

use longmem_core::{Embedding, TextEmbedder};
use real_model::MODEL;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    text: String,
    tokens: usize,
    vector: Vec<f32>,
}

fn golden() -> Vec<Case> {
    let golden: Golden = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    assert!(golden.cases.len() >= 26);
    golden.cases
}

fn original(case: &Case) -> Embedding {
    Embedding::from_unit(case.vector.clone()).unwrap()
}

#[test]
fn every_golden_text_has_the_vector_of_the_original_model() {
    for case in golden() {
        let vectors = MODEL.embed_passages(&[&case.text]).unwrap();
        let cosine = vectors[0].cosine(&original(&case));
        assert!(cosine >= 0.9999, "{}: cosine {cosine}", case.name);
    }
}

#[test]
fn the_golden_texts_in_one_call_have_the_same_vectors_in_the_order_given() {
    let cases = golden();
    let texts: Vec<_> = cases.iter().map(|case| case.text.as_str()).collect();
    for (case, vector) in cases.iter().zip(MODEL.embed_passages(&texts).unwrap()) {
        let cosine = vector.cosine(&original(case));
        assert!(cosine >= 0.9999, "{}: cosine {cosine}", case.name);
    }
}

#[test]
fn passages_have_the_tokens_that_the_original_counts_and_the_longest_are_cut() {
    for case in golden() {
        let passages = MODEL.passages(&case.text).unwrap();
        if case.tokens <= 256 {
            assert_eq!(passages.len(), 1, "{}", case.name);
            assert_eq!(passages[0].tokens, case.tokens, "{}", case.name);
        } else {
            assert!(passages.len() > 1, "{}", case.name);
        }
    }
}

#[test]
fn no_texts_have_no_vectors() {
    assert!(MODEL.embed_passages(&[]).unwrap().is_empty());
}
