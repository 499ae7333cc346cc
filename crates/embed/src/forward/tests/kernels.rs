//! Every set of instructions of this machine against the plain one, and that against the formulas.

use std::ops::Range;

use proptest::prelude::*;

use super::super::HIDDEN_PANELS;
use super::super::attention::{Attention, AttentionScratch};
use super::super::elementwise::{exp, gelu};
use super::super::normalization::{AddAndNormalize, Normalization};
use super::super::product::{Out, Product};
use super::super::simd::{
    Bf16Instructions, Bf16Pair, Computed, Instructions, Kernel, LANES, Lane, Multiply, Panels,
};

/// Rows of 32 numbers between −1 and 1, the same for the same seed.
fn rows(count: usize, seed: u64) -> Vec<[f32; 32]> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| std::array::from_fn(|_| random.f32() * 2.0 - 1.0)).collect()
}

/// The bits, so that a difference in the last one or in the sign of zero is seen.
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
            let weights = [&*b, &*b].concat();
            let (weights, panel_rows) = (&*weights, b.len());
            let product = Product { a, weights, panel_rows, bias: &bias, out: out_of };
            f32::run(instructions, product);
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
            let (weights, panel_rows) = (&*b, b.len());
            let product = Product { a, weights, panel_rows, bias: &bias, out: out_of };
            f32::run(instructions, product);
            made.push(bits(&out));
        }
        prop_assert!(made.iter().all(|bits| *bits == made[0]));
    }

    #[test]
    fn a_product_in_bf16_is_close_to_the_exact_one_of_its_factors(
        rows_of_a in 1usize..=45, panels in 1usize..=3, seed: u64
    ) {
        let a = rows(rows_of_a * panels, seed);
        let b = rows(32 * panels, seed ^ 1);
        let pairs = |rows: &[[f32; 32]]| rows.iter().map(Bf16Pair::row).collect::<Vec<_>>();
        let (a_pairs, b_pairs, mut buffer) = (pairs(&a), pairs(&b), Vec::new());
        let b_pairs = Bf16Pair::factors(&b_pairs, &mut buffer);
        let expected = product_in_f64(&truncated(&a), &truncated(&b), &[0.5; 32], rows_of_a);
        for instructions in Bf16Instructions::all() {
            let mut out = rows(rows_of_a, 0);
            Bf16Pair::run(instructions, Product {
                a: Panels::new(rows_of_a, &a_pairs),
                weights: b_pairs,
                panel_rows: 16 * panels,
                bias: &[0.5; 32],
                out: Out::Numbers(&mut out),
            });
            prop_assert!(furthest(&out, &expected) < 1e-3, "{instructions:?}");
        }
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
        let [query, key, value] = [0, 1, 2].map(|part| truncated(&rows(tokens, seed ^ part)));
        let lanes = |rows: &[[f32; 32]]| rows.iter().map(Bf16Pair::row).collect::<Vec<_>>();
        let expected = attention_in_f64(&query, &key, &value);
        for instructions in Bf16Instructions::all() {
            let mut context = lanes(&rows(tokens, 0));
            Bf16Pair::run(instructions, Attention {
                query: &lanes(&query),
                key: &lanes(&key),
                value: &lanes(&value),
                scratch: &mut AttentionScratch::default(),
                context: &mut context,
            });
            let context: Vec<_> = context.iter().map(Bf16Pair::numbers).collect();
            prop_assert!(furthest(&context, &expected) < 2e-2, "{instructions:?}");
        }
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
            let mut lanes = hidden.clone();
            let normalize = AddAndNormalize::<f32> {
                normalization: &normalization,
                added: &added,
                hidden: &mut hidden,
                lanes: &mut lanes,
            };
            f32::run(instructions, normalize);
            prop_assert_eq!(bits(&hidden), bits(&lanes));
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
