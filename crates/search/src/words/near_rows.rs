//! Which rows a word may add to.

use super::beside::near;
use super::lexical_scores::ScoredWord;
use super::windows::WordWindows;
use super::word_rows::{GROUP_ROWS, RowCounts};

/// A list that holds one of this many rows or more is near almost every row.
const ROWS_OF_A_COMMON_WORD: usize = 8;

/// Of a list that holds fewer than one of this many rows, turns are looked at one by one: that takes about
/// as long as one of the groups of rows.
const ROWS_OF_A_RARE_WORD: usize = GROUP_ROWS;

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
        Self::Noted(if held < rows / ROWS_OF_A_RARE_WORD {
            bits_by_turns(word, rows, windows)
        } else {
            bits_by_groups(word, windows)
        })
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

/// A bit for each row in whose window a word stands: from each turn that holds it.
fn bits_by_turns(word: &ScoredWord<'_>, rows: usize, windows: &WordWindows) -> Vec<u64> {
    let mut bits = vec![0_u64; rows.div_ceil(GROUP_ROWS)];
    // A list may know of later turns than the table.
    let held = word.lists.iter().flat_map(RowCounts::rows).filter(|row| (**row as usize) < rows);
    for near in held.flat_map(|row| windows.window(*row as usize)) {
        let near = *near as usize;
        bits[near / GROUP_ROWS] |= 1 << (near % GROUP_ROWS);
    }
    bits
}

/// The same bits: 64 rows at once, and then those whose windows reach farther than these tell.
fn bits_by_groups(word: &ScoredWord<'_>, windows: &WordWindows) -> Vec<u64> {
    let held = |group: usize| word.lists.iter().fold(0, |held, list| held | list.held(group));
    let mut around = [0, 0, held(0)];
    let groups = windows.chunks().iter().flat_map(|chunk| chunk.beside().groups()).zip(1..);
    let near_of = |(group, next)| {
        around = [around[1], around[2], held(next)];
        near(group, around)
    };
    let mut bits: Vec<u64> = groups.map(near_of).collect();
    let far = windows.chunks().iter().flat_map(|chunk| chunk.beside().far());
    for row in far.map(|row| *row as usize) {
        let stands = |list: &RowCounts<'_>, near: &u32| list.count(*near as usize) > 0;
        let stands = |near| word.lists.iter().any(|list| stands(list, near));
        if windows.window(row).iter().any(stands) {
            bits[row / GROUP_ROWS] |= 1 << (row % GROUP_ROWS);
        }
    }
    bits
}
