//! One spelling for what is typed in several: case, accents, invisible signs, forms of one letter.
//!
//! Stored words and those of a query are folded alike, so either spelling finds the other. A change
//! here changes what stores hold in their lists of words: it needs a step that makes them again.

use unicode_normalization::UnicodeNormalization;

/// A title or a name in one spelling: lower case, without accents and invisible signs, and with single
/// spaces between its words.
///
/// # Examples
/// ```
/// assert_eq!(longmem_text::folded_title("  Café  CENTRAL "), "cafe central");
/// ```
pub fn folded_title(title: &str) -> String {
    folded(title).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lower case without accents, vowel signs and invisible signs, with one form of each letter; plain
/// ASCII, which most text is, needs no tables for that, but for the character in front of one that is not:
/// a mark may belong to it.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(wide) = text[at..].bytes().position(|b| !b.is_ascii()).map(|found| at + found) {
        let start = wide.saturating_sub(1).max(at);
        let end = text[wide..].bytes().position(|b| b.is_ascii()).map_or(text.len(), |n| wide + n);
        folded.push_str(&text[at..start].to_ascii_lowercase());
        folded.push_str(&folded_by_tables(&text[start..end]));
        at = end;
    }
    folded.push_str(&text[at..].to_ascii_lowercase());
    folded
}

fn folded_by_tables(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_accent(*c) && !is_vowel_sign(*c) && !is_invisible(*c)) {
        for c in c.to_lowercase() {
            match spelled_out(c) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(one_form(c)),
            }
        }
    }
    folded.nfc().collect()
}

/// Marks on Latin, Greek and Cyrillic letters and on signs; those of other scripts (が, हि) tell words
/// apart.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Signs that Arabic and Hebrew are mostly written without: vowels, doubling, the hamza that an alef
/// carries, marks of the Koran, and the stroke that only stretches a word.
fn is_vowel_sign(c: char) -> bool {
    matches!(c,
        '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}'
        | '\u{6ea}'..='\u{6ed}' | '\u{898}'..='\u{89f}' | '\u{8ca}'..='\u{8e1}'
        | '\u{8e3}'..='\u{8ff}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}'
        | '\u{5c7}')
}

/// Signs that nobody sees and nobody types in a search: soft hyphens, joiners and their opposites,
/// marks of direction and of byte order, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Letters that are two letters where the keyboard does not have them.
fn spelled_out(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

/// The usual form of a character that has several.
fn one_form(c: char) -> char {
    match c {
        // Strokes are no accents to Unicode, but people leave them out as they leave out accents.
        'ø' => 'o',
        'đ' | 'ð' => 'd',
        'ł' => 'l',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        'ς' => 'σ',
        // Persian and Arabic keyboards have each their own yeh and kaf.
        'ى' | 'ی' => 'ي',
        'ک' => 'ك',
        // Apostrophes and hyphens of typography.
        '\u{2bb}' | '\u{2bc}' | '\u{2019}' => '\'',
        '\u{2010}' | '\u{2212}' => '-',
        '\u{660}'..='\u{669}' => digit(c, '\u{660}'),
        '\u{6f0}'..='\u{6f9}' => digit(c, '\u{6f0}'),
        '\u{966}'..='\u{96f}' => digit(c, '\u{966}'),
        _ => c,
    }
}

/// The ASCII digit for one of a script whose zero is given.
fn digit(c: char, zero: char) -> char {
    char::from(b'0' + (u32::from(c) - u32::from(zero)) as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_typed_in_several_ways_has_one_spelling() {
        for (written, typed) in [
            ("Cafés", "cafes"),
            ("soft\u{ad}hyphen extra\u{ad}ordinary", "softhyphen extraordinary"),
            ("zero\u{200b}width\u{200d}\u{200c}\u{2060}\u{feff}", "zerowidth"),
            ("\u{202a}+351\u{202c} \u{200e}912", "+351 912"),
            ("الْمِفْتَاحُ عِنْدَ سَمِيرٍ", "المفتاح عند سمير"),
            ("المفـــتاح هٰذا أحمد إلى", "المفتاح هذا احمد الي"),
            ("שָׁלוֹם", "שלום"),
            ("Straße GROẞ", "strasse gross"),
            ("ﬁle ﬂow oﬃce", "file flow office"),
            ("ＦＵＬＬ　１２３４", "full 1234"),
            ("Łódź, Malmø, Đà, İstanbul, ISPARTA ılık", "lodz, malmo, da, istanbul, isparta ilik"),
            ("Ærø œuvre Þór", "aero oeuvre thor"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
            ("O’Brien Hawaiʻi", "o'brien hawai'i"),
            ("E‑4711‐B −7", "e-4711-b -7"),
            ("٧٤٤٣ ۷۴۴۳ ७४४३", "7443 7443 7443"),
            ("می‌خواهم کتاب", "ميخواهم كتاب"),
            ("1\u{fe0f}\u{20e3} ☎\u{fe0f}", "1 ☎"),
            ("が हि กี่", "が हि กี่"),
        ] {
            assert_eq!(folded(written), typed, "{written}");
        }
    }

    proptest! {
        #[test]
        fn plain_ascii_needs_no_tables(
            text in "([\\x00-\\x7f]{0,3}|\\PC{0,3}|[a-z]\\p{M}{0,3}|\\p{M}{0,2}){0,12}"
        ) {
            prop_assert_eq!(folded(&text), folded_by_tables(&text));
        }

        #[test]
        fn what_is_folded_stays_as_it_is(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
