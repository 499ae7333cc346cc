//! The members of zips.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::names::{is_candidate_member, is_inner_zip};
use crate::error::TranscriptError;
use crate::source::ReadSeek;

/// A member of a zip that may hold conversations.
pub(super) struct Member {
    /// Its path within the zip, with `/`.
    pub(super) label: String,
    pub(super) index: usize,
    /// Its size in bytes, unpacked, as the zip states it.
    pub(super) bytes: u64,
}

/// The zip that was read last, so that its directory is read once for many members.
#[derive(Default)]
pub(super) struct OpenZip(Option<(PathBuf, Zip)>);

type Zip = ZipArchive<BufReader<Box<dyn ReadSeek>>>;

impl OpenZip {
    /// The members of a zip that may hold conversations, and the zips in it, which are not opened.
    pub(super) fn members(
        &mut self,
        path: &Path,
    ) -> Result<(Vec<Member>, Vec<String>), TranscriptError> {
        let zip = self.open(path)?;
        let (mut members, mut zips) = (Vec::new(), Vec::new());
        for index in 0..zip.len() {
            let damaged = |error: zip::result::ZipError| archive_error(path, error.into());
            let member = zip.by_index_data(index).map_err(damaged)?;
            // Some programs on Windows separate folders with `\`.
            let label = member.name().map_err(damaged)?.replace('\\', "/");
            if member.is_file() && is_candidate_member(&label) {
                if member.encrypted() {
                    return Err(TranscriptError::Encrypted { path: path.to_owned() });
                }
                members.push(Member { label, index, bytes: member.size() });
            } else if member.is_file() && is_inner_zip(&label) {
                zips.push(label);
            }
        }
        Ok((members, zips))
    }

    /// Lets a function read a member, by its index.
    pub(super) fn read<T>(
        &mut self,
        path: &Path,
        index: usize,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, TranscriptError> {
        self.open(path)?
            .by_index(index)
            .map_err(io::Error::from)
            .and_then(|mut member| read(&mut member))
            .map_err(|error| archive_error(path, error))
    }

    /// Opens a zip that is not on disk; no other may be opened after it.
    pub(super) fn hold(
        &mut self,
        path: &Path,
        bytes: Box<dyn ReadSeek>,
    ) -> Result<(), TranscriptError> {
        self.0 = Some((path.to_owned(), opened(path, bytes)?));
        Ok(())
    }

    fn open(&mut self, path: &Path) -> Result<&mut Zip, TranscriptError> {
        let last = self.0.take().filter(|(open, _)| open == path);
        let zip = match last {
            Some((_, zip)) => zip,
            None => {
                let file = fs_err::File::open(path).map_err(TranscriptError::Read)?;
                opened(path, Box::new(file))?
            }
        };
        Ok(&mut self.0.insert((path.to_owned(), zip)).1)
    }
}

fn opened(path: &Path, bytes: Box<dyn ReadSeek>) -> Result<Zip, TranscriptError> {
    ZipArchive::new(BufReader::new(bytes)).map_err(|error| archive_error(path, error.into()))
}

/// Whether a file begins as a zip does: with a member, or with the end of an empty directory.
pub(super) fn begins_as_zip(path: &Path) -> Result<bool, TranscriptError> {
    let mut beginning = Vec::new();
    let file = fs_err::File::open(path).map_err(TranscriptError::Read)?;
    file.take(4).read_to_end(&mut beginning).map_err(TranscriptError::Read)?;
    Ok(is_beginning_of_zip(&beginning))
}

/// Whether the first four bytes of a file are those of a zip.
pub(super) fn is_beginning_of_zip(bytes: &[u8]) -> bool {
    bytes == b"PK\x03\x04" || bytes == b"PK\x05\x06"
}

fn archive_error(path: &Path, source: io::Error) -> TranscriptError {
    TranscriptError::Archive { path: path.to_owned(), source }
}
