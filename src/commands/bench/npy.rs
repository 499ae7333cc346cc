//! Vectors in the `.npy` file format, so that other programs can be given the same ones.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. Read and
//! written is `float32`, little-endian, one row of 384 numbers for each vector.

use std::io::{self, Write};
use std::path::Path;

use longmem_core::{Embedding, ErrorCode};

use crate::failure::Failure;

/// Numbers in each vector.
pub(super) const DIMENSIONS: usize = 384;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Bytes before the header's text: the magic, the version 1.0, the text's length.
const PREFIX: usize = 10;

/// The header's text ends where the numbers can be mapped into memory aligned.
const ALIGNMENT: usize = 64;

/// Reads every vector of a file and scales it to unit length.
///
/// # Errors
/// [`Failure::Output`] if the file cannot be read; [`Failure::Refused`] if it holds something else.
pub(super) fn read(path: &Path) -> Result<Vec<Embedding>, Failure> {
    let bytes = fs_err::read(path)?;
    let refused = |found: String| {
        Failure::refused(
            ErrorCode::UnusableDataSet,
            format!("{} holds no vectors: {found}", path.display()),
            "Write it with numpy.save: an array of float32 with 384 columns.",
        )
    };
    let numbers = numbers(&bytes).map_err(|found| refused(found.to_owned()))?;
    let (words, rest) = numbers.as_chunks::<4>();
    if !rest.is_empty() || words.len() % DIMENSIONS != 0 {
        return Err(refused(format!("{} bytes are no rows of {DIMENSIONS}", numbers.len())));
    }
    words
        .chunks(DIMENSIONS)
        .map(|row| row.iter().map(|word| f32::from_le_bytes(*word)).collect())
        .map(|row| Embedding::normalized(row).map_err(|error| refused(error.to_string())))
        .collect()
}

/// The bytes behind the header, or what is wrong with it.
fn numbers(bytes: &[u8]) -> Result<&[u8], &'static str> {
    let header_at = |length: usize| bytes.split_at_checked(length);
    let Some((prefix, _)) = header_at(PREFIX).filter(|(prefix, _)| prefix.starts_with(MAGIC))
    else {
        return Err("it does not begin as an .npy file");
    };
    if prefix[6] != 1 {
        return Err("its header is of a version that is not read here");
    }
    let length = PREFIX + usize::from(u16::from_le_bytes([prefix[8], prefix[9]]));
    let (header, numbers) = header_at(length).ok_or("it ends within its header")?;
    let text = String::from_utf8_lossy(&header[PREFIX..]).replace(' ', "");
    if !text.contains("'descr':'<f4'") {
        return Err("its numbers are not float32");
    }
    if !text.contains("'fortran_order':False") || !text.contains(&format!(",{DIMENSIONS})")) {
        return Err("it is not an array of rows with 384 numbers");
    }
    Ok(numbers)
}

/// Writes vectors to a file, over what is there.
///
/// # Errors
/// Those of the file system.
pub(super) fn write(path: &Path, vectors: &[Embedding]) -> io::Result<()> {
    let text = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {DIMENSIONS}), }}",
        vectors.len()
    );
    // The text ends with a line break.
    let length = (PREFIX + text.len() + 1).next_multiple_of(ALIGNMENT) - PREFIX;
    let mut file = io::BufWriter::new(fs_err::File::create(path)?);
    file.write_all(MAGIC)?;
    file.write_all(&[1, 0])?;
    file.write_all(&(length as u16).to_le_bytes())?;
    writeln!(file, "{text:<width$}", width = length - 1)?;
    for number in vectors.iter().flat_map(Embedding::as_slice) {
        file.write_all(&number.to_le_bytes())?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(first: f32) -> Embedding {
        let mut numbers = vec![1.0; DIMENSIONS];
        numbers[0] = first;
        Embedding::normalized(numbers).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.npy");
        for count in [0_u8, 1, 3] {
            let vectors: Vec<Embedding> = (0..count).map(|n| vector(f32::from(n))).collect();
            write(&path, &vectors).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!((bytes.len() - usize::from(count) * 4 * DIMENSIONS) % ALIGNMENT, 0);
            assert_eq!(read(&path).unwrap(), vectors);
        }
    }

    #[test]
    fn other_files_are_refused_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.npy");
        write(&path, &[vector(2.0)]).unwrap();
        let good = std::fs::read(&path).unwrap();
        let text = |from: &str, to: &str| {
            let header = String::from_utf8_lossy(&good[PREFIX..128]).replace(from, to);
            [&good[..PREFIX], header.as_bytes(), &good[128..]].concat()
        };
        let mut not_a_number = good.clone();
        not_a_number[128..132].copy_from_slice(&f32::NAN.to_le_bytes());
        for (bytes, found) in [
            (b"hello".to_vec(), "begin"),
            (good[..40].to_vec(), "header"),
            (text("<f4", "<f8"), "float32"),
            (text("False", "True "), "rows with 384"),
            (text("384", "768"), "rows with 384"),
            (good[..good.len() - 4].to_vec(), "no rows of 384"),
            (not_a_number, "not finite"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(found), "{error}");
        }
        assert!(matches!(read(&folder.path().join("none")), Err(Failure::Output(_))));
    }
}
