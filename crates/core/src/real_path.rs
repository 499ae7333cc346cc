//! The one name of a file among all that lead to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The absolute path of a file with all symbolic links resolved, whether the file exists yet or not.
/// Every process gets the same for the same file, by whichever name it was given.
///
/// # Errors
/// Those of the system: a folder on the way cannot be searched, or links lead in a circle.
///
/// # Examples
/// ```
/// let folder = std::env::temp_dir();
/// let real = longmem_core::real_path(&folder.join("no such file"))?;
/// assert_eq!(real, folder.canonicalize()?.join("no such file"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        resolved => return resolved,
    }
    let path = std::path::absolute(path)?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(path) };
    match fs::read_link(&path) {
        // A link to a file that is still to be made.
        Ok(target) => real_path(&folder.join(target)),
        Err(_) => Ok(real_path(folder)?.join(name)),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_of_files_and_folders_lead_to_one_name_before_and_after_the_file_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("real/deep")).unwrap();
        symlink("real", at("folder")).unwrap();
        symlink("folder/deep/memory.db", at("file")).unwrap();
        symlink("file", at("file of file")).unwrap();
        let names = [
            "real/deep/memory.db",
            "folder/deep/memory.db",
            "file",
            "file of file",
            "folder/deep/../deep/./memory.db",
        ];
        let wanted = folder.path().canonicalize().unwrap().join("real/deep/memory.db");
        for made in [false, true] {
            if made {
                fs::write(&wanted, "").unwrap();
            }
            for name in names {
                assert_eq!(real_path(&at(name)).unwrap(), wanted, "{name}, made: {made}");
            }
        }
        let nowhere = real_path(&at("no/such/folder/x")).unwrap();
        assert!(nowhere.ends_with("no/such/folder/x"), "{}", nowhere.display());
    }

    #[test]
    fn links_in_a_circle_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        symlink("b", folder.path().join("a")).unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        assert!(real_path(&folder.path().join("a")).is_err());
    }
}
