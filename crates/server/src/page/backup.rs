//! A copy of the store, made from the page; where it goes is for the server to say.

use std::path::{Path, PathBuf};

use axum::response::Redirect;
use longmem_core::private_files::{self, IfExists};
use longmem_memory::{Memory, MemoryError, StoreError};

use super::layout::sentence;
use super::visitor::Visitor;
use crate::Permission;
use crate::problem::Problem;

/// The folder for backups, beside the store.
pub(super) const BACKUPS: &str = "backups";

/// Copies the store into a folder beside it.
pub(super) async fn back_up(visitor: Visitor) -> Result<Redirect, Problem> {
    visitor.login.caller.require(Permission::Admin)?;
    let name = format!("memory-{}.db", visitor.now.strftime("%Y-%m-%d-%H%M%S"));
    let stopping = visitor.shared.stopping.clone();
    // Beside the other work: a large store takes a while.
    let copied = visitor.shared.memory.run_aside(move |memory| {
        let file = place_of_backup(memory, &name)?;
        memory.backup(&file, IfExists::Fail, &|| stopping.is_cancelled())?;
        longmem_wire::note_copy(memory, &file);
        Ok::<_, MemoryError>(file)
    });
    match copied.await {
        Ok(file) => visitor.login.say(format!("The store is copied to {}", file.display())),
        Err(error) => {
            let problem = Problem::from(error);
            if let Some(line) = &problem.log {
                (visitor.shared.settings.log)(&format!("a backup failed: {line}"));
            }
            visitor.login.say_failed(format!("No backup was made: {}", sentence(&problem.detail)));
        }
    }
    Ok(Redirect::to("/ui/status"))
}

/// A file in the folder for backups, which is made for its owner alone.
fn place_of_backup(memory: &Memory, name: &str) -> Result<PathBuf, MemoryError> {
    let place = memory.place();
    let folder = Path::new(&place).parent().unwrap_or(Path::new(".")).join(BACKUPS);
    // A memory that a server keeps is beside no folder, and says itself how it is copied.
    if Path::new(&place).exists() {
        private_files::make_folder(&folder).map_err(StoreError::File)?;
    }
    Ok(folder.join(name))
}
