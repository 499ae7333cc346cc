//! Files that a person names to be read.

use std::path::Path;

use longmem_core::special_kind;

use crate::failure::Failure;

/// Reads a text file that a setting names.
///
/// # Errors
/// [`Failure::Config`] if it cannot be read.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let unreadable = |reason: String| Failure::Config { path: path.to_owned(), reason };
    if let Some(kind) = waits_for_ever(path) {
        return Err(unreadable(format!("it is {kind}; expected a file")));
    }
    fs_err::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

/// What a path names if reading it may never end: a pipe to which nobody writes, a device. What a
/// shell opened for this process, as with `<(command)`, has a writer; `/dev/null` is empty.
pub(crate) fn waits_for_ever(path: &Path) -> Option<&'static str> {
    let opened = ["/dev/fd", "/dev/stdin", "/proc/self/fd", "/dev/null"];
    if opened.iter().any(|opened| path.starts_with(opened)) {
        return None;
    }
    special_kind(std::fs::metadata(path).ok()?.file_type())
}
