//! Which turns a trimmed history may start with.

/// Number of the latest exchanges that may each be the first of the history, so that a small share
/// is used well. With 3, a share of 25 exchanges is filled to 80 % on average, and 86 % of the
/// prompts continue the one before; with 1 it would be 69 % and 88 %.
const FREE_STARTS: usize = 3;

/// The golden ratio as a fraction of 2⁶⁴: its multiples spread evenly whatever the stride of the
/// numbers (Knuth, The Art of Computer Programming, volume 3, section 6.4).
const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

/// Says whether a trimmed history may start with the turn of this number, `exchanges_back`
/// exchanges before the newest message (1 is the latest).
///
/// Every turn has a fixed **rarity**: one turn in two has 1 or more, one in four 2 or more, one in
/// 2ⁿ n or more. The further back a turn lies, the more rarity it needs:
///
/// ```text
/// exchanges back     … 31 – 16 | 15 – 8  |  7 – 4  | 3 2 1
/// rarity needed           3    |    2    |    1    |   0
/// turns that may     1 in 8    | 1 in 4  | 1 in 2  |  all
/// ```
///
/// So about two turns of each column but the last may be the start, and a turn of rarity n may be it
/// until it is 4·2ⁿ exchanges back. A start therefore stays while the conversation grows by several
/// exchanges, and the prompts meanwhile have the same beginning. With room for 7 exchanges and turns
/// numbered 1, 3, 5 …:
///
/// ```text
/// exchange             … 7  8  9 10 11 12 13 14 15 16 17 18
/// rarity                 4  1  0  0  0  2  1  0  0  2  1  0
/// prompt after 11        ●──●──●──●──●
///              12        ●──●──●──●──●──●
///              13        ●──●──●──●──●──●──●               same start: cached
///              14           ●──●──●──●──●──●──●            7 no longer fits
///              15                       ●──●──●──●         8 no longer fits; 9 – 11 are too common
///              16                       ●──●──●──●──●
///              17                       ●──●──●──●──●──●
///              18                       ●──●──●──●──●──●──●
/// ```
///
/// Neither the budget nor the rest of the history has a say in whether a turn may be the start, so
/// a larger budget never starts later.
pub(super) fn is_step(number: u64, exchanges_back: usize) -> bool {
    let rarity = number.wrapping_mul(GOLDEN_RATIO).leading_zeros();
    exchanges_back >> rarity.min(usize::BITS - 1) <= FREE_STARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first exchange of the history after `exchanges` exchanges, each started by an odd
    /// number, with room for seven.
    fn start_after(exchanges: usize) -> usize {
        let may_start =
            |exchange: &usize| is_step(*exchange as u64 * 2 - 1, exchanges + 1 - exchange);
        (exchanges - 6..=exchanges).find(may_start).unwrap()
    }

    #[test]
    fn the_drawn_example_is_what_happens() {
        let starts: Vec<usize> = (13..=18).map(start_after).collect();
        assert_eq!(starts, [7, 8, 12, 12, 12, 12]);
    }

    #[test]
    fn far_back_only_one_turn_in_many_may_start() {
        for (exchanges_back, one_in) in [(1, 1), (3, 1), (4, 2), (7, 2), (8, 4), (31, 8), (32, 16)]
        {
            let starts = (0..4_096).filter(|number| is_step(*number, exchanges_back)).count();
            let expected = 4_096 / one_in;
            assert!(starts.abs_diff(expected) <= 2, "{starts} at {exchanges_back}");
        }
    }
}
