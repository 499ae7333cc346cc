//! Every set of instructions of this machine against the plain one, and that against the formulas.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

use candle_transformers::models::bert::Config;
use fs_err as fs;
use proptest::prelude::*;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;
use tempfile::TempDir;

use super::attention::{Attention, AttentionScratch};
use super::elementwise::{AddAndNormalize, HIDDEN_PANELS, Normalization, exp, gelu};
use super::encoder::Encoder;
use super::product::{Out, Product};
use super::simd::{
    Bf16Instructions, Bf16Pair, Instructions, Kernel, LANES, Multiply, Panels, Word,
};
use super::weights::{WeightsError, WeightsFile};
use super::{Network, check};
use crate::{EmbedderError, Precision};

/// Rows of 32 numbers between −1 and 1, the same for the same seed.
fn rows(count: usize, seed: u64) -> Vec<[f32; 32]> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| std::array::from_fn(|_| random.f32() * 2.0 - 1.0)).collect()
}

/// The bits, because a difference of the last one is to be seen, and so is one of sign at zero.
fn bits(rows: &[[f32; 32]]) -> Vec<u32> {
    rows.as_flattened().iter().map(|number| number.to_bits()).collect()
}

/// `a` has `panels` panels of `rows` rows, and `b` a row for each of the columns that are used.
fn product_in_f64(a: &[[f32; 32]], b: &[[f32; 32]], bias: &[f32; 32], rows: usize) -> Vec<f64> {
    let sum = |row: usize, column: usize| {
        let products = b
            .iter()
            .enumerate()
            .map(|(at, b)| f64::from(a[at / 32 * rows + row][at % 32]) * f64::from(b[column]));
        f64::from(bias[column]) + products.sum::<f64>()
    };
    (0..rows)
        .flat_map(|row| (0..32).map(move |column| (row, column)))
        .map(|(r, c)| sum(r, c))
        .collect()
}

fn furthest(rows: &[[f32; 32]], expected: &[f64]) -> f64 {
    let distances =
        rows.as_flattened().iter().zip(expected).map(|(&a, b)| (f64::from(a) - b).abs());
    distances.fold(0.0, f64::max)
}

proptest! {
    #[test]
    fn a_product_is_the_same_bits_on_all_and_close_to_the_exact_one(
        rows_of_a in 1usize..=45, columns in 1usize..=100, seed: u64
    ) {
        let a = rows(rows_of_a * columns.div_ceil(32), seed);
        let b = rows(columns, seed ^ 1);
        let bias = rows(1, seed ^ 2)[0];
        let expected = product_in_f64(&a, &b, &bias, rows_of_a);
        let mut made = Vec::new();
        for instructions in Instructions::all() {
            let mut out = rows(rows_of_a, 0);
            let a = Panels::<f32>::new(rows_of_a, &a);
            let out_of = Out::Numbers(&mut out);
            f32::run(instructions, Product { a, b: &b, next: &b, bias: &bias, out: out_of });
            prop_assert!(furthest(&out, &expected) < 1e-4, "{instructions:?}");
            made.push(bits(&out));
        }
        prop_assert!(made.iter().all(|bits| *bits == made[0]));
    }

    #[test]
    fn an_activated_product_is_the_same_bits_on_all(rows_of_a in 1usize..=30, seed: u64) {
        let (a, b, bias) = (rows(rows_of_a, seed), rows(32, seed ^ 1), rows(1, seed ^ 2)[0]);
        let mut made = Vec::new();
        for instructions in Instructions::all() {
            let mut out = rows(rows_of_a, 0);
            let a = Panels::<f32>::new(rows_of_a, &a);
            let out_of = Out::Activated(&mut out);
            let product = Product { a, b: &b, next: &[], bias: &bias, out: out_of };
            f32::run(instructions, product);
            made.push(bits(&out));
        }
        prop_assert!(made.iter().all(|bits| *bits == made[0]));
    }

    #[test]
    fn a_product_in_bf16_is_close_to_the_exact_one_of_its_factors(
        rows_of_a in 1usize..=45, panels in 1usize..=3, seed: u64
    ) {
        let Some(instructions) = Bf16Instructions::detect() else { return Ok(()) };
        let a = rows(rows_of_a * panels, seed);
        let b = rows(32 * panels, seed ^ 1);
        let pairs = |rows: &[[f32; 32]]| rows.iter().map(Bf16Pair::row).collect::<Vec<_>>();
        let (a_pairs, b_pairs, mut buffer) = (pairs(&a), pairs(&b), Vec::new());
        let mut out = rows(rows_of_a, 0);
        Bf16Pair::run(instructions, Product {
            a: Panels::new(rows_of_a, &a_pairs),
            b: Bf16Pair::factors(&b_pairs, &mut buffer),
            next: &[],
            bias: &[0.5; 32],
            out: Out::Numbers(&mut out),
        });
        let expected = product_in_f64(&truncated(&a), &truncated(&b), &[0.5; 32], rows_of_a);
        prop_assert!(furthest(&out, &expected) < 1e-3);
    }

    #[test]
    fn attention_is_the_same_bits_on_all_and_close_to_the_formula(
        tokens in prop_oneof![1usize..=70, 224usize..=256], spread in 0.1f32..40.0, seed: u64
    ) {
        let [query, key, value] = [0, 1, 2].map(|part| rows(tokens, seed ^ part));
        let query: Vec<_> = query.iter().map(|row| row.map(|number| number * spread)).collect();
        // Errors of the scores grow with them, and become errors of the weights.
        let exactness = 1e-5 * (1.0 + f64::from(spread));
        let mut made = Vec::new();
        for instructions in Instructions::all() {
            let mut context = rows(tokens, 0);
            let (query, key, value) = (&*query, &*key, &*value);
            let scratch = &mut AttentionScratch::default();
            let context_of = &mut *context;
            f32::run(instructions, Attention { query, key, value, scratch, context: context_of });
            made.push(bits(&context));
            prop_assert!(furthest(&context, &attention_in_f64(query, key, value)) < exactness);
        }
        prop_assert!(made.iter().all(|bits| *bits == made[0]));
    }

    #[test]
    fn attention_in_bf16_is_close_to_the_formula(tokens in 1usize..=256, seed: u64) {
        let Some(instructions) = Bf16Instructions::detect() else { return Ok(()) };
        let [query, key, value] = [0, 1, 2].map(|part| truncated(&rows(tokens, seed ^ part)));
        let words = |rows: &[[f32; 32]]| rows.iter().map(Bf16Pair::row).collect::<Vec<_>>();
        let mut context = words(&rows(tokens, 0));
        Bf16Pair::run(instructions, Attention {
            query: &words(&query),
            key: &words(&key),
            value: &words(&value),
            scratch: &mut AttentionScratch::default(),
            context: &mut context,
        });
        let context: Vec<_> = context.iter().map(Bf16Pair::numbers).collect();
        prop_assert!(furthest(&context, &attention_in_f64(&query, &key, &value)) < 2e-2);
    }

    #[test]
    fn normalisation_is_the_same_bits_on_all_and_close_to_the_formula(
        count in 1usize..=20, seed: u64
    ) {
        let panels = |seed| rows(HIDDEN_PANELS, seed).try_into().unwrap();
        let normalization =
            Normalization { weight: panels(seed ^ 7), bias: panels(seed ^ 8), epsilon: 1e-12 };
        let added = rows(count * HIDDEN_PANELS, seed ^ 1);
        let mut made = Vec::new();
        for instructions in Instructions::all() {
            let mut hidden = rows(count * HIDDEN_PANELS, seed);
            let mut words = hidden.clone();
            let normalize = AddAndNormalize::<f32> {
                normalization: &normalization,
                added: &added,
                hidden: &mut hidden,
                words: &mut words,
            };
            f32::run(instructions, normalize);
            prop_assert_eq!(bits(&hidden), bits(&words));
            made.push(bits(&hidden));
            let expected = normalized_in_f64(&rows(count * HIDDEN_PANELS, seed), &added, &normalization);
            prop_assert!(furthest(&hidden, &expected) < 1e-4);
        }
        prop_assert!(made.iter().all(|bits| *bits == made[0]));
    }
}

fn normalized_in_f64(
    hidden: &[[f32; 32]],
    added: &[[f32; 32]],
    normalization: &Normalization,
) -> Vec<f64> {
    let count = hidden.len() / HIDDEN_PANELS;
    let sum = |panel: usize, row: usize, column: usize| {
        let at = panel * count + row;
        f64::from(hidden[at][column]) + f64::from(added[at][column])
    };
    let columns =
        || (0..HIDDEN_PANELS).flat_map(|panel| (0..32).map(move |column| (panel, column)));
    let mut normalized = vec![0.0; hidden.len() * 32];
    for row in 0..count {
        let mean = columns().map(|(panel, column)| sum(panel, row, column)).sum::<f64>() / 384.0;
        let square = |(panel, column)| (sum(panel, row, column) - mean).powi(2);
        let deviation = (columns().map(square).sum::<f64>() / 384.0).sqrt();
        for (panel, column) in columns() {
            let normal = (sum(panel, row, column) - mean) / deviation;
            let weight = f64::from(normalization.weight[panel][column]);
            let bias = f64::from(normalization.bias[panel][column]);
            normalized[(panel * count + row) * 32 + column] = normal * weight + bias;
        }
    }
    normalized
}

/// Numbers without the bits that bf16 lacks.
fn truncated(rows: &[[f32; 32]]) -> Vec<[f32; 32]> {
    rows.iter().map(|row| Bf16Pair::numbers(&Bf16Pair::row(row))).collect()
}

fn attention_in_f64(query: &[[f32; 32]], key: &[[f32; 32]], value: &[[f32; 32]]) -> Vec<f64> {
    let dot = |a: &[f32; 32], b: &[f32; 32]| {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
    };
    let context = query.iter().flat_map(|query| {
        let scores: Vec<f64> = key.iter().map(|key| dot(query, key)).collect();
        let most = scores.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
        let total: f64 = weights.iter().sum();
        let mean = |column: usize| {
            let weighted = weights.iter().zip(value);
            weighted.map(|(weight, value)| weight * f64::from(value[column])).sum::<f64>() / total
        };
        (0..32).map(mean).collect::<Vec<_>>()
    });
    context.collect()
}

/// Computes a function of each number, with the instructions it is run with.
struct Each<'a> {
    numbers: &'a mut [[f32; LANES]],
    activation: bool,
}

impl Kernel<f32> for Each<'_> {
    #[inline(always)]
    fn run<S: Multiply<f32>>(self, simd: S) {
        for numbers in self.numbers {
            let x = simd.load(numbers);
            simd.store(if self.activation { gelu(simd, x) } else { exp(simd, x) }, numbers);
        }
    }
}

fn each(instructions: Instructions, range: Range<i16>, activation: bool) -> Vec<(f64, f64)> {
    let inputs: Vec<f32> = range.map(|step| f32::from(step) / 256.0).collect();
    let (chunks, []) = inputs.as_chunks::<LANES>() else { panic!("whole vectors") };
    let mut outputs = chunks.to_vec();
    f32::run(instructions, Each { numbers: &mut outputs, activation });
    let outputs = outputs.into_flattened().into_iter().map(f64::from);
    inputs.into_iter().map(f64::from).zip(outputs).collect()
}

#[test]
fn the_exponential_is_right_to_some_units_in_the_last_place_and_the_same_on_all() {
    for instructions in Instructions::all() {
        let made = each(instructions, -87 * 256..16, false);
        assert_eq!(made, each(Instructions::all()[0], -87 * 256..16, false));
        for (x, e) in made {
            assert!((e / x.exp() - 1.0).abs() < 4e-7, "{instructions:?}: exp({x}) = {e}");
        }
    }
}

#[test]
fn the_activation_is_that_of_the_exact_normal_distribution_and_the_same_on_all() {
    for instructions in Instructions::all() {
        let made = each(instructions, -6 * 256..6 * 256, true);
        assert_eq!(made, each(Instructions::all()[0], -6 * 256..6 * 256, true));
        for (x, activated) in made {
            let exact = 0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2));
            assert!((activated - exact).abs() < 1e-6, "{instructions:?}: gelu({x}) = {activated}");
        }
    }
}

/// The error function by its Taylor series.
fn erf(z: f64) -> f64 {
    let mut term = z;
    let mut sum = z;
    for n in 1..200 {
        term *= -z * z / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

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
        let config = json!({
            "vocab_size": 40, "hidden_size": 384, "num_hidden_layers": 2,
            "num_attention_heads": 12, "intermediate_size": 96, "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1, "max_position_embeddings": 256, "type_vocab_size": 2,
            "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0,
            "classifier_dropout": null, "model_type": "bert",
        });
        serde_json::from_value(config).unwrap()
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
        Encoder::load(&self.write(), &Self::config(), instructions)
    }

    fn refused(&self) -> WeightsError {
        match self.load(Instructions::fastest()).err() {
            Some(EmbedderError::Weights { source, .. }) => source,
            _ => panic!("the weights are to be refused"),
        }
    }
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
    let error = Encoder::<f32>::load(&path, &Tiny::config(), Instructions::fastest()).err();
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
    let error = Encoder::<f32>::load(&path, &Tiny::config(), Instructions::fastest()).err();
    let message = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("model.safetensors"), "{message}");
}

#[test]
fn another_architecture_is_refused_by_field() {
    assert!(check(&Tiny::config(), 256).is_ok());
    let refused = |change: fn(&mut Config), window| {
        let mut config = Tiny::config();
        change(&mut config);
        check(&config, window).unwrap_err().to_string()
    };
    assert!(
        refused(|config| config.hidden_size = 768, 256).contains("another hidden_size than 384")
    );
    assert!(refused(|config| config.num_attention_heads = 6, 256).contains("num_attention_heads"));
    assert!(refused(|config| config.intermediate_size = 100, 256).contains("a multiple of 32"));
    assert!(refused(|_| {}, 257).contains("max_position_embeddings"));
}

#[test]
fn bf16_is_refused_where_the_processor_lacks_it_and_close_to_f32_where_it_has_it() {
    let tiny = Tiny::new();
    let path = tiny.write();
    let bf16 = match Network::load(&path, &Tiny::config(), 256, Precision::Bf16) {
        Ok(network) => network,
        Err(error) => {
            assert!(Bf16Instructions::detect().is_none());
            assert!(matches!(error, EmbedderError::PrecisionUnavailable { .. }), "{error}");
            return;
        }
    };
    let texts = texts(&[1, 12, 77, 256]);
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let f32 = Network::load(&path, &Tiny::config(), 256, Precision::F32).unwrap();
    for (a, b) in f32.forward(&texts).unwrap().iter().zip(&bf16.forward(&texts).unwrap()) {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        assert!(cosine > 0.999, "cosine {cosine}");
    }
}
