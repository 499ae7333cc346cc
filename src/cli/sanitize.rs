//! Makes stored text harmless on a terminal.

/// Replaces what could move the cursor, change colours, or turn the reading direction: control
/// characters other than line breaks and tabs become their visible names, bidirectional overrides
/// too. Text for a terminal goes through here; JSON escapes for itself.
pub(crate) fn for_terminal(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let bidirectional = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        if matches!(character, '\n' | '\t') || !(character.is_control() || bidirectional) {
            safe.push(character);
        } else {
            safe.extend(character.escape_unicode());
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_escape_sequences_instead_of_obeying_them() {
        assert_eq!(for_terminal("a\u{1b}[2Jb\r"), "a\\u{1b}[2Jb\\u{d}");
        assert_eq!(for_terminal("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(for_terminal("zwei\n\tZeilen 世界 🎉"), "zwei\n\tZeilen 世界 🎉");
    }
}
