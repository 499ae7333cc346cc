//! Which characters act on a terminal or are not seen.

/// Whether a character is not shown as it is, between what stands before and behind it.
pub(super) fn is_unsafe_after(before: &str, character: char, behind: &str) -> bool {
    match character {
        '\n' | '\t' | ' '..='~' => false,
        '\u{200c}' | '\u{200d}' => !joins(before, character, behind),
        '\u{fe00}'..='\u{fe0f}' => !before.chars().next_back().is_some_and(has_forms),
        '\u{e0100}'..='\u{e01ef}' => !before.chars().next_back().is_some_and(is_ideograph),
        '\u{e0020}'..='\u{e007f}' => !is_of_flag(before, character, behind),
        _ => character.is_control() || is_invisible(character),
    }
}

/// Whether a joiner stands where spelling needs one: within an emoji, or beside a letter of a script
/// whose letters join. What stands on its other side may come with the next piece of an answer.
fn joins(before: &str, joiner: char, behind: &str) -> bool {
    let (last, next) = (before.chars().next_back(), behind.chars().next());
    let joins_letters = match last {
        Some(last) => is_of_joining_script(last),
        None => next.is_some_and(is_of_joining_script),
    };
    let joins_emoji = joiner == '\u{200d}'
        && (last.is_some() || next.is_some())
        && last.is_none_or(is_emoji)
        && next.is_none_or(is_emoji);
    joins_letters || joins_emoji
}

/// Scripts whose letters join: Arabic, Syriac, N'Ko and Mongolian, those of India and South-East Asia.
fn is_of_joining_script(character: char) -> bool {
    matches!(
        character,
        '\u{620}'..='\u{6ff}' | '\u{700}'..='\u{77f}' | '\u{7c0}'..='\u{7ff}' | '\u{840}'..='\u{8ff}'
            | '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{1820}'..='\u{18af}' | '\u{1a00}'..='\u{1bff}' | '\u{a800}'..='\u{a8ff}'
            | '\u{a980}'..='\u{a9df}' | '\u{aa00}'..='\u{aaff}' | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}' | '\u{11000}'..='\u{11fff}'
    )
}

/// Parts of emoji: pictures, their skin tones and variants.
fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{20e3}' | '\u{2122}' | '\u{2139}'
            | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}' | '\u{2900}'..='\u{297f}'
            | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{fe0f}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// Characters of which there are several forms, told by a variation selector behind them.
fn has_forms(character: char) -> bool {
    let is_keycap = character.is_ascii_digit() || matches!(character, '#' | '*');
    let is_symbol = is_emoji(character) && character != '\u{fe0f}';
    let of_script = matches!(character, '\u{1000}'..='\u{109f}' | '\u{1820}'..='\u{18af}' | '\u{a840}'..='\u{a87f}');
    is_keycap
        || is_symbol
        || of_script
        || is_ideograph(character)
        || matches!(character, '\u{2200}'..='\u{22ff}' | '\u{3000}'..='\u{30ff}' | '\u{ff00}'..='\u{ff60}')
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The tags of the flags that are written as a black flag with the letters of a region: England, Scotland,
/// Wales.
const REGIONS: [&str; 3] = [
    "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// Whether a tag is part of such a flag.
fn is_of_flag(before: &str, tag: char, behind: &str) -> bool {
    let is_at = |region: &str, place: usize| {
        let begun = before.strip_suffix(&region[..place]);
        begun.is_some_and(|begun| begun.ends_with('\u{1f3f4}'))
            && behind.starts_with(&region[place + tag.len_utf8()..])
    };
    REGIONS.iter().any(|region| region.match_indices(tag).any(|(place, _)| is_at(region, place)))
}

/// Characters that are not seen: what formats, separates lines, or fills a place. Signs of Arabic and other
/// scripts that enclose numbers are seen, though Unicode counts them among those that format.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
