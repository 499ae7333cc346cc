//! Files that are left out, by patterns.

use std::path::Path;

/// Whether one of the patterns names a file: see [`WatchSettings::exclude`](super::WatchSettings).
pub(super) fn is_excluded(file: &Path, patterns: &[String]) -> bool {
    let matches_one = |pattern: &String| {
        if pattern.contains('/') {
            matches(pattern, &file.to_string_lossy())
        } else {
            file.iter().any(|name| matches(pattern, &name.to_string_lossy()))
        }
    };
    patterns.iter().any(matches_one)
}

/// Whether a text is of a pattern: `*` stands for any characters, `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Behind the last star, and how far the text went when that star stood for fewest characters.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            // The last star stands for one more character.
            _ => match &mut star {
                None => return false,
                Some((behind, began)) => {
                    *began += 1;
                    (p, t) = (*behind, *began);
                }
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_files_by_whole_paths_or_single_names() {
        let file = Path::new("/home/ana/.claude/projects/-work-secret/0f.jsonl");
        for (pattern, excluded) in [
            ("*secret*", true),
            ("-work-secret", true),
            ("secret", false),
            ("*.jsonl", true),
            ("0?.jsonl", true),
            ("?.jsonl", false),
            ("*/-work-*/*", true),
            ("/home/*/projects/*", true),
            ("/home/ana", false),
            ("*a*a*a*", false),
            ("", false),
        ] {
            assert_eq!(is_excluded(file, &[pattern.to_owned()]), excluded, "{pattern}");
        }
    }
}
