//! The model in the GPU's memory.

use std::sync::{Mutex, PoisonError};

use candle_transformers::models::bert::Config;

use super::WIDTH;
use super::gpu::{Gpu, Normalization, Numbers, Product, tiles};
use crate::EmbedderError;
use crate::forward::{check, passes};
use crate::weights::WeightsFile;

/// Tokens of a pass, unless one text has more. A pass of so many takes 300 MB of the GPU's memory. Of 4,096
/// to 65,536 twice as many were 3 % faster and half as many 8 % slower, on an H200.
const PASS_TOKENS: usize = 32 * 1024;

/// Queries, keys and values of all heads of a token.
const JOINED: usize = 3 * WIDTH;

/// BERT on a GPU.
pub(crate) struct CudaBert {
    gpu: Gpu,
    words: Numbers,
    places: Numbers,
    kind: Numbers,
    normalization: Normalization,
    layers: Vec<Layer>,
    vocabulary: usize,
    positions: usize,
    /// Numbers of a row between the two products of a layer's second half.
    wide: usize,
    /// One pass at a time: it has the whole GPU.
    room: Mutex<Option<Room>>,
}

/// Memory of a pass, kept for the next one.
struct Room {
    /// How many tokens have room.
    tokens: usize,
    hidden: Numbers,
    context: Numbers,
    wide: Numbers,
}

/// A linear layer's numbers.
struct Linear {
    matrix: Numbers,
    bias: Numbers,
}

struct Layer {
    joined: Linear,
    attended: Linear,
    attended_normalization: Normalization,
    widened: Linear,
    output: Linear,
    output_normalization: Normalization,
}

impl CudaBert {
    /// Reads the weights into the GPU's memory.
    pub(crate) fn load(file: &WeightsFile, config: &Config) -> Result<Self, EmbedderError> {
        check(config)?;
        let gpu = Gpu::open()?;
        let epsilon = config.layer_norm_eps as f32;
        let (vocabulary, positions) = (config.vocab_size, config.max_position_embeddings);
        let (wide, types) = (config.intermediate_size, config.type_vocab_size);
        let read = Reader { file, gpu: &gpu, epsilon };
        let table =
            |name: &str, rows| read.numbers(&[format!("embeddings.{name}.weight")], &[rows, WIDTH]);
        let layers = (0..config.num_hidden_layers).map(|number| {
            let name = |part: &str| format!("encoder.layer.{number}.{part}");
            let parts =
                ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
            Ok(Layer {
                joined: read.linear(&parts, WIDTH, WIDTH)?,
                attended: read.linear(&[name("attention.output.dense")], WIDTH, WIDTH)?,
                attended_normalization: read.normalization(&name("attention.output.LayerNorm"))?,
                widened: read.linear(&[name("intermediate.dense")], wide, WIDTH)?,
                output: read.linear(&[name("output.dense")], WIDTH, wide)?,
                output_normalization: read.normalization(&name("output.LayerNorm"))?,
            })
        });
        Ok(Self {
            words: table("word_embeddings", vocabulary)?,
            places: table("position_embeddings", positions)?,
            kind: table("token_type_embeddings", types)?,
            normalization: read.normalization("embeddings.LayerNorm")?,
            layers: layers.collect::<Result<_, EmbedderError>>()?,
            vocabulary,
            positions,
            wide,
            room: Mutex::default(),
            gpu,
        })
    }

    /// The mean over each text's token vectors. A text has at least one token.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        let mut means = Vec::with_capacity(texts.len());
        for pass in passes(texts, PASS_TOKENS) {
            // What a pass leaves behind is written anew by the next one, which may be another thread's.
            let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
            means.extend(self.pass(&texts[pass], &mut room)?);
        }
        Ok(means)
    }

    fn pass(
        &self,
        texts: &[&[u32]],
        room: &mut Option<Room>,
    ) -> Result<Vec<Vec<f32>>, EmbedderError> {
        let gpu = &self.gpu;
        let ids = texts.concat();
        if let Some(&id) = ids.iter().find(|&&id| id as usize >= self.vocabulary) {
            return Err(EmbedderError::UnknownToken { id, vocabulary: self.vocabulary });
        }
        let positions: Vec<u32> = texts.iter().flat_map(|text| 0..text.len() as u32).collect();
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
        assert!(longest <= self.positions, "the window was checked against the positions");
        let mut starts = vec![0];
        starts.extend(texts.iter().scan(0, |end, text| {
            *end += text.len() as u32;
            Some(*end)
        }));
        let tiles = gpu.indices(&tiles(texts.iter().map(|text| text.len())))?;
        let starts = gpu.indices(&starts)?;

        let rows = ids.len();
        let Room { hidden, context, wide, .. } = self.room_for(rows, room)?;
        let indices = (&gpu.indices(&ids)?, &gpu.indices(&positions)?);
        gpu.embed(indices, (&self.words, &self.places, &self.kind), &self.normalization, hidden)?;
        for layer in &self.layers {
            let product = |inputs, outputs, is_added| Product { rows, inputs, outputs, is_added };
            gpu.multiply(&product(WIDTH, JOINED, false), hidden, &layer.joined.matrix, wide)?;
            gpu.attention(&tiles, wide, &layer.joined.bias, context)?;
            gpu.multiply(&product(WIDTH, WIDTH, true), context, &layer.attended.matrix, hidden)?;
            let normalization = &layer.attended_normalization;
            gpu.add_and_normalize(rows, hidden, &layer.attended.bias, normalization)?;
            gpu.multiply(&product(WIDTH, self.wide, false), hidden, &layer.widened.matrix, wide)?;
            gpu.add_and_gelu(rows, wide, &layer.widened.bias)?;
            gpu.multiply(&product(self.wide, WIDTH, true), wide, &layer.output.matrix, hidden)?;
            let normalization = &layer.output_normalization;
            gpu.add_and_normalize(rows, hidden, &layer.output.bias, normalization)?;
        }
        let mut means = gpu.room(texts.len() * WIDTH)?;
        gpu.mean(&starts, hidden, &mut means)?;
        Ok(gpu.copied(&means)?.chunks_exact(WIDTH).map(<[f32]>::to_vec).collect())
    }

    /// Memory for so many tokens: what is there, or more in its place.
    fn room_for<'a>(
        &self,
        tokens: usize,
        room: &'a mut Option<Room>,
    ) -> Result<&'a mut Room, EmbedderError> {
        if room.as_ref().is_none_or(|room| room.tokens < tokens) {
            // The old memory is given back first.
            *room = None;
            let tokens = tokens.next_power_of_two();
            *room = Some(Room {
                tokens,
                hidden: self.gpu.room(tokens * WIDTH)?,
                context: self.gpu.room(tokens * WIDTH)?,
                wide: self.gpu.room(tokens * self.wide.max(JOINED))?,
            });
        }
        Ok(room.as_mut().expect("it was made if it was missing"))
    }
}

/// Reads weights into the GPU's memory.
struct Reader<'a> {
    file: &'a WeightsFile,
    gpu: &'a Gpu,
    epsilon: f32,
}

impl Reader<'_> {
    /// Tensors of one shape, one after another.
    fn numbers(&self, names: &[String], shape: &[usize]) -> Result<Numbers, EmbedderError> {
        let rows = shape.iter().product::<usize>() / 32;
        let mut numbers = vec![[0.0; 32]; names.len() * rows];
        for (name, rows) in names.iter().zip(numbers.chunks_exact_mut(rows)) {
            self.file.tensor(name, shape)?.read(0, rows)?;
        }
        self.gpu.numbers(numbers.as_flattened())
    }

    /// Linear layers of one shape as one whose outputs are theirs, one after another.
    fn linear(
        &self,
        parts: &[String],
        outputs: usize,
        inputs: usize,
    ) -> Result<Linear, EmbedderError> {
        let named = |what| parts.iter().map(|part| format!("{part}.{what}")).collect::<Vec<_>>();
        Ok(Linear {
            matrix: self.numbers(&named("weight"), &[outputs, inputs])?,
            bias: self.numbers(&named("bias"), &[outputs])?,
        })
    }

    fn normalization(&self, name: &str) -> Result<Normalization, EmbedderError> {
        let epsilon = self.epsilon;
        let scale = self.numbers(&[format!("{name}.weight")], &[WIDTH])?;
        let shift = self.numbers(&[format!("{name}.bias")], &[WIDTH])?;
        Ok(Normalization { scale, shift, epsilon })
    }
}
