//! Rows of lanes turned into columns.

use super::simd::Lane;

/// Transposes rows of lanes: each 32 rows become the columns of a panel, the last ones filled up
/// with zeros.
#[inline(always)]
pub(super) fn transpose<L: Lane>(rows: &[L::Row], columns: &mut Vec<[L; 32]>) {
    columns.resize(rows.len().div_ceil(32) * L::PER_ROW, [L::default(); 32]);
    for (rows, columns) in rows.chunks(32).zip(columns.chunks_exact_mut(L::PER_ROW)) {
        transpose_block::<L>(rows, columns);
    }
}

/// Transposes at most 32 rows: the first lanes of all rows become the first column.
#[inline(always)]
pub(super) fn transpose_block<L: Lane>(rows: &[L::Row], columns: &mut [[L; 32]]) {
    for (lane, column) in columns.iter_mut().enumerate() {
        column[rows.len()..].fill(L::default());
        for (number, row) in column.iter_mut().zip(rows) {
            *number = row.as_ref()[lane];
        }
    }
}
