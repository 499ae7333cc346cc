//! One layer of the transformer.

use rayon::prelude::*;

use super::attention::{Attention, AttentionScratch};
use super::linear::{LayerWeights, Linear};
use super::normalization::{AddAndNormalize, Normalization};
use super::packing::Packer;
use super::product::Out;
use super::scratch_pool::ScratchPool;
use super::simd::{Computed, Lane, Panels};
use super::{HIDDEN_PANELS, WIDTH};
use crate::EmbedderError;

/// Attention, then the feed-forward part; the output of each is added to the hidden state, which is
/// then normalised.
pub(super) struct Layer {
    /// Queries, keys and values: a panel of each for every head.
    attention: Linear,
    attention_output: Linear,
    attention_normalization: Normalization,
    up: Linear,
    down: Linear,
    normalization: Normalization,
}

/// The memory of one forward pass over texts of `rows` tokens; every matrix is in panels.
pub(super) struct State<L: Lane> {
    /// The hidden state.
    pub(super) hidden: Vec<[f32; 32]>,
    /// What is added to it next.
    pub(super) added: Vec<[f32; 32]>,
    /// The hidden state as lanes.
    lanes: Vec<L::Row>,
    /// The output of the heads.
    context: Vec<L::Row>,
    /// The wide part of the feed-forward part.
    wide: Vec<L::Row>,
}

/// The memory that one head of attention works in.
pub(super) struct HeadScratch<L: Lane> {
    query: Vec<L::Row>,
    key: Vec<L::Row>,
    value: Vec<L::Row>,
    attention: AttentionScratch<L>,
}

impl<L: Lane> Default for HeadScratch<L> {
    fn default() -> Self {
        let (query, key, value, attention) = Default::default();
        Self { query, key, value, attention }
    }
}

impl<L: Lane> Default for State<L> {
    fn default() -> Self {
        let (hidden, added, lanes, context, wide) = Default::default();
        Self { hidden, added, lanes, context, wide }
    }
}

impl<L: Computed> State<L> {
    /// Makes room for texts of `rows` tokens.
    pub(super) fn resize(&mut self, rows: usize) {
        let hidden = rows * HIDDEN_PANELS;
        self.hidden.resize(hidden, [0.0; 32]);
        self.added.resize(hidden, [0.0; 32]);
        self.lanes.resize(hidden, L::Row::default());
        self.context.resize(hidden, L::Row::default());
    }

    /// Adds what is to be added to the hidden state, and normalises it.
    pub(super) fn add_and_normalize(
        &mut self,
        instructions: L::Instructions,
        normalization: &Normalization,
    ) {
        let Self { hidden, added, lanes, .. } = self;
        L::run(instructions, AddAndNormalize { normalization, added, hidden, lanes });
    }
}

impl Layer {
    /// Number of rows that the packed weights of a layer take.
    pub(super) fn packed_rows<L: Lane>(wide: usize) -> usize {
        4 * Packer::<L>::rows_of(WIDTH, WIDTH) + 2 * Packer::<L>::rows_of(WIDTH, wide)
    }

    /// Packs the weights of a layer and reads the rest of it.
    pub(super) fn load<L: Lane>(
        mut packer: Packer<'_, L>,
        number: usize,
        wide: usize,
        epsilon: f32,
    ) -> Result<Self, EmbedderError> {
        let file = packer.file();
        let name = |part: &str| format!("encoder.layer.{number}.{part}");
        let normalization = |part: &str| Normalization::load(file, &name(part), epsilon);
        let mut linear = |part: &str, inputs, outputs| {
            Linear::load(&mut packer, &[(&name(part), 1.0)], inputs, outputs)
        };
        let attention_output = linear("attention.output.dense", WIDTH, WIDTH)?;
        let up = linear("intermediate.dense", WIDTH, wide)?;
        let down = linear("output.dense", wide, WIDTH)?;
        // Scores are divided by the square root of a head's width; dividing the queries does it.
        let query = (&*name("attention.self.query"), 1.0 / 32f32.sqrt());
        let key = (&*name("attention.self.key"), 1.0);
        let value = (&*name("attention.self.value"), 1.0);
        Ok(Self {
            attention: Linear::load(&mut packer, &[query, key, value], WIDTH, WIDTH)?,
            attention_output,
            attention_normalization: normalization("attention.output.LayerNorm")?,
            up,
            down,
            normalization: normalization("output.LayerNorm")?,
        })
    }

    /// Takes the hidden state of texts of `lengths` tokens through the layer. Panels of columns are
    /// computed in parallel.
    pub(super) fn run<L: Computed>(
        &self,
        weights: LayerWeights<'_, L>,
        lengths: &[usize],
        state: &mut State<L>,
        heads: &ScratchPool<HeadScratch<L>>,
    ) {
        let rows = lengths.iter().sum();

        // Attention: the hidden state → the context of each head → what is added.
        let lanes = Panels::new(rows, &state.lanes);
        state.context.par_chunks_mut(rows).enumerate().for_each(|(head, context)| {
            heads.with(|scratch| {
                self.head(weights, head, lanes, lengths, scratch, context);
            });
        });
        let context = Panels::new(rows, &state.context);
        state.added.par_chunks_mut(rows).enumerate().for_each(|(panel, out)| {
            self.attention_output.columns(weights, context, panel, Out::Numbers(out));
        });
        state.add_and_normalize(weights.instructions, &self.attention_normalization);

        // Feed-forward: the hidden state → four times as wide → what is added.
        state.wide.resize(rows * self.up.panels(), L::Row::default());
        let lanes = Panels::new(rows, &state.lanes);
        state.wide.par_chunks_mut(rows).enumerate().for_each(|(panel, out)| {
            self.up.columns(weights, lanes, panel, Out::Activated(out));
        });
        let wide = Panels::new(rows, &state.wide);
        state.added.par_chunks_mut(rows).enumerate().for_each(|(panel, out)| {
            self.down.columns(weights, wide, panel, Out::Numbers(out));
        });
        state.add_and_normalize(weights.instructions, &self.normalization);
    }

    /// Computes one head: the queries, keys and values of all texts together, then the attention of
    /// each text.
    fn head<L: Computed>(
        &self,
        weights: LayerWeights<'_, L>,
        head: usize,
        lanes: Panels<'_, L>,
        lengths: &[usize],
        scratch: &mut HeadScratch<L>,
        context: &mut [L::Row],
    ) {
        let HeadScratch { query, key, value, attention } = scratch;
        for (part, out) in [&mut *query, &mut *key, &mut *value].into_iter().enumerate() {
            out.resize(lanes.rows(), L::Row::default());
            let panel = part * HIDDEN_PANELS + head;
            self.attention.columns(weights, lanes, panel, Out::Lanes(out));
        }
        let mut first = 0;
        for &length in lengths {
            let text = first..first + length;
            let attention = Attention {
                query: &query[text.clone()],
                key: &key[text.clone()],
                value: &value[text.clone()],
                scratch: &mut *attention,
                context: &mut context[text],
            };
            L::run(weights.instructions, attention);
            first += length;
        }
    }
}
