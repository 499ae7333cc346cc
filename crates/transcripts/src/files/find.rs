//! Finds the files behind a path: the path itself, those in a folder, or the members of a zip.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read, Seek as _};
use std::path::Path;

use longmem_core::Timestamp;
use tempfile::NamedTempFile;

use super::names::{file_name, is_zip, unique_stems};
use super::zips::{OpenZip, begins_as_zip, is_beginning_of_zip};
use super::{Location, Pipe, TranscriptFile, TranscriptFiles, folder};
use crate::error::TranscriptError;
use crate::formats::{Format, is_companion};
use crate::source::{ReadSeek, Source};

impl TranscriptFiles {
    /// Finds the files of a source, without reading them.
    pub(crate) fn open(source: Source<'_>) -> Result<Self, TranscriptError> {
        match source {
            Source::Path(path) => Self::open_path(path),
            Source::Stream { name, bytes, arrived } => {
                let mut files = Self::empty(Path::new(name));
                files.add_pipe(name, bytes, arrived)?;
                files.named()
            }
            Source::Bytes { name, bytes, arrived } => {
                let mut files = Self::empty(Path::new(name));
                files.add_bytes(name, bytes, arrived)?;
                files.named()
            }
        }
    }

    /// The files of a source that is not a path, with their names.
    fn named(mut self) -> Result<Self, TranscriptError> {
        if self.files.is_empty() {
            return Err(TranscriptError::NoTranscripts { path: self.path });
        }
        self.name_files();
        Ok(self)
    }

    fn open_path(path: &Path) -> Result<Self, TranscriptError> {
        let metadata = fs_err::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => TranscriptError::Missing { path: path.to_owned() },
            _ => TranscriptError::Read(error),
        })?;
        let mut files = Self::empty(path);
        if metadata.is_dir() {
            files.add_folder(path)?;
        } else if !metadata.is_file() {
            let pipe = fs_err::File::open(path).map_err(TranscriptError::Read)?;
            let label = file_name(&path.to_string_lossy()).to_owned();
            files.add_pipe(&label, Box::new(pipe), modified(&metadata))?;
        } else if begins_as_zip(path)? {
            files.add_zip(path, "", &metadata)?;
        } else {
            let label = file_name(&path.to_string_lossy()).to_owned();
            let location = Location::OnDisk(path.to_owned());
            files.add(label, Some(metadata.len()), modified(&metadata), location);
            files.find_companions_beside(path);
        }
        if files.files.is_empty() && files.unreadable.is_empty() {
            if let Some(link) = files.links_outside.first() {
                return Err(TranscriptError::LinkOutside { path: path.join(link) });
            }
            return Err(TranscriptError::NoTranscripts { path: path.to_owned() });
        }
        files.name_files();
        Ok(files)
    }

    fn empty(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            files: Vec::new(),
            companions: HashMap::new(),
            read_companions: HashMap::new(),
            unreadable: Vec::new(),
            links_outside: Vec::new(),
            zip: OpenZip::default(),
            zips: HashMap::new(),
            pipe: None,
            zip_from_pipe: None,
            beginning: None,
            copy: None,
            bytes_read: Cell::new(0),
        }
    }

    fn add(&mut self, label: String, bytes: Option<u64>, modified: Timestamp, location: Location) {
        // The stem depends on all files that are read together.
        let stem = String::new();
        self.files.push(TranscriptFile { label, stem, bytes, modified, location });
    }

    /// Adds what can be read only once. A zip is copied to the disk, since its directory is its end.
    fn add_pipe(
        &mut self,
        label: &str,
        mut bytes: Box<dyn Read>,
        arrived: Timestamp,
    ) -> Result<(), TranscriptError> {
        let mut beginning = Vec::new();
        bytes.by_ref().take(4).read_to_end(&mut beginning).map_err(TranscriptError::Read)?;
        if !is_beginning_of_zip(&beginning) {
            let rest = Box::new(io::Cursor::new(beginning).chain(bytes));
            self.pipe = Some(Pipe { beginning: Vec::new(), rest: Some(rest) });
            self.add(label.to_owned(), None, arrived, Location::Pipe);
            return Ok(());
        }
        let mut copy = NamedTempFile::new().map_err(TranscriptError::Read)?;
        io::copy(&mut beginning.as_slice().chain(bytes), &mut copy)
            .map_err(TranscriptError::Read)?;
        let added = self.add_members(copy.path(), "", arrived);
        self.zip_from_pipe = Some(copy);
        added.map_err(|error| match error {
            TranscriptError::Archive { source, .. } => {
                TranscriptError::Archive { path: label.into(), source }
            }
            TranscriptError::Encrypted { .. } => TranscriptError::Encrypted { path: label.into() },
            other => other,
        })
    }

    fn add_bytes(
        &mut self,
        label: &str,
        mut bytes: Box<dyn ReadSeek>,
        arrived: Timestamp,
    ) -> Result<(), TranscriptError> {
        let mut beginning = Vec::new();
        bytes.by_ref().take(4).read_to_end(&mut beginning).map_err(TranscriptError::Read)?;
        bytes.rewind().map_err(TranscriptError::Read)?;
        if is_beginning_of_zip(&beginning) {
            self.zip.hold(Path::new(label), bytes)?;
            return self.add_members(Path::new(label), "", arrived);
        }
        self.pipe = Some(Pipe { beginning: Vec::new(), rest: Some(Box::new(bytes)) });
        self.add(label.to_owned(), None, arrived, Location::Pipe);
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), TranscriptError> {
        let mut walk = folder::walk(folder).map_err(TranscriptError::Read)?;
        for (label, error) in walk.unreadable {
            self.unreadable.push((label, TranscriptError::Read(error)));
        }
        walk.links_outside.sort();
        self.links_outside = walk.links_outside;
        walk.files.sort();
        for (label, path) in walk.files {
            // A file can be gone since it was found.
            let Ok(metadata) = fs_err::metadata(&path) else { continue };
            if is_zip(&label) {
                if let Err(error) = self.add_zip(&path, &format!("{label}/"), &metadata) {
                    self.unreadable.push((label, error));
                }
            } else {
                let location = Location::OnDisk(path);
                self.add(label, Some(metadata.len()), modified(&metadata), location);
            }
        }
        Ok(())
    }

    fn add_zip(
        &mut self,
        path: &Path,
        prefix: &str,
        metadata: &std::fs::Metadata,
    ) -> Result<(), TranscriptError> {
        let modified = modified(metadata);
        self.add_members(path, prefix, modified)?;
        self.zips.insert(path.to_owned(), (metadata.len(), modified));
        Ok(())
    }

    fn add_members(
        &mut self,
        path: &Path,
        prefix: &str,
        modified: Timestamp,
    ) -> Result<(), TranscriptError> {
        let (mut members, inner_zips) = self.zip.members(path)?;
        for zip in inner_zips {
            let label = format!("{prefix}{zip}");
            let error = TranscriptError::UnreadFormat {
                path: self.path.join(&label),
                description: "a zip within a zip",
                instead: "Unpack the outer zip, and import the folder.",
            };
            self.unreadable.push((label, error));
        }
        members.sort_by(|one, other| one.label.cmp(&other.label));
        for member in members {
            let label = format!("{prefix}{}", member.label);
            let location = Location::InZip(path.to_owned(), member.index);
            self.add(label, Some(member.bytes), modified, location);
        }
        Ok(())
    }

    fn find_companions_beside(&mut self, path: &Path) {
        for format in Format::ALL {
            for name in format.companions() {
                let companion = path.with_file_name(name);
                // A link may lead anywhere.
                if fs_err::symlink_metadata(&companion).is_ok_and(|metadata| metadata.is_file()) {
                    self.companions.insert((*name).to_owned(), Location::OnDisk(companion));
                }
            }
        }
    }

    /// Names the files, and takes note of those that stand beside chats.
    fn name_files(&mut self) {
        let stems = unique_stems(self.files.iter().map(|file| file.label.as_str()));
        for (file, stem) in self.files.iter_mut().zip(stems) {
            file.stem = stem;
            if is_companion(file.name()) {
                self.companions.insert(file.label.clone(), file.location.clone());
            }
        }
    }
}

/// When a file was last changed; the epoch where the file system does not know it.
fn modified(metadata: &std::fs::Metadata) -> Timestamp {
    metadata
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
