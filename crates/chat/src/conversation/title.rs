//! The title of a session, from the words of its first message.

use longmem_core::SessionName;
use longmem_text::{is_bare_command, is_small_talk};

/// Number of characters that a title has at most.
const CHARACTERS: usize = 60;

/// What only shows how a message is set out.
const MARKUP: &[char] = &['#', '*', '_', '`', '>', '~', '-', '+', '=', '|'];

/// Makes the title of a session that begins with this message: the first line that says something,
/// without markup, cut at a word's end. None for small talk and bare commands, which say nothing of what
/// the session is about.
pub fn session_title(message: &str) -> Option<String> {
    if is_small_talk(message) || is_bare_command(message) {
        return None;
    }
    let says_something = |line: &&str| line.chars().any(char::is_alphanumeric);
    let line = message.lines().find(says_something)?;
    let words = line.split_whitespace().map(|word| word.trim_matches(MARKUP));
    let words = words.map(without_controls).filter(|word| !word.is_empty());
    let mut title = String::new();
    for word in words {
        let gap = usize::from(!title.is_empty());
        let room = CHARACTERS.saturating_sub(title.chars().count() + gap);
        if word.chars().count() > room {
            if title.is_empty() {
                title.extend(word.chars().take(CHARACTERS));
            }
            break;
        }
        if gap > 0 {
            title.push(' ');
        }
        title.push_str(&word);
    }
    let end = |c: char| matches!(c, '.' | ',' | ';' | ':' | '。' | '、');
    Some(title.trim_end_matches(end).to_owned()).filter(|title| !title.is_empty())
}

fn without_controls(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).collect()
}

/// Says whether a session bears the name that a talk gives it when nobody names it: the second in which
/// it began.
pub(super) fn is_unnamed(session: &SessionName) -> bool {
    jiff::fmt::strtime::parse(UNNAMED, session.as_str()).is_ok()
}

/// The name of a session that nobody named, as a pattern of the time in which it began.
pub(crate) const UNNAMED: &str = "chat %Y-%m-%d %H:%M:%S";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_the_first_words_that_say_something() {
        for (message, title) in [
            ("Where do I live?", Some("Where do I live?")),
            ("hi", None),
            ("Guten Morgen!", None),
            ("continue", None),
            ("## Plan for the **kitchen**\n\nFirst, the pipes.", Some("Plan for the kitchen")),
            ("```rust\nfn main() {}\n```", Some("rust")),
            ("\n\n  - buy   tiles.\n", Some("buy tiles")),
            (
                "I would like to raise the budget of the kitchen from 8,000 to 11,500 euros",
                Some("I would like to raise the budget of the kitchen from 8,000"),
            ),
            ("\u{1b}[2J", Some("[2J")),
            ("???", None),
        ] {
            assert_eq!(session_title(message).as_deref(), title, "{message}");
        }
        assert_eq!(session_title(&"厨".repeat(200)).unwrap().chars().count(), CHARACTERS);
    }

    #[test]
    fn only_names_after_the_time_are_no_names() {
        let unnamed = |name: &str| is_unnamed(&SessionName::new(name).unwrap());
        assert!(unnamed("chat 2026-03-02 10:00:00"));
        assert!(!unnamed("kitchen") && !unnamed("chat") && !unnamed("chat 2026-03-02"));
    }

    proptest! {
        #[test]
        fn a_title_is_one_short_line(message in any::<String>()) {
            if let Some(title) = session_title(&message) {
                prop_assert!(!title.trim().is_empty() && title.chars().count() <= CHARACTERS);
                prop_assert!(!title.contains(char::is_control));
            }
        }
    }
}
