//! Takes other programs' chat files into the store.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use longmem_core::{NewTurn, SourceKey, UserName};
use longmem_transcripts::{
    ExportedRecord, Format, ImportedTurn, Mark, Progress, Report, Source, TurnReceiver, read_from,
};

use crate::import_records::StoredRecords;
use crate::memory::Imported;
use crate::{IMPORT_MARKS, Inserted, Memory, MemoryError};

/// What is imported, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct ImportRequest<'a> {
    /// A file, a folder, or a zip; the name of a stream where one is given.
    pub path: &'a Path,
    /// What it is; none detects it.
    pub format: Option<Format>,
    /// Whose turns they become.
    pub user: &'a UserName,
    /// Whether a user that the file names for a turn goes before `user`.
    pub users_from_file: bool,
    /// Whether every turn becomes a note; otherwise only those that the file calls so.
    pub notes: bool,
    /// Whether turns that the user forgot are brought back, and files are read again that did not
    /// change.
    pub again: bool,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportProgress {
    /// Turns read.
    pub turns: u64,
    /// Turns that were new and are on disk.
    pub new_turns: u64,
    /// Bytes read of the file, or of the folder's files.
    pub bytes_read: u64,
    /// All its bytes, if known.
    pub bytes_total: Option<u64>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// What was read, and what was skipped for which reason.
    pub read: Report,
    /// Turns that were new.
    pub new_turns: u64,
    /// Turns that were here already.
    pub known_turns: u64,
    /// Turns that were left out, because the user forgot them before.
    pub forgotten_turns: u64,
    /// Whose the turns became, with how many each got; those that were known or forgotten count.
    pub users: BTreeMap<UserName, u64>,
    /// Turns for which the file names another user than the one they became.
    pub of_other_users: u64,
    /// Facts of an export of longmem that were new.
    pub new_facts: u64,
    /// Summaries of an export of longmem that were new.
    pub new_summaries: u64,
    /// Turns that were left out, because who moderates refused them.
    pub refused_turns: u64,
    /// Whether `progress` stopped it.
    pub stopped: bool,
}

/// Turns stored in one transaction.
const TURNS_PER_BATCH: usize = 1000;

/// Marks of files kept in one transaction. With many small files, marks come faster than turns.
const MARKS_PER_BATCH: usize = 1000;

impl Memory {
    /// Imports a chat file. Turns that the user already has, by the names they have in the file,
    /// are not stored again: importing twice, or a grown file, or again after an interruption,
    /// ends in the same store as importing once. Turns that the user forgot stay forgotten, unless
    /// [`ImportRequest::again`] asks for them. `progress` is called after each stored batch;
    /// `Break` stops there.
    ///
    /// How far each file was read is kept with the user: a file that did not change is not read
    /// again, and a transcript that has grown is read on from where it ended.
    ///
    /// # Errors
    /// [`MemoryError::Transcript`] if the file cannot be read as a transcript at all;
    /// [`MemoryError::Store`]; [`MemoryError::PartlyDone`] where turns were stored before.
    pub fn import(
        &self,
        request: ImportRequest<'_>,
        progress: &mut dyn FnMut(&ImportProgress) -> ControlFlow<()>,
    ) -> Result<ImportReport, MemoryError> {
        self.import_from(Source::Path(request.path), request, progress)
    }

    /// Imports from any source, as [`import`](Self::import) does from a path.
    ///
    /// # Errors
    /// Those of [`import`](Self::import).
    pub fn import_from(
        &self,
        source: Source<'_>,
        request: ImportRequest<'_>,
        progress: &mut dyn FnMut(&ImportProgress) -> ControlFlow<()>,
    ) -> Result<ImportReport, MemoryError> {
        let mut intake = Intake {
            memory: self,
            request,
            progress,
            waiting: BTreeMap::new(),
            count: 0,
            marks: Vec::new(),
            records: BTreeMap::new(),
            new_turns: 0,
            known_turns: 0,
            forgotten_turns: 0,
            users: BTreeMap::new(),
            of_other_users: 0,
            refused_turns: 0,
            stopped: false,
            failed: None,
        };
        let read = read_from(source, request.format, &mut intake);
        if let Some(error) = intake.failed.take() {
            return Err(error.after(intake.new_turns));
        }
        // Also after a file that broke off: what was read before that is kept.
        intake.store().map_err(|error| error.after(intake.new_turns))?;
        let read = read?;
        let stored = intake.store_records().map_err(|error| error.after(intake.new_turns))?;
        if !intake.stopped {
            // The marks of files whose facts and summaries came last.
            intake.store().map_err(|error| error.after(intake.new_turns))?;
        }
        Ok(ImportReport {
            read,
            new_facts: stored.facts,
            new_summaries: stored.summaries,
            new_turns: intake.new_turns,
            known_turns: intake.known_turns,
            forgotten_turns: intake.forgotten_turns,
            users: intake.users,
            of_other_users: intake.of_other_users,
            refused_turns: intake.refused_turns,
            stopped: intake.stopped,
        })
    }
}

/// An imported turn with whose it becomes.
pub(crate) struct Owned {
    pub(crate) user: UserName,
    /// Whether the file names another user.
    pub(crate) is_other: bool,
    pub(crate) imported: ImportedTurn,
}

/// Turns of one user that wait to be stored.
#[derive(Default)]
struct Batch {
    turns: Vec<NewTurn>,
    /// Keys under which the store may have some of them, with those that they have now.
    renamed: Vec<(SourceKey, SourceKey)>,
}

/// Turns read so far that wait to be stored, and what was stored.
struct Intake<'a> {
    memory: &'a Memory,
    request: ImportRequest<'a>,
    progress: &'a mut dyn FnMut(&ImportProgress) -> ControlFlow<()>,
    waiting: BTreeMap<UserName, Batch>,
    count: usize,
    /// Marks whose turns are stored, or wait to be.
    marks: Vec<(String, Vec<u8>)>,
    /// Facts and summaries of exports, which wait until all turns are stored.
    records: BTreeMap<UserName, Vec<ExportedRecord>>,
    new_turns: u64,
    known_turns: u64,
    forgotten_turns: u64,
    users: BTreeMap<UserName, u64>,
    of_other_users: u64,
    refused_turns: u64,
    stopped: bool,
    failed: Option<MemoryError>,
}

impl TurnReceiver for Intake<'_> {
    fn receive(&mut self, turn: ImportedTurn, read: &Progress) -> ControlFlow<()> {
        let Owned { user, is_other, imported } = self.request.turn_of(turn);
        let ImportedTurn { turn, former_keys, .. } = imported;
        self.of_other_users += u64::from(is_other);
        let batch = self.waiting.entry(user).or_default();
        if let Some(key) = &turn.source_key {
            batch.renamed.extend(former_keys.into_iter().map(|former| (former, key.clone())));
        }
        batch.turns.push(turn);
        self.count += 1;
        if self.count < TURNS_PER_BATCH {
            return ControlFlow::Continue(());
        }
        if let Err(error) = self.store() {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        let flow = (self.progress)(&ImportProgress {
            turns: self.new_turns + self.known_turns + self.forgotten_turns + self.refused_turns,
            new_turns: self.new_turns,
            bytes_read: read.bytes_read,
            bytes_total: read.bytes_total,
        });
        self.stopped = flow.is_break();
        flow
    }

    fn receive_record(&mut self, record: ExportedRecord) {
        let named = match &record {
            ExportedRecord::Fact(fact) => &fact.user,
            ExportedRecord::Summary(summary) => &summary.user,
        };
        let user = if self.request.users_from_file { named } else { self.request.user };
        self.records.entry(user.clone()).or_default().push(record);
    }

    fn keeps_marks(&self) -> bool {
        true
    }

    fn reads_unchanged(&self) -> bool {
        self.request.again
    }

    fn mark(&mut self, file: &Path) -> Option<Mark> {
        self.request.mark(self.memory, file)
    }

    fn set_mark(&mut self, file: &Path, mark: Mark) {
        let mark = self.memory.safeguards.mark(mark);
        self.marks.push((self.request.mark_name(file), mark.to_json()));
        if self.marks.len() >= MARKS_PER_BATCH
            && let Err(error) = self.store()
        {
            self.failed.get_or_insert(error);
        }
    }
}

impl<'a> ImportRequest<'a> {
    /// All of a path that is detected, for one user, whomever the file names.
    pub fn new(path: &'a Path, user: &'a UserName) -> Self {
        Self { path, format: None, user, users_from_file: false, notes: false, again: false }
    }

    /// Whose an imported turn becomes, and the turn as it is stored.
    pub(crate) fn turn_of(&self, mut imported: ImportedTurn) -> Owned {
        imported.turn.note |= self.notes;
        let named = imported.user.take();
        let user = named.clone().filter(|_| self.users_from_file);
        let user = user.unwrap_or_else(|| self.user.clone());
        Owned { is_other: named.is_some_and(|named| named != user), user, imported }
    }

    /// The mark that is kept for a file. Without one, or with one that cannot be read, the file is
    /// read whole.
    pub(crate) fn mark(&self, memory: &Memory, file: &Path) -> Option<Mark> {
        Mark::from_json(&memory.kept_value(Some(self.user), &self.mark_name(file)).ok()??)
    }

    /// The name under which the mark of a file is kept: with whatever else decides what becomes of
    /// its turns.
    fn mark_name(&self, file: &Path) -> String {
        let format = self.format.map_or("any", Format::as_str);
        let users = if self.users_from_file { "+users" } else { "" };
        let notes = if self.notes { "+notes" } else { "" };
        // A path need not be UTF-8: its other bytes are escaped.
        let path = file.as_os_str().as_encoded_bytes().escape_ascii();
        format!("{IMPORT_MARKS}{format}{users}{notes}{path}")
    }
}

impl Intake<'_> {
    /// Stores the facts and summaries that wait, unless the import was stopped before their turns came.
    fn store_records(&mut self) -> Result<StoredRecords, MemoryError> {
        let mut all = StoredRecords::default();
        for (user, records) in std::mem::take(&mut self.records) {
            if !self.stopped {
                let stored = self.memory.import_records(&user, records)?;
                all.facts += stored.facts;
                all.summaries += stored.summaries;
            }
        }
        Ok(all)
    }

    /// Stores the turns that wait, with the marks that say so: those of the user whose marks they are
    /// last, in one transaction.
    fn store(&mut self) -> Result<(), MemoryError> {
        self.count = 0;
        let mut waiting = std::mem::take(&mut self.waiting);
        // A file whose facts and summaries still wait was not read to its mark.
        let mut marks =
            if self.records.is_empty() { std::mem::take(&mut self.marks) } else { Vec::new() };
        marks.retain(|(name, _)| self.memory.safeguards.is_free_of_secrets(name));
        let own = waiting.remove(self.request.user).unwrap_or_default();
        for (user, batch) in waiting {
            self.store_batch(&user, batch, &[])?;
        }
        // Without a mark, the file is read whole the next time.
        if self.refused_turns > 0 {
            marks.clear();
        }
        // A file can be all of other users; then nobody is made for its mark.
        if own.turns.is_empty() && marks.is_empty() {
            return Ok(());
        }
        self.store_batch(self.request.user, own, &marks)
    }

    /// Stores turns of one user, and marks beside them.
    fn store_batch(
        &mut self,
        user: &UserName,
        Batch { turns, renamed }: Batch,
        marks: &[(String, Vec<u8>)],
    ) -> Result<(), MemoryError> {
        if !turns.is_empty() {
            *self.users.entry(user.clone()).or_default() += turns.len() as u64;
            let safe = |key: &SourceKey| self.memory.safeguards.key(key);
            let renamed: Vec<_> = renamed.iter().map(|(old, new)| (safe(old), safe(new))).collect();
            self.memory.store.rename_source_keys(user, &renamed)?;
        }
        for imported in self.memory.import_checked(user, &turns, self.request.again, marks)? {
            match imported {
                Imported::Stored(Inserted { new: true, .. }) => self.new_turns += 1,
                Imported::Stored(_) => self.known_turns += 1,
                Imported::Forgotten => self.forgotten_turns += 1,
                Imported::Refused => self.refused_turns += 1,
            }
        }
        Ok(())
    }
}
