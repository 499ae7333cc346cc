//! Takes other programs' chat files into the store.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use longmem_core::{NewTurn, SourceKey, UserName};
use longmem_transcripts::{Format, ImportedTurn, Report};

use crate::{Inserted, Memory, MemoryError};

/// What is imported, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct ImportRequest<'a> {
    /// A file, a folder, or a zip.
    pub path: &'a Path,
    /// What it is; none detects it.
    pub format: Option<Format>,
    /// Whose turns they become.
    pub user: &'a UserName,
    /// Whether a user that the file names for a turn goes before `user`.
    pub users_from_file: bool,
    /// Whether every turn becomes a note; otherwise only those that the file calls so.
    pub notes: bool,
    /// Whether turns that the user forgot are brought back.
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
    /// Whether `progress` stopped it.
    pub stopped: bool,
}

/// Turns stored in one transaction.
const TURNS_PER_BATCH: usize = 1000;

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
    waiting: BTreeMap<UserName, Batch>,
    count: usize,
    new_turns: u64,
    known_turns: u64,
    forgotten_turns: u64,
}

impl Memory {
    /// Imports a chat file. Turns that the user already has, by the names they have in the file,
    /// are not stored again: importing twice, or a grown file, or again after an interruption,
    /// ends in the same store as importing once. Turns that the user forgot stay forgotten, unless
    /// [`ImportRequest::again`] asks for them. `progress` is called after each stored batch;
    /// `Break` stops there.
    ///
    /// # Errors
    /// [`MemoryError::Transcript`] if the file cannot be read as a transcript at all;
    /// [`MemoryError::Store`]. What was stored until then stays.
    pub fn import(
        &self,
        request: ImportRequest<'_>,
        progress: &mut dyn FnMut(&ImportProgress) -> ControlFlow<()>,
    ) -> Result<ImportReport, MemoryError> {
        let mut intake = Intake {
            memory: self,
            waiting: BTreeMap::new(),
            count: 0,
            new_turns: 0,
            known_turns: 0,
            forgotten_turns: 0,
        };
        let mut failed = None;
        let mut stopped = false;
        let read = longmem_transcripts::read(request.path, request.format, &mut |turn, read| {
            if !intake.take(turn, request) {
                return ControlFlow::Continue(());
            }
            if let Err(error) = intake.store(request.again) {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            let flow = progress(&ImportProgress {
                turns: intake.new_turns + intake.known_turns + intake.forgotten_turns,
                new_turns: intake.new_turns,
                bytes_read: read.bytes_read,
                bytes_total: read.bytes_total,
            });
            stopped = flow.is_break();
            flow
        });
        if let Some(error) = failed {
            return Err(error);
        }
        // Also after a file that broke off: what was read before that is kept.
        intake.store(request.again)?;
        Ok(ImportReport {
            read: read?,
            new_turns: intake.new_turns,
            known_turns: intake.known_turns,
            forgotten_turns: intake.forgotten_turns,
            stopped,
        })
    }
}

impl Intake<'_> {
    /// Puts a turn with the waiting ones; true if it is time to store them.
    fn take(&mut self, imported: ImportedTurn, request: ImportRequest<'_>) -> bool {
        let named = imported.user.filter(|_| request.users_from_file);
        let user = named.unwrap_or_else(|| request.user.clone());
        let note = imported.turn.note || request.notes;
        let batch = self.waiting.entry(user).or_default();
        if let Some(key) = &imported.turn.source_key {
            let renamed = imported.former_keys.into_iter().map(|former| (former, key.clone()));
            batch.renamed.extend(renamed);
        }
        batch.turns.push(NewTurn { note, ..imported.turn });
        self.count += 1;
        self.count >= TURNS_PER_BATCH
    }

    fn store(&mut self, again: bool) -> Result<(), MemoryError> {
        self.count = 0;
        for (user, Batch { turns, renamed }) in std::mem::take(&mut self.waiting) {
            self.memory.store.rename_source_keys(&user, &renamed)?;
            for imported in self.memory.import_turns(&user, &turns, again)? {
                match imported {
                    Some(Inserted { new: true, .. }) => self.new_turns += 1,
                    Some(_) => self.known_turns += 1,
                    None => self.forgotten_turns += 1,
                }
            }
        }
        Ok(())
    }
}
