//! Tells text from what only machines read: base64, hexadecimal, keys, columns of numbers, minified code.
//!
//! The vector of such a passage says nothing of what it is about, and comes near to questions by chance.

/// Passages with fewer visible characters are text whatever they hold: a number, a code, an emoji, a
/// telephone number.
const SHORT: usize = 80;

/// Letters of other scripts, or emoji, that show a text by themselves.
const ENOUGH_OTHER_LETTERS: usize = 3;

/// Words that show a text, and letters that they have together: base64 holds one now and then by
/// chance.
const ENOUGH_WORDS: usize = 2;
const ENOUGH_LETTERS: usize = 5;

/// Letters of the longest word; a longer run of letters is a sequence of something else.
const LONGEST_WORD: usize = 30;

/// Characters from which on a chunk with digits and letters of both cases may be base64.
const LONG_CHUNK: usize = 16;

/// Says whether a passage holds words of a language, or of code that people write. A short one always
/// does.
///
/// Measured on 22,994 pieces of notes, talks and chats with an assistant: three are without words, all
/// of a table of amounts. Of random base64 in lines of 64 or 76 characters, 2 % seem to have words by
/// chance, and of one long line none.
///
/// # Examples
/// ```
/// use longmem_text::has_words;
///
/// assert!(has_words("7443"));
/// assert!(has_words("Here is the certificate that we spoke of, as it came from the office this morning, still sealed."));
/// let base64 = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4";
/// assert!(!has_words(&base64.repeat(4)));
/// ```
pub fn has_words(passage: &str) -> bool {
    let visible = passage.chars().filter(|c| !c.is_whitespace()).count();
    if visible < SHORT {
        return true;
    }
    let mut seen = Seen::default();
    for line in passage.lines().filter(|line| !is_mark_of_key(line) && !is_hex_dump(line)) {
        for chunk in line.split_whitespace() {
            seen.read_chunk(before_data_url(chunk));
            if seen.other_letters >= ENOUGH_OTHER_LETTERS {
                return true;
            }
        }
    }
    seen.words >= ENOUGH_WORDS && seen.letters >= ENOUGH_LETTERS && !is_minified(passage, visible)
}

/// What was found so far.
#[derive(Default)]
struct Seen {
    /// Words of ASCII letters.
    words: usize,
    /// Letters of these words.
    letters: usize,
    /// Letters of other scripts, and emoji.
    other_letters: usize,
}

impl Seen {
    /// Reads what stands between two spaces.
    fn read_chunk(&mut self, chunk: &str) {
        self.other_letters += chunk.chars().filter(|c| is_other_letter(*c)).count();
        match label(chunk) {
            Some((label, value)) => {
                self.read_part(label);
                self.read_part(value);
            }
            None => self.read_part(chunk),
        }
    }

    fn read_part(&mut self, part: &str) {
        let word = part.trim_matches(|c: char| c.is_ascii_punctuation());
        if word.len() > 1 && word.bytes().all(|b| b.is_ascii_alphabetic()) {
            return self.read_word(word);
        }
        let has = |kind: fn(&u8) -> bool| part.as_bytes().iter().any(kind);
        let may_be_base64 = part.len() >= LONG_CHUNK
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_uppercase);
        for token in part.split(|c: char| !c.is_ascii_alphanumeric()) {
            let letters = token.trim_end_matches(|c: char| c.is_ascii_digit());
            let is_word = if may_be_base64 {
                letters == token
                    && token.len() > 3
                    && token.bytes().skip(1).all(|b| b.is_ascii_lowercase())
            } else {
                letters.len() > 2 && token.len() - letters.len() <= 4 && has_long_pieces(letters)
            };
            if is_word && letters.bytes().all(|b| b.is_ascii_alphabetic()) && !is_hex(letters) {
                self.read_word(letters);
            }
        }
    }

    fn read_word(&mut self, word: &str) {
        if word.len() <= LONGEST_WORD {
            self.words += 1;
            self.letters += word.len();
        }
    }
}

/// Says whether the words that an identifier is joined of ("insertTurns") have three letters or more
/// each, on an average.
fn has_long_pieces(letters: &str) -> bool {
    let bytes = letters.as_bytes();
    let joints = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    letters.len() >= 3 * (joints + 1)
}

/// A name with what it stands for: `API_KEY=…`, `fingerprint:…`.
fn label(chunk: &str) -> Option<(&str, &str)> {
    let (label, value) = chunk.split_once(['=', ':'])?;
    let is_name = label.len() <= LONGEST_WORD
        && label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-'));
    (is_name && !value.is_empty()).then_some((label, value))
}

/// A chunk without the data URL that it holds.
fn before_data_url(chunk: &str) -> &str {
    match chunk.find(";base64,") {
        Some(end) => &chunk[..chunk[..end].rfind("data:").unwrap_or(end)],
        None => chunk,
    }
}

/// The lines around a key or certificate: `-----BEGIN PRIVATE KEY-----`.
fn is_mark_of_key(line: &str) -> bool {
    line.starts_with("-----BEGIN ") || line.starts_with("-----END ")
}

/// A line of a hex dump: five numbers or more at its beginning, whatever text stands beside them.
fn is_hex_dump(line: &str) -> bool {
    let numbers = line.split_whitespace().take_while(|chunk| is_hex(chunk.trim_end_matches(':')));
    numbers.take(5).count() == 5
}

fn is_hex(token: &str) -> bool {
    token.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Letters, and emoji and other pictures, but none of the signs that draw boxes.
fn is_other_letter(c: char) -> bool {
    !c.is_ascii()
        && (c.is_alphabetic() || c >= '\u{2190}' && !matches!(c, '\u{2500}'..='\u{259f}'))
        && c != char::REPLACEMENT_CHARACTER
}

/// Code that was shortened for machines has few spaces, and most of its names have one letter or two.
fn is_minified(passage: &str, visible: usize) -> bool {
    let all = passage.chars().count();
    if visible < 200 || (all - visible) * 100 >= 8 * all {
        return false;
    }
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let names = passage
        .split(|c| !is_part_of_name(c))
        .filter(|name| name.starts_with(|c: char| !c.is_ascii_digit()));
    let (mut short, mut count) = (0, 0);
    for name in names {
        count += 1;
        short += usize::from(name.len() <= 2);
    }
    short * 10 > 4 * count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE64: &str = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXD\
        IBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg0Kx9ZqT2mP4wLrEoVb1cYd7Ns3uKf+5hGjQzW0aXiM";

    #[test]
    fn what_only_machines_read_has_no_words() {
        let lines = |width: usize| {
            let bytes = BASE64.as_bytes();
            let lines = bytes.chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
            lines.collect::<Vec<_>>().join("\n")
        };
        let dump = "00000000: 7f45 4c46 0201 0100 0000 0000 0000 0000  .ELF lib version\n";
        for passage in [
            BASE64.to_owned(),
            lines(76),
            lines(64),
            lines(24),
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", lines(64)),
            format!("data:image/png;base64,{BASE64}"),
            format!("![](data:image/png;base64,{BASE64})"),
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".repeat(2),
            "de ad be ef 00 01 fa ce ".repeat(8),
            dump.repeat(4),
            "0x7f, 0x45, 0x4c, 0x46, ".repeat(8),
            "| 2024-04-01 | $4,116.67 | 70.20 % |\n".repeat(5),
            "ACGTTGCAACGTTGCAGGTACCATACGTTGCAACGTTGCAGGTACCAT".repeat(3),
            "────────────────────────┼────────────────────".repeat(3),
            "!function(e,t){var n=e.r,i=t[0];for(;n<i;n++)a(e,n)&&o.p(t,i);s=u?c(l,f):h}(d,g);"
                .repeat(4),
        ] {
            assert!(!has_words(&passage), "{passage}");
        }
    }

    #[test]
    fn what_people_write_has_words() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        for passage in [
            "7443".to_owned(),
            hash.to_owned(),
            "+351 912 345 678".to_owned(),
            "😂".repeat(100),
            "先月東京に引っ越した。".repeat(9),
            "Я переехал в Лиссабон. ".repeat(5),
            format!("db key: {hash}{hash}"),
            format!("API_KEY={}", &BASE64[..90]),
            format!("Here is the picture: data:image/png;base64,{BASE64}"),
            format!("https://example.org/how-to-mend-a-bike?token={}", &BASE64[..60]),
            "let total = counts.iter().map(|c| c.len()).sum::<usize>(); // of all lines".repeat(2),
            "{\"role\":\"user\",\"text\":\"Where do I live?\",\"time\":\"2026-03-02T10:00:00Z\"}"
                .repeat(2),
            "name,price\n17,4.50\n18,4.75\n19,5.00\n20,5.25\n21,5.50\n22,5.75\n23,6.00\n".repeat(2),
            format!("checksum = \"{hash}\"\ndependencies = [\n \"serde\",\n]\n"),
        ] {
            assert!(has_words(&passage), "{passage}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged(passage in any::<String>()) {
            has_words(&passage);
        }

        #[test]
        fn hexadecimal_has_no_words(bytes in prop::collection::vec(any::<u8>(), 40..200)) {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert!(!has_words(&hex.concat()));
        }

        #[test]
        fn a_sentence_among_blobs_has_words(at in 0..4_usize) {
            let mut parts = [BASE64; 4];
            parts[at] = "this is the old certificate";
            prop_assert!(has_words(&parts.join("\n")));
        }
    }
}
