//! Reads tensors from a safetensors file, piece by piece and without a copy of the whole.

use std::path::{Path, PathBuf};

#[cfg(unix)]
use fs_err::os::unix::fs::FileExt;
use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensorError};
use thiserror::Error;

use crate::EmbedderError;

/// Bytes that say how long the header is.
const LENGTH_BYTES: u64 = 8;

/// What is wrong with a file of weights.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// A file that does not begin with a safetensors header.
    #[error("its header is not that of a safetensors file: {0}")]
    Header(#[from] SafeTensorError),
    /// A header without a tensor that the model has.
    #[error("the tensor {tensor} is missing")]
    Missing {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor of another type than f32.
    #[error("the tensor {tensor} holds {actual}, expected F32")]
    Type {
        /// The tensor's name.
        tensor: String,
        /// What it holds.
        actual: Dtype,
    },
    /// A tensor of another shape than the model's.
    #[error("the tensor {tensor} has the shape {}, expected {}", shape(actual), shape(expected))]
    Shape {
        /// The tensor's name.
        tensor: String,
        /// The shape that it should have.
        expected: Vec<usize>,
        /// The shape that it has.
        actual: Vec<usize>,
    },
    /// A tensor with a number that is infinite or none.
    #[error("the tensor {tensor} holds a number that is not finite")]
    NotFinite {
        /// The tensor's name.
        tensor: String,
    },
}

fn shape(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

/// An open file of weights.
#[derive(Debug)]
pub(super) struct WeightsFile {
    path: PathBuf,
    file: fs_err::File,
    metadata: Metadata,
    /// Where the tensors begin.
    start: u64,
}

impl WeightsFile {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self, EmbedderError> {
        let file = fs_err::File::open(path)?;
        let refused = |source| EmbedderError::Weights { path: path.to_owned(), source };
        let invalid = |error| refused(WeightsError::Header(error));
        let mut length = [0; LENGTH_BYTES as usize];
        read_at(&file, &mut length, 0)?;
        let length = u64::from_le_bytes(length);
        if length > file.metadata()?.len() {
            return Err(invalid(SafeTensorError::InvalidHeaderLength));
        }
        let mut header = vec![0; length as usize];
        read_at(&file, &mut header, LENGTH_BYTES)?;
        let metadata = serde_json::from_slice(&header)
            .map_err(|error| invalid(SafeTensorError::InvalidHeaderDeserialization(error)))?;
        Ok(Self { path: path.to_owned(), file, metadata, start: LENGTH_BYTES + length })
    }

    /// Finds a tensor of f32 of an expected shape.
    pub(super) fn tensor(
        &self,
        name: &str,
        expected: &[usize],
    ) -> Result<Tensor<'_>, EmbedderError> {
        let tensor = name.to_owned();
        let Some(info) = self.metadata.info(name) else {
            return Err(self.refused(WeightsError::Missing { tensor }));
        };
        if info.dtype != Dtype::F32 {
            return Err(self.refused(WeightsError::Type { tensor, actual: info.dtype }));
        }
        if info.shape != expected {
            let (expected, actual) = (expected.to_vec(), info.shape.clone());
            return Err(self.refused(WeightsError::Shape { tensor, expected, actual }));
        }
        let bytes = size_of::<f32>() * expected.iter().product::<usize>();
        if info.data_offsets.1.checked_sub(info.data_offsets.0) != Some(bytes) {
            return Err(self.refused(SafeTensorError::InvalidOffset(tensor).into()));
        }
        Ok(Tensor { file: self, name: tensor, start: self.start + info.data_offsets.0 as u64 })
    }

    fn refused(&self, source: WeightsError) -> EmbedderError {
        EmbedderError::Weights { path: self.path.clone(), source }
    }
}

/// A tensor in a file, not read yet.
#[derive(Debug)]
pub(super) struct Tensor<'a> {
    file: &'a WeightsFile,
    name: String,
    start: u64,
}

impl Tensor<'_> {
    /// Reads `count` times 32 numbers, from the `first` times 32nd number on.
    pub(super) fn read(&self, first: usize, count: usize) -> Result<Vec<[f32; 32]>, EmbedderError> {
        let mut bytes = vec![0; count * PIECE_BYTES];
        read_at(&self.file.file, &mut bytes, self.start + (first * PIECE_BYTES) as u64)?;
        let (numbers, _) = bytes.as_chunks::<4>();
        let (pieces, _) = numbers.as_chunks::<32>();
        let pieces: Vec<[f32; 32]> =
            pieces.iter().map(|piece| piece.map(f32::from_le_bytes)).collect();
        if !pieces.iter().all(|piece| piece.iter().all(|number| number.is_finite())) {
            let tensor = self.name.clone();
            return Err(self.file.refused(WeightsError::NotFinite { tensor }));
        }
        Ok(pieces)
    }
}

/// Bytes of 32 numbers.
const PIECE_BYTES: usize = 32 * size_of::<f32>();

#[cfg(unix)]
fn read_at(file: &fs_err::File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    file.read_exact_at(bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &fs_err::File, mut bytes: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    use fs_err::os::windows::fs::FileExt;

    while !bytes.is_empty() {
        let read = file.seek_read(bytes, offset)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}
