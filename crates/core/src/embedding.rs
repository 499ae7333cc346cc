//! A vector that can only be valid.

use thiserror::Error;

/// The length of every vector: all-MiniLM-L6-v2 makes 384 numbers.
pub const DIMENSIONS: usize = 384;

/// The square of a length may differ from 1 by this much before the vector counts as not of unit
/// length; f32 rounding over 384 components stays a hundred times below it.
const UNIT_TOLERANCE: f64 = 1e-3;

/// Why numbers are not an [`Embedding`].
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InvalidEmbedding {
    /// Not [`DIMENSIONS`] numbers.
    #[error("an embedding has {DIMENSIONS} numbers, this one has {0}")]
    Length(usize),
    /// A number that is not finite.
    #[error("number {0} of the embedding is not finite")]
    NotFinite(usize),
    /// All zero: no direction.
    #[error("the embedding is all zero, so it has no direction")]
    Zero,
    /// A stored vector whose length is not 1.
    #[error("the embedding has length {0}, expected 1")]
    NotUnit(f32),
}

/// A direction in the model's space: [`DIMENSIONS`] finite f32 of unit length, so that the cosine
/// of two is their dot product.
///
/// # Examples
/// ```
/// use longmem_core::{DIMENSIONS, Embedding};
///
/// let east = Embedding::normalized(vec![2.0; DIMENSIONS])?;
/// assert!((east.cosine(&east) - 1.0).abs() < 1e-5);
/// # Ok::<(), longmem_core::InvalidEmbedding>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Box<[f32]>);

impl Embedding {
    /// Scales numbers to unit length.
    ///
    /// # Errors
    /// [`InvalidEmbedding`] for a wrong count, a number that is not finite, or all zeros.
    pub fn normalized(mut numbers: Vec<f32>) -> Result<Self, InvalidEmbedding> {
        let square = checked_square(&numbers)?;
        if square == 0.0 {
            return Err(InvalidEmbedding::Zero);
        }
        let length = square.sqrt();
        for number in &mut numbers {
            *number = (f64::from(*number) / length) as f32;
        }
        Ok(Self(numbers.into_boxed_slice()))
    }

    /// Takes numbers that are of unit length already, as they come from a store.
    ///
    /// # Errors
    /// [`InvalidEmbedding`] for a wrong count, a number that is not finite, or another length.
    pub fn from_unit(numbers: Vec<f32>) -> Result<Self, InvalidEmbedding> {
        let square = checked_square(&numbers)?;
        if (square - 1.0).abs() > UNIT_TOLERANCE {
            return Err(InvalidEmbedding::NotUnit(square.sqrt() as f32));
        }
        Ok(Self(numbers.into_boxed_slice()))
    }

    /// The numbers, [`DIMENSIONS`] of them.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The cosine to another embedding, −1 to 1 up to rounding.
    pub fn cosine(&self, other: &Embedding) -> f32 {
        dot(&self.0, &other.0) as f32
    }
}

fn checked_square(numbers: &[f32]) -> Result<f64, InvalidEmbedding> {
    if numbers.len() != DIMENSIONS {
        return Err(InvalidEmbedding::Length(numbers.len()));
    }
    let square = dot(numbers, numbers);
    // The squares of finite f32 are finite in f64, and so is their sum.
    if !square.is_finite()
        && let Some(position) = numbers.iter().position(|number| !number.is_finite())
    {
        return Err(InvalidEmbedding::NotFinite(position));
    }
    Ok(square)
}

/// Sums that are made beside each other, so that none waits for the one before.
const SUMS: usize = 8;

/// The dot product of [`DIMENSIONS`] numbers, summed in f64: three hundred roundings of f32 would
/// move a cosine by 1e-6.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0; SUMS];
    for (a, b) in a.as_chunks::<SUMS>().0.iter().zip(b.as_chunks::<SUMS>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_not_a_direction() {
        assert_eq!(Embedding::normalized(vec![1.0; 768]), Err(InvalidEmbedding::Length(768)));
        assert_eq!(Embedding::normalized(vec![0.0; DIMENSIONS]), Err(InvalidEmbedding::Zero));
        let mut holed = vec![1.0; DIMENSIONS];
        holed[7] = f32::NAN;
        assert_eq!(Embedding::normalized(holed), Err(InvalidEmbedding::NotFinite(7)));
        assert!(matches!(
            Embedding::from_unit(vec![1.0; DIMENSIONS]),
            Err(InvalidEmbedding::NotUnit(_))
        ));
    }

    proptest! {
        #[test]
        fn normalizing_gives_unit_length_and_is_idempotent(
            numbers in prop::collection::vec(-1e3f32..1e3, DIMENSIONS)
        ) {
            prop_assume!(numbers.iter().any(|n| n.abs() > 1e-3));
            let once = Embedding::normalized(numbers).unwrap();
            prop_assert!((once.cosine(&once) - 1.0).abs() < 1e-6);
            let twice = Embedding::from_unit(once.as_slice().to_vec()).unwrap();
            prop_assert_eq!(once, twice);
        }
    }
}
