//! Which numbers the records of a user have here.

/// The numbers of one kind of records.
#[derive(Debug, Clone)]
pub(super) enum Renumbering {
    /// They are those of the source.
    Kept,
    /// The number in the source, and the one here, both in rising order.
    New(Vec<(i64, i64)>),
}

impl Renumbering {
    /// Those of the source, if they are free here.
    pub(super) fn kept_if(free: bool) -> Self {
        if free { Self::Kept } else { Self::New(Vec::new()) }
    }

    pub(super) fn is_new(&self) -> bool {
        matches!(self, Self::New(_))
    }

    /// Notes the number that the latest record has here.
    pub(super) fn note(&mut self, source: i64, here: i64) {
        if let Self::New(numbers) = self {
            numbers.push((source, here));
        }
    }

    /// The number here of a record of the source; none if it did not come.
    pub(super) fn here(&self, source: i64) -> Option<i64> {
        match self {
            Self::Kept => Some(source),
            Self::New(numbers) => {
                let at = numbers.binary_search_by_key(&source, |(source, _)| *source).ok()?;
                Some(numbers[at].1)
            }
        }
    }

    /// The greatest number here of records up to a number in the source; 0 if there are none.
    pub(super) fn up_to(&self, source: i64) -> i64 {
        match self {
            Self::Kept => source,
            Self::New(numbers) => {
                let after = numbers.partition_point(|(number, _)| *number <= source);
                after.checked_sub(1).map_or(0, |at| numbers[at].1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_under_their_new_numbers() {
        let mut numbers = Renumbering::kept_if(false);
        for (source, here) in [(3, 100), (7, 101)] {
            numbers.note(source, here);
        }
        assert_eq!([3, 5, 7].map(|source| numbers.here(source)), [Some(100), None, Some(101)]);
        assert_eq!([2, 3, 6, 9].map(|source| numbers.up_to(source)), [0, 100, 100, 101]);
        assert_eq!((Renumbering::Kept.here(5), Renumbering::Kept.up_to(5)), (Some(5), 5));
    }
}
