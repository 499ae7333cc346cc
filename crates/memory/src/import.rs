//! Takes other programs' chat files into the store.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use longmem_core::UserName;
use longmem_transcripts::{
    ExportedRecord, Format, ImportedTurn, Mark, Progress, Report, Source, TranscriptError,
    TurnReceiver, read_from,
};

use crate::import_records::StoredRecords;
use crate::import_storing::{Storing, StoringAhead, Waiting};
use crate::{IMPORT_MARKS, Memory, MemoryError};

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
    /// [`ImportRequest::again`] asks for them. While a batch of turns is stored, the next is read;
    /// `progress` is called between, and `Break` stops after what was read.
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
        let storing = Mutex::new(Storing::new(self, request.user, request.again));
        std::thread::scope(|scope| {
            let mut intake = Intake {
                memory: self,
                request,
                progress,
                waiting: Waiting::default(),
                count: 0,
                records: BTreeMap::new(),
                of_other_users: 0,
                storing: StoringAhead::new(scope, &storing),
                stopped: false,
                failed: None,
            };
            let read = read_from(source, request.format, &mut intake);
            intake.finish(read)
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

/// Takes what is read, and reads on while it is stored.
struct Intake<'a, 'scope, 'memory> {
    memory: &'memory Memory,
    request: ImportRequest<'a>,
    progress: &'a mut dyn FnMut(&ImportProgress) -> ControlFlow<()>,
    waiting: Waiting,
    /// Number of turns that wait.
    count: usize,
    /// Facts and summaries of exports, which wait until all turns are stored.
    records: BTreeMap<UserName, Vec<ExportedRecord>>,
    of_other_users: u64,
    storing: StoringAhead<'scope, 'memory>,
    stopped: bool,
    failed: Option<MemoryError>,
}

impl TurnReceiver for Intake<'_, '_, '_> {
    fn receive(&mut self, turn: ImportedTurn, read: &Progress) -> ControlFlow<()> {
        let Owned { user, is_other, imported } = self.request.turn_of(turn);
        let ImportedTurn { turn, former_keys, .. } = imported;
        self.of_other_users += u64::from(is_other);
        let batch = self.waiting.batches.entry(user).or_default();
        if let Some(key) = &turn.source_key {
            batch.renamed.extend(former_keys.into_iter().map(|former| (former, key.clone())));
        }
        batch.turns.push(turn);
        self.count += 1;
        if self.count < TURNS_PER_BATCH {
            return ControlFlow::Continue(());
        }
        let waiting = self.take_waiting();
        if let Err(error) = self.storing.begin(waiting) {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        let stored = self.storing.stored();
        let flow = (self.progress)(&ImportProgress {
            turns: stored.all(),
            new_turns: stored.new,
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
        self.waiting.marks.push((self.request.mark_name(file), mark.to_json()));
        if self.waiting.marks.len() >= MARKS_PER_BATCH {
            let waiting = self.take_waiting();
            if let Err(error) = self.storing.begin(waiting) {
                self.failed.get_or_insert(error);
            }
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

impl Intake<'_, '_, '_> {
    /// Stores what still waits, and says what was done; also of a file that broke off, what was read
    /// before that is kept.
    fn finish(
        mut self,
        read: Result<Report, TranscriptError>,
    ) -> Result<ImportReport, MemoryError> {
        if let Some(error) = self.failed.take() {
            return Err(error.after(self.storing.stored().new));
        }
        self.store()?;
        let read = read?;
        let records = self.store_records()?;
        if !self.stopped {
            // The marks of files whose facts and summaries came last.
            self.store()?;
        }
        let stored = self.storing.stored();
        Ok(ImportReport {
            read,
            new_facts: records.facts,
            new_summaries: records.summaries,
            new_turns: stored.new,
            known_turns: stored.known,
            forgotten_turns: stored.forgotten,
            users: stored.users,
            of_other_users: self.of_other_users,
            refused_turns: stored.refused,
            stopped: self.stopped,
        })
    }

    /// Stores the facts and summaries that wait, unless the import was stopped before their turns came.
    fn store_records(&mut self) -> Result<StoredRecords, MemoryError> {
        let mut all = StoredRecords::default();
        for (user, records) in std::mem::take(&mut self.records) {
            if !self.stopped {
                let stored = self.memory.import_records(&user, records);
                let stored = stored.map_err(|error| error.after(self.storing.stored().new))?;
                all.facts += stored.facts;
                all.summaries += stored.summaries;
            }
        }
        Ok(all)
    }

    /// Stores what waits, and waits for it.
    fn store(&mut self) -> Result<(), MemoryError> {
        let waiting = self.take_waiting();
        self.storing.store(waiting).map_err(|error| error.after(self.storing.stored().new))
    }

    /// What waits, but for the marks of files whose facts and summaries still wait: these were not read
    /// to their marks.
    fn take_waiting(&mut self) -> Waiting {
        self.count = 0;
        let mut waiting = std::mem::take(&mut self.waiting);
        if !self.records.is_empty() {
            self.waiting.marks = std::mem::take(&mut waiting.marks);
        }
        waiting
    }
}
