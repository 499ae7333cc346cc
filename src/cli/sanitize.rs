//! Makes text harmless on a terminal.
//!
//! What was stored, what a server says and what somebody named may hold characters that move the cursor,
//! set the window's title, turn the reading direction, or are not seen at all. Text for a terminal goes
//! through here, JSON for a terminal too. Emoji and the words of all languages stay as they are.

mod invisible;

use std::borrow::Cow;
use std::fmt::Write;

use self::invisible::is_unsafe_after;

/// Replaces characters that act on a terminal or are not seen by their codes: `\u{1b}`. Line breaks and
/// tabs stay.
pub(crate) fn for_terminal(text: &str) -> String {
    escaped(text, |safe, character| safe.extend(character.escape_unicode())).into_owned()
}

/// Does the same to a text with colours, which stay: the sequences `ESC [ … m`.
pub(crate) fn for_terminal_in_colour(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return escaped(text, |safe, character| safe.extend(character.escape_unicode()));
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\u{1b}') {
        safe.push_str(&for_terminal(&rest[..start]));
        let length = colour_length(&rest[start..]);
        match length {
            Some(length) => safe.push_str(&rest[start..start + length]),
            None => safe.push_str(&for_terminal("\u{1b}")),
        }
        rest = &rest[start + length.unwrap_or(1)..];
    }
    safe.push_str(&for_terminal(rest));
    safe.into()
}

/// Does the same to JSON, with the escapes of JSON: `\u202e`. Such characters stand in its texts only.
pub(crate) fn json_for_terminal(json: &str) -> Cow<'_, str> {
    escaped(json, |safe, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(safe, "\\u{unit:04x}").expect("a text can be written to");
        }
    })
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) || byte == b'\n' || byte == b'\t';
    if text.bytes().all(is_plain) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len());
    for (place, character) in text.char_indices() {
        let rest = &text[place + character.len_utf8()..];
        if is_unsafe_after(&text[..place], character, rest) {
            escape(&mut safe, character);
        } else {
            safe.push(character);
        }
    }
    safe.into()
}

/// Bytes of the colour sequence that a text begins with.
fn colour_length(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
    numbers[end..].starts_with('m').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_escape_sequences_instead_of_obeying_them() {
        assert_eq!(for_terminal("a\u{1b}[2Jb\r"), "a\\u{1b}[2Jb\\u{d}");
        assert_eq!(for_terminal("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(for_terminal("zwei\n\tZeilen 世界 🎉"), "zwei\n\tZeilen 世界 🎉");
        assert_eq!(for_terminal("\u{7f}\u{9b}31m"), "\\u{7f}\\u{9b}31m");
    }

    #[test]
    fn shows_what_is_not_seen() {
        for hidden in [
            '\u{61c}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{fff9}',
            '\u{ad}',
            '\u{180e}',
            '\u{3164}',
            '\u{115f}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{1d173}',
            '\u{fe0f}',
        ] {
            let text = format!("a{hidden}b");
            let shown = format!("a\\u{{{:x}}}b", u32::from(hidden));
            assert_eq!(for_terminal(&text), shown);
        }
        // Data can be hidden behind one emoji.
        assert_eq!(for_terminal("😀\u{fe0f}\u{fe0e}"), "😀\u{fe0f}\\u{fe0e}");
        assert_eq!(for_terminal("🏴\u{e0041}"), "🏴\\u{e0041}");
    }

    #[test]
    fn emoji_and_the_words_of_all_languages_stay() {
        for text in [
            "👩‍👩‍👧‍👦 👨🏽‍🚀 🏳️‍🌈 ❤️‍🔥 ☎️ 1️⃣ #️⃣ 🇵🇹 ✈︎",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            // Persian and Hindi words whose parts are joined or kept apart.
            "می\u{200c}خواهم نمی\u{200c}دانم",
            "क्\u{200d}ष क्\u{200c}ष ශ්\u{200d}රී",
            "العربية עִבְרִית ไทย 日本語 葛\u{e0100} ᠮᠣᠩᠭᠣᠯ e\u{301}",
        ] {
            assert_eq!(for_terminal(text), text);
            assert_eq!(json_for_terminal(text), text);
        }
    }

    #[test]
    fn json_stays_json() {
        let text = "a\u{7f}\u{9b}\u{202e}\u{e0041}\u{200b}é 👩‍👧\n";
        let json = serde_json::to_string(&[text]).unwrap();
        let shown = json_for_terminal(&json);
        assert!(shown.contains("\\u009b") && shown.contains("\\udb40\\udc41"), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
    }

    #[test]
    fn colours_stay_and_other_sequences_do_not() {
        let coloured = "\u{1b}[1;33mword\u{1b}[0m";
        assert_eq!(for_terminal_in_colour(coloured), coloured);
        assert_eq!(
            for_terminal_in_colour("\u{1b}[1mw\u{1b}]0;x\u{7}\u{1b}[2J\u{1b}[1"),
            "\u{1b}[1mw\\u{1b}]0;x\\u{7}\\u{1b}[2J\\u{1b}[1"
        );
    }

    #[test]
    fn an_emoji_may_come_in_pieces() {
        let shown = |pieces: [&str; 3]| pieces.map(for_terminal).concat();
        assert_eq!(shown(["Hi 👩", "\u{200d}👧 👩\u{200d}", "👧"]), "Hi 👩‍👧 👩‍👧");
        assert_eq!(shown(["a", "\u{200d}b", "c\u{200d}"]), "a\\u{200d}bc\\u{200d}");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_on_a_terminal_is_left(text in any::<String>(), more in "[\\x00-\\x1f\\x7f-\\x9f\u{200b}-\u{202e}\u{feff}a]{0,12}") {
            let text = text + &more;
            let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
            prop_assert!(!for_terminal(&text).contains(acts));
            prop_assert_eq!(for_terminal(&for_terminal(&text)), for_terminal(&text));
            let coloured = for_terminal_in_colour(&text).into_owned();
            let rest = coloured.replace('\u{1b}', "");
            prop_assert!(!rest.contains(acts));
            let json = serde_json::to_string(&text).unwrap();
            let shown = json_for_terminal(&json).into_owned();
            prop_assert!(!shown.contains(acts));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
