//! Private keys: blocks of lines between two marks.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, SecretKind};

/// The line before a private key.
static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-Lines: \d{1,4}")
        .expect("the constant is a valid expression")
});

/// Bytes of a longer key than anybody has.
const MAX_BYTES: usize = 32_768;

/// Characters of a piece of a key that is no word.
const KEY_PIECE: usize = 16;

/// Bytes of a line before the key itself.
const MAX_HEADER_BYTES: usize = 100;

/// Finds private keys with the lines around them. One without its last line ends where something else
/// begins.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let mut from = 0;
    while let Some(begin) = BEGIN.find_at(text, from) {
        from = begin.end();
        let end = match whole_block(text, begin.end()) {
            Some(end) => end,
            None => begin.end() + key_length(&text[begin.end()..]),
        };
        if has_key_piece(&text[begin.end()..end]) {
            found.push(Found::builtin(begin.start()..end, SecretKind::PrivateKey));
            from = end;
        }
    }
}

/// Where the block ends that began before a place, if its last line is there.
fn whole_block(text: &str, start: usize) -> Option<usize> {
    let limit = text.floor_char_boundary((start + MAX_BYTES).min(text.len()));
    // Another key that begins first means that this one is cut off. Looking no further than that keeps
    // this linear.
    let last = start + text[start..limit].find("-----")?;
    if !text[last..].starts_with("-----END ") {
        return None;
    }
    let behind = last + "-----END ".len();
    let length = text[behind..].find("-----").filter(|length| *length <= 60)?;
    Some(behind + length + "-----".len())
}

/// Number of bytes at the beginning that can belong to a key: pieces of base64, alone on their lines or
/// too long for a word, and the headers before them, such as "Proc-Type: 4,ENCRYPTED".
fn key_length(text: &str) -> usize {
    let mut end = 0;
    let mut rest = text;
    loop {
        let separators = separators_length(rest);
        let from_piece = &rest[separators..];
        let piece = from_piece.bytes().take_while(|byte| is_base64(*byte)).count();
        let behind = &from_piece[piece..];
        let is_alone = behind.is_empty() || behind.starts_with(['\n', '\r', '"', '\'', '\\']);
        if piece >= KEY_PIECE || (piece > 0 && is_alone && separators > 0) {
            rest = behind;
            end = text.len() - rest.len();
        } else if let Some(header) = header_length(from_piece).filter(|_| end == 0) {
            rest = &from_piece[header..];
        } else {
            return end;
        }
    }
}

/// Bytes of a header at the beginning; none if there is none.
fn header_length(text: &str) -> Option<usize> {
    let start = &text[..text.floor_char_boundary(text.len().min(MAX_HEADER_BYTES))];
    let line = &start[..start.find(['\n', '\\'])?];
    line.contains(": ").then_some(line.len())
}

/// Whether something of a key stands there, and not "…" or a description.
fn has_key_piece(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii() || !is_base64(c as u8)).any(|piece| piece.len() >= KEY_PIECE)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Bytes of white space, line breaks that are escaped, and marks of quoting before a piece.
fn separators_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' | b'>' | b'|' | b'"' | b'\'' | b',' => at += 1,
            b'\\' => {
                let escape = bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
                at += escape;
                if matches!(bytes.get(at), Some(b'n' | b'r' | b't')) {
                    at += 1;
                }
            }
            _ => break,
        }
    }
    at
}
