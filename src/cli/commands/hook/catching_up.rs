//! Reads transcripts beside a hook that nobody waits for.

use std::env;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use longmem::IfMissing;
use longmem_memory::{IndexOptions, MemoryError};
use longmem_server::{WaitingTranscripts, catch_up_transcripts};

use super::log::HookLog;
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::settings::Settings;

/// The flag that makes a hook's command line read transcripts.
const CATCH_UP: &str = "--catch-up";

/// How long an agent may take to write the answer after its hook was called.
const BEHIND: Duration = Duration::from_secs(3);

/// How much the process gives way to others: as much as it can.
#[cfg(unix)]
const NICENESS: i32 = 19;

/// Starts a process that reads the transcripts, and does not wait for it.
///
/// # Errors
/// Those of the system.
pub(super) fn begin() -> io::Result<()> {
    let mut command = Command::new(env::current_exe()?);
    // The same settings, given in the same ways.
    command.args(env::args_os().skip(1)).arg(CATCH_UP);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // An agent that ends takes the processes of its own group with it.
        command.process_group(0);
    }
    command.spawn().map(drop)
}

/// Reads the transcripts that wait, and embeds what is new in them.
pub(super) fn run(settings: &Settings, log: &HookLog) {
    #[cfg(unix)]
    {
        // As a process of nobody's, it also stays when a terminal is closed. It fails for the first of a
        // session, which is one already.
        let _ = rustix::process::setsid();
        let _ = rustix::process::nice(NICENESS);
    }
    if let Err(failure) = catch_up(settings, log) {
        log.line(&failure.finding());
    }
}

fn catch_up(settings: &Settings, log: &HookLog) -> Result<(), Failure> {
    let waiting = WaitingTranscripts::in_folder(settings.options.waiting_transcripts());
    if waiting.is_empty() {
        return Ok(());
    }
    let memory = compose::memory(settings, IfMissing::Create, Output { json: true, quiet: true })?;
    let mut new_turns = 0;
    for is_last in [false, true] {
        let caught_up = catch_up_transcripts(&memory, &waiting)?;
        for failure in &caught_up.failures {
            log.line(failure);
        }
        new_turns += caught_up.new_turns;
        if caught_up.fresh == 0 || is_last {
            break;
        }
        std::thread::sleep(BEHIND);
    }
    log.detail("caught up", &counted(new_turns, "new turn"));
    if new_turns == 0 {
        return Ok(());
    }
    match memory.index(IndexOptions::default(), &mut |_| std::ops::ControlFlow::Continue(())) {
        // Without the model, what is new is found by words.
        Ok(_) | Err(MemoryError::Embed(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
