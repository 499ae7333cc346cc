//! The list of one word in memory: which rows hold it, and how often.

/// The turns of a user that hold one word, by their rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct WordRows {
    /// Ascending, each once.
    rows: Vec<u32>,
    /// How often each of the rows holds the word.
    counts: Vec<u32>,
    /// The greatest of the counts.
    most: u32,
    /// Number of turns in the list that have no row, which a damaged list may name.
    unplaced: usize,
}

impl WordRows {
    /// Adds a turn; none has no row. Rows may come in any order until [`WordRows::sort`].
    pub(crate) fn push(&mut self, row: Option<usize>, count: u32) {
        match row {
            Some(row) => {
                self.rows.push(row as u32);
                self.counts.push(count);
                self.most = self.most.max(count);
            }
            None => self.unplaced += 1,
        }
    }

    /// Puts the rows in order if they are not: blocks of a list may come in any.
    pub(crate) fn sort(&mut self) {
        if self.rows.is_sorted_by(|a, b| a < b) {
            return;
        }
        let mut pairs: Vec<(u32, u32)> =
            self.rows.iter().copied().zip(self.counts.iter().copied()).collect();
        pairs.sort_unstable();
        // Only a damaged list names a turn twice.
        pairs.dedup_by_key(|(row, _)| *row);
        (self.rows, self.counts) = pairs.into_iter().unzip();
    }

    /// Appends a list of later rows.
    pub(crate) fn append(&mut self, later: &Self) {
        self.rows.extend_from_slice(&later.rows);
        self.counts.extend_from_slice(&later.counts);
        self.most = self.most.max(later.most);
        self.unplaced += later.unplaced;
    }

    /// The rows that hold the word, ascending.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// How often the row in a place of [`WordRows::rows`] holds the word.
    pub(crate) fn count_at(&self, place: usize) -> u32 {
        self.counts[place]
    }

    /// How often the word stands in one turn at most.
    pub(crate) fn most(&self) -> u32 {
        self.most
    }

    /// Number of turns in the list.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.unplaced
    }

    /// Whether no turn holds the word.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of::<u32>() * (self.rows.capacity() + self.counts.capacity())
    }
}

/// Says of any row at once how often it holds a word.
pub(crate) struct RowCounts<'a> {
    list: &'a WordRows,
    groups: Vec<Group>,
}

/// Number of rows that share a group: one bit each.
pub(crate) const GROUP_ROWS: usize = 64;

/// Which of 64 rows hold the word.
#[derive(Clone, Copy, Default)]
struct Group {
    /// A bit for each row that does, the lowest for the first row.
    held: u64,
    /// Number of places in the list before them.
    first: u32,
}

impl<'a> RowCounts<'a> {
    /// Of a list, for the first `rows` rows; the list may know of later ones.
    pub(crate) fn new(list: &'a WordRows, rows: usize) -> Self {
        let mut groups = Vec::with_capacity(rows.div_ceil(GROUP_ROWS));
        let mut place = 0;
        for number in 0..rows.div_ceil(GROUP_ROWS) {
            let end = rows.min((number + 1) * GROUP_ROWS);
            let mut group = Group { held: 0, first: place as u32 };
            while let Some(row) = list.rows.get(place).filter(|row| (**row as usize) < end) {
                group.held |= 1 << (*row as usize % GROUP_ROWS);
                place += 1;
            }
            groups.push(group);
        }
        Self { list, groups }
    }

    /// The rows from one on that hold the word, each with how often it does; there may be more than the
    /// table has.
    pub(crate) fn held_from(&self, row: usize) -> impl Iterator<Item = (usize, u32)> {
        let place = self.groups.get(row / GROUP_ROWS).map_or(self.list.rows.len(), |group| {
            let before = (group.held & ((1 << (row % GROUP_ROWS)) - 1)).count_ones();
            (group.first + before) as usize
        });
        let rows = self.list.rows[place..].iter().map(|row| *row as usize);
        rows.zip(self.list.counts[place..].iter().copied())
    }

    /// A bit for each of the 64 rows of a group, the lowest for the first: whether it holds the word. None
    /// does of a group beyond the last.
    pub(crate) fn held(&self, group: usize) -> u64 {
        self.groups.get(group).map_or(0, |group| group.held)
    }

    /// The rows that hold the word, ascending; there may be more than the table has.
    pub(crate) fn rows(&self) -> &[u32] {
        self.list.rows()
    }

    /// How often a row holds the word; 0 if it does not.
    #[inline]
    pub(crate) fn count(&self, row: usize) -> u32 {
        let group = self.groups[row / GROUP_ROWS];
        let bit = 1 << (row % GROUP_ROWS);
        if group.held & bit == 0 {
            return 0;
        }
        let before = (group.held & (bit - 1)).count_ones();
        self.list.count_at((group.first + before) as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_has_the_count_that_was_pushed(
            pairs in prop::collection::btree_map(0..400usize, 1..9u32, 0..120),
            rows in 0..400usize,
            turned in any::<bool>(),
        ) {
            let mut list = WordRows::default();
            let mut pushed: Vec<_> = pairs.iter().collect();
            if turned {
                pushed.reverse();
            }
            for (row, count) in pushed {
                list.push(Some(*row), *count);
            }
            list.push(None, 1);
            list.sort();
            prop_assert_eq!(list.len(), pairs.len() + 1);
            let counts = RowCounts::new(&list, rows);
            for row in 0..rows {
                prop_assert_eq!(counts.count(row), pairs.get(&row).copied().unwrap_or(0));
                let bit = counts.held(row / GROUP_ROWS) >> (row % GROUP_ROWS) & 1;
                prop_assert_eq!(bit == 1, pairs.contains_key(&row));
                let held: Vec<(usize, u32)> = counts.held_from(row).collect();
                let expected: Vec<(usize, u32)> =
                    pairs.range(row..).map(|(row, count)| (*row, *count)).collect();
                prop_assert_eq!(held, expected);
            }
            prop_assert_eq!(counts.held(rows.div_ceil(GROUP_ROWS)), 0);
        }
    }
}
