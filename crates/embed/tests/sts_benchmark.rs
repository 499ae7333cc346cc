//! The similarities that people see, as far as the published model sees them: STS Benchmark.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod real_model;

use std::path::Path;

use longmem_core::TextEmbedder;
use real_model::MODEL;

/// Published for all-MiniLM-L6-v2 on the test set: 0.8203.
const LOWEST_SPEARMAN: f64 = 0.82;

/// Runs where `LONGMEM_EVAL_DATA` names a folder with `stsb/stsb-en-test.csv`, which the
/// repository does not carry.
#[test]
fn similarities_rank_like_those_of_people() {
    let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") else {
        println!("skipped: LONGMEM_EVAL_DATA names no folder with stsb/stsb-en-test.csv");
        return;
    };
    let path = Path::new(&folder).join("stsb/stsb-en-test.csv");
    let csv = fs_err::read_to_string(path).unwrap();
    let rows: Vec<Vec<String>> = csv.lines().map(fields).collect();
    assert_eq!(rows.len(), 1379);

    let texts: Vec<&str> = rows.iter().flat_map(|row| [&*row[0], &*row[1]]).collect();
    let vectors = MODEL.embed_passages(&texts).unwrap();
    let ours: Vec<f64> =
        vectors.chunks_exact(2).map(|pair| pair[0].cosine(&pair[1]).into()).collect();
    let people: Vec<f64> = rows.iter().map(|row| row[2].parse().unwrap()).collect();
    let spearman = correlation(&ranks(&ours), &ranks(&people));
    println!("Spearman {spearman:.4}");
    assert!(spearman >= LOWEST_SPEARMAN, "Spearman {spearman}");
}

/// Splits a line of CSV; a field in quotation marks holds commas and doubled quotation marks.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().unwrap();
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => field.push(character),
        }
    }
    fields
}

/// Ranks from 0; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| {
            let below = values.iter().filter(|other| *other < value).count();
            let above = values.iter().filter(|other| *other > value).count();
            let equal = values.len() - below - above;
            below as f64 + (equal - 1) as f64 / 2.0
        })
        .collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |(x, y): (&f64, &f64)| (x - mean_a) * (y - mean_b);
    let covariance: f64 = a.iter().zip(b).map(product).sum();
    let spread =
        |values: &[f64], mean: f64| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
    covariance / (spread(a, mean_a) * spread(b, mean_b))
}
