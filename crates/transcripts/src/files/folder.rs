//! The files below a folder, links within it followed.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use super::names::{is_candidate, is_passed_over};

/// What walking a folder found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Files whose names chat files may have, with their paths relative to the top.
    pub(super) files: Vec<(String, PathBuf)>,
    /// Folders that cannot be read, with the cause.
    pub(super) unreadable: Vec<(String, io::Error)>,
    /// Links to files and folders outside of it, which are not followed.
    pub(super) links_outside: Vec<String>,
}

/// Finds the files below a folder. Links are followed after everything else was found, so that what
/// can be reached without one has its own path, and nothing is found twice. A link that leads out of
/// the folder is not followed: whoever made the folder does not choose which of the person's other files
/// are read.
pub(super) fn walk(folder: &Path) -> io::Result<Walk> {
    // Below a path without links, what is no link has such a path, too.
    let top = fs_err::canonicalize(folder)?;
    fs_err::read_dir(&top)?;
    let mut walk = Walk::default();
    let mut visited = HashSet::new();
    let mut links = VecDeque::new();
    walk.descend(&top, String::new(), &mut visited, &mut links);
    while let Some((label, link)) = links.pop_front() {
        // A link that leads nowhere is as good as none.
        let Ok(target) = fs_err::canonicalize(&link) else { continue };
        if !target.starts_with(&top) {
            // A folder above holds this one, whose files are found already.
            let is_above = top.starts_with(&target);
            if target.is_dir() && !is_above || target.is_file() && is_candidate(&label) {
                walk.links_outside.push(label);
            }
        } else if target.is_dir() {
            walk.descend(&target, format!("{label}/"), &mut visited, &mut links);
        } else if target.is_file() && is_candidate(&label) && visited.insert(target.clone()) {
            walk.files.push((label, target));
        }
    }
    Ok(walk)
}

impl Walk {
    /// Walks a folder that has no link in its path, and the folders below it.
    fn descend(
        &mut self,
        folder: &Path,
        prefix: String,
        visited: &mut HashSet<PathBuf>,
        links: &mut VecDeque<(String, PathBuf)>,
    ) {
        let mut folders = vec![(folder.to_owned(), prefix)];
        while let Some((folder, prefix)) = folders.pop() {
            if !visited.insert(folder.clone()) {
                continue;
            }
            let entries = match fs_err::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable.push((prefix, error));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if is_passed_over(&name) {
                    continue;
                }
                let label = format!("{prefix}{name}");
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push((entry.path(), format!("{label}/"))),
                    Ok(kind) if kind.is_symlink() => links.push_back((label, entry.path())),
                    Ok(kind) if kind.is_file() && is_candidate(&name) => {
                        visited.insert(entry.path());
                        self.files.push((label, entry.path()));
                    }
                    _ => {}
                }
            }
        }
    }
}
