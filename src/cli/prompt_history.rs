//! What was typed at the prompt, kept for the next talk: in a file beside the spool, one for each store
//! and user, which only its owner may read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use longmem_chat::{Spool, TalkSettings};
use longmem_core::UserName;
use longmem_core::private_files::{make_folder, open_options};
use reedline::FileBackedHistory;

/// Number of lines that are kept; the oldest go first.
const LINES: usize = 1_000;

/// How the file writes a line break within a message.
const LINE_BREAK: &str = "<\\n>";

/// The file of what one user typed in talks on one store.
#[derive(Debug, Clone)]
pub(crate) struct PromptHistory(PathBuf);

impl PromptHistory {
    /// The history that belongs to a user's talks; none where talks have no spool. Nothing is made or
    /// read yet.
    pub(crate) fn of(talk: &TalkSettings, user: &UserName) -> Option<Self> {
        let spool = talk.spool.as_ref()?;
        let file = Spool::new(&spool.folder, &spool.place, user);
        Some(Self(file.path().with_extension("history")))
    }

    /// Opens it for the editor, and makes the file if there is none.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub(crate) fn open(&self) -> io::Result<FileBackedHistory> {
        if let Some(folder) = self.0.parent() {
            make_folder(folder)?;
        }
        open_options(&self.0).create(true).truncate(false).write(true).open(&self.0)?;
        FileBackedHistory::with_file(LINES, self.0.clone()).map_err(io::Error::other)
    }

    /// Takes out these messages, also where they stand behind a command.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn forget(&self, messages: &[String]) -> io::Result<()> {
        let Some(mut file) = self.existing()? else { return Ok(()) };
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let gone: Vec<String> = messages.iter().map(|message| as_a_line(message)).collect();
        let is_gone = |line: &&str| {
            let line = without_backslashes(line.trim());
            gone.iter().any(|gone| line == *gone || line.ends_with(&format!(" {gone}")))
        };
        let kept: Vec<&str> = text.lines().filter(|line| !is_gone(line)).collect();
        if kept.len() == text.lines().count() {
            return Ok(());
        }
        let kept = kept.iter().fold(String::new(), |all, line| all + line + "\n");
        overwrite(&mut file, text.len(), &kept)
    }

    /// Deletes the file.
    ///
    /// # Errors
    /// If it is there and cannot be deleted.
    pub(crate) fn delete(&self) -> io::Result<()> {
        let Some(mut file) = self.existing()? else { return Ok(()) };
        let length = file.metadata()?.len() as usize;
        overwrite(&mut file, length, "")?;
        drop(file);
        fs_err::remove_file(&self.0)
    }

    /// The file, locked against other processes; none if there is none.
    fn existing(&self) -> io::Result<Option<File>> {
        match open_options(&self.0).read(true).write(true).open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            file => {
                let file = file?;
                file.lock()?;
                Ok(Some(file))
            }
        }
    }
}

/// A message as it stands in the file.
fn as_a_line(message: &str) -> String {
    without_backslashes(&message.trim().replace('\n', LINE_BREAK))
}

/// A line without the backslashes with which new lines were typed.
fn without_backslashes(line: &str) -> String {
    line.replace(&format!("\\{LINE_BREAK}"), LINE_BREAK)
}

/// Puts a text into the place of a longer one, of which no byte stays in the file.
fn overwrite(file: &mut File, length: usize, text: &str) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.write_all(&vec![0; length.saturating_sub(text.len())])?;
    file.sync_all()?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use longmem_chat::SpoolSettings;
    use reedline::{History, HistoryItem};

    use super::*;

    fn history(folder: &std::path::Path) -> PromptHistory {
        let mut talk = TalkSettings::default();
        talk.spool = Some(SpoolSettings::new(folder.join("spool"), "store"));
        PromptHistory::of(&talk, &UserName::new("ana").unwrap()).unwrap()
    }

    fn type_in(history: &PromptHistory, lines: &[&str]) {
        let mut open = history.open().unwrap();
        for line in lines {
            open.save(HistoryItem::from_command_line(*line)).unwrap();
        }
        open.sync().unwrap();
    }

    #[test]
    fn what_is_forgotten_leaves_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let history = history(folder.path());
        history.forget(&["secret".to_owned()]).unwrap();
        type_in(
            &history,
            &["hello", "my secret\\\nin two lines", "/remember the code", "the code is"],
        );
        history.forget(&["my secret\nin two lines".to_owned(), "the code".to_owned()]).unwrap();
        assert_eq!(fs_err::read_to_string(&history.0).unwrap(), "hello\nthe code is\n");
        type_in(&history, &["later"]);
        assert_eq!(fs_err::read_to_string(&history.0).unwrap(), "hello\nthe code is\nlater\n");
        history.delete().unwrap();
        history.delete().unwrap();
        assert!(!history.0.exists());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let history = history(folder.path());
        type_in(&history, &["hello"]);
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&history.0), mode(history.0.parent().unwrap())), (0o600, 0o700));
    }
}
