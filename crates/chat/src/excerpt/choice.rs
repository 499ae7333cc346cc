//! Which pieces of a text are kept.

use std::ops::Range;

/// Least score of a piece that gets a window of its own, as a part of the best score.
const LEAST_SCORE: f32 = 0.5;

/// Part of the room that the beginning of a text gets where no piece has to do with the question;
/// the end gets the rest.
const BEGINNING: (usize, usize) = (2, 3);

/// Chooses the windows of a text to keep: ranges of pieces, in order and apart from each other,
/// empty if no piece fits. Their costs, with a `mark` between every two, are at most `limit`.
///
/// Each of the best pieces gets a window with the pieces beside it, the best first, as long as
/// there is room; what is left then goes to all windows alike.
pub(super) fn chosen_windows(
    scores: &[f32],
    costs: &[usize],
    limit: usize,
    mark: usize,
) -> Vec<Range<usize>> {
    let mut choice =
        Choice { costs, kept: vec![false; costs.len()], has_window: false, left: limit, mark };
    let best = scores.iter().copied().fold(0.0, f32::max);
    let mut seeds: Vec<usize> = (0..scores.len())
        .filter(|&place| best > 0.0 && scores[place] >= best * LEAST_SCORE)
        .collect();
    seeds.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    if seeds.is_empty() {
        choice.keep_both_ends();
    }
    let mut windows = Vec::new();
    for seed in seeds {
        if choice.begin_window(seed) {
            let mut window = Window::around(seed);
            window.grow(&mut choice);
            windows.push(window);
        }
    }
    // A window that did not grow never will again.
    while !windows.is_empty() {
        windows.retain_mut(|window| window.grow(&mut choice));
    }
    choice.windows()
}

/// What is kept so far.
struct Choice<'a> {
    /// Tokens of each piece.
    costs: &'a [usize],
    kept: Vec<bool>,
    has_window: bool,
    /// Tokens that may still be spent.
    left: usize,
    /// Tokens of a mark between two windows.
    mark: usize,
}

impl Choice<'_> {
    /// Keeps a piece if it is not kept yet and fits with `spare` tokens to spare.
    fn keep(&mut self, place: usize, spare: usize) -> bool {
        let Some(&cost) = self.costs.get(place) else { return false };
        let fits = !self.kept[place] && cost.saturating_add(spare) <= self.left;
        if fits {
            self.kept[place] = true;
            self.left -= cost;
        }
        fits
    }

    /// Keeps the first piece of a window, with a mark before it unless it is the first window.
    fn begin_window(&mut self, place: usize) -> bool {
        let mark = if self.has_window { self.mark } else { 0 };
        let begins = self.keep(place, mark);
        if begins {
            self.left -= mark;
            self.has_window = true;
        }
        begins
    }

    /// Keeps the beginning and the end of the text.
    fn keep_both_ends(&mut self) {
        let (part, whole) = BEGINNING;
        let for_the_end = self.left - self.left / whole * part;
        let mut place = 0;
        while self.keep(place, for_the_end) {
            self.has_window = true;
            place += 1;
        }
        let mut place = self.costs.len();
        if place > 0 && self.begin_window(place - 1) {
            place -= 1;
            while place > 0 && self.keep(place - 1, 0) {
                place -= 1;
            }
        }
    }

    /// The runs of kept pieces.
    fn windows(&self) -> Vec<Range<usize>> {
        let mut windows: Vec<Range<usize>> = Vec::new();
        for place in (0..self.kept.len()).filter(|&place| self.kept[place]) {
            match windows.last_mut().filter(|window| window.end == place) {
                Some(window) => window.end += 1,
                None => windows.push(place..place + 1),
            }
        }
        windows
    }
}

/// A window that grows while there is room on a side of it.
struct Window {
    range: Range<usize>,
    open_before: bool,
    open_behind: bool,
}

impl Window {
    fn around(seed: usize) -> Self {
        Self { range: seed..seed + 1, open_before: seed > 0, open_behind: true }
    }

    /// Grows by a piece behind and a piece before, where there is room. Says whether it grew.
    fn grow(&mut self, choice: &mut Choice<'_>) -> bool {
        self.open_behind = self.open_behind && choice.keep(self.range.end, 0);
        self.range.end += usize::from(self.open_behind);
        self.open_before =
            self.open_before && self.range.start > 0 && choice.keep(self.range.start - 1, 0);
        self.range.start -= usize::from(self.open_before);
        self.open_before || self.open_behind
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces that are kept where a mark costs 1.
    fn kept(scores: &[f32], costs: &[usize], limit: usize) -> Vec<usize> {
        chosen_windows(scores, costs, limit, 1).into_iter().flatten().collect()
    }

    #[test]
    fn the_best_piece_comes_with_those_beside_it_before_a_second_window() {
        let scores = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0];
        assert_eq!(kept(&scores, &[10; 8], 30), [5, 6, 7]);
        assert_eq!(kept(&scores, &[10; 8], 41), [1, 5, 6, 7]);
        assert_eq!(kept(&scores, &[10; 8], 61), [0, 1, 2, 5, 6, 7]);
        assert_eq!(kept(&scores, &[10; 8], 81), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_weak_piece_gets_no_window_of_its_own() {
        let scores = [0.9, 0.0, 0.0, 0.0, 0.0, 2.0];
        assert_eq!(kept(&scores, &[10; 6], 40), [2, 3, 4, 5]);
    }

    #[test]
    fn without_any_score_both_ends_are_kept() {
        assert_eq!(kept(&[0.0; 20], &[10; 20], 91), [0, 1, 2, 3, 4, 5, 17, 18, 19]);
        assert!(kept(&[0.0; 3], &[10; 3], 5).is_empty(), "none fits");
        assert!(kept(&[], &[], 5).is_empty());
    }

    proptest! {
        #[test]
        fn windows_are_apart_and_cost_at_most_the_limit(
            pieces in prop::collection::vec((0usize..4, 0usize..30), 0..40),
            limit in 0usize..300,
            mark in 0usize..10,
        ) {
            let scores: Vec<f32> = pieces.iter().map(|&(score, _)| score as f32).collect();
            let costs: Vec<usize> = pieces.iter().map(|&(_, cost)| cost).collect();
            let windows = chosen_windows(&scores, &costs, limit, mark);
            prop_assert!(windows.windows(2).all(|pair| pair[0].end < pair[1].start));
            let marks = mark * windows.len().saturating_sub(1);
            let cost: usize = windows.iter().flat_map(|window| &costs[window.clone()]).sum();
            prop_assert!(cost + marks <= limit);
        }
    }
}
