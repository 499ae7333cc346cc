//! Vectors in numpy's file format, which other programs read and write too.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. Only arrays
//! of little-endian float32 with a row for each vector are read and written. (The crate `ndarray-npy`
//! would do it, and brings a parser for Python's literals and twelve more packages.)

use std::io::Write;
use std::path::Path;

use longmem_core::Embedding;

use crate::error::LabError;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Bytes before the header's text: the magic, the version 1.0, and the text's length.
const PREFIX: usize = 10;

/// The header ends at a multiple of this, so that the numbers can be mapped into memory.
const ALIGNMENT: usize = 64;

/// Reads every vector of a file and scales it to unit length.
pub(crate) fn read(path: &Path) -> Result<Vec<Embedding>, LabError> {
    let wrong = |reason: String| LabError::Vectors { path: path.to_owned(), reason };
    let bytes = fs_err::read(path)?;
    let (header, numbers) =
        header_and_numbers(&bytes).ok_or_else(|| wrong("it has no header".to_owned()))?;
    let width = width(header).ok_or_else(|| wrong(header.trim_end().to_owned()))?;
    let (words, rest) = numbers.as_chunks::<4>();
    if !rest.is_empty() || words.len() % width != 0 {
        return Err(wrong(format!("{} bytes are not rows of {width} numbers", numbers.len())));
    }
    let vector = |row: &[[u8; 4]]| {
        Embedding::normalized(row.iter().map(|word| f32::from_le_bytes(*word)).collect())
    };
    let vectors: Result<_, _> = words.chunks(width).map(vector).collect();
    vectors.map_err(|error| wrong(error.to_string()))
}

/// Splits a file of version 1 into the text of its header and the bytes after it.
fn header_and_numbers(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (prefix, rest) = bytes.split_at_checked(PREFIX)?;
    let (magic, rest_of_prefix) = prefix.split_at(MAGIC.len());
    let &[1, 0, low, high] = rest_of_prefix else { return None };
    let (header, numbers) = rest.split_at_checked(u16::from_le_bytes([low, high]).into())?;
    (magic == MAGIC).then_some((str::from_utf8(header).ok()?, numbers))
}

/// Numbers in each row, if the header is that of rows of float32:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (4, 384), }`.
fn width(header: &str) -> Option<usize> {
    let is_rows_of_f32 =
        header.contains("'descr': '<f4'") && header.contains("'fortran_order': False");
    let shape = header.split_once('(')?.1.split_once(')')?.0;
    let width = shape.split_once(',')?.1.trim().parse().ok()?;
    (is_rows_of_f32 && width > 0).then_some(width)
}

/// Writes vectors of one width, over what the file holds.
pub(crate) fn write(path: &Path, vectors: &[Embedding]) -> Result<(), LabError> {
    let width = vectors.first().map_or(0, Embedding::width);
    let shape = format!("({}, {width})", vectors.len());
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // The text is padded with spaces and ends with a line break.
    let length = (PREFIX + text.len() + 1).next_multiple_of(ALIGNMENT) - PREFIX;
    let mut file = std::io::BufWriter::new(fs_err::File::create(path)?);
    file.write_all(MAGIC)?;
    file.write_all(&[1, 0])?;
    file.write_all(&(length as u16).to_le_bytes())?;
    writeln!(file, "{text:<padded$}", padded = length - 1)?;
    for number in vectors.iter().flat_map(Embedding::as_slice) {
        file.write_all(&number.to_le_bytes())?;
    }
    Ok(file.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(count: u8) -> Vec<Embedding> {
        let vector = |n| Embedding::normalized(vec![1.0, f32::from(n), 2.0]).unwrap();
        (0..count).map(vector).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.npy");
        for count in [1, 3] {
            write(&path, &vectors(count)).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!((bytes.len() - usize::from(count) * 3 * 4) % ALIGNMENT, 0);
            assert_eq!(read(&path).unwrap(), vectors(count));
        }
    }

    #[test]
    fn files_of_something_else_are_refused_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.npy");
        write(&path, &vectors(2)).unwrap();
        let good = std::fs::read(&path).unwrap();
        let numbers_at = good.len() - 2 * 3 * 4;
        let with = |from: &str, to: &str| {
            let header = String::from_utf8_lossy(&good[PREFIX..numbers_at]).replace(from, to);
            [&good[..PREFIX], header.as_bytes(), &good[numbers_at..]].concat()
        };
        let mut infinite = good.clone();
        infinite[numbers_at..numbers_at + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
        for (bytes, reason) in [
            (b"hello".to_vec(), "it has no header"),
            (good[..40].to_vec(), "it has no header"),
            (with("<f4", "<f8"), "<f8"),
            (with("False", "True "), "True"),
            (with("(2, 3)", "(6,)  "), "(6,)"),
            (good[..good.len() - 4].to_vec(), "20 bytes are not rows of 3 numbers"),
            (infinite, "not finite"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("vectors.npy is not a file of vectors"), "{error}");
            assert!(error.contains(reason), "{error}");
        }
        assert!(matches!(read(&folder.path().join("none")), Err(LabError::Io(_))));
    }
}
