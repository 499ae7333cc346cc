//! The whole of the model, from token ids to the mean over each text.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use candle_transformers::models::bert::Config;
use rayon::prelude::*;

use super::embeddings::Embeddings;
use super::layer::{HeadScratch, Layer, State};
use super::linear::LayerWeights;
use super::normalization::Normalization;
use super::packing::{PackedWeights, Packer};
use super::scratch_pool::ScratchPool;
use super::simd::Computed;
use crate::EmbedderError;
use crate::weights::WeightsFile;

/// Number of tokens of the texts that pass together, unless one text has more: enough that weights
/// read from the cache serve many rows, few enough that the activations stay in it.
const PASS_TOKENS: usize = 256;

/// The model with weights in one kind of lane.
pub(super) struct Encoder<L: Computed> {
    instructions: L::Instructions,
    embeddings: Embeddings,
    normalization: Normalization,
    layers: Vec<Layer>,
    weights: PackedWeights<L>,
    /// Rows of `weights` for each layer.
    layer_rows: usize,
    states: ScratchPool<State<L>>,
    heads: ScratchPool<HeadScratch<L>>,
}

impl<L: Computed> Encoder<L> {
    /// Reads the model, packing each layer in a thread of its own.
    pub(super) fn load(
        file: WeightsFile,
        config: &Config,
        instructions: L::Instructions,
    ) -> Result<Self, EmbedderError> {
        let epsilon = config.layer_norm_eps as f32;
        let wide = config.intermediate_size;
        let layer_rows = Layer::packed_rows::<L>(wide);
        let mut weights = PackedWeights::new(config.num_hidden_layers * layer_rows)?;
        let layers = thread::scope(|scope| {
            let layers: Vec<_> = weights
                .rows_mut()
                .chunks_exact_mut(layer_rows)
                .map(|rows| Packer::new(&file, rows))
                .enumerate()
                .map(|(number, packer)| {
                    scope.spawn(move || Layer::load(packer, number, wide, epsilon))
                })
                .collect();
            let layers = layers.into_iter();
            let joined =
                layers.map(|layer| layer.join().unwrap_or_else(|panic| resume_unwind(panic)));
            joined.collect::<Result<Vec<_>, _>>()
        })?;
        let normalization = Normalization::load(&file, "embeddings.LayerNorm", epsilon)?;
        let embeddings = Embeddings::load(
            file,
            config.vocab_size,
            config.max_position_embeddings,
            config.type_vocab_size,
        )?;
        Ok(Self {
            instructions,
            embeddings,
            normalization,
            layers,
            weights,
            layer_rows,
            states: ScratchPool::default(),
            heads: ScratchPool::default(),
        })
    }

    /// The mean over each text's token vectors. A text has at least one token.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        let passes = passes(texts, PASS_TOKENS);
        // Inside the thread pool from the first step to the last: entering it takes longer than a
        // step.
        let means = rayon::scope(|_| {
            passes
                .into_par_iter()
                .map(|pass| self.pass(&texts[pass]))
                .collect::<Result<Vec<_>, _>>()
        })?;
        Ok(means.into_iter().flatten().collect())
    }

    /// Computes some texts together.
    fn pass(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
        self.states.with(|state| {
            state.resize(lengths.iter().sum());
            self.embeddings.gather(texts, &mut state.hidden, &mut state.added)?;
            state.add_and_normalize(self.instructions, &self.normalization);
            let weights = self.weights.rows().chunks_exact(self.layer_rows);
            for (layer, rows) in self.layers.iter().zip(weights) {
                let weights = LayerWeights { instructions: self.instructions, rows };
                layer.run(weights, &lengths, state, &self.heads);
            }
            Ok(means(&lengths, &state.hidden))
        })
    }
}

/// Cuts texts into passes: neighbours, together at most `most_tokens` unless one has more.
pub(crate) fn passes(texts: &[&[u32]], most_tokens: usize) -> Vec<Range<usize>> {
    let mut passes: Vec<Range<usize>> = Vec::new();
    let mut tokens = 0;
    for (at, text) in texts.iter().enumerate() {
        tokens += text.len();
        match passes.last_mut() {
            Some(pass) if tokens <= most_tokens => pass.end = at + 1,
            _ => {
                tokens = text.len();
                passes.push(at..at + 1);
            }
        }
    }
    passes
}

/// The mean over the rows of each text.
fn means(lengths: &[usize], hidden: &[[f32; 32]]) -> Vec<Vec<f32>> {
    let rows: usize = lengths.iter().sum();
    let mut means = Vec::with_capacity(lengths.len());
    let mut first = 0;
    for &length in lengths {
        let mean = hidden.chunks_exact(rows).flat_map(|panel| {
            let mut sums = [0.0; 32];
            for row in &panel[first..first + length] {
                for (sum, number) in sums.iter_mut().zip(row) {
                    *sum += number;
                }
            }
            sums.map(|sum| sum / length as f32)
        });
        means.push(mean.collect());
        first += length;
    }
    means
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_is_in_one_pass_within_the_limit(
            lengths in prop::collection::vec(1usize..=256, 0..100)
        ) {
            let tokens = vec![0; 256];
            let texts: Vec<&[u32]> = lengths.iter().map(|&length| &tokens[..length]).collect();
            let passes = passes(&texts, PASS_TOKENS);
            for pass in &passes {
                prop_assert!(lengths[pass.clone()].iter().sum::<usize>() <= PASS_TOKENS);
            }
            let all: Vec<usize> = passes.into_iter().flatten().collect();
            prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
        }
    }
}
