//! What changes between two texts, line by line.

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// One line of a comparison.
#[derive(Clone, Copy)]
pub(super) enum Line<'a> {
    Same(&'a str),
    Out(&'a str),
    In(&'a str),
}

/// The lines that go, with `-`, those that come, with `+`, and a few around them.
pub(super) fn diff(before: &str, after: &str) -> String {
    let lines = compared(&before.lines().collect::<Vec<_>>(), &after.lines().collect::<Vec<_>>());
    let changes: Vec<usize> =
        (0..lines.len()).filter(|place| !matches!(lines[*place], Line::Same(_))).collect();
    let is_near = |place: usize| changes.iter().any(|change| change.abs_diff(place) <= AROUND);
    let mut text = String::new();
    let mut skipped = false;
    for (place, line) in lines.iter().enumerate() {
        if !is_near(place) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            text.push_str("  …\n");
        }
        let (mark, line) = match line {
            Line::Same(line) => ("  ", line),
            Line::Out(line) => ("- ", line),
            Line::In(line) => ("+ ", line),
        };
        text.extend([mark, line, "\n"]);
    }
    text
}

/// Both texts in one, by the longest common subsequence of their lines. Files of settings have a few
/// hundred.
pub(super) fn compared<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Line<'a>> {
    // common[i][j]: how many lines the rests from i and from j have in common.
    let mut common = vec![vec![0_u32; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i][j] = if before[i] == after[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            lines.push(Line::Same(before[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == after.len() || (i < before.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Out(before[i]));
            i += 1;
        } else {
            lines.push(Line::In(after[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_change_are_shown_with_some_around_them() {
        insta::assert_snapshot!(diff("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\ne\nx\ng\nh\ni\n"), @"
          …
          c
          d
          e
        - f
        + x
          g
          h
        + i
        ");
        assert_eq!(diff("same\n", "same\n"), "");
        assert_eq!(diff("", "new\n"), "+ new\n");
    }
}
