//! The files behind a path: the path itself, those in a folder, or the members of a zip.

mod names;

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use longmem_core::Timestamp;
use zip::ZipArchive;
use zip::result::ZipError;

use self::names::{choose_transcripts, file_name, unique_stems};
use crate::error::TranscriptError;

/// A file that may hold conversations.
#[derive(Debug)]
pub(crate) struct TranscriptFile {
    /// Its path within the folder or zip, with `/`; a single file's name.
    pub(crate) label: String,
    /// Its name without the extension, or its label where another file has the same name.
    pub(crate) stem: String,
    /// Its size in bytes, unpacked; `None` for a pipe.
    pub(crate) bytes: Option<u64>,
    /// When it was last changed; for a member of a zip, when the zip was.
    pub(crate) modified: Timestamp,
    location: Location,
}

#[derive(Debug)]
enum Location {
    OnDisk(PathBuf),
    /// A member of the zip, by its index.
    InZip(usize),
}

/// The files behind a path, in the order in which they are read.
pub(crate) struct TranscriptFiles {
    path: PathBuf,
    zip: Option<ZipArchive<BufReader<fs_err::File>>>,
    files: Vec<TranscriptFile>,
}

impl TranscriptFiles {
    /// Finds the files behind a path, without reading them.
    pub(crate) fn open(path: &Path) -> Result<Self, TranscriptError> {
        let metadata = fs_err::metadata(path).map_err(TranscriptError::Read)?;
        let (mut files, zip) = if metadata.is_dir() {
            (files_in_folder(path)?, None)
        } else if metadata.is_file() && begins_as_zip(path)? {
            let mut zip = open_zip(path)?;
            (files_in_zip(path, &mut zip, modified(&metadata))?, Some(zip))
        } else {
            let label = file_name(&path.to_string_lossy()).to_owned();
            let bytes = metadata.is_file().then_some(metadata.len());
            let location = Location::OnDisk(path.to_owned());
            (vec![TranscriptFile::new(label, bytes, modified(&metadata), location)], None)
        };
        if files.is_empty() {
            return Err(TranscriptError::NoTranscripts { path: path.to_owned() });
        }
        let stems = unique_stems(files.iter().map(|file| file.label.as_str()));
        for (file, stem) in files.iter_mut().zip(stems) {
            file.stem = stem;
        }
        Ok(Self { path: path.to_owned(), zip, files })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn files(&self) -> &[TranscriptFile] {
        &self.files
    }

    /// The size of all files in bytes; `None` if the size of one is not known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.bytes?))
    }

    /// Opens a file by its index in [`files`](Self::files), and lets a function read it.
    pub(crate) fn with_reader<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, TranscriptError> {
        match (&self.files[index].location, &mut self.zip) {
            (Location::InZip(member), Some(zip)) => zip
                .by_index(*member)
                .map_err(io::Error::from)
                .and_then(|mut member| read(&mut member))
                .map_err(|error| archive_error(&self.path, error)),
            (Location::OnDisk(path), _) => fs_err::File::open(path)
                .and_then(|mut file| read(&mut file))
                .map_err(TranscriptError::Read),
            (Location::InZip(_), None) => unreachable!("members are only found in an open zip"),
        }
    }
}

impl TranscriptFile {
    fn new(label: String, bytes: Option<u64>, modified: Timestamp, location: Location) -> Self {
        // The stem depends on all files that are read together.
        Self { label, stem: String::new(), bytes, modified, location }
    }
}

fn files_in_folder(folder: &Path) -> Result<Vec<TranscriptFile>, TranscriptError> {
    let mut found = Vec::new();
    walk(folder, "", &mut found).map_err(TranscriptError::Read)?;
    choose_transcripts(found)
        .into_iter()
        .map(|(label, path)| {
            let metadata = fs_err::metadata(&path).map_err(TranscriptError::Read)?;
            let (bytes, modified) = (Some(metadata.len()), modified(&metadata));
            Ok(TranscriptFile::new(label, bytes, modified, Location::OnDisk(path)))
        })
        .collect()
}

/// Collects the files below a folder with their paths relative to the top. Links to folders are not
/// followed, since they can lead round in circles.
fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        // No program exports files whose names are not UTF-8.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let label = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{label}/"), found)?;
        } else if entry.path().is_file() {
            found.push((label, entry.path()));
        }
    }
    Ok(())
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<fs_err::File>>, TranscriptError> {
    let file = fs_err::File::open(path).map_err(TranscriptError::Read)?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| archive_error(path, error.into()))
}

fn files_in_zip(
    path: &Path,
    zip: &mut ZipArchive<BufReader<fs_err::File>>,
    modified: Timestamp,
) -> Result<Vec<TranscriptFile>, TranscriptError> {
    let damaged = |error: ZipError| archive_error(path, error.into());
    let mut found = Vec::new();
    for index in 0..zip.len() {
        let member = zip.by_index_data(index).map_err(damaged)?;
        if member.is_file() {
            // Some programs on Windows separate folders with `\`.
            found.push((member.name().map_err(damaged)?.replace('\\', "/"), index));
        }
    }
    choose_transcripts(found)
        .into_iter()
        .map(|(label, index)| {
            let member = zip.by_index_data(index).map_err(damaged)?;
            if member.encrypted() {
                return Err(TranscriptError::Encrypted { path: path.to_owned() });
            }
            let bytes = Some(member.size());
            Ok(TranscriptFile::new(label, bytes, modified, Location::InZip(index)))
        })
        .collect()
}

fn archive_error(path: &Path, source: io::Error) -> TranscriptError {
    TranscriptError::Archive { path: path.to_owned(), source }
}

/// Whether a file begins as a zip does: with a member, or with the end of an empty directory.
fn begins_as_zip(path: &Path) -> Result<bool, TranscriptError> {
    let mut beginning = Vec::new();
    let file = fs_err::File::open(path).map_err(TranscriptError::Read)?;
    file.take(4).read_to_end(&mut beginning).map_err(TranscriptError::Read)?;
    Ok(beginning == b"PK\x03\x04" || beginning == b"PK\x05\x06")
}

/// When a file was last changed; the epoch where the file system does not know it.
fn modified(metadata: &std::fs::Metadata) -> Timestamp {
    metadata
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
