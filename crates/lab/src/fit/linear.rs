//! Linear algebra for a handful of weights.

/// Solves equations with a positive definite matrix by Gaussian elimination.
pub(super) fn solved<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        for row in pivot + 1..N {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            for (number, above) in matrix[row].iter_mut().zip(above) {
                *number -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for pivot in (0..N).rev() {
        for known in pivot + 1..N {
            right[pivot] -= matrix[pivot][known] * right[known];
        }
        right[pivot] /= matrix[pivot][pivot];
    }
    right
}

/// Adds `factor` · vector · vectorᵀ to a matrix.
pub(super) fn add_outer<const N: usize>(
    matrix: &mut [[f64; N]; N],
    vector: &[f64; N],
    factor: f64,
) {
    for (row, left) in matrix.iter_mut().zip(vector) {
        for (number, right) in row.iter_mut().zip(vector) {
            *number += factor * left * right;
        }
    }
}

/// A matrix with one number along its diagonal, and zeros elsewhere.
pub(super) fn diagonal<const N: usize>(number: f64) -> [[f64; N]; N] {
    let mut matrix = [[0.0; N]; N];
    for (place, row) in matrix.iter_mut().enumerate() {
        row[place] = number;
    }
    matrix
}

/// The sum of the products.
pub(super) fn dot<const N: usize>(left: &[f64; N], right: &[f64; N]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equations_by_hand() {
        // x = 1, y = −2, z = 3
        let found = solved([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]], [2.0, -2.0, 4.0]);
        for (found, expected) in found.into_iter().zip([1.0, -2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn outer_products_add_up() {
        let mut matrix = diagonal(1.0);
        add_outer(&mut matrix, &[1.0, 2.0], 0.5);
        let rows: Vec<String> = matrix.iter().map(|row| format!("{row:?}")).collect();
        assert_eq!(rows, ["[1.5, 1.0]", "[1.0, 3.0]"]);
    }
}
