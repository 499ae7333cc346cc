//! How far a file was read, so that it is not read again.

use std::fmt::Write;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use longmem_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::encoding::is_utf8;
use crate::files::{Marked, TranscriptFiles};
use crate::formats::Format;
use crate::turn_output::{FileMemory, TurnOutput};

/// Raised when a reader begins to read more or other turns from the same file: files that were read
/// before are then read whole again.
const READERS_VERSION: u32 = 2;

/// Bytes at the beginning, and before the end, by which a file is known again.
const FINGERPRINT_BYTES: u64 = 512;

/// How far a file was read, and what is needed to read on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    readers_version: u32,
    /// The format in which it was read; `None` for a zip, whose files have their own.
    format: Option<Format>,
    /// What sessions without a name are named after.
    stem: String,
    /// The whole file, where it was read to its end.
    whole: Option<WholeFile>,
    /// Where a file that has grown is read on; `None` if it must be read from its beginning.
    resume: Option<Resume>,
}

/// By what a file is known not to have changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct WholeFile {
    bytes: u64,
    modified: Timestamp,
    fingerprint: String,
}

/// What is needed to read on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Resume {
    /// Where the next line begins.
    pub(crate) offset: u64,
    /// Of what stands before.
    fingerprint: String,
    /// What the reader kept for later values.
    pub(crate) state: Value,
    /// What was kept of the turns that were delivered.
    pub(crate) memory: FileMemory,
}

/// What a mark says about a file as it is now.
#[derive(Debug)]
pub(crate) enum SinceMark {
    /// It did not change.
    Unchanged,
    /// Something was added at its end.
    Grown(Format, Resume),
    /// It must be read from its beginning.
    Other,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone)]
pub(crate) struct FileFacts<'a> {
    pub(crate) path: &'a Path,
    pub(crate) stem: &'a str,
    pub(crate) bytes: u64,
    pub(crate) modified: Timestamp,
}

/// Where in a file reading stopped, at the end of a line.
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) state: Value,
    pub(crate) memory: FileMemory,
}

impl Mark {
    /// The mark as JSON, to be kept.
    pub fn to_json(&self) -> Vec<u8> {
        // Names, numbers and JSON can always be written; nothing would be read as no mark.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a mark that was kept; `None` if it is of another version.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The words of the file that its reader kept to read on: titles, prompts that wait, names.
    pub fn words(&self) -> Vec<&str> {
        let mut words = vec![self.stem.as_str()];
        let mut values: Vec<&Value> = self.resume.iter().map(|resume| &resume.state).collect();
        while let Some(value) = values.pop() {
            match value {
                Value::String(text) => words.push(text),
                Value::Array(elements) => values.extend(elements),
                Value::Object(fields) => {
                    words.extend(fields.keys().map(String::as_str));
                    values.extend(fields.values());
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        words
    }

    /// The mark without what its reader kept: if the file grows, it is read from its beginning.
    #[must_use]
    pub fn without_state(self) -> Self {
        Self { resume: None, ..self }
    }

    /// Makes the mark of a file that was read to its end, or, with nothing but a place, up to there.
    ///
    /// It says how many bytes of the file were read for that, too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn new(
        file: &FileFacts<'_>,
        format: Option<Format>,
        is_whole: bool,
        place: Option<Place>,
    ) -> io::Result<(Self, u64)> {
        let mut opened = fs_err::File::open(file.path)?;
        let mut bytes_read = 0;
        let mut fingerprint_at = |end: u64| {
            bytes_read += fingerprinted(end);
            fingerprint(&mut opened, end)
        };
        let whole = if is_whole { Some(fingerprint_at(file.bytes)?) } else { None };
        let resume = match place {
            None => None,
            Some(place) => {
                // Mostly a file was read to its end, and that is where it is read on.
                let found = match &whole {
                    Some(whole) if place.offset == file.bytes => whole.clone(),
                    _ => fingerprint_at(place.offset)?,
                };
                let Fingerprint { text: fingerprint, is_utf8 } = found;
                let Place { offset, state, memory } = place;
                // Offsets are those of the file only where it was not decoded.
                is_utf8.then_some(Resume { offset, fingerprint, state, memory })
            }
        };
        let whole = whole.map(|Fingerprint { text: fingerprint, .. }| WholeFile {
            bytes: file.bytes,
            modified: file.modified,
            fingerprint,
        });
        let stem = file.stem.to_owned();
        Ok((Self { readers_version: READERS_VERSION, format, stem, whole, resume }, bytes_read))
    }

    /// Compares a file with its mark; also says how many bytes of it were read for that.
    pub(crate) fn compare(self, file: &FileFacts<'_>) -> (SinceMark, u64) {
        if self.readers_version != READERS_VERSION {
            return (SinceMark::Other, 0);
        }
        let Ok(mut opened) = fs_err::File::open(file.path) else { return (SinceMark::Other, 0) };
        let mut same = |bytes: u64, expected: &str| {
            fingerprint(&mut opened, bytes).is_ok_and(|found| found.text == expected)
        };
        if let Some(WholeFile { bytes, modified, fingerprint }) = &self.whole
            && (*bytes, *modified) == (file.bytes, file.modified)
        {
            let unchanged = same(*bytes, fingerprint);
            let since = if unchanged { SinceMark::Unchanged } else { SinceMark::Other };
            return (since, fingerprinted(*bytes));
        }
        match (self.format, self.resume) {
            (Some(format), Some(resume)) if resume.offset <= file.bytes => {
                let read = fingerprinted(resume.offset);
                if same(resume.offset, &resume.fingerprint) {
                    (SinceMark::Grown(format, resume), read)
                } else {
                    (SinceMark::Other, read)
                }
            }
            _ => (SinceMark::Other, 0),
        }
    }
}

/// What became of a file since its mark was set. Its sessions keep the name that they had when it was
/// read first, whatever files lie beside it now: under another name, all turns would be new.
pub(crate) fn since_mark(
    files: &TranscriptFiles,
    marked: Option<&mut Marked>,
    output: &mut TurnOutput<'_>,
) -> SinceMark {
    let Some(marked) = marked else { return SinceMark::Other };
    let receiver = output.receiver();
    let Some(mark) = receiver.mark(&marked.path) else { return SinceMark::Other };
    marked.stem.clone_from(&mark.stem);
    let looks_at_marks = receiver.keeps_marks() && !receiver.reads_unchanged();
    if !looks_at_marks || has_write_ahead_log(&marked.path) {
        return SinceMark::Other;
    }
    let (since, bytes) = mark.compare(&marked.facts());
    files.count_bytes_read(bytes);
    since
}

/// Whether the newest rows of a database stand beside it, so that its own file tells nothing of them.
fn has_write_ahead_log(database: &Path) -> bool {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    fs_err::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0)
}

/// By what the beginning of a file is known again.
#[derive(Clone)]
struct Fingerprint {
    text: String,
    is_utf8: bool,
}

/// Makes a fingerprint of the first `end` bytes of a file, from their beginning and their end.
fn fingerprint(file: &mut (impl Read + Seek), end: u64) -> io::Result<Fingerprint> {
    let mut first = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(FINGERPRINT_BYTES.min(end)).read_to_end(&mut first)?;
    let mut last = Vec::new();
    let last_begins = end.saturating_sub(FINGERPRINT_BYTES).max(first.len() as u64);
    file.seek(SeekFrom::Start(last_begins))?;
    file.take(end - last_begins).read_to_end(&mut last)?;
    let mut hash = Sha256::new();
    hash.update(end.to_le_bytes());
    hash.update(&first);
    hash.update(&last);
    let mut text = String::with_capacity(32);
    for byte in &hash.finalize()[..16] {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    Ok(Fingerprint { text, is_utf8: is_utf8(&first) })
}

/// Bytes that are read for a fingerprint.
fn fingerprinted(end: u64) -> u64 {
    end.min(2 * FINGERPRINT_BYTES)
}
