//! A file that becomes another one.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use longmem_core::{ErrorCode, real_path};
use longmem_wire::FileChange;
use tempfile::NamedTempFile;

use super::diff::diff;
use super::json_file::JsonFile;
use crate::failure::Failure;

/// The name of the folder in the data folder where longmem's own files for agents are.
pub(super) const OWN_FILES: &str = "integrations";

/// What the name of the copy ends with that keeps a file as it was.
const BACKUP: &str = "before-longmem";

/// A file that becomes another one.
pub(super) struct Change {
    path: PathBuf,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
    kind: Kind,
}

/// What a change is to the file's owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something is put into the file of an agent, of which a copy is kept.
    Edited,
    /// Something is taken out of it again. The copy goes, unless it is needed: what is left of it without
    /// longmem's entries differs from the file.
    Undone { is_copy_needed: bool },
    /// The file is longmem's own.
    Own,
}

impl Change {
    /// A file of an agent's that is edited. The edit gets its text, none if there is no such file, and
    /// gives the new one, none if nothing is left of it.
    ///
    /// # Errors
    /// [`Failure::Refused`] if the file cannot be read, or the edit does not understand it.
    pub(super) fn edit(
        path: PathBuf,
        edit: impl FnOnce(Option<&str>) -> Result<Option<String>, String>,
    ) -> Result<Self, Failure> {
        // A link stays one: what it names changes.
        let path = real_path(&path).unwrap_or(path);
        let before = read(&path)?;
        let refused = |reason: String| {
            Failure::refused(
                ErrorCode::FileFailed,
                format!("{} was not changed: {reason}", path.display()),
                "Mend the file, or write the entries into it yourself: --dry-run with an empty HOME \
                 shows them.",
            )
        };
        let text = before.as_deref().map(std::str::from_utf8).transpose();
        let text = text.map_err(|error| refused(format!("expected UTF-8: {error}")))?;
        let after = edit(text).map_err(refused)?.map(String::into_bytes);
        Ok(Self { path, before, after, kind: Kind::Edited })
    }

    /// The same where something is taken out. What else stands in the file stays byte for byte; a file that
    /// was empty before longmem's entries is so again, and one that was not there goes.
    ///
    /// # Errors
    /// Those of [`Change::edit`].
    pub(super) fn undo(
        path: PathBuf,
        mut edit: impl FnMut(Option<&str>) -> Result<Option<String>, String>,
    ) -> Result<Self, Failure> {
        let mut change = Self::edit(path, &mut edit)?;
        let mut is_copy_needed = false;
        if let Some(old) = read(&change.backup())? {
            if is_as_before(change.after.as_deref(), &old) {
                change.after = Some(old);
            } else {
                // A copy made after an earlier install holds longmem's entries, too.
                let text = std::str::from_utf8(&old).ok();
                let left = text.and_then(|text| edit(Some(text)).ok());
                let left = left.map(|left| left.map(String::into_bytes));
                is_copy_needed = left.as_ref() != Some(&change.after);
            }
        }
        change.kind = Kind::Undone { is_copy_needed };
        Ok(change)
    }

    /// A file of longmem's own, that is written anew or deleted.
    ///
    /// # Errors
    /// [`Failure`] if the one that is there cannot be read.
    pub(super) fn own(path: PathBuf, after: Option<&[u8]>) -> Result<Self, Failure> {
        let (before, after) = (read(&path)?, after.map(<[u8]>::to_vec));
        Ok(Self { path, before, after, kind: Kind::Own })
    }

    pub(super) fn changes_nothing(&self) -> bool {
        self.before == self.after
    }

    /// What is told of it once it is made.
    pub(super) fn told(&self) -> FileChange {
        let copy = self.backup();
        let is_copied = match self.kind {
            Kind::Edited => self.before.is_some() || copy.exists(),
            Kind::Undone { is_copy_needed } => is_copy_needed,
            Kind::Own => false,
        };
        FileChange {
            file: self.path.display().to_string(),
            deleted: self.after.is_none(),
            copy: is_copied.then(|| copy.display().to_string()),
            diff: self.diff(),
        }
    }

    /// What changes, line by line.
    fn diff(&self) -> String {
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        let is_binary = self.after.as_deref().is_some_and(|bytes| bytes.contains(&0));
        if is_binary {
            return "+ (not text)\n".to_owned();
        }
        diff(&text(&self.before), &text(&self.after))
    }

    /// Writes what is to be written beside the files, so that everything that can fail did so before the
    /// first file changes.
    ///
    /// # Errors
    /// [`Failure`]: then nothing has changed.
    fn prepare(&self) -> Result<Prepared<'_>, Failure> {
        let failed = |error: io::Error| {
            let shown = self.path.display();
            Failure::from(io::Error::new(
                error.kind(),
                format!("{shown} cannot be written, and nothing was changed: {error}"),
            ))
        };
        let permissions = fs::metadata(&self.path).ok().map(|file| file.permissions());
        if permissions.as_ref().is_some_and(Permissions::readonly) {
            return Err(failed(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "it is read-only; make it writable, or put the entries into it yourself, which \
                 --dry-run shows",
            )));
        }
        let backup = self.backup();
        let copy = self.before.as_deref().filter(|_| self.kind == Kind::Edited);
        // Of several changes, the copy keeps what was there before the first.
        let copy = copy.filter(|_| !backup.exists());
        let copy = copy.map(|copy| temporary(&backup, copy, permissions.clone())).transpose();
        let after = self.after.as_deref();
        let after = after.map(|after| temporary(&self.path, after, permissions)).transpose();
        Ok(Prepared { change: self, copy: copy.map_err(failed)?, after: after.map_err(failed)? })
    }

    fn backup(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(BACKUP);
        name.into()
    }
}

/// Makes all changes, or none if one of them cannot be made.
///
/// # Errors
/// [`Failure`] if a file cannot be written.
pub(super) fn make_all(changes: &[Change]) -> Result<(), Failure> {
    let changes = changes.iter().filter(|change| !change.changes_nothing());
    let prepared: Vec<_> = changes.map(Change::prepare).collect::<Result<_, _>>()?;
    prepared.into_iter().try_for_each(Prepared::make)
}

/// A change of which everything is written but not yet in its place.
struct Prepared<'a> {
    change: &'a Change,
    copy: Option<NamedTempFile>,
    after: Option<NamedTempFile>,
}

impl Prepared<'_> {
    fn make(self) -> Result<(), Failure> {
        let Change { path, kind, .. } = self.change;
        let (shown, backup) = (path.display(), self.change.backup());
        let failed = |error: io::Error| {
            io::Error::new(error.kind(), format!("{shown} cannot be written: {error}"))
        };
        if let Some(copy) = self.copy {
            copy.persist(&backup).map_err(|error| failed(error.error))?;
        }
        match self.after {
            Some(after) => drop(after.persist(path).map_err(|error| failed(error.error))?),
            None => {
                fs::remove_file(path).map_err(failed)?;
                if *kind == Kind::Own {
                    remove_empty_folders(path);
                }
            }
        }
        if *kind == (Kind::Undone { is_copy_needed: false }) && backup.exists() {
            fs::remove_file(&backup)?;
        }
        Ok(())
    }
}

/// Whether what is left of a file is what it was before longmem's entries, but for blanks at its end; a
/// file in which nothing is left was one in which nothing stood.
fn is_as_before(after: Option<&[u8]>, old: &[u8]) -> bool {
    let old = std::str::from_utf8(old).unwrap_or_default();
    let is_empty =
        || JsonFile::read(Some(old)).is_ok_and(|file| file.text().is_none_or(|text| text == "{}"));
    match after.map(|after| std::str::from_utf8(after).unwrap_or_default()) {
        Some(after) => after.trim_end() == old.trim_end(),
        None => is_empty(),
    }
}

/// Deletes the folders that a file stood in, up to the folder of all such files and no further, and only
/// where they hold nothing else.
fn remove_empty_folders(path: &Path) {
    for folder in path.ancestors().skip(1) {
        if fs::remove_dir(folder).is_err() || folder.ends_with(OWN_FILES) {
            return;
        }
    }
}

/// The bytes of a file; none if there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs_err::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A file beside another one, which is put into its place later.
fn temporary(
    path: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}
