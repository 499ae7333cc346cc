//! Reads tensors from a safetensors file, piece by piece.

use std::error::Error;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use fs_err::os::unix::fs::FileExt;
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use crate::EmbedderError;

/// Bytes of the number that says how long the header is.
const LENGTH_BYTES: u64 = 8;

/// What is wrong with a file of weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// A file that does not begin with a safetensors header.
    #[error("its header is not that of a safetensors file: {0}")]
    Header(#[source] Box<dyn Error + Send + Sync>),
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
        actual: String,
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
    /// A tensor whose bytes are more or fewer than its numbers need.
    #[error("the bytes of the tensor {tensor} are not the {expected} that its shape needs")]
    Length {
        /// The tensor's name.
        tensor: String,
        /// Bytes that its shape needs.
        expected: usize,
    },
    /// A tensor with a number that is infinite or not a number.
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
pub(crate) struct WeightsFile {
    path: PathBuf,
    file: fs_err::File,
    metadata: Metadata,
    /// Where the tensors begin.
    start: u64,
}

impl WeightsFile {
    /// Opens a file and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Self, EmbedderError> {
        let file = fs_err::File::open(path)?;
        let refused = |source| EmbedderError::Weights { path: path.to_owned(), source };
        let no_header =
            |reason: Box<dyn Error + Send + Sync>| refused(WeightsError::Header(reason));
        let mut length = [0; LENGTH_BYTES as usize];
        read_at(&file, &mut length, 0)?;
        let length = u64::from_le_bytes(length);
        if length > file.metadata()?.len() {
            return Err(no_header("it would be longer than the file".into()));
        }
        let mut header = vec![0; length as usize];
        read_at(&file, &mut header, LENGTH_BYTES)?;
        let metadata = serde_json::from_slice(&header).map_err(|error| no_header(error.into()))?;
        Ok(Self { path: path.to_owned(), file, metadata, start: LENGTH_BYTES + length })
    }

    /// Finds a tensor of f32 of an expected shape.
    pub(crate) fn tensor(
        &self,
        name: &str,
        expected: &[usize],
    ) -> Result<Tensor<'_>, EmbedderError> {
        let tensor = name.to_owned();
        let Some(info) = self.metadata.info(name) else {
            return Err(self.refused(WeightsError::Missing { tensor }));
        };
        if info.dtype != Dtype::F32 {
            return Err(self.refused(WeightsError::Type { tensor, actual: info.dtype.to_string() }));
        }
        if info.shape != expected {
            let (expected, actual) = (expected.to_vec(), info.shape.clone());
            return Err(self.refused(WeightsError::Shape { tensor, expected, actual }));
        }
        let bytes = size_of::<f32>() * expected.iter().product::<usize>();
        if info.data_offsets.1.checked_sub(info.data_offsets.0) != Some(bytes) {
            return Err(self.refused(WeightsError::Length { tensor, expected: bytes }));
        }
        Ok(Tensor { file: self, name: tensor, start: self.start + info.data_offsets.0 as u64 })
    }

    /// The number of layers: one more than the highest number in the names of tensors.
    pub(crate) fn layers(&self) -> usize {
        let names = self.metadata.offset_keys();
        let numbers = names.iter().filter_map(|name| {
            name.strip_prefix("encoder.layer.")?.split('.').next()?.parse::<usize>().ok()
        });
        numbers.max().map_or(0, |last| last + 1)
    }

    fn refused(&self, source: WeightsError) -> EmbedderError {
        EmbedderError::Weights { path: self.path.clone(), source }
    }
}

/// A tensor in a file, not read yet.
#[derive(Debug)]
pub(crate) struct Tensor<'a> {
    file: &'a WeightsFile,
    name: String,
    start: u64,
}

impl Tensor<'_> {
    /// Reads rows of 32 numbers, from the `first` of the tensor on.
    pub(crate) fn read(&self, first: usize, rows: &mut [[f32; 32]]) -> Result<(), EmbedderError> {
        let start = self.start + (first * size_of::<[f32; 32]>()) as u64;
        read_at(&self.file.file, bytemuck::cast_slice_mut(rows), start)?;
        if cfg!(target_endian = "big") {
            for number in rows.as_flattened_mut() {
                *number = f32::from_bits(number.to_bits().swap_bytes());
            }
        }
        // Without an exit inside a row, so that the check is vectorised.
        let is_finite = |row: &[f32; 32]| row.iter().fold(true, |all, one| all & one.is_finite());
        if !rows.iter().all(is_finite) {
            let tensor = self.name.clone();
            return Err(self.file.refused(WeightsError::NotFinite { tensor }));
        }
        Ok(())
    }
}

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
