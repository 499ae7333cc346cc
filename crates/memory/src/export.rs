//! Writes turns as JSON Lines that `import` reads back.

use std::io::Write;

use longmem_core::Scope;
use longmem_transcripts::ExportedTurn;

use crate::{Memory, MemoryError};

/// What an export wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportReport {
    /// Lines, one a turn.
    pub turns: u64,
}

/// Turns read at once, so that an export of any size needs little memory.
const TURNS_PER_PAGE: usize = 1000;

impl Memory {
    /// Writes every turn in scope, one JSON object a line, in the order they were stored. Importing
    /// the lines into an empty store and exporting again gives the same lines.
    ///
    /// # Errors
    /// [`MemoryError::Output`] if writing fails; [`MemoryError::Store`], also for a user or session
    /// that is not in the store.
    pub fn export(&self, scope: &Scope, out: &mut dyn Write) -> Result<ExportReport, MemoryError> {
        self.store.check_names(scope)?;
        let mut turns = 0;
        let mut last = None;
        loop {
            let page = self.store.turns_after(scope, last, TURNS_PER_PAGE)?;
            let Some(newest) = page.last() else { break };
            last = Some(newest.turn.id);
            turns += page.len() as u64;
            for stored in page {
                let line = ExportedTurn::new(
                    &stored.source_key,
                    &scope.user,
                    stored.turn.session_title.as_deref(),
                    &stored.turn,
                );
                line.write_line(out).map_err(MemoryError::Output)?;
            }
        }
        Ok(ExportReport { turns })
    }
}
