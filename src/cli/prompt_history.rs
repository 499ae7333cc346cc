//! What was typed at the prompt, kept for the next talk: in a file beside the spool, one for each store
//! and user, which only its owner may read. Talks on an encrypted store have a history only while they last:
//! the file would tell in plain words what the store keeps to itself.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use longmem_chat::{Spool, TalkSettings};
use longmem_core::UserName;
use longmem_core::private_files::{make_folder, open_options};
use longmem_text::Redactor;
use reedline::{
    FileBackedHistory, History, HistoryItem, HistoryItemId, HistorySessionId, SearchQuery,
};

/// Number of lines that are kept; the oldest go first.
const LINES: usize = 1_000;

/// How the file writes a line break within a message.
const LINE_BREAK: &str = "<\\n>";

/// The file of what one user typed in talks on one store.
#[derive(Debug, Clone)]
pub(crate) struct PromptHistory {
    file: PathBuf,
    /// What replaces secrets in it; none by default.
    pub(crate) redactor: Option<Redactor>,
    /// Whether nothing of it may be written, since the store is encrypted.
    stays_in_memory: bool,
}

impl PromptHistory {
    /// The history that belongs to a user's talks; none where talks have no spool. Nothing is made or
    /// read yet.
    pub(crate) fn of(talk: &TalkSettings, user: &UserName) -> Option<Self> {
        let spool = talk.spool.as_ref()?;
        let file = Spool::new(&spool.folder, &spool.place, user);
        Some(Self {
            file: file.path().with_extension("history"),
            redactor: None,
            stays_in_memory: spool.key.is_some(),
        })
    }

    /// Opens it for the editor, and makes the file if there is none. Where nothing may be written, a file
    /// from before the store was encrypted is deleted.
    ///
    /// # Errors
    /// If it cannot be made, read or deleted.
    pub(crate) fn open(&self) -> io::Result<Box<dyn History>> {
        if self.stays_in_memory {
            self.delete()?;
            let history = FileBackedHistory::new(LINES).map_err(io::Error::other)?;
            return Ok(Box::new(history));
        }
        if let Some(folder) = self.file.parent() {
            make_folder(folder)?;
        }
        open_options(&self.file).create(true).truncate(false).write(true).open(&self.file)?;
        let history =
            FileBackedHistory::with_file(LINES, self.file.clone()).map_err(io::Error::other)?;
        Ok(match &self.redactor {
            None => Box::new(history),
            Some(redactor) => Box::new(WithoutSecrets { history, redactor: redactor.clone() }),
        })
    }

    /// Takes out these messages, also where they stand behind a command.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn forget(&self, messages: &[String]) -> io::Result<()> {
        let Some(mut file) = self.existing()? else { return Ok(()) };
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // A message stands there as it is stored, or as it was typed before secrets were redacted.
        let redacted = |message: &String| match &self.redactor {
            None => message.clone(),
            Some(redactor) => redactor.redact(message).into_owned(),
        };
        let forms = messages.iter().flat_map(|message| [message.clone(), redacted(message)]);
        let gone: Vec<String> = forms.map(|message| as_a_line(&message)).collect();
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
        fs_err::remove_file(&self.file)
    }

    /// The file, locked against other processes; none if there is none.
    fn existing(&self) -> io::Result<Option<File>> {
        match open_options(&self.file).read(true).write(true).open(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            file => {
                let file = file?;
                file.lock()?;
                Ok(Some(file))
            }
        }
    }
}

/// A history that keeps lines without their secrets.
struct WithoutSecrets {
    history: FileBackedHistory,
    redactor: Redactor,
}

fn without_secrets(redactor: &Redactor, mut item: HistoryItem) -> HistoryItem {
    item.command_line = redactor.redact(&item.command_line).into_owned();
    item
}

impl History for WithoutSecrets {
    fn save(&mut self, item: HistoryItem) -> reedline::Result<HistoryItem> {
        self.history.save(without_secrets(&self.redactor, item))
    }

    fn load(&self, id: HistoryItemId) -> reedline::Result<HistoryItem> {
        self.history.load(id)
    }

    fn count(&self, query: SearchQuery) -> reedline::Result<i64> {
        self.history.count(query)
    }

    fn search(&self, query: SearchQuery) -> reedline::Result<Vec<HistoryItem>> {
        self.history.search(query)
    }

    fn update(
        &mut self,
        id: HistoryItemId,
        updater: &dyn Fn(HistoryItem) -> HistoryItem,
    ) -> reedline::Result<()> {
        let Self { history, redactor } = self;
        history.update(id, &|item| without_secrets(redactor, updater(item)))
    }

    fn clear(&mut self) -> reedline::Result<()> {
        self.history.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> reedline::Result<()> {
        self.history.delete(id)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.history.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.history.session()
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
    use longmem_core::StoreKey;

    use super::*;

    fn history(folder: &std::path::Path) -> PromptHistory {
        history_with_key(folder, None)
    }

    fn history_with_key(folder: &std::path::Path, key: Option<StoreKey>) -> PromptHistory {
        let mut talk = TalkSettings::default();
        talk.spool = Some(SpoolSettings::new(folder.join("spool"), "store").with_key(key));
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
        assert_eq!(fs_err::read_to_string(&history.file).unwrap(), "hello\nthe code is\n");
        type_in(&history, &["later"]);
        assert_eq!(fs_err::read_to_string(&history.file).unwrap(), "hello\nthe code is\nlater\n");
        history.delete().unwrap();
        history.delete().unwrap();
        assert!(!history.file.exists());
    }

    #[test]
    fn secrets_are_not_kept_and_what_held_them_can_be_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = history(folder.path());
        let typed = ["hello", "/remember PASSWORD=hunter22!", "PASSWORD=hunter33!\nis new"];
        type_in(&history, &typed[1..2]);
        history.redactor = Some(Redactor::default());
        type_in(&history, &typed);
        let kept = fs_err::read_to_string(&history.file).unwrap();
        assert_eq!(
            kept,
            "/remember PASSWORD=hunter22!\nhello\n/remember PASSWORD=[redacted: password]\n\
             PASSWORD=[redacted: password]<\\n>is new\n"
        );
        history.forget(&["PASSWORD=hunter22!".to_owned(), typed[2].to_owned()]).unwrap();
        assert_eq!(fs_err::read_to_string(&history.file).unwrap(), "hello\n");
    }

    #[test]
    fn for_an_encrypted_store_nothing_is_written_and_what_was_written_before_goes() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = history_with_key(folder.path(), Some(StoreKey::new([7; 32])));
        type_in(&sealed, &["in a new folder"]);
        assert!(!sealed.file.parent().unwrap().exists());
        type_in(&history(folder.path()), &["before there was a key"]);
        assert!(sealed.file.exists());
        type_in(&sealed, &["my secret"]);
        sealed.forget(&["my secret".to_owned()]).unwrap();
        assert_eq!(fs_err::read_dir(folder.path().join("spool")).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let history = history(folder.path());
        type_in(&history, &["hello"]);
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&history.file), mode(history.file.parent().unwrap())), (0o600, 0o700));
    }
}
