//! How many items of an ordered list fit.

/// Returns how many leading items fit into `room`.
///
/// `costs` are cheap estimates, one per item, on top of `frame` for whatever stands around them;
/// `exact` counts the text made of the first so many items. The first item that does not fit ends
/// the search, even if a later one would fit: skipping would let a larger room trade a small item
/// for a large one, and then more budget could recall less.
pub(super) fn longest_fitting_prefix(
    frame: usize,
    costs: impl IntoIterator<Item = usize>,
    room: usize,
    exact: impl Fn(usize) -> usize,
) -> usize {
    let estimated = costs
        .into_iter()
        .scan(frame, |sum, cost| {
            *sum = sum.saturating_add(cost);
            Some(*sum)
        })
        .take_while(|sum| *sum <= room)
        .count();
    // The sum of the parts can be below the count of the whole, so the whole is counted.
    (1..=estimated).rev().find(|&items| exact(items) <= room).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::longest_fitting_prefix as fitting;

    #[test]
    fn stops_at_the_first_that_does_not_fit() {
        assert_eq!(fitting(10, [5, 50, 1], 30, |_| 0), 1);
        assert_eq!(fitting(10, [5, 5, 1], 30, |_| 0), 3);
        assert_eq!(fitting(10, [5], 14, |_| 0), 0);
    }

    #[test]
    fn the_exact_count_has_the_last_word() {
        assert_eq!(fitting(0, [1, 1, 1], 10, |items| items * 4), 2);
        assert_eq!(fitting(0, [1, 1, 1], 10, |_| 11), 0);
    }
}
