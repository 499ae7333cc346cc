//! Stores what an import received, while the import reads on.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

use longmem_core::{NewTurn, SourceKey, UserName};

use crate::memory::Imported;
use crate::{Inserted, Memory, MemoryError};

/// Turns of one user that wait to be stored.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) turns: Vec<NewTurn>,
    /// Keys under which the store may have some of them, with those that they have now.
    pub(crate) renamed: Vec<(SourceKey, SourceKey)>,
}

/// What waits to be stored together.
#[derive(Default)]
pub(crate) struct Waiting {
    pub(crate) batches: BTreeMap<UserName, Batch>,
    /// Marks of files whose turns are stored, or wait here.
    pub(crate) marks: Vec<(String, Vec<u8>)>,
}

/// What became of turns that were to be stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredTurns {
    /// Turns that were new.
    pub(crate) new: u64,
    /// Turns that were there already.
    pub(crate) known: u64,
    /// Turns that were left out, because the user forgot them before.
    pub(crate) forgotten: u64,
    /// Turns that were left out, because who moderates refused them.
    pub(crate) refused: u64,
    /// Whose the turns became, with how many each got.
    pub(crate) users: BTreeMap<UserName, u64>,
}

impl StoredTurns {
    /// All turns.
    pub(crate) fn all(&self) -> u64 {
        self.new + self.known + self.forgotten + self.refused
    }
}

/// Stores turns of one import.
pub(crate) struct Storing<'a> {
    memory: &'a Memory,
    /// The user whose marks are kept.
    user: &'a UserName,
    again: bool,
    stored: StoredTurns,
}

impl<'a> Storing<'a> {
    /// For an import that keeps its marks with a user, and brings forgotten turns back with `again`.
    pub(crate) fn new(memory: &'a Memory, user: &'a UserName, again: bool) -> Self {
        Self { memory, user, again, stored: StoredTurns::default() }
    }

    /// Stores the turns that wait, with the marks that say so: those of the user whose marks they are
    /// last, in one transaction.
    fn store(&mut self, Waiting { mut batches, mut marks }: Waiting) -> Result<(), MemoryError> {
        marks.retain(|(name, _)| self.memory.safeguards.is_free_of_secrets(name));
        let own = batches.remove(self.user).unwrap_or_default();
        for (user, batch) in batches {
            self.store_batch(&user, batch, &[])?;
        }
        // Without a mark, the file is read whole the next time.
        if self.stored.refused > 0 {
            marks.clear();
        }
        // A file can be all of other users; then nobody is made for its mark.
        if own.turns.is_empty() && marks.is_empty() {
            return Ok(());
        }
        self.store_batch(self.user, own, &marks)
    }

    /// Stores turns of one user, and marks beside them.
    fn store_batch(
        &mut self,
        user: &UserName,
        Batch { turns, renamed }: Batch,
        marks: &[(String, Vec<u8>)],
    ) -> Result<(), MemoryError> {
        if !turns.is_empty() {
            *self.stored.users.entry(user.clone()).or_default() += turns.len() as u64;
            let safe = |key: &SourceKey| self.memory.safeguards.key(key);
            let renamed: Vec<_> = renamed.iter().map(|(old, new)| (safe(old), safe(new))).collect();
            self.memory.store.rename_source_keys(user, &renamed)?;
        }
        for imported in self.memory.import_checked(user, &turns, self.again, marks)? {
            match imported {
                Imported::Stored(Inserted { new: true, .. }) => self.stored.new += 1,
                Imported::Stored(_) => self.stored.known += 1,
                Imported::Forgotten => self.stored.forgotten += 1,
                Imported::Refused => self.stored.refused += 1,
            }
        }
        Ok(())
    }
}

/// Stores in a thread of its own, one after the other.
pub(crate) struct StoringAhead<'scope, 'a> {
    scope: &'scope Scope<'scope, 'a>,
    storing: &'scope Mutex<Storing<'a>>,
    running: Option<ScopedJoinHandle<'scope, Result<(), MemoryError>>>,
}

impl<'scope, 'a> StoringAhead<'scope, 'a> {
    /// Threads end with the scope at the latest.
    pub(crate) fn new(
        scope: &'scope Scope<'scope, 'a>,
        storing: &'scope Mutex<Storing<'a>>,
    ) -> Self {
        Self { scope, storing, running: None }
    }

    /// Begins to store what waits, once what was begun before is stored.
    ///
    /// # Errors
    /// Those of what was begun before; then nothing is begun.
    pub(crate) fn begin(&mut self, waiting: Waiting) -> Result<(), MemoryError> {
        self.end()?;
        let storing = self.storing;
        self.running = Some(self.scope.spawn(move || locked(storing).store(waiting)));
        Ok(())
    }

    /// Waits until what was begun is stored.
    ///
    /// # Errors
    /// Those of storing it.
    pub(crate) fn end(&mut self) -> Result<(), MemoryError> {
        let Some(running) = self.running.take() else { return Ok(()) };
        running.join().unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Stores what waits in this thread, once what was begun before is stored.
    ///
    /// # Errors
    /// Those of what was begun before, and of storing this.
    pub(crate) fn store(&mut self, waiting: Waiting) -> Result<(), MemoryError> {
        self.end()?;
        locked(self.storing).store(waiting)
    }

    /// What became of the turns that are stored.
    pub(crate) fn stored(&self) -> StoredTurns {
        locked(self.storing).stored.clone()
    }
}

fn locked<'a, 'b>(storing: &'b Mutex<Storing<'a>>) -> MutexGuard<'b, Storing<'a>> {
    storing.lock().unwrap_or_else(PoisonError::into_inner)
}
