//! Vectors as bytes: little-endian f32, one after another.

use longmem_core::{Embedding, InvalidEmbedding};

use crate::DIMENSIONS;

/// Bytes of one stored vector.
pub(crate) const VECTOR_BYTES: usize = DIMENSIONS * size_of::<f32>();

pub(crate) fn encode(embedding: &Embedding) -> Vec<u8> {
    embedding.as_slice().iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Decodes by copying, since a blob need not stand on a four-byte boundary.
///
/// # Errors
/// [`InvalidEmbedding`] for a wrong length, a number that is not finite, or no unit length.
pub(crate) fn decode(bytes: &[u8]) -> Result<Embedding, InvalidEmbedding> {
    if bytes.len() != VECTOR_BYTES {
        let actual = bytes.len() / size_of::<f32>();
        return Err(InvalidEmbedding::Width { expected: DIMENSIONS, actual });
    }
    let (words, _) = bytes.as_chunks();
    Embedding::from_unit(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_bit_for_bit(
            numbers in prop::collection::vec(-1f32..1.0, DIMENSIONS)
        ) {
            prop_assume!(numbers.iter().any(|n| *n != 0.0));
            let embedding = Embedding::normalized(numbers).unwrap();
            prop_assert_eq!(decode(&encode(&embedding)).unwrap(), embedding);
        }
    }

    #[test]
    fn refuses_cut_and_damaged_blobs() {
        let good = encode(&Embedding::normalized(vec![1.0; DIMENSIONS]).unwrap());
        let cut = InvalidEmbedding::Width { expected: DIMENSIONS, actual: DIMENSIONS - 1 };
        assert_eq!(decode(&good[..VECTOR_BYTES - 1]), Err(cut));
        assert!(decode(&[&good[..], &[0]].concat()).is_err());
        let mut not_finite = good.clone();
        not_finite[4..8].copy_from_slice(&f32::INFINITY.to_le_bytes());
        assert_eq!(decode(&not_finite), Err(InvalidEmbedding::NotFinite(1)));
        assert!(matches!(decode(&[0; VECTOR_BYTES]), Err(InvalidEmbedding::NotUnit(_))));
    }
}
