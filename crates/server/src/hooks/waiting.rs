//! Transcripts that have grown and are to be read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use longmem_core::private_files::{make_folder, open_options};
use longmem_core::{SessionName, UserName, fnv1a};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::HookClient;

/// How the name of a file ends that says which transcript waits.
const WAITING: &str = "json";

/// How it ends while the transcript is read.
const READING: &str = "reading";

/// A transcript that has grown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WaitingTranscript {
    /// Whose program writes it.
    pub client: HookClient,
    /// Whose turns it holds.
    pub user: UserName,
    /// The file.
    pub path: PathBuf,
    /// The session that it holds, if its name is known.
    pub session: Option<SessionName>,
    /// The folder that the session works in, if it is known.
    pub project: Option<String>,
    /// How often it could not be read.
    #[serde(default)]
    pub failures: u32,
}

/// What became of a transcript that was to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    /// All of it is stored.
    Done,
    /// It may grow soon, or it could not be read now: it goes on waiting.
    Later,
    /// It could not be read, and that was its own fault.
    Failed,
}

/// The transcripts that wait for one store: a file for each, in a private folder. A transcript is noted
/// without opening the store, in less than a millisecond, and waits until it was read, whichever process
/// does that.
#[derive(Debug, Clone)]
pub struct WaitingTranscripts {
    folder: PathBuf,
}

impl WaitingTranscripts {
    /// Those whose files are in this folder; it is made when the first one is noted.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Notes a transcript. One that waits already is noted once.
    ///
    /// # Errors
    /// Those of the system.
    pub fn note(&self, transcript: &WaitingTranscript) -> io::Result<()> {
        make_folder(&self.folder)?;
        written_in(&self.folder, transcript)?.persist(self.path_of(transcript))?;
        Ok(())
    }

    /// Whether any transcript waits.
    pub fn is_empty(&self) -> bool {
        self.files().is_empty()
    }

    /// Gives each transcript that waits to `read`, and keeps those that it does not finish. One process
    /// reads at a time: if another does, it finds what was noted before this was called, and nothing is
    /// done here.
    ///
    /// Returns what went wrong with single files: those go on waiting, and hold no other up.
    ///
    /// # Errors
    /// Those of the system for the folder.
    pub(super) fn read_all(
        &self,
        read: &mut dyn FnMut(&WaitingTranscript) -> ReadOutcome,
    ) -> io::Result<Vec<io::Error>> {
        let mut errors = Vec::new();
        // Who notes a transcript while another process reads leaves it to that one, which may have
        // looked already: so it looks again after it has let go of the lock.
        let mut left = Vec::new();
        while self.files().iter().any(|file| !left.contains(file)) {
            let lock_path = self.folder.join("lock");
            let lock = open_options(&lock_path).write(true).create(true).open(&lock_path)?;
            if lock.try_lock().is_err() {
                return Ok(errors);
            }
            for file in self.files() {
                match read_one(&file, read) {
                    Ok(false) => {}
                    Ok(true) => left.push(file),
                    Err(error) => {
                        let named = format!("{} could not be read: {error}", file.display());
                        errors.push(io::Error::new(error.kind(), named));
                        left.push(file);
                    }
                }
            }
            drop::<File>(lock);
        }
        Ok(errors)
    }

    /// The files of transcripts that wait. One that somebody began to read and did not finish waits, too,
    /// under the name that it had before.
    fn files(&self) -> Vec<PathBuf> {
        let is_one =
            |path: &PathBuf| path.extension().is_some_and(|end| end == WAITING || end == READING);
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(is_one).collect();
        for file in &mut files {
            file.set_extension(WAITING);
        }
        files.sort();
        files.dedup();
        files
    }

    fn path_of(&self, transcript: &WaitingTranscript) -> PathBuf {
        let user = transcript.user.as_str().as_bytes();
        let path = transcript.path.as_os_str().as_encoded_bytes();
        let name = fnv1a(&[user, b"\0", path].concat());
        self.folder.join(format!("{name:016x}")).with_extension(WAITING)
    }
}

/// A file of the folder that names a transcript, whole before it gets its name.
fn written_in(folder: &Path, transcript: &WaitingTranscript) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec(transcript)?)?;
    Ok(file)
}

/// Times that a transcript may fail before it waits no longer.
const MOST_FAILURES: u32 = 5;

/// Reads the transcript that a file names. Says whether the transcript goes on waiting.
///
/// The file has another name meanwhile: a hook that notes the transcript again makes a new one.
fn read_one(
    waiting: &Path,
    read: &mut dyn FnMut(&WaitingTranscript) -> ReadOutcome,
) -> io::Result<bool> {
    let reading = waiting.with_extension(READING);
    // What was noted last counts; without it, somebody did not finish reading.
    if let Err(error) = fs::rename(waiting, &reading)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let Ok(transcript) = serde_json::from_slice::<WaitingTranscript>(&fs::read(&reading)?) else {
        // Nobody can read it, now or later.
        fs::remove_file(&reading)?;
        return Ok(false);
    };
    let failures = match read(&transcript) {
        ReadOutcome::Done => MOST_FAILURES,
        ReadOutcome::Later => transcript.failures,
        ReadOutcome::Failed => transcript.failures + 1,
    };
    let mut waits = false;
    if failures < MOST_FAILURES {
        let transcript = WaitingTranscript { failures, ..transcript };
        let folder = waiting.parent().unwrap_or(Path::new("."));
        // What was noted meanwhile counts more.
        match written_in(folder, &transcript)?.persist_noclobber(waiting) {
            Ok(_) => waits = true,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    fs::remove_file(&reading)?;
    Ok(waits)
}
