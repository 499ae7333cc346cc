//! Which rows a word may add to.

use super::lexical_scores::ScoredWord;
use super::windows::WordWindows;
use super::word_rows::{GROUP_ROWS, RowCounts};

/// A list that holds one of this many rows or more is near almost every row.
const ROWS_OF_A_COMMON_WORD: usize = 8;

/// The rows in whose window a word stands.
pub(super) enum NearRows {
    /// It may be any.
    Any,
    /// A bit for each row, in groups of 64.
    Noted(Vec<u64>),
}

impl NearRows {
    /// Those of a word among the first `rows` rows; of a common word it may be any.
    pub(super) fn of(word: &ScoredWord<'_>, rows: usize, windows: &WordWindows) -> Self {
        let held: usize = word.lists.iter().map(|list| list.rows().len()).sum();
        if held > rows / ROWS_OF_A_COMMON_WORD {
            return Self::Any;
        }
        let mut bits = vec![0_u64; rows.div_ceil(GROUP_ROWS)];
        for row in word.lists.iter().flat_map(RowCounts::rows) {
            // A list may know of later turns than the table.
            if *row as usize >= rows {
                continue;
            }
            for near in windows.window(*row as usize) {
                let near = *near as usize;
                bits[near / GROUP_ROWS] |= 1 << (near % GROUP_ROWS);
            }
        }
        Self::Noted(bits)
    }

    /// A bit for each of the 64 rows of a group, the lowest for the first.
    pub(super) fn group(&self, group: usize) -> u64 {
        match self {
            Self::Any => u64::MAX,
            Self::Noted(bits) => bits[group],
        }
    }

    /// Whether the word may stand in a row's window.
    pub(super) fn may_hold(&self, row: usize) -> bool {
        self.group(row / GROUP_ROWS) >> (row % GROUP_ROWS) & 1 != 0
    }
}
