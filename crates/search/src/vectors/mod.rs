//! Vectors: their bytes, their one-bit codes, and the cosines of many to a query.

mod code;
mod dot;
mod hamming;
mod smoothing;
mod snapshot;
mod two_stages;
mod vector_bytes;

pub use smoothing::DenseParameters;
pub use two_stages::Scan;
pub use vector_bytes::{vector_bytes, vector_from_bytes};

pub(crate) use code::{Codes, code_bytes, code_of};
pub(crate) use dot::DotQuery;
pub(crate) use snapshot::{Matrix, Snapshot};
pub(crate) use two_stages::TwoStages;
