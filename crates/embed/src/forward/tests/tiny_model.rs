//! A tiny model: same bits however it is computed, and files that are refused.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_transformers::models::bert::Config;
use fs_err as fs;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;
use tempfile::TempDir;

use super::super::encoder::Encoder;
use super::super::simd::{Bf16Instructions, Instructions};
use super::super::{NativeBert, check};
use crate::weights::{WeightsError, WeightsFile};
use crate::{EmbedderError, Precision};

/// A model of two layers with random weights, in a folder that lives as long as it does.
struct Tiny {
    folder: TempDir,
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Tiny {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut tiny = Self { folder, tensors: HashMap::new() };
        tiny.matrix("embeddings.word_embeddings", 40, 384);
        tiny.matrix("embeddings.position_embeddings", 256, 384);
        tiny.matrix("embeddings.token_type_embeddings", 2, 384);
        tiny.normalization("embeddings.LayerNorm");
        for layer in 0..2 {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            for part in ["query", "key", "value"] {
                tiny.linear(&name(&format!("attention.self.{part}")), 384, 384);
            }
            tiny.linear(&name("attention.output.dense"), 384, 384);
            tiny.normalization(&name("attention.output.LayerNorm"));
            tiny.linear(&name("intermediate.dense"), 96, 384);
            tiny.linear(&name("output.dense"), 384, 96);
            tiny.normalization(&name("output.LayerNorm"));
        }
        tiny
    }

    fn tensor(&mut self, name: String, shape: Vec<usize>, center: f32, spread: f32) {
        let mut random = fastrand::Rng::with_seed(self.tensors.len() as u64);
        let count = shape.iter().product();
        let numbers = (0..count).map(|_| center + spread * (random.f32() - 0.5)).collect();
        self.tensors.insert(name, (shape, numbers));
    }

    fn matrix(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.tensor(format!("{name}.weight"), vec![outputs, inputs], 0.0, 0.2);
    }

    fn linear(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.matrix(name, outputs, inputs);
        self.tensor(format!("{name}.bias"), vec![outputs], 0.0, 0.2);
    }

    fn normalization(&mut self, name: &str) {
        self.tensor(format!("{name}.weight"), vec![384], 1.0, 0.2);
        self.tensor(format!("{name}.bias"), vec![384], 0.0, 0.2);
    }

    fn config() -> Config {
        serde_json::from_value(Self::config_json()).unwrap()
    }

    fn config_json() -> serde_json::Value {
        json!({
            "vocab_size": 40, "hidden_size": 384, "num_hidden_layers": 2,
            "num_attention_heads": 12, "intermediate_size": 96, "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1, "max_position_embeddings": 256, "type_vocab_size": 2,
            "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0,
            "classifier_dropout": null, "model_type": "bert",
        })
    }

    fn write(&self) -> PathBuf {
        self.write_as(Dtype::F32)
    }

    fn write_as(&self, dtype: Dtype) -> PathBuf {
        let bytes: HashMap<_, Vec<u8>> = self
            .tensors
            .iter()
            .map(|(name, (_, numbers))| {
                (name, numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
            })
            .collect();
        let views = self.tensors.iter().map(|(name, (shape, _))| {
            (name, TensorView::new(dtype, shape.clone(), &bytes[name]).unwrap())
        });
        let path = self.folder.path().join("model.safetensors");
        fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
        path
    }

    fn load(&self, instructions: Instructions) -> Result<Encoder<f32>, EmbedderError> {
        Encoder::load(WeightsFile::open(&self.write())?, &Self::config(), instructions)
    }

    fn refused(&self) -> WeightsError {
        match self.load(Instructions::fastest()).err() {
            Some(EmbedderError::Weights { source, .. }) => source,
            _ => panic!("the weights are to be refused"),
        }
    }
}

fn load(path: &Path) -> Result<Encoder<f32>, EmbedderError> {
    Encoder::load(WeightsFile::open(path)?, &Tiny::config(), Instructions::fastest())
}

/// Texts of so many tokens.
fn texts(lengths: &[usize]) -> Vec<Vec<u32>> {
    let mut random = fastrand::Rng::with_seed(lengths.len() as u64);
    lengths.iter().map(|&length| (0..length).map(|_| random.u32(0..40)).collect()).collect()
}

fn forward(encoder: &Encoder<f32>, texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    encoder.forward(&texts).unwrap()
}

#[test]
fn a_text_has_the_same_bits_alone_in_a_batch_with_any_instructions_and_any_threads() {
    let tiny = Tiny::new();
    let encoder = tiny.load(Instructions::fastest()).unwrap();
    let texts = texts(&[3, 256, 1, 40, 129, 31, 32, 33, 255, 2, 90, 64]);
    let expected = forward(&encoder, &texts);
    for (text, expected) in texts.iter().zip(&expected) {
        assert_eq!(&forward(&encoder, std::slice::from_ref(text))[0], expected);
    }
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| forward(&encoder, &texts)), expected, "{threads} threads");
    }
    for instructions in Instructions::all() {
        let encoder = tiny.load(instructions).unwrap();
        assert_eq!(forward(&encoder, &texts), expected, "{instructions:?}");
    }
}

#[test]
fn callers_at_the_same_time_do_not_disturb_each_other() {
    let encoder = Tiny::new().load(Instructions::fastest()).unwrap();
    let texts = texts(&[5, 17, 80, 200, 33, 64]);
    let expected = forward(&encoder, &texts);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(forward(&encoder, &texts), expected));
        }
    });
}

#[test]
fn no_texts_have_no_means() {
    let encoder = Tiny::new().load(Instructions::fastest()).unwrap();
    assert!(encoder.forward(&[]).unwrap().is_empty());
}

#[test]
fn a_token_that_the_model_does_not_know_is_refused() {
    let encoder = Tiny::new().load(Instructions::fastest()).unwrap();
    let error = encoder.forward(&[&[1, 40]]).unwrap_err();
    assert_eq!(error.to_string(), "the tokenizer made the token 40, and the model knows 40");
}

#[test]
fn a_file_without_a_tensor_or_with_another_is_refused_by_name() {
    let name = "encoder.layer.1.intermediate.dense.weight";
    let mut tiny = Tiny::new();
    let whole = tiny.tensors.remove(name).unwrap();
    assert_eq!(tiny.refused().to_string(), format!("the tensor {name} is missing"));
    let (_, numbers) = whole.clone();
    tiny.tensors.insert(name.to_owned(), (vec![384, 96], numbers));
    let message = tiny.refused().to_string();
    assert_eq!(message, format!("the tensor {name} has the shape 384 × 96, expected 96 × 384"));
    let (shape, mut numbers) = whole;
    numbers[777] = f32::NAN;
    tiny.tensors.insert(name.to_owned(), (shape, numbers));
    let message = tiny.refused().to_string();
    assert_eq!(message, format!("the tensor {name} holds a number that is not finite"));
}

#[test]
fn a_token_whose_embedding_is_not_finite_is_refused_when_it_is_seen() {
    let mut tiny = Tiny::new();
    let name = "embeddings.word_embeddings.weight";
    tiny.tensors.get_mut(name).unwrap().1[7 * 384] = f32::INFINITY;
    let encoder = tiny.load(Instructions::fastest()).unwrap();
    encoder.forward(&[&[6, 8]]).unwrap();
    let error = encoder.forward(&[&[6, 7]]).unwrap_err();
    assert!(error.to_string().contains(name), "{error}");
}

#[test]
fn weights_of_another_type_are_refused() {
    let tiny = Tiny::new();
    let path = tiny.write_as(Dtype::I32);
    let error = load(&path).err();
    let message = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("holds I32, expected F32"), "{message}");
}

#[test]
fn files_that_are_no_weights_or_are_cut_off_are_refused() {
    let tiny = Tiny::new();
    let path = tiny.write();
    let whole = fs::read(&path).unwrap();
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        WeightsFile::open(&path).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(open(b"{}").contains("failed to fill whole buffer"));
    assert!(open(&[0xff; 64]).contains("does not fit the model: its header is not that"));
    assert!(open(b"\x04\0\0\0\0\0\0\0abcdefgh").contains("its header is not that"));
    assert_eq!(open(&whole[..whole.len() - 1_000_000]), "");
    let error = load(&path).err();
    let message = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("model.safetensors"), "{message}");
}

#[test]
fn another_architecture_is_refused_with_what_it_has_and_what_is_computed() {
    check(&Tiny::config()).unwrap();
    for (field, value, message) in [
        ("hidden_size", json!(768), "hidden_size of the model is 768, and only 384"),
        ("num_attention_heads", json!(6), "num_attention_heads of the model is 6, and only 12"),
        ("intermediate_size", json!(100), "is 100, and only a multiple of 32"),
        ("intermediate_size", json!(0), "is 0, and only a multiple of 32"),
        ("type_vocab_size", json!(0), "type_vocab_size of the model is 0"),
        ("hidden_act", json!("relu"), "hidden_act of the model is relu, and only gelu"),
    ] {
        let mut config = Tiny::config_json();
        config[field] = value;
        let error = check(&serde_json::from_value(config).unwrap()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn bf16_is_refused_where_the_processor_lacks_it_and_close_to_f32_where_it_has_it() {
    let tiny = Tiny::new();
    let path = tiny.write();
    let load =
        |precision| NativeBert::load(WeightsFile::open(&path).unwrap(), &Tiny::config(), precision);
    let bf16 = match load(Precision::Bf16) {
        Ok(network) => network,
        Err(error) => {
            assert!(Bf16Instructions::fastest().is_none());
            assert!(matches!(error, EmbedderError::PrecisionUnavailable { .. }), "{error}");
            return;
        }
    };
    let texts = texts(&[1, 12, 77, 256]);
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let f32 = load(Precision::F32).unwrap();
    for (a, b) in f32.forward(&texts).unwrap().iter().zip(&bf16.forward(&texts).unwrap()) {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        assert!(cosine > 0.999, "cosine {cosine}");
    }
}
