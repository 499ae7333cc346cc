//! Which rows near by are in each row's window, as bits, so that 64 rows are looked at together.

use super::word_rows::GROUP_ROWS;

/// How far from a row those stand that have a bit: two sessions whose turns came in turn have their two
/// turns before and after so near.
pub(super) const DISTANCES: [isize; 8] = [-4, -3, -2, -1, 1, 2, 3, 4];

/// The greatest distance.
pub(super) const FARTHEST: usize = 4;

/// For each distance a bit for each of 64 rows, the lowest for the first: whether the row so far from it
/// is in its window.
pub(super) type BesideGroup = [u64; DISTANCES.len()];

/// The windows of rows that follow each other, as bits.
#[derive(Debug, Default)]
pub(super) struct Beside {
    groups: Vec<BesideGroup>,
    /// The rows whose windows reach farther than bits tell, ascending.
    far: Vec<u32>,
}

impl Beside {
    /// Of rows with their windows, in order from a row on that begins a group.
    pub(super) fn of<'a>(windows: impl Iterator<Item = (usize, &'a [u32])>) -> Self {
        let mut beside = Self::default();
        for (place, (row, window)) in windows.enumerate() {
            if place.is_multiple_of(GROUP_ROWS) {
                beside.groups.push(BesideGroup::default());
            }
            let Some(group) = beside.groups.last_mut() else { continue };
            let mut is_far = false;
            for near in window.iter().filter(|near| **near as usize != row) {
                let distance = *near as isize - row as isize;
                match DISTANCES.iter().position(|known| *known == distance) {
                    Some(known) => group[known] |= 1 << (place % GROUP_ROWS),
                    None => is_far = true,
                }
            }
            if is_far {
                beside.far.push(row as u32);
            }
        }
        beside
    }

    /// Of the 64 rows of each group.
    pub(super) fn groups(&self) -> &[BesideGroup] {
        &self.groups
    }

    /// The rows whose windows reach farther than bits tell, ascending.
    pub(super) fn far(&self) -> &[u32] {
        &self.far
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of::<BesideGroup>() * self.groups.len() + size_of::<u32>() * self.far.len()
    }
}

/// Those of 64 rows in whose windows a word stands, by the rows that hold it: of the group before, of this
/// one and of the one after. Rows whose windows reach farther may be more.
pub(super) fn near(group: &BesideGroup, [before, held, after]: [u64; 3]) -> u64 {
    let mut near = held;
    for (has_beside, distance) in group.iter().zip(DISTANCES) {
        let by = distance.unsigned_abs();
        let beside = if distance < 0 {
            held << by | before >> (GROUP_ROWS - by)
        } else {
            held >> by | after << (GROUP_ROWS - by)
        };
        near |= has_beside & beside;
    }
    near
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_and_far_rows_tell_which_rows_are_near(
            rows in 1..200usize,
            links in prop::collection::vec((0..200usize, 0..200usize), 0..300),
            held in prop::collection::vec(any::<u64>(), 4),
        ) {
            let mut windows: Vec<Vec<u32>> = (0..rows as u32).map(|row| vec![row]).collect();
            for (one, other) in links {
                let (one, other) = (one % rows, other % rows);
                windows[one].push(other as u32);
                windows[other].push(one as u32);
            }
            let beside = Beside::of(windows.iter().map(Vec::as_slice).enumerate());
            prop_assert_eq!(beside.groups().len(), rows.div_ceil(GROUP_ROWS));
            let holds = |row: usize| {
                row < rows && held[row / GROUP_ROWS] >> (row % GROUP_ROWS) & 1 == 1
            };
            let word = |group: usize| (0..GROUP_ROWS).fold(0, |word, place| {
                word | u64::from(holds(group * GROUP_ROWS + place)) << place
            });
            for (row, window) in windows.iter().enumerate() {
                let group = row / GROUP_ROWS;
                let before = group.checked_sub(1).map_or(0, word);
                let near = near(&beside.groups()[group], [before, word(group), word(group + 1)]);
                let is_far = |near: &u32| row.abs_diff(*near as usize) > FARTHEST;
                prop_assert_eq!(
                    window.iter().any(is_far), beside.far().binary_search(&(row as u32)).is_ok()
                );
                let mut by_bits = window.iter().filter(|near| !is_far(near));
                let expected = by_bits.any(|near| holds(*near as usize));
                prop_assert_eq!(near >> (row % GROUP_ROWS) & 1 == 1, expected, "row {}", row);
            }
        }
    }
}
