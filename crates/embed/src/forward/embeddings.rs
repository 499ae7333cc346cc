//! The embeddings that the first layer starts from: those of tokens and of their positions.

use std::sync::OnceLock;

use super::{HIDDEN_PANELS, WIDTH};
use crate::EmbedderError;
use crate::weights::WeightsFile;

/// A vector of the hidden state's width.
type Row = [[f32; 32]; HIDDEN_PANELS];

/// The tables of embeddings. The row of a token is read from the file when the token is first seen: a
/// question needs a dozen of 30,522.
#[derive(Debug)]
pub(super) struct Embeddings {
    file: WeightsFile,
    tokens: Vec<OnceLock<Box<Row>>>,
    /// For each position, the sum of its embedding and that of the only token type that is used.
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
        file.tensor(TOKENS, &[vocabulary, WIDTH])?;
        let mut token_type: Row = [[0.0; 32]; HIDDEN_PANELS];
        file.tensor("embeddings.token_type_embeddings.weight", &[types, WIDTH])?
            .read(0, &mut token_type)?;
        let mut rows: Vec<Row> = vec![[[0.0; 32]; HIDDEN_PANELS]; positions];
        file.tensor("embeddings.position_embeddings.weight", &[positions, WIDTH])?
            .read(0, rows.as_flattened_mut())?;
        for row in &mut rows {
            for (number, addend) in row.as_flattened_mut().iter_mut().zip(token_type.as_flattened())
            {
                *number += addend;
            }
        }
        Ok(Self { tokens: vec![OnceLock::new(); vocabulary], file, positions: rows })
    }

    /// Writes the embeddings of texts, one text after another: those of tokens into `tokens`, those of
    /// their positions into `positions`, both in panels.
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

    /// The embedding of a token.
    fn token(&self, id: u32) -> Result<&Row, EmbedderError> {
        let (at, vocabulary) = (id as usize, self.tokens.len());
        let Some(slot) = self.tokens.get(at) else {
            return Err(EmbedderError::UnknownToken { id, vocabulary });
        };
        if let Some(row) = slot.get() {
            return Ok(row);
        }
        let mut row = [[0.0; 32]; HIDDEN_PANELS];
        self.file.tensor(TOKENS, &[vocabulary, WIDTH])?.read(at * HIDDEN_PANELS, &mut row)?;
        Ok(slot.get_or_init(|| Box::new(row)))
    }
}
