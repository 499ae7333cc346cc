//! A file that becomes another one.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use longmem_core::{ErrorCode, real_path};

use super::diff::diff;
use super::json_file;
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
    /// Something is taken out of it again, and the copy goes.
    Undone,
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

    /// The same where something is taken out: a file that is again what it was before longmem's entries
    /// has its old form again, and one that was not there goes.
    ///
    /// # Errors
    /// Those of [`Change::edit`].
    pub(super) fn undo(
        path: PathBuf,
        edit: impl FnOnce(Option<&str>) -> Result<Option<String>, String>,
    ) -> Result<Self, Failure> {
        let mut change = Self::edit(path, edit)?;
        change.kind = Kind::Undone;
        if let Some(old) = read(&change.backup())?
            && is_same(change.after.as_deref().unwrap_or_default(), &old)
        {
            change.after = Some(old);
        }
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

    /// What changes, line by line.
    pub(super) fn diff(&self) -> String {
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        let is_binary = self.after.as_deref().is_some_and(|bytes| bytes.contains(&0));
        let lines = if is_binary {
            "+ (not text)\n".to_owned()
        } else {
            diff(&text(&self.before), &text(&self.after))
        };
        format!("{}\n{lines}", self.path.display())
    }

    /// Makes the change; says what was done, and nothing if nothing was to be done.
    ///
    /// # Errors
    /// [`Failure::Output`]: then the file is as it was.
    pub(super) fn make(&self) -> Result<Option<String>, Failure> {
        if self.changes_nothing() {
            return Ok(None);
        }
        let (shown, backup) = (self.path.display(), self.backup());
        let failed = |error: io::Error| {
            io::Error::new(error.kind(), format!("{shown} cannot be written: {error}"))
        };
        let copy = self.before.as_deref().filter(|_| self.kind == Kind::Edited);
        // Of several changes, the copy keeps what was there before the first.
        if let Some(copy) = copy.filter(|_| !backup.exists()) {
            write(&backup, copy, permissions(&self.path)).map_err(failed)?;
        }
        match &self.after {
            Some(after) => write(&self.path, after, permissions(&self.path)).map_err(failed)?,
            None => fs::remove_file(&self.path).map_err(failed)?,
        }
        if self.kind == Kind::Own && self.after.is_none() {
            remove_empty_folders(&self.path);
        }
        if self.kind == Kind::Undone && backup.exists() {
            fs::remove_file(&backup)?;
        }
        let done = if self.after.is_some() { "wrote" } else { "deleted" };
        let kept = if self.kind == Kind::Edited && backup.exists() {
            format!(" (as it was: {})", backup.display())
        } else {
            String::new()
        };
        Ok(Some(format!("{done} {shown}{kept}")))
    }

    fn backup(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(BACKUP);
        name.into()
    }
}

/// Whether a file's new text says what its old text said; in an empty one stands nothing.
fn is_same(after: &[u8], old: &[u8]) -> bool {
    let text = |bytes| match std::str::from_utf8(bytes).unwrap_or_default().trim() {
        "" => "{}",
        text => text,
    };
    after == old || json_file::is_same(text(after), text(old))
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

fn permissions(path: &Path) -> Option<Permissions> {
    fs::metadata(path).ok().map(|file| file.permissions())
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
