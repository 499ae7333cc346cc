//! One layer of the transformer.

use rayon::prelude::*;

use super::attention::{Attention, AttentionScratch};
use super::elementwise::{AddAndNormalize, HIDDEN_PANELS, Normalization};
use super::linear::Linear;
use super::pool::Pool;
use super::product::Out;
use super::simd::{Panels, Word};
use super::weights::WeightsFile;
use crate::EmbedderError;

/// Attention and what is fed forward after it, each added to the hidden state and normalised.
pub(super) struct Layer<W: Word> {
    /// Queries, keys and values: a panel of each for every head.
    attention: Linear<W>,
    attention_output: Linear<W>,
    attention_normalization: Normalization,
    up: Linear<W>,
    down: Linear<W>,
    normalization: Normalization,
}

/// The memory of one forward pass over texts of `rows` tokens; every matrix is in panels.
pub(super) struct State<W: Word> {
    /// The hidden state.
    pub(super) hidden: Vec<[f32; 32]>,
    /// What is added to it next.
    pub(super) added: Vec<[f32; 32]>,
    /// The hidden state as words.
    words: Vec<W::Row>,
    /// What attention found.
    context: Vec<W::Row>,
    /// The wide part of what is fed forward.
    wide: Vec<W::Row>,
}

/// Memory that one head of attention works in.
pub(super) struct HeadScratch<W: Word> {
    query: Vec<W::Row>,
    key: Vec<W::Row>,
    value: Vec<W::Row>,
    attention: AttentionScratch<W>,
}

impl<W: Word> Default for HeadScratch<W> {
    fn default() -> Self {
        let (query, key, value, attention) = Default::default();
        Self { query, key, value, attention }
    }
}

impl<W: Word> Default for State<W> {
    fn default() -> Self {
        let (hidden, added, words, context, wide) = Default::default();
        Self { hidden, added, words, context, wide }
    }
}

impl<W: Word> State<W> {
    /// Makes room for texts of so many tokens.
    pub(super) fn resize(&mut self, rows: usize) {
        let hidden = rows * HIDDEN_PANELS;
        self.hidden.resize(hidden, [0.0; 32]);
        self.added.resize(hidden, [0.0; 32]);
        self.words.resize(hidden, W::Row::default());
        self.context.resize(hidden, W::Row::default());
    }

    /// Adds what is to be added to the hidden state, and normalises it.
    pub(super) fn add_and_normalize(
        &mut self,
        instructions: W::Instructions,
        normalization: &Normalization,
    ) {
        let Self { hidden, added, words, .. } = self;
        W::run(instructions, AddAndNormalize { normalization, added, hidden, words });
    }
}

impl<W: Word> Layer<W> {
    /// Reads and packs a layer.
    pub(super) fn load(
        file: &WeightsFile,
        number: usize,
        wide: usize,
        epsilon: f32,
    ) -> Result<Self, EmbedderError> {
        let width = HIDDEN_PANELS * 32;
        let name = |part: &str| format!("encoder.layer.{number}.{part}");
        let normalization = |part: &str| Normalization::load(file, &name(part), epsilon);
        let plain = |part: &str, inputs, outputs| {
            Linear::load(file, &[(&name(part), 1.0)], inputs, outputs)
        };
        // Scores are divided by the square root of a head's width; queries can be as well.
        let query = (&*name("attention.self.query"), 1.0 / 32f32.sqrt());
        let key = (&*name("attention.self.key"), 1.0);
        let value = (&*name("attention.self.value"), 1.0);
        Ok(Self {
            attention: Linear::load(file, &[query, key, value], width, width)?,
            attention_output: plain("attention.output.dense", width, width)?,
            attention_normalization: normalization("attention.output.LayerNorm")?,
            up: plain("intermediate.dense", width, wide)?,
            down: plain("output.dense", wide, width)?,
            normalization: normalization("output.LayerNorm")?,
        })
    }

    /// Takes the hidden state of texts of so many tokens through the layer. Panels of columns are
    /// computed in parallel.
    pub(super) fn run(
        &self,
        instructions: W::Instructions,
        lengths: &[usize],
        state: &mut State<W>,
        heads: &Pool<HeadScratch<W>>,
    ) {
        let rows = lengths.iter().sum();
        let words = Panels::new(rows, &state.words);
        state.context.par_chunks_mut(rows).enumerate().for_each(|(head, context)| {
            heads.with(|scratch| self.head(instructions, head, words, lengths, scratch, context));
        });
        let context = Panels::new(rows, &state.context);
        state.added.par_chunks_mut(rows).enumerate().for_each(|(panel, out)| {
            self.attention_output.columns(instructions, context, panel, Out::Numbers(out));
        });
        state.add_and_normalize(instructions, &self.attention_normalization);
        state.wide.resize(rows * self.up.panels(), W::Row::default());
        let words = Panels::new(rows, &state.words);
        state.wide.par_chunks_mut(rows).enumerate().for_each(|(panel, out)| {
            self.up.columns(instructions, words, panel, Out::Activated(out));
        });
        let wide = Panels::new(rows, &state.wide);
        state.added.par_chunks_mut(rows).enumerate().for_each(|(panel, out)| {
            self.down.columns(instructions, wide, panel, Out::Numbers(out));
        });
        state.add_and_normalize(instructions, &self.normalization);
    }

    fn head(
        &self,
        instructions: W::Instructions,
        head: usize,
        words: Panels<'_, W>,
        lengths: &[usize],
        scratch: &mut HeadScratch<W>,
        context: &mut [W::Row],
    ) {
        let HeadScratch { query, key, value, attention } = scratch;
        for (part, out) in [&mut *query, &mut *key, &mut *value].into_iter().enumerate() {
            out.resize(words.rows(), W::Row::default());
            let panel = part * HIDDEN_PANELS + head;
            self.attention.columns(instructions, words, panel, Out::Words(out));
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
            W::run(instructions, attention);
            first += length;
        }
    }
}
