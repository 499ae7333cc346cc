//! The files behind a path: the path itself, those in a folder, or the members of a zip.

mod find;
mod folder;
mod names;
mod zips;

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use longmem_core::Timestamp;
use serde_json::Value;
use tempfile::NamedTempFile;

use self::names::{file_name, is_json, is_part_of_export, is_zip};
use self::zips::OpenZip;
use crate::database::Database;
use crate::encoding::Utf8Reader;
use crate::error::TranscriptError;
use crate::formats::is_companion;
use crate::mark::FileFacts;

/// Bytes at the beginning of a file by which its format is told.
const BEGINNING_BYTES: u64 = 1 << 20;

/// Bytes of an unknown file that an error shows.
const BYTES_SHOWN: usize = 60;

/// Bytes of a companion, such as the list of a Slack export's users. A larger one is not read.
const MAX_COMPANION_BYTES: u64 = 256 << 20;

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

#[derive(Debug, Clone)]
enum Location {
    OnDisk(PathBuf),
    /// What can be read only once.
    Pipe,
    /// A member of a zip, by its index.
    InZip(PathBuf, usize),
}

/// The files behind a path, in the order in which they are read.
pub(crate) struct TranscriptFiles {
    path: PathBuf,
    files: Vec<TranscriptFile>,
    /// Where each file that stands beside chats is, by its label.
    companions: HashMap<String, Location>,
    /// What those hold that were read, by label: each is asked for with every file beside it.
    read_companions: HashMap<String, Option<Rc<Value>>>,
    /// What could not be looked into.
    unreadable: Vec<(String, TranscriptError)>,
    /// Links that lead out of the folder, by their path within it.
    links_outside: Vec<String>,
    zip: OpenZip,
    /// Size and time of each zip.
    zips: HashMap<PathBuf, (u64, Timestamp)>,
    pipe: Option<Pipe>,
    /// The zip that came through a pipe.
    zip_from_pipe: Option<NamedTempFile>,
    /// The beginning that was read last, by its file's index: it is looked at several times.
    beginning: Option<(usize, Rc<[u8]>)>,
    /// The copy of a file for what needs one on disk, by the file's index.
    copy: Option<(usize, NamedTempFile)>,
    /// Bytes that were read of all files; those of a zip's members after unpacking.
    bytes_read: Cell<u64>,
}

/// A file that a mark is kept for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marked {
    pub(crate) path: PathBuf,
    pub(crate) is_zip: bool,
    /// What sessions without a name are named after.
    pub(crate) stem: String,
    bytes: u64,
    modified: Timestamp,
}

impl Marked {
    pub(crate) fn facts(&self) -> FileFacts<'_> {
        let Self { path, stem, bytes, modified, .. } = self;
        FileFacts { path, stem, bytes: *bytes, modified: *modified }
    }
}

/// Counts the bytes that are read through it.
struct CountingReader<'a, R> {
    reader: R,
    count: &'a Cell<u64>,
}

impl<R: Read> Read for CountingReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.reader.read(buffer)?;
        self.count.set(self.count.get() + bytes as u64);
        Ok(bytes)
    }
}

/// Bytes that can be read only once, with those of the beginning, which are read twice.
struct Pipe {
    beginning: Vec<u8>,
    /// Nothing once it was read.
    rest: Option<Box<dyn Read>>,
}

impl TranscriptFiles {
    pub(crate) fn files(&self) -> &[TranscriptFile] {
        &self.files
    }

    /// What could not be looked into, by its path within the folder: folders and zips.
    pub(crate) fn take_unreadable(&mut self) -> Vec<(String, TranscriptError)> {
        std::mem::take(&mut self.unreadable)
    }

    /// Links that lead out of the folder, by their path within it.
    pub(crate) fn take_links_outside(&mut self) -> Vec<String> {
        std::mem::take(&mut self.links_outside)
    }

    /// Whether a file is in a folder or zip that was named, and not named itself.
    pub(crate) fn is_one_of_many(&self) -> bool {
        self.files.len() > 1 || self.files.iter().any(|file| !file.is_at(&self.path))
    }

    /// The size of all files in bytes; `None` if the size of one is not known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.bytes?))
    }

    /// The first bytes of a file, as UTF-8 where it is text.
    pub(crate) fn beginning(&mut self, index: usize) -> Result<Rc<[u8]>, TranscriptError> {
        if let Some((of, beginning)) = &self.beginning
            && *of == index
        {
            return Ok(Rc::clone(beginning));
        }
        let beginning: Rc<[u8]> = self.read_beginning(index)?.into();
        self.beginning = Some((index, Rc::clone(&beginning)));
        Ok(beginning)
    }

    fn read_beginning(&mut self, index: usize) -> Result<Vec<u8>, TranscriptError> {
        if let (Location::Pipe, Some(pipe)) = (&self.files[index].location, &mut self.pipe) {
            if pipe.beginning.is_empty()
                && let Some(rest) = &mut pipe.rest
            {
                let mut limited = rest.take(BEGINNING_BYTES);
                limited.read_to_end(&mut pipe.beginning).map_err(TranscriptError::Read)?;
            }
            let mut beginning = Vec::new();
            Utf8Reader::new(&pipe.beginning[..])
                .read_to_end(&mut beginning)
                .map_err(TranscriptError::Read)?;
            return Ok(beginning);
        }
        self.with_reader(index, |file| {
            let mut beginning = Vec::new();
            match file.take(BEGINNING_BYTES).read_to_end(&mut beginning) {
                // Where damage begins is found again when the file is read.
                Err(error) if beginning.is_empty() => Err(error),
                _ => Ok(beginning),
            }
        })
    }

    /// Opens a file by its index in [`files`](Self::files), and lets a function read it, as UTF-8
    /// where it is text. A pipe can be read once.
    pub(crate) fn with_reader<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, TranscriptError> {
        let count = &self.bytes_read;
        match (&self.files[index].location, &mut self.pipe) {
            (Location::Pipe, Some(pipe)) => {
                let rest = pipe.rest.take().unwrap_or_else(|| Box::new(io::empty()));
                let bytes = CountingReader { reader: pipe.beginning.chain(rest), count };
                read(&mut Utf8Reader::new(bytes)).map_err(TranscriptError::Read)
            }
            (location, _) => read_at(location, &mut self.zip, |file| {
                read(&mut Utf8Reader::new(CountingReader { reader: file, count }))
            }),
        }
    }

    /// Lets a function read a file on disk from an offset, as it is.
    pub(crate) fn with_reader_from<T>(
        &self,
        index: usize,
        offset: u64,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, TranscriptError> {
        let Location::OnDisk(path) = &self.files[index].location else {
            unreachable!("only files on disk have marks with an offset");
        };
        fs_err::File::open(path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(offset))?;
                read(&mut CountingReader { reader: file, count: &self.bytes_read })
            })
            .map_err(TranscriptError::Read)
    }

    /// Bytes that were read of all files, for whatever reason.
    pub(crate) fn bytes_read_in_all(&self) -> u64 {
        self.bytes_read.get()
    }

    /// Counts bytes that were read in another way.
    pub(crate) fn count_bytes_read(&self, bytes: u64) {
        self.bytes_read.set(self.bytes_read.get() + bytes);
    }

    /// The file on disk that a mark for this file is kept for: itself, or the zip that it is in.
    /// `None` for a pipe.
    pub(crate) fn marked(&self, index: usize) -> Option<Marked> {
        let file = &self.files[index];
        let (path, is_zip, (bytes, modified)) = match &file.location {
            Location::Pipe => return None,
            Location::OnDisk(path) => (path, false, (file.bytes?, file.modified)),
            Location::InZip(zip, _) => (zip, true, *self.zips.get(zip)?),
        };
        let path = fs_err::canonicalize(path).ok()?;
        // What a zip's files are called does not depend on what lies beside the zip.
        let stem = if is_zip { String::new() } else { file.stem.clone() };
        Some(Marked { path, is_zip, stem, bytes, modified })
    }

    /// Names sessions without a name after something else than the file.
    pub(crate) fn set_stem(&mut self, index: usize, stem: String) {
        self.files[index].stem = stem;
    }

    /// Lets a function read a file as a database.
    pub(crate) fn with_database<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&Database) -> rusqlite::Result<T>,
    ) -> Result<T, TranscriptError> {
        let path = self.path_on_disk(index)?;
        Database::open(&path).and_then(|database| read(&database)).map_err(|source| {
            TranscriptError::Database { path: PathBuf::from(&self.files[index].label), source }
        })
    }

    /// Where a file is on disk. A member of a zip and a pipe are copied there.
    fn path_on_disk(&mut self, index: usize) -> Result<PathBuf, TranscriptError> {
        if let Location::OnDisk(path) = &self.files[index].location {
            return Ok(path.clone());
        }
        if let Some((copied, copy)) = &self.copy
            && *copied == index
        {
            return Ok(copy.path().to_owned());
        }
        let mut copy = NamedTempFile::new().map_err(TranscriptError::Read)?;
        self.with_reader(index, |file| io::copy(file, &mut copy))?;
        let path = copy.path().to_owned();
        self.copy = Some((index, copy));
        Ok(path)
    }

    /// The companion of a file: the file of that name in its folder, or in the nearest one above.
    /// `None` where there is none, or it is not JSON.
    pub(crate) fn companion(
        &mut self,
        index: usize,
        name: &str,
    ) -> Result<Option<Rc<Value>>, TranscriptError> {
        let mut folder = self.files[index].label.as_str();
        let mut label = name.to_owned();
        while let Some((above, _)) = folder.rsplit_once('/') {
            let candidate = format!("{above}/{name}");
            if self.companions.contains_key(&candidate) {
                label = candidate;
                break;
            }
            folder = above;
        }
        let Some(location) = self.companions.get(&label).cloned() else { return Ok(None) };
        if let Some(companion) = self.read_companions.get(&label) {
            return Ok(companion.clone());
        }
        let text = read_at(&location, &mut self.zip, |file| {
            let mut text = Vec::new();
            file.take(MAX_COMPANION_BYTES).read_to_end(&mut text)?;
            Ok(text)
        })?;
        let companion = serde_json::from_slice(&text).ok().map(Rc::new);
        self.read_companions.insert(label, companion.clone());
        Ok(companion)
    }

    /// The error for files in which no format was recognised: it shows how the first that is not
    /// empty begins.
    pub(crate) fn nothing_recognised(&mut self) -> Result<TranscriptError, TranscriptError> {
        for index in 0..self.files.len() {
            let beginning = self.beginning(index)?;
            let text = String::from_utf8_lossy(&beginning);
            let text = text.trim_start_matches('\u{feff}').trim_start();
            if !text.is_empty() {
                let shown = text.floor_char_boundary(BYTES_SHOWN);
                return Ok(TranscriptError::Unrecognised {
                    path: self.path_of(&self.files[index].label),
                    begins: text[..shown].escape_debug().to_string(),
                });
            }
        }
        Ok(TranscriptError::Empty { path: self.path.clone() })
    }

    /// The path of a file for people, by its label: that of a zip's member stands below the zip's.
    pub(crate) fn path_of(&self, label: &str) -> PathBuf {
        if self.is_one_of_many() { self.path.join(label) } else { self.path.clone() }
    }
}

impl TranscriptFile {
    /// The name of the folder or the zip that it lies in, without the extension of the zip.
    pub(crate) fn folder_name(&self) -> Option<String> {
        let folder = match (self.label.rsplit_once('/'), &self.location) {
            (Some((folder, _)), _) => Some(file_name(folder).to_owned()),
            (None, Location::OnDisk(path)) => {
                let folder =
                    std::path::absolute(path).ok()?.parent()?.file_name()?.to_str()?.to_owned();
                Some(folder)
            }
            (None, Location::InZip(zip, _)) => Some(file_name(&zip.to_string_lossy()).to_owned()),
            (None, Location::Pipe) => None,
        }?;
        let is_zip = is_zip(&folder);
        Some(if is_zip { folder[..folder.len() - ".zip".len()].to_owned() } else { folder })
    }

    /// Its name without the folders.
    pub(crate) fn name(&self) -> &str {
        file_name(&self.label)
    }

    /// Whether it is worth a word where no format recognises it: JSON that is no known part of an
    /// export. A text or a database is seldom a chat.
    pub(crate) fn may_be_expected_to_hold_chats(&self) -> bool {
        is_json(&self.label) && !is_companion(self.name()) && !is_part_of_export(self.name())
    }

    fn is_at(&self, path: &Path) -> bool {
        match &self.location {
            Location::OnDisk(own) => own == path,
            Location::Pipe => true,
            Location::InZip(..) => false,
        }
    }
}

fn read_at<T>(
    location: &Location,
    zip: &mut OpenZip,
    read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
) -> Result<T, TranscriptError> {
    match location {
        Location::OnDisk(path) => fs_err::File::open(path)
            .and_then(|mut file| read(&mut file))
            .map_err(TranscriptError::Read),
        Location::InZip(path, member) => zip.read(path, *member, read),
        Location::Pipe => unreachable!("a pipe is read where it is held"),
    }
}
