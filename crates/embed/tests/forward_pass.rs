//! The forward pass of this crate gives the vectors of candle's.

mod real_model;

use longmem_core::{Diagnose, Embedding, Fault, Remedy, TextEmbedder};
use longmem_embed::{Compute, Device, EmbedderError, Manifest, MiniLm, Precision};
use real_model::MODEL;

/// Texts of 3 to 256 tokens that share words, and some that are mostly pieces of words.
fn texts() -> Vec<String> {
    let words = "we moved to the old house near the river in march because my sister found work";
    let of_length = |words_in_text: usize| {
        let words = words.split(' ').cycle().skip(words_in_text % 7).take(words_in_text);
        words.collect::<Vec<_>>().join(" ")
    };
    let lengths = [1, 2, 5, 12, 13, 14, 15, 28, 29, 30, 31, 62, 63, 64, 126, 127, 200, 253, 254];
    let odd = ["", "😀 naïve 明天见", "electroencephalographically antidisestablishmentarianism"];
    lengths.map(of_length).into_iter().chain(odd.map(str::to_owned)).collect()
}

fn least_cosine(a: &[Embedding], b: &[Embedding]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.cosine(b)).fold(1.0, f32::min)
}

#[test]
fn f32_is_within_a_millionth_of_candle() {
    let reference = MiniLm::load_reference(&Manifest::all_minilm_l6_v2(), &real_model::files());
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let expected = reference.unwrap().embed_passages(&texts).unwrap();
    let cosine = least_cosine(&MODEL.embed_passages(&texts).unwrap(), &expected);
    println!("cosine at least {cosine:.8}");
    assert!(cosine >= 0.999_999, "cosine {cosine}");
}

#[test]
fn bf16_is_within_a_ten_thousandth_of_f32_or_refused_by_the_processor() {
    let compute = Compute::new(Device::Cpu, Precision::Bf16);
    let manifest = Manifest::all_minilm_l6_v2();
    let bf16 = match MiniLm::load(&manifest, &real_model::files(), compute) {
        Ok(model) => model,
        Err(error) => {
            assert!(matches!(error, EmbedderError::PrecisionUnavailable { .. }), "{error}");
            assert_eq!(error.fault(), Fault::Caller);
            assert_eq!(error.remedies(), [Remedy::UseFullPrecision]);
            return;
        }
    };
    assert_eq!(bf16.model(), MODEL.model());
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let cosine =
        least_cosine(&bf16.embed_passages(&texts).unwrap(), &MODEL.embed_passages(&texts).unwrap());
    println!("cosine at least {cosine:.8}");
    assert!(cosine >= 0.9999, "cosine {cosine}");
}
