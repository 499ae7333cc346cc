//! Takes the rows out of a page, however damaged the pages around it are.

use rusqlite::types::Value;

use super::pages::{PAGE, Pages};

/// What kind of page it is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Holds rows of a table, each with its number.
    TableLeaf,
    /// Points to pages of a table.
    TableInterior,
    /// Holds entries of an index, or rows of a table without numbers.
    IndexLeaf,
    /// The same, and points to further pages between them.
    IndexInterior,
}

/// A row as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Its number; 0 in an index.
    pub(super) number: i64,
    /// Its columns; a column that is the row's number is null.
    pub(super) values: Vec<Value>,
    /// Whether some text was not UTF-8, and has signs in it that stand for what could not be read.
    pub(super) mended: bool,
    /// Whether the pages that it goes on in could be read to its end.
    pub(super) is_whole: bool,
}

/// A page that belongs to a table or an index.
pub(super) struct TreePage<'a> {
    pages: &'a Pages,
    bytes: &'a [u8],
    /// Where its header begins: behind the file's own on the first page.
    header: usize,
    pub(super) kind: Kind,
}

/// Stands for a byte that could not be read: UTF-8 has no such byte.
const UNREADABLE: u8 = 0xff;

impl<'a> TreePage<'a> {
    /// Looks at a page; none if it belongs to no table.
    pub(super) fn of(pages: &'a Pages, number: u32, bytes: &'a [u8]) -> Option<Self> {
        let header = if number == 1 { 100 } else { 0 };
        let kind = match bytes[header] {
            0x0d => Kind::TableLeaf,
            0x05 => Kind::TableInterior,
            0x0a => Kind::IndexLeaf,
            0x02 => Kind::IndexInterior,
            _ => return None,
        };
        Some(Self { pages, bytes, header, kind })
    }

    /// Where its cells begin.
    fn cells(&self) -> impl Iterator<Item = usize> + '_ {
        let first = self.header + if self.is_interior() { 12 } else { 8 };
        let count = usize::from(self.short(self.header + 3));
        (0..count)
            .map(move |cell| first + 2 * cell)
            .take_while(|at| at + 2 <= PAGE)
            .map(|at| usize::from(self.short(at)))
            .filter(|at| *at + 4 <= PAGE)
    }

    fn is_interior(&self) -> bool {
        matches!(self.kind, Kind::TableInterior | Kind::IndexInterior)
    }

    /// The pages that it points to.
    pub(super) fn children(&self) -> Vec<u32> {
        if !self.is_interior() {
            return Vec::new();
        }
        let last = self.word(self.header + 8);
        self.cells().map(|at| self.word(at)).chain([last]).collect()
    }

    /// The rows that can be read.
    pub(super) fn rows(&self) -> Vec<Row> {
        match self.kind {
            Kind::TableInterior => Vec::new(),
            _ => self.cells().filter_map(|at| self.row(at)).collect(),
        }
    }

    fn row(&self, mut at: usize) -> Option<Row> {
        if self.kind == Kind::IndexInterior {
            at += 4;
        }
        let mut rest = self.bytes.get(at..)?;
        let length = take_varint(&mut rest)?;
        let number = if self.kind == Kind::TableLeaf { take_varint(&mut rest)? as i64 } else { 0 };
        let (payload, is_whole) = self.payload(length, rest)?;
        let (values, mended) = record(&payload)?;
        Some(Row { number, values, mended, is_whole })
    }

    /// The bytes of a row, those on the page and those on the pages that follow it, and whether they are
    /// all. What stands behind a page that is gone is filled up, in a table with bytes that no text has.
    fn payload(&self, length: u64, on_page: &[u8]) -> Option<(Vec<u8>, bool)> {
        // No row is longer than the file; a chain of pages that turns in a circle is.
        if length > self.pages.bytes() {
            return None;
        }
        let length = length as usize;
        let most =
            if self.kind == Kind::TableLeaf { PAGE - 35 } else { (PAGE - 12) * 64 / 255 - 23 };
        let least = (PAGE - 12) * 32 / 255 - 23;
        if length <= most {
            return Some((on_page.get(..length)?.to_vec(), true));
        }
        let wanted = least + (length - least) % (PAGE - 4);
        let local = if wanted <= most { wanted } else { least };
        let mut payload = on_page.get(..local)?.to_vec();
        let next = on_page.get(local..local + 4)?;
        let mut next = u32::from_be_bytes([next[0], next[1], next[2], next[3]]);
        while payload.len() < length {
            let page = self.pages.read(next);
            // A page that the disk does not give is zero, and so is one that is not there.
            if next == 0 || page.iter().all(|byte| *byte == 0) {
                let is_table = self.kind == Kind::TableLeaf;
                payload.resize(length, if is_table { UNREADABLE } else { 0 });
                return Some((payload, false));
            }
            next = u32::from_be_bytes([page[0], page[1], page[2], page[3]]);
            let missing = (length - payload.len()).min(PAGE - 4);
            payload.extend_from_slice(&page[4..4 + missing]);
        }
        Some((payload, true))
    }

    fn short(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes([
            self.bytes[at],
            self.bytes[at + 1],
            self.bytes[at + 2],
            self.bytes[at + 3],
        ])
    }
}

/// Reads a number of one to nine bytes, seven bits in each but the ninth.
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for place in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if place == 8 {
            return Some(number << 8 | u64::from(*byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}

/// The columns of a row, and whether a text had to be mended.
fn record(payload: &[u8]) -> Option<(Vec<Value>, bool)> {
    let mut rest = payload;
    let header_length = usize::try_from(take_varint(&mut rest)?).ok()?;
    let mut header = payload.get(payload.len() - rest.len()..header_length)?;
    let mut body = payload.get(header_length..)?;
    let mut values = Vec::new();
    let mut mended = false;
    while !header.is_empty() {
        let kind = take_varint(&mut header)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let (bytes, after) = body.split_at_checked(usize::try_from(length).ok()?)?;
        body = after;
        values.push(match kind {
            0 => Value::Null,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            1..=6 => Value::Integer(integer(bytes)),
            7 => Value::Real(f64::from_bits(integer(bytes) as u64)),
            _ if kind % 2 == 0 => Value::Blob(bytes.to_vec()),
            _ => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let is_sound = std::str::from_utf8(bytes).is_ok();
                mended |= !is_sound;
                Value::Text(if is_sound { text } else { with_single_signs(&text) })
            }
        });
    }
    Some((values, mended))
}

/// A mended text with one sign for all that could not be read at a place.
fn with_single_signs(text: &str) -> String {
    let mut shorter = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign != char::REPLACEMENT_CHARACTER || !shorter.ends_with(sign) {
            shorter.push(sign);
        }
    }
    shorter
}

/// A signed number, the highest byte first.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |number, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_is_read_as_sqlite_writes_it() {
        // Six columns: null, -2, 1, 1.5, a text, two bytes.
        let mut payload = vec![7, 0, 1, 9, 7, 17, 16];
        payload.push(0xfe);
        payload.extend(1.5f64.to_be_bytes());
        payload.extend(b"ab");
        payload.extend([5, 6]);
        let expected = vec![
            Value::Null,
            Value::Integer(-2),
            Value::Integer(1),
            Value::Real(1.5),
            Value::Text("ab".to_owned()),
            Value::Blob(vec![5, 6]),
        ];
        assert_eq!(record(&payload), Some((expected, false)));
        assert_eq!(record(&payload[..payload.len() - 1]), None, "it is cut off");
        let text = [2, 15, 0xff];
        let mended = vec![Value::Text("\u{fffd}".to_owned())];
        assert_eq!(record(&text), Some((mended, true)));
    }

    proptest! {
        #[test]
        fn damaged_rows_end_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = record(&bytes);
        }

        #[test]
        fn damaged_pages_end_and_never_panic(
            seed in any::<u64>(), kind in prop::sample::select(vec![0x0du8, 0x05, 0x0a, 0x02])
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("noise");
            let mut state = seed | 1;
            let mut noise = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            };
            let bytes: Vec<u8> = (0..3 * PAGE)
                .map(|at| if at % PAGE == 0 { kind } else { noise() })
                .collect();
            std::fs::write(&path, bytes).unwrap();
            let pages = Pages::open(&path).unwrap();
            for number in pages.numbers() {
                let bytes = pages.read(number);
                if let Some(page) = TreePage::of(&pages, number, &bytes) {
                    page.children();
                    page.rows();
                }
            }
        }
    }
}
