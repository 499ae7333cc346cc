//! Who may read the store's file, and the space that it takes.

use std::path::Path;

use longmem_memory::StoreStats;
use longmem_wire::Check;

use crate::output::bytes;

/// The disk is nearly full when it has fewer bytes left than the store, or than this.
const LITTLE_SPACE: u64 = 200_000_000;

/// Bytes from which it is said that a copy of the store would be smaller.
const WORTH_A_COPY: u64 = 1_000_000;

pub(super) fn check(file: &Path, stats: Option<&StoreStats>) -> Check {
    let mut problems = Vec::new();
    let mut said = Vec::new();
    match access(file) {
        Access::Private => said.push("only you can read it".to_owned()),
        Access::Wider(mode) => problems.push(format!(
            "other accounts may read it (mode {mode:o}): run chmod 600 {}",
            file.display()
        )),
        Access::Unknown => {}
    }
    let names = number_of_names(file);
    if names > 1 {
        problems.push(format!(
            "it has {names} names (hard links), and turns that are written through one are lost \
             through another: keep one"
        ));
    }
    let taken = stats.map_or(0, |stats| stats.file_bytes);
    if let Some(free) = free_bytes(file).filter(|free| *free < taken.max(LITTLE_SPACE)) {
        problems.push(format!("its disk has only {} left", bytes(free)));
    }
    let unused = stats.map_or(0, |stats| stats.unused_bytes);
    if unused >= WORTH_A_COPY {
        said.push(format!(
            "{} of its {} are free for new turns; a copy by longmem backup leaves them out",
            bytes(unused),
            bytes(taken)
        ));
    }
    let ok = problems.is_empty();
    let finding = match if ok { said.join("; ") } else { problems.join("; ") } {
        nothing if nothing.is_empty() => "nothing is wrong with it".to_owned(),
        finding => finding,
    };
    Check { name: "file".to_owned(), ok, finding }
}

enum Access {
    Private,
    /// With the mode of the file.
    #[cfg_attr(not(unix), expect(dead_code, reason = "other systems have other rules"))]
    Wider(u32),
    Unknown,
}

/// Who may read a file. A folder that nobody else may enter keeps it private too.
#[cfg(unix)]
fn access(file: &Path) -> Access {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs_err::metadata(path).map(|found| found.permissions().mode() & 0o777);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Nobody but the owner may do anything with it.
    let is_private = |mode: u32| mode & 0o700 == mode;
    let folder_is_private = folder.is_some_and(|folder| mode(folder).is_ok_and(is_private));
    match mode(file) {
        Ok(mode) if is_private(mode) || folder_is_private => Access::Private,
        Ok(mode) => Access::Wider(mode),
        Err(_) => Access::Unknown,
    }
}

#[cfg(not(unix))]
fn access(_file: &Path) -> Access {
    Access::Unknown
}

#[cfg(unix)]
fn number_of_names(file: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs_err::metadata(file).map_or(1, |found| found.nlink())
}

#[cfg(not(unix))]
fn number_of_names(_file: &Path) -> u64 {
    1
}

/// Bytes that this account may still write on the disk of a file.
#[cfg(unix)]
fn free_bytes(file: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(file).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_file: &Path) -> Option<u64> {
    None
}
