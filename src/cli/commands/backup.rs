//! `longmem backup`: copies the store while others use it.

use longmem::IfMissing;
use longmem_memory::{MemoryError, StoreError};
use longmem_wire as wire;

use crate::arguments::BackupArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, bytes};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &BackupArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    memory.backup(&arguments.to).map_err(|error| match error {
        MemoryError::Store(StoreError::File(error)) => Failure::new_file(&arguments.to, error),
        error => error.into(),
    })?;
    let file = arguments.to.display().to_string();
    let file_bytes = fs_err::metadata(&arguments.to)?.len();
    if output.json {
        return Ok(output.document(&wire::Backup { file, file_bytes })?);
    }
    Ok(output.line(format!(
        "Copied the store to {} ({})",
        for_terminal(&file),
        bytes(file_bytes)
    ))?)
}
