//! An NVIDIA GPU gives the vectors of the processor: `.ci/gpu`.

#![cfg(feature = "cuda")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod real_model;

use std::path::Path;
use std::sync::LazyLock;

use longmem_core::{Diagnose, Embedding, Fault, Remedy, TextEmbedder};
use longmem_embed::{Compute, Device, EmbedderError, Manifest, MiniLm, Precision};
use real_model::MODEL;
use serde_json::Value;

/// Number of texts that are asked for their nearest.
const QUESTIONS: usize = 300;

/// The model on the GPU, loaded once.
static GPU: LazyLock<MiniLm> = LazyLock::new(|| load(Device::Cuda).unwrap());

fn load(compute: impl Into<Compute>) -> Result<MiniLm, EmbedderError> {
    MiniLm::load(&Manifest::all_minilm_l6_v2(), &real_model::files(), compute)
}

/// The golden texts; then, where `LONGMEM_EVAL_DATA` names a folder with `locomo-dev/`, which the
/// repository does not carry, each turn of the talks in it, and every eight turns as one text.
fn texts() -> Vec<String> {
    let golden: Value = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    let mut texts = strings(&golden, "text");
    if let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") {
        let talks = fs_err::read(Path::new(&folder).join("locomo-dev/locomo-dev.json")).unwrap();
        let turns = strings(&serde_json::from_slice(&talks).unwrap(), "text");
        texts.extend(turns.chunks(8).map(|turns| turns.join("\n")));
        texts.extend(turns);
    }
    texts
}

/// Every string under a key, wherever it stands.
fn strings(json: &Value, key: &str) -> Vec<String> {
    match json {
        Value::Array(values) => values.iter().flat_map(|value| strings(value, key)).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name == key => vec![text.clone()],
                value => strings(value, key),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// The least cosine of two vectors of the same text.
fn least_cosine(a: &[Embedding], b: &[Embedding]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.cosine(b)).fold(1.0, f32::min)
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn every_text_has_the_vector_of_the_processor_and_the_same_nearest() {
    let texts = texts();
    let texts = borrowed(&texts);
    let cpu = MODEL.embed_passages(&texts).unwrap();
    let gpu = GPU.embed_passages(&texts).unwrap();
    let cosines = cpu.iter().zip(&gpu).map(|(a, b)| f64::from(a.cosine(b)));
    let mean = cosines.sum::<f64>() / texts.len() as f64;
    let least = least_cosine(&cpu, &gpu);
    println!("{} texts: cosine at least {least:.8}, {mean:.8} on average", texts.len());
    assert!(least >= 0.9999, "cosine {least}");

    let nearest = |vectors: &[Embedding], question: &Embedding| {
        let mut scored: Vec<(f32, usize)> =
            vectors.iter().enumerate().map(|(at, vector)| (vector.cosine(question), at)).collect();
        scored.sort_by(|(a, i), (b, j)| b.total_cmp(a).then(i.cmp(j)));
        scored.truncate(10);
        scored
    };
    let step = texts.len().div_ceil(QUESTIONS);
    let (mut asked, mut same) = (0, 0);
    for at in (0..texts.len()).step_by(step) {
        let expected = nearest(&cpu, &cpu[at]);
        let found = nearest(&gpu, &gpu[at]);
        asked += 1;
        same += usize::from(expected.iter().map(|hit| hit.1).eq(found.iter().map(|hit| hit.1)));
        for (&(near, _), &(_, text)) in expected.iter().zip(&found) {
            // Two that are as near as each other may change places.
            let found = cpu[text].cosine(&cpu[at]);
            assert!((near - found).abs() <= 1e-5, "found {found}, expected {near}");
        }
    }
    println!("{same} of {asked} lists of the ten nearest are the same");
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn a_text_alone_and_in_many_threads_has_the_vector_that_it_has_beside_others() {
    let texts = texts();
    let texts = &borrowed(&texts)[..26];
    let together = GPU.embed_passages(texts).unwrap();
    std::thread::scope(|scope| {
        for _thread in 0..8 {
            scope.spawn(|| {
                for _round in 0..8 {
                    let alone: Vec<_> =
                        texts.iter().map(|text| GPU.embed_query(text).unwrap()).collect();
                    let cosine = least_cosine(&together, &alone);
                    assert!(cosine >= 0.999_999, "cosine {cosine}");
                }
            });
        }
    });
    assert!(GPU.embed_passages(&[]).unwrap().is_empty());
}

#[test]
fn bf16_is_refused() {
    let error = load(Compute::new(Device::Cuda, Precision::Bf16)).err().unwrap();
    assert!(matches!(error, EmbedderError::PrecisionUnavailable { .. }), "{error}");
}

#[test]
fn a_machine_without_a_gpu_says_what_is_missing() {
    if let Err(error) = load(Device::Cuda) {
        println!("{error}");
        assert!(matches!(error, EmbedderError::DeviceUnavailable { .. }), "{error}");
        assert_eq!(error.fault(), Fault::Environment);
        assert_eq!(error.remedies(), [Remedy::UseProcessor]);
    }
}
