//! Where a command writes a file that a person named.

use std::path::Path;

use longmem_core::private_files::{IfExists, NewFile};
use longmem_core::{ErrorCode, real_path};

use crate::failure::Failure;
use crate::settings::Settings;

/// What `--force` says of a file that is there already.
///
/// # Errors
/// [`Failure::Refused`] if the file is the store itself, or one that belongs to it.
pub(crate) fn if_exists(
    path: &Path,
    force: bool,
    settings: &Settings,
) -> Result<IfExists, Failure> {
    let real = |path: &Path| real_path(path).unwrap_or_else(|_| path.to_owned());
    let belongs = settings.options.place.file().is_some_and(|store| {
        let (named, store) = (real(path), real(store));
        ["", "-wal", "-shm", "-journal", "-index.lock"].iter().any(|suffix| {
            let mut file = store.as_os_str().to_owned();
            file.push(suffix);
            named.as_os_str() == file
        })
    });
    if belongs {
        let message = format!("{} belongs to the store that is read", path.display());
        return Err(Failure::refused(ErrorCode::FileExists, message, "Name another file."));
    }
    Ok(if force { IfExists::Replace } else { IfExists::Fail })
}

/// Begins a file for its owner alone, which appears when it is finished.
///
/// # Errors
/// [`Failure`] if it exists and must stay, or cannot be made.
pub(crate) fn begin(path: &Path, force: bool, settings: &Settings) -> Result<NewFile, Failure> {
    let if_exists = if_exists(path, force, settings)?;
    NewFile::begin(path, if_exists).map_err(|error| Failure::new_file(path, error))
}
