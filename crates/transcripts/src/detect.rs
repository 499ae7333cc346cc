//! Detects the format of a path by what its files contain.

use std::ops::ControlFlow;
use std::path::Path;

use crate::error::TranscriptError;
use crate::files::TranscriptFiles;
use crate::formats::Format;
use crate::json::{Limits, for_each_value};
use crate::metered_reader::{Meter, MeteredReader};

/// Values of a file that are looked at. A transcript can begin with many entries that its program
/// wrote for itself.
const MAX_VALUES: usize = 1000;

/// Bytes of an unknown file that an error shows.
const BYTES_SHOWN: u64 = 60;

/// Detects the format of a file, a folder or a zip by its content. The names of files only choose
/// which files of a folder or zip are looked at.
///
/// # Errors
/// [`TranscriptError`] when the path cannot be read, is empty, or no format is recognised in it.
///
/// # Examples
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("export");
/// std::fs::write(&path, r#"[{"title": "Trip", "mapping": {}, "current_node": null}]"#)?;
/// assert_eq!(longmem_transcripts::detect(&path)?, longmem_transcripts::Format::ChatGpt);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn detect(path: &Path) -> Result<Format, TranscriptError> {
    detect_among(&mut TranscriptFiles::open(path)?)
}

/// Returns the format of the first file in which one is recognised.
pub(crate) fn detect_among(files: &mut TranscriptFiles) -> Result<Format, TranscriptError> {
    // What is read from a pipe for detection could not be read again.
    if files.bytes().is_none() {
        return Err(TranscriptError::ReadOnce { path: files.path().to_owned() });
    }
    for index in 0..files.files().len() {
        if let Some(format) = detect_in_file(files, index)? {
            return Ok(format);
        }
    }
    Err(unrecognised(files)?)
}

fn detect_in_file(
    files: &mut TranscriptFiles,
    index: usize,
) -> Result<Option<Format>, TranscriptError> {
    let mut found = None;
    let mut values = 0;
    files.with_reader(index, |bytes| {
        let bytes = MeteredReader::new(bytes, Meter::default());
        for_each_value(bytes, Limits::default(), &mut |shape, value| {
            found = value.ok().and_then(|value| Format::of(&value, shape));
            values += 1;
            if found.is_some() || values == MAX_VALUES {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    })?;
    Ok(found)
}

/// The error for files in which no format was recognised: it shows how the first that is not empty
/// begins.
fn unrecognised(files: &mut TranscriptFiles) -> Result<TranscriptError, TranscriptError> {
    let path = files.path().to_owned();
    for index in 0..files.files().len() {
        let beginning = files.with_reader(index, |bytes| {
            MeteredReader::new(bytes, Meter::default()).read_beginning(BYTES_SHOWN)
        })?;
        if !beginning.is_empty() {
            let begins = String::from_utf8_lossy(&beginning).escape_debug().to_string();
            return Ok(TranscriptError::Unrecognised { path, expected: known_formats(), begins });
        }
    }
    Ok(TranscriptError::Empty { path })
}

/// Every format as people know it: "a ChatGPT export, a Claude.ai export, … or …".
fn known_formats() -> String {
    let mut formats: Vec<&str> = Format::ALL.iter().map(|format| format.description()).collect();
    let last = formats.pop().unwrap_or_default();
    format!("{} or {last}", formats.join(", "))
}
