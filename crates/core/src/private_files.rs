//! Files and folders that only their owner may read, and files that appear whole or not at all.
//!
//! What longmem writes about a person has the mode 0600 and its folders 0700 on Unix, whatever the
//! umask allows. In a folder that was made for a group (`chmod g+ws`, mode 2770), files are the
//! group's as well, as far as the umask lets them be: that is how several accounts share a store.
//! On other systems the folder's own access rules hold.
//!
//! # Examples
//! ```
//! use std::io::Write;
//!
//! use longmem_core::private_files::{IfExists, NewFile};
//!
//! # let folder = std::env::temp_dir().join(format!("longmem-core-{}", std::process::id()));
//! longmem_core::private_files::make_folder(&folder)?;
//! let path = folder.join("export.jsonl");
//! let mut file = NewFile::begin(&path, IfExists::Fail)?;
//! file.write_all(b"{}\n")?;
//! assert!(!path.exists());
//! file.finish()?;
//! assert!(path.exists());
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod new_file;

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

pub use new_file::{IfExists, NewFile, is_at};

/// Options that make a file for its owner, and for the group in a folder that was made for one.
/// A file that is there already keeps its mode: see [`narrow`].
pub fn open_options(path: &Path) -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(allowed_mode(path));
    }
    #[cfg(not(unix))]
    let _ = path;
    options
}

/// Makes a folder, and those that it stands in, for their owner alone. Folders that are there
/// already stay as they are.
///
/// # Errors
/// Those of the system.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.recursive(true).create(folder)
}

/// Takes a file away from those who may not read what longmem keeps, if it belongs to this
/// account. Returns the mode that it had if it was too wide, such as 0o644.
///
/// A file of another account, or on a file system that keeps no modes, stays as it is.
///
/// # Errors
/// Those of the system, also if there is no such file.
pub fn narrow(path: &Path) -> io::Result<Option<u32>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let metadata = std::fs::metadata(path)?;
        let mode = metadata.mode() & 0o777;
        let narrower = mode & (allowed_mode(path) | 0o700);
        if mode == narrower || !may_be_ours(&metadata) {
            return Ok(None);
        }
        std::fs::set_permissions(path, PermissionsExt::from_mode(narrower))?;
        let now = std::fs::metadata(path)?.mode() & 0o777;
        Ok((now == narrower).then_some(mode))
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(path)?;
        Ok(None)
    }
}

/// Whether a file belongs to the account that this process runs as. Where the system does not say
/// which that is, only the administrator could change the mode of another's file.
#[cfg(unix)]
fn may_be_ours(file: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").map_or(true, |process| process.uid() == file.uid())
}

/// The widest mode of a file at this path.
#[cfg(unix)]
fn allowed_mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    const FOR_A_GROUP: u32 = 0o2020;
    let is_shared = std::fs::metadata(folder_of(path))
        .is_ok_and(|folder| folder.mode() & FOR_A_GROUP == FOR_A_GROUP);
    if is_shared { 0o660 } else { 0o600 }
}

/// The folder that a file stands in: `.` for a bare name.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_and_folders_are_their_owners() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a").join("b");
        make_folder(&inner).unwrap();
        assert_eq!((mode(&inner), mode(inner.parent().unwrap())), (0o700, 0o700));
        let file = inner.join("x");
        open_options(&file).write(true).create(true).open(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        set_mode(&inner, 0o755);
        make_folder(&inner).unwrap();
        assert_eq!(mode(&inner), 0o755, "what was there stays as it is");
    }

    #[test]
    fn a_wider_file_is_narrowed_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        fs::write(&file, "x").unwrap();
        for (wide, left) in [(0o644, 0o600), (0o666, 0o600), (0o440, 0o400), (0o755, 0o700)] {
            set_mode(&file, wide);
            assert_eq!(narrow(&file).unwrap(), Some(wide));
            assert_eq!(mode(&file), left);
            assert_eq!(narrow(&file).unwrap(), None);
        }
        let missing = narrow(&folder.path().join("y")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn in_a_folder_of_a_group_files_stay_the_groups() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o2770);
        let file = folder.path().join("x");
        open_options(&file).write(true).create(true).open(&file).unwrap();
        assert_eq!(mode(&file) & 0o606, 0o600);
        for (given, left, was) in
            [(0o660, 0o660, None), (0o640, 0o640, None), (0o664, 0o660, Some(0o664))]
        {
            set_mode(&file, given);
            assert_eq!(narrow(&file).unwrap(), was);
            assert_eq!(mode(&file), left);
        }
        // A folder that only inherited the bit was made for nobody else.
        set_mode(folder.path(), 0o2755);
        assert_eq!(narrow(&file).unwrap(), Some(0o660));
    }
}
