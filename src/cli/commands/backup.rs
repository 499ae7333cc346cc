//! `longmem backup`: copies the store while others use it.

use longmem::IfMissing;
use longmem_core::UserName;
use longmem_memory::{Memory, MemoryError, StoreError};
use longmem_wire as wire;

use crate::arguments::BackupArguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::new_file;
use crate::output::{Output, bytes};
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::{compose, waiting};

pub(super) fn run(
    arguments: &BackupArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let if_exists = new_file::if_exists(&arguments.to, arguments.force, settings)?;
    let interrupt = Interrupt::listen()?;
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    for user in users_of(&memory, settings)? {
        // What cannot be stored now is not in the copy, which is made all the same.
        if waiting::store(&memory, &user, settings, output).is_err() {
            waiting::warn(&user, settings, output);
        }
    }
    let copied = memory.backup(&arguments.to, if_exists, &|| interrupt.happened());
    copied.map_err(|error| match error {
        MemoryError::Store(StoreError::File(error)) => Failure::new_file(&arguments.to, error),
        MemoryError::Store(StoreError::Stopped) => {
            Failure::Interrupted("nothing was copied, and no file was left".to_owned())
        }
        error => error.into(),
    })?;
    wire::note_copy(&memory, &arguments.to);
    let file = arguments.to.display().to_string();
    let file_bytes = fs_err::metadata(&arguments.to)?.len();
    let done = format!("the store is copied to {}", for_terminal(&file));
    let printed = if output.json {
        output.document(&wire::Backup { file, file_bytes })
    } else {
        let size = bytes(file_bytes);
        output.line(format!("Copied the store to {} ({size})", for_terminal(&file)))
    };
    output.reported(&done, printed);
    Ok(())
}

/// Everybody who has memory here, and who runs the command, who may have nothing but what waits.
fn users_of(memory: &Memory, settings: &Settings) -> Result<Vec<UserName>, Failure> {
    let mut users: Vec<UserName> = memory.users()?.into_iter().map(|stats| stats.user).collect();
    if !users.contains(&settings.user) {
        users.push(settings.user.clone());
    }
    Ok(users)
}
