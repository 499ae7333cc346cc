//! Text from standard input.

use std::io::{self, Read};

use longmem_core::ErrorCode;

use crate::failure::Failure;

/// Reads standard input to its end: UTF-8, or UTF-16 with a byte order mark, as programs on Windows
/// write it.
///
/// # Errors
/// [`Failure::Refused`] with the place of the first byte that is no text; [`Failure::Output`].
pub(crate) fn read_text() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    decoded(&bytes)
}

fn decoded(bytes: &[u8]) -> Result<String, Failure> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
        _ => {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let offset = bytes.len() - text.len();
            match std::str::from_utf8(text) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(not_text(bytes, "UTF-8", offset + error.valid_up_to())),
            }
        }
    }
}

/// Decodes what stands behind a byte order mark.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Failure> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    // The mark.
    let mut offset = 2;
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let character = character.map_err(|_| not_text(bytes, "UTF-16", offset))?;
        offset += 2 * character.len_utf16();
        text.push(character);
    }
    if rest.is_empty() { Ok(text) } else { Err(not_text(bytes, "UTF-16", offset)) }
}

fn not_text(bytes: &[u8], encoding: &str, offset: usize) -> Failure {
    let byte = bytes.get(offset).map_or_else(String::new, |byte| format!(" ({byte:#04x})"));
    Failure::refused(
        ErrorCode::FileFailed,
        format!(
            "standard input is not text in {encoding}: byte {offset}{byte} is none of a character"
        ),
        "Convert it first, as with: iconv --from-code latin1 --to-code utf-8 FILE | longmem remember -",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_its_encoding() {
        for (bytes, text) in [
            (&b"gr\xc3\xbcn"[..], "grün"),
            (b"\xef\xbb\xbfa", "a"),
            (b"\xff\xfeg\0\xfc\0=\xd8\x00\xde", "gü😀"),
            (b"\xfe\xff\0g\0\xfc", "gü"),
            (b"", ""),
        ] {
            assert_eq!(decoded(bytes).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        for (bytes, place) in [
            (&b"gr\xfcn"[..], "UTF-8: byte 2 (0xfc)"),
            (b"\xef\xbb\xbfa\xff", "UTF-8: byte 4 (0xff)"),
            (b"\xff\xfea\0\x00\xdc", "UTF-16: byte 4"),
            (b"\xff\xfea\0b", "UTF-16: byte 4"),
        ] {
            let error = decoded(bytes).unwrap_err().to_string();
            assert!(error.contains(place), "{error}");
        }
    }
}
