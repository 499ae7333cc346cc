//! The files behind a path: itself, those in a folder, or the members of a zip.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use longmem_core::Timestamp;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::TranscriptError;

/// A file that may hold conversations.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path within the folder or zip, with `/`; a single file's name.
    pub(crate) label: String,
    /// Its name without the extension; within the folder or zip no other has the same.
    pub(crate) stem: String,
    /// Its size in bytes, unpacked; none for a pipe.
    pub(crate) bytes: Option<u64>,
    /// When it was last changed; the zip's time for a member.
    pub(crate) modified: Timestamp,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Member(usize),
}

/// The files behind a path, in the order in which they are read.
pub(crate) struct Sources {
    path: PathBuf,
    archive: Option<ZipArchive<BufReader<fs_err::File>>>,
    files: Vec<Source>,
}

impl Sources {
    /// Finds the files behind a path, without reading them.
    pub(crate) fn open(path: &Path) -> Result<Self, TranscriptError> {
        let metadata = fs_err::metadata(path).map_err(TranscriptError::Read)?;
        let mut sources = if metadata.is_dir() {
            Self::folder(path)?
        } else if metadata.is_file() && is_zip(path)? {
            Self::zip(path, modified(&metadata))?
        } else {
            let label = file_name(&path.to_string_lossy()).to_owned();
            let bytes = metadata.is_file().then_some(metadata.len());
            let place = Place::File(path.to_owned());
            let file =
                Source { stem: stem(&label), label, bytes, modified: modified(&metadata), place };
            Self { path: path.to_owned(), archive: None, files: vec![file] }
        };
        if sources.files.is_empty() {
            return Err(TranscriptError::NoTranscripts { path: path.to_owned() });
        }
        tell_apart(&mut sources.files);
        Ok(sources)
    }

    fn folder(path: &Path) -> Result<Self, TranscriptError> {
        let mut labels = Vec::new();
        walk(path, "", &mut labels).map_err(TranscriptError::Read)?;
        let mut files = Vec::new();
        for label in transcripts_among(labels) {
            let place = path.join(&label);
            let metadata = fs_err::metadata(&place).map_err(TranscriptError::Read)?;
            files.push(Source {
                stem: stem(&label),
                label,
                bytes: Some(metadata.len()),
                modified: modified(&metadata),
                place: Place::File(place),
            });
        }
        Ok(Self { path: path.to_owned(), archive: None, files })
    }

    fn zip(path: &Path, modified: Timestamp) -> Result<Self, TranscriptError> {
        let damaged = |error: ZipError| archive_error(path, error.into());
        let file = fs_err::File::open(path).map_err(TranscriptError::Read)?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        let mut names = Vec::new();
        for index in 0..archive.len() {
            let member = archive.by_index_data(index).map_err(damaged)?;
            if member.is_file() {
                names.push(member.name().map_err(damaged)?.replace('\\', "/"));
            }
        }
        let mut files = Vec::new();
        for label in transcripts_among(names) {
            let Some(index) = archive.index_for_name(&label) else { continue };
            let member = archive.by_index_data(index).map_err(damaged)?;
            if member.encrypted() {
                return Err(TranscriptError::Encrypted { path: path.to_owned() });
            }
            let (bytes, place) = (Some(member.size()), Place::Member(index));
            files.push(Source { stem: stem(&label), label, bytes, modified, place });
        }
        Ok(Self { path: path.to_owned(), archive: Some(archive), files })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn files(&self) -> &[Source] {
        &self.files
    }

    /// The size of all files in bytes; none if one does not tell.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.bytes?))
    }

    /// Opens a file by its place in [`files`](Self::files) for as long as a function reads it.
    pub(crate) fn with_reader<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, TranscriptError> {
        match (&self.files[index].place, &mut self.archive) {
            (Place::Member(member), Some(archive)) => archive
                .by_index(*member)
                .map_err(io::Error::from)
                .and_then(|mut member| read(&mut member))
                .map_err(|error| archive_error(&self.path, error)),
            (Place::File(path), _) => fs_err::File::open(path)
                .and_then(|mut file| read(&mut file))
                .map_err(TranscriptError::Read),
            (Place::Member(_), None) => unreachable!("members come from an archive"),
        }
    }
}

fn archive_error(path: &Path, source: io::Error) -> TranscriptError {
    TranscriptError::Archive { path: path.to_owned(), source }
}

/// Says whether a file begins as a zip does: with a member, or with the end of an empty directory.
fn is_zip(path: &Path) -> Result<bool, TranscriptError> {
    let mut beginning = Vec::new();
    let file = fs_err::File::open(path).map_err(TranscriptError::Read)?;
    file.take(4).read_to_end(&mut beginning).map_err(TranscriptError::Read)?;
    Ok(beginning == b"PK\x03\x04" || beginning == b"PK\x05\x06")
}

/// When a file was last changed; the epoch where the file system does not tell.
fn modified(metadata: &std::fs::Metadata) -> Timestamp {
    metadata
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Collects the files below a folder, relative to the top. Links to folders are not followed, since
/// they can lead round in circles.
fn walk(folder: &Path, prefix: &str, labels: &mut Vec<String>) -> io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        // A name that is not UTF-8 could not be opened again by its label; no program exports one.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let label = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{label}/"), labels)?;
        } else if entry.path().is_file() {
            labels.push(label);
        }
    }
    Ok(())
}

/// Chooses, of all files in a folder or zip, those that may hold conversations: the export's
/// `conversations*.json` if there are any, else every `*.jsonl`, else every `*.json`. Sorted.
fn transcripts_among(mut labels: Vec<String>) -> Vec<String> {
    labels.retain(|label| {
        !label.split('/').any(|part| matches!(part, "subagents" | "__MACOSX"))
            && !file_name(label).starts_with("._")
    });
    labels.sort();
    let kinds: [fn(&str) -> bool; 3] = [
        is_conversations,
        |name| has_extension(name, "jsonl") || has_extension(name, "ndjson"),
        |name| has_extension(name, "json"),
    ];
    for is_kind in kinds {
        if labels.iter().any(|label| is_kind(file_name(label))) {
            labels.retain(|label| is_kind(file_name(label)));
            return labels;
        }
    }
    Vec::new()
}

/// Says whether a name is `conversations.json` or a numbered part, as `conversations-007.json`.
fn is_conversations(name: &str) -> bool {
    name.strip_prefix("conversations")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_')))
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn file_name(label: &str) -> &str {
    label.rsplit('/').next().unwrap_or(label)
}

fn stem(label: &str) -> String {
    let name = file_name(label);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// Gives files of the same stem their whole path as stem, so that `a/chat.jsonl` and `b/chat.jsonl`
/// stay two conversations.
fn tell_apart(files: &mut [Source]) {
    let stems: Vec<String> = files.iter().map(|file| file.stem.clone()).collect();
    for file in files {
        if stems.iter().filter(|stem| **stem == file.stem).count() > 1 {
            file.stem.clone_from(&file.label);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(labels: &[&str]) -> Vec<String> {
        transcripts_among(labels.iter().map(|label| (*label).to_owned()).collect())
    }

    #[test]
    fn chooses_the_files_that_hold_conversations() {
        assert_eq!(
            chosen(&["x/conversations-001.json", "x/conversations-000.json", "x/user.json"]),
            ["x/conversations-000.json", "x/conversations-001.json"]
        );
        assert_eq!(
            chosen(&["p/a.jsonl", "p/a/subagents/agent-1.jsonl", "p/notes.md", "p/x.json"]),
            ["p/a.jsonl"]
        );
        assert_eq!(chosen(&["__MACOSX/._a.json", "a.json"]), ["a.json"]);
        assert_eq!(chosen(&["chat.html"]), Vec::<String>::new());
        assert!(!is_conversations("conversations-of-mine.json"));
    }
}
