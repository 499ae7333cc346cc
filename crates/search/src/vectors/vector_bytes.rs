//! Vectors as bytes: little-endian f32, one after another.

use longmem_core::{Embedding, InvalidEmbedding};

/// The bytes of a vector, as every store keeps it.
pub fn vector_bytes(embedding: &Embedding) -> Vec<u8> {
    embedding.as_slice().iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A vector of this width from its bytes. It is copied, since a blob need not stand on a four-byte
/// boundary.
///
/// # Errors
/// [`InvalidEmbedding`] for another length, a number that is not finite, or no unit length.
pub fn vector_from_bytes(bytes: &[u8], width: usize) -> Result<Embedding, InvalidEmbedding> {
    if Some(bytes.len()) != width.checked_mul(size_of::<f32>()) {
        return Err(InvalidEmbedding::Width {
            expected: width,
            actual: bytes.len() / size_of::<f32>(),
        });
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
            numbers in prop::collection::vec(-1f32..1.0, 1..400)
        ) {
            prop_assume!(numbers.iter().any(|n| *n != 0.0));
            let embedding = Embedding::normalized(numbers).unwrap();
            let bytes = vector_bytes(&embedding);
            prop_assert_eq!(vector_from_bytes(&bytes, embedding.width()).unwrap(), embedding);
        }
    }

    #[test]
    fn refuses_cut_and_damaged_blobs() {
        let good = vector_bytes(&Embedding::normalized(vec![1.0; 384]).unwrap());
        let wrong_length = |actual| Err(InvalidEmbedding::Width { expected: 384, actual });
        assert_eq!(vector_from_bytes(&good[..good.len() - 1], 384), wrong_length(383));
        assert_eq!(
            vector_from_bytes(&good, 768),
            Err(InvalidEmbedding::Width { expected: 768, actual: 384 })
        );
        assert!(vector_from_bytes(&[&good[..], &[0]].concat(), 384).is_err());
        let mut not_finite = good.clone();
        not_finite[4..8].copy_from_slice(&f32::INFINITY.to_le_bytes());
        assert_eq!(vector_from_bytes(&not_finite, 384), Err(InvalidEmbedding::NotFinite(1)));
        let zeros = vec![0; good.len()];
        assert!(matches!(vector_from_bytes(&zeros, 384), Err(InvalidEmbedding::NotUnit(_))));
    }
}
