//! What a tool printed, shortened for a prompt.

use std::borrow::Cow;

/// Characters of the head that is kept of a long output: the call and its first lines say what it
/// is.
const HEAD_CHARACTERS: usize = 1_200;

/// Characters of the tail that is kept of a long output: results and errors stand at the end.
const TAIL_CHARACTERS: usize = 400;

/// Shortens a long output to its head, its size and its tail, cut at line ends where there are some
/// nearby. The same output always becomes the same text, so that a prompt's prefix stays.
pub(super) fn shortened(text: &str) -> Cow<'_, str> {
    let characters = text.chars().count();
    if characters <= HEAD_CHARACTERS + TAIL_CHARACTERS {
        return Cow::Borrowed(text);
    }
    let byte =
        |character: usize| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    let head = &text[..byte(HEAD_CHARACTERS)];
    // Whole lines, as long as that keeps half of either end.
    let head = match head.rfind('\n') {
        Some(end) if end >= head.len() / 2 => &head[..end],
        _ => head,
    };
    let tail = &text[byte(characters - TAIL_CHARACTERS)..];
    let tail = match tail.find('\n') {
        Some(end) if end <= tail.len() / 2 => &tail[end + 1..],
        _ => tail,
    };
    let left_out = characters - head.chars().count() - tail.chars().count();
    let lines = text.lines().count();
    Cow::Owned(format!(
        "{head}\n[… {left_out} of {characters} characters in {lines} lines left out …]\n{tail}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_output_keeps_its_head_its_tail_and_its_size() {
        let lines: Vec<String> = (0..1_000).map(|line| format!("line {line}")).collect();
        let lines = lines.join("\n");
        let text = format!("Bash {{\"command\":\"make\"}}\n{lines}\nerror: no rule");
        let short = shortened(&text);
        assert!(short.starts_with("Bash {\"command\":\"make\"}\nline 0\n"), "{short}");
        assert!(short.ends_with("\nline 999\nerror: no rule"), "{short}");
        assert!(short.contains("characters in 1002 lines left out …]\nline "), "{short}");
    }

    #[test]
    fn what_is_short_stays_as_it_is() {
        assert!(matches!(shortened(&"x".repeat(1_600)), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn it_never_grows_much_and_counts_what_is_gone(text in "[a-zé\n]{0,4000}") {
            let short = shortened(&text);
            prop_assert!(short.chars().count() <= 1_600 + 80);
            if let Some((_, rest)) = short.split_once("[… ") {
                let gone: usize = rest.split_once(' ').unwrap().0.parse().unwrap();
                let note = short.lines().find(|line| line.starts_with("[… ")).unwrap();
                let kept = short.chars().count() - note.chars().count() - 2;
                prop_assert_eq!(gone + kept, text.chars().count());
            }
        }
    }
}
