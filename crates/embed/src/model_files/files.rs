//! Where the checked files of a model are.

use std::path::{Path, PathBuf};

use super::checksums::{KnownChecksums, check_by_hashing};
use super::{Manifest, Source};
use crate::EmbedderError;

/// The checked files of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelFiles {
    /// Where they came from.
    pub source: Source,
    /// The sizes of the model, as JSON.
    pub config: PathBuf,
    /// The tokenizer.
    pub tokenizer: PathBuf,
    /// The weights.
    pub weights: PathBuf,
}

impl ModelFiles {
    /// Finds the files in a folder and checks them, hashing only those whose checksums are not
    /// known.
    pub(super) fn checked(
        manifest: &Manifest,
        folder: &Path,
        source: Source,
        known: &mut KnownChecksums,
    ) -> Result<Self, EmbedderError> {
        let files = &manifest.files;
        Ok(Self {
            source,
            config: known.check(folder, &files.config)?,
            tokenizer: known.check(folder, &files.tokenizer)?,
            weights: known.check(folder, &files.weights)?,
        })
    }

    /// Hashes the files again, whatever is remembered about them.
    ///
    /// # Errors
    /// [`EmbedderError::MissingFile`], [`EmbedderError::WrongSize`] or [`EmbedderError::WrongSum`]
    /// for the first file that is not as the manifest says; [`EmbedderError::Io`] for one that
    /// cannot be read.
    pub fn verify(&self, manifest: &Manifest) -> Result<(), EmbedderError> {
        for file in manifest.files.iter() {
            check_by_hashing(self.folder(), file)?;
        }
        Ok(())
    }

    /// The folder that holds the files.
    pub fn folder(&self) -> &Path {
        self.weights.parent().unwrap_or(Path::new("."))
    }
}
