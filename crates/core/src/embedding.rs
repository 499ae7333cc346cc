//! A vector that is always a direction.

use thiserror::Error;

/// How far the square of a stored vector's length may be from 1. Rounding to f32 stays a hundred
/// times below it for some hundred numbers.
const UNIT_TOLERANCE: f64 = 1e-3;

/// Why numbers are not an [`Embedding`], or not one of an expected model.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum InvalidEmbedding {
    /// No numbers at all.
    #[error("the embedding has no numbers")]
    Empty,
    /// More or fewer numbers than the model's vectors have.
    #[error("the embedding has {actual} numbers, expected {expected}")]
    Width {
        /// Numbers of each vector of the model.
        expected: usize,
        /// Numbers of this one.
        actual: usize,
    },
    /// A number that is infinite or not a number; counted from 0.
    #[error("number {0} of the embedding is not finite")]
    NotFinite(usize),
    /// All zero: no direction.
    #[error("the embedding is all zero, so it has no direction")]
    Zero,
    /// A stored vector whose length is not 1.
    #[error("the embedding has length {0}, expected 1")]
    NotUnit(f32),
}

/// A direction in a model's space: finite f32 of unit length, so that the cosine of two is their
/// dot product.
///
/// Its width is that of the numbers it was made of. Only vectors of one model can be compared;
/// [`EmbeddingModel::check_width`](crate::EmbeddingModel::check_width) is the check for vectors
/// that come from elsewhere.
///
/// # Examples
/// ```
/// use longmem_core::Embedding;
///
/// let east = Embedding::normalized(vec![2.0, 0.0])?;
/// let north_east = Embedding::normalized(vec![1.0, 1.0])?;
/// assert!((east.cosine(&north_east) - 0.5f32.sqrt()).abs() < 1e-6);
/// assert_eq!(east.width(), 2);
/// # Ok::<(), longmem_core::InvalidEmbedding>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Box<[f32]>);

impl Embedding {
    /// Scales numbers to unit length.
    ///
    /// # Errors
    /// [`InvalidEmbedding`] if there are no numbers, one is not finite, or all are zero.
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
    /// [`InvalidEmbedding`] if there are no numbers, one is not finite, or their length is not 1.
    pub fn from_unit(numbers: Vec<f32>) -> Result<Self, InvalidEmbedding> {
        let square = checked_square(&numbers)?;
        if (square - 1.0).abs() > UNIT_TOLERANCE {
            return Err(InvalidEmbedding::NotUnit(square.sqrt() as f32));
        }
        Ok(Self(numbers.into_boxed_slice()))
    }

    /// How many numbers it has.
    pub fn width(&self) -> usize {
        self.0.len()
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The cosine to another embedding of the same model, −1 to 1 up to rounding.
    ///
    /// # Panics
    /// If the widths differ, since such vectors are of two models.
    pub fn cosine(&self, other: &Embedding) -> f32 {
        assert_eq!(self.width(), other.width(), "only vectors of one model have a cosine");
        dot(&self.0, &other.0) as f32
    }
}

/// The square of the length of numbers that are there and finite.
fn checked_square(numbers: &[f32]) -> Result<f64, InvalidEmbedding> {
    if numbers.is_empty() {
        return Err(InvalidEmbedding::Empty);
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

/// Number of sums that are made side by side, so that no addition waits for the one before.
const SUMS: usize = 8;

/// The dot product of numbers that are equally many, summed in f64: hundreds of roundings to f32
/// would move a cosine by 1e-6.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let (a_chunks, a_rest) = a.as_chunks::<SUMS>();
    let (b_chunks, b_rest) = b.as_chunks::<SUMS>();
    let mut sums = [0.0; SUMS];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += f64::from(*a) * f64::from(*b);
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_without_a_direction_are_refused() {
        assert_eq!(Embedding::normalized(Vec::new()), Err(InvalidEmbedding::Empty));
        assert_eq!(Embedding::from_unit(Vec::new()), Err(InvalidEmbedding::Empty));
        assert_eq!(Embedding::normalized(vec![0.0; 8]), Err(InvalidEmbedding::Zero));
        for width in [8, 12] {
            for position in [0, width - 1] {
                let mut numbers = vec![1.0; width];
                numbers[position] = f32::NAN;
                assert_eq!(
                    Embedding::normalized(numbers),
                    Err(InvalidEmbedding::NotFinite(position))
                );
            }
        }
        assert_eq!(Embedding::from_unit(vec![1.0; 4]), Err(InvalidEmbedding::NotUnit(2.0)));
    }

    #[test]
    #[should_panic(expected = "only vectors of one model have a cosine")]
    fn vectors_of_different_widths_have_no_cosine() {
        let of_width = |width| Embedding::normalized(vec![1.0; width]).unwrap();
        of_width(384).cosine(&of_width(768));
    }

    proptest! {
        #[test]
        fn normalizing_gives_unit_length_at_any_width_and_changes_nothing_the_second_time(
            numbers in prop::collection::vec(-1e3f32..1e3, 1..800)
        ) {
            prop_assume!(numbers.iter().any(|n| n.abs() > 1e-3));
            let once = Embedding::normalized(numbers.clone()).unwrap();
            prop_assert_eq!(once.width(), numbers.len());
            prop_assert!((once.cosine(&once) - 1.0).abs() < 1e-6);
            let twice = Embedding::from_unit(once.as_slice().to_vec()).unwrap();
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn the_cosine_is_that_of_the_formula(
            pairs in prop::collection::vec((-1e3f32..1e3, -1e3f32..1e3), 1..100)
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            prop_assume!([&a, &b].iter().all(|numbers| numbers.iter().any(|n| n.abs() > 1e-3)));
            let sum = |a: &[f32], b: &[f32]| {
                a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
            };
            let expected = sum(&a, &b) / (sum(&a, &a) * sum(&b, &b)).sqrt();
            let (a, b) = (Embedding::normalized(a).unwrap(), Embedding::normalized(b).unwrap());
            prop_assert!((f64::from(a.cosine(&b)) - expected).abs() < 1e-5);
        }
    }
}
