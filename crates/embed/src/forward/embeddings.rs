//! What the first layer sees: the embeddings of tokens and of their positions.

use std::sync::OnceLock;

use super::elementwise::HIDDEN_PANELS;
use super::weights::WeightsFile;
use crate::EmbedderError;

/// A vector of the hidden state's width.
type Row = [[f32; 32]; HIDDEN_PANELS];

/// The tables of embeddings. Rows of tokens are read from the file when a token is first seen: a
/// question needs a dozen of 30,522.
#[derive(Debug)]
pub(super) struct Embeddings {
    file: WeightsFile,
    tokens: Vec<OnceLock<Box<Row>>>,
    /// For each position, its embedding and that of the only token type that is used.
    positions: Vec<Row>,
}

const TOKENS: &str = "embeddings.word_embeddings.weight";

impl Embeddings {
    /// Reads the positions, and checks that the tokens are there.
    pub(super) fn load(
        file: WeightsFile,
        vocabulary: usize,
        positions: usize,
        types: usize,
    ) -> Result<Self, EmbedderError> {
        let width = HIDDEN_PANELS * 32;
        file.tensor(TOKENS, &[vocabulary, width])?;
        let kind = file
            .tensor("embeddings.token_type_embeddings.weight", &[types, width])?
            .read(0, HIDDEN_PANELS)?;
        let pieces = file
            .tensor("embeddings.position_embeddings.weight", &[positions, width])?
            .read(0, positions * HIDDEN_PANELS)?;
        let (rows, _) = pieces.as_chunks::<HIDDEN_PANELS>();
        let positions = rows
            .iter()
            .map(|row| {
                let mut row = *row;
                for (number, kind) in row.as_flattened_mut().iter_mut().zip(kind.as_flattened()) {
                    *number += kind;
                }
                row
            })
            .collect();
        Ok(Self { tokens: vec![OnceLock::new(); vocabulary], file, positions })
    }

    /// Writes the embeddings of texts one after another: of their tokens into `tokens`, of their
    /// positions into `positions`, both in panels.
    pub(super) fn gather(
        &self,
        texts: &[&[u32]],
        tokens: &mut [[f32; 32]],
        positions: &mut [[f32; 32]],
    ) -> Result<(), EmbedderError> {
        let rows = tokens.len() / HIDDEN_PANELS;
        let numbered = texts.iter().flat_map(|text| text.iter().zip(&self.positions));
        for (row, (&id, position)) in numbered.enumerate() {
            let token = self.token(id)?;
            for panel in 0..HIDDEN_PANELS {
                tokens[panel * rows + row] = token[panel];
                positions[panel * rows + row] = position[panel];
            }
        }
        Ok(())
    }

    fn token(&self, id: u32) -> Result<&Row, EmbedderError> {
        let (at, vocabulary) = (id as usize, self.tokens.len());
        let Some(slot) = self.tokens.get(at) else {
            return Err(EmbedderError::UnknownToken { id, vocabulary });
        };
        if let Some(row) = slot.get() {
            return Ok(row);
        }
        let tensor = self.file.tensor(TOKENS, &[vocabulary, HIDDEN_PANELS * 32])?;
        let pieces = tensor.read(at * HIDDEN_PANELS, HIDDEN_PANELS)?;
        let row = pieces.as_chunks().0[0];
        Ok(slot.get_or_init(|| Box::new(row)))
    }
}
