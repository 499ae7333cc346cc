//! `longmem mcp`: memory as tools for a program that starts this command and talks with it over a pipe.

use std::sync::Arc;

use longmem::{IfMissing, OpeningNotice, open_later};
use longmem_server::{ServerSettings, TranscriptCapture, WaitingTranscripts, serve_mcp};
use tokio::runtime::Builder;

use crate::arguments::McpArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::remedy::hint;
use crate::render;
use crate::sanitize::for_terminal;
use crate::settings::Settings;

/// Serves until the client is gone or somebody wants the command to end; both are a good end.
pub(super) fn run(
    arguments: &McpArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let if_missing = if arguments.read_only { IfMissing::Fail } else { IfMissing::Create };
    let mut options = compose::options(settings, if_missing, output)?;
    let others = Arc::clone(&options.on_open);
    options.on_open = Arc::new(move |notice| {
        if let OpeningNotice::Made { path } = notice {
            output.note(for_terminal(&render::new_store(path.display())));
        }
        others(notice);
    });
    let memory = open_later(options);
    let mut served = ServerSettings::new(settings.user.clone());
    served.read_only = arguments.read_only;
    served.talk = settings.options.talk_settings();
    served.hint = hint;
    let waiting = WaitingTranscripts::in_folder(settings.options.waiting_transcripts());
    served.transcripts = Some(TranscriptCapture::new(waiting, Vec::new()));
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    runtime.block_on(async {
        let stop = ending::of_this_process()?;
        serve_mcp(memory, served, tokio::io::stdin(), tokio::io::stdout(), stop).await;
        Ok::<(), std::io::Error>(())
    })?;
    // Whoever still reads standard input would be waited for until it ends.
    runtime.shutdown_background();
    Ok(())
}

/// Threads that speak the protocol; the memory has its own.
const WORKERS: usize = 1;

/// The signals, and the end of whoever started this command.
#[cfg(unix)]
mod ending {
    use std::io;
    use std::time::Duration;

    use rustix::process::getppid;
    use tokio::signal::unix::{SignalKind, signal};

    /// How often it is looked whether the parent is still there. The end of the input says so at once;
    /// this is for an input that somebody else holds open.
    const WATCH: Duration = Duration::from_secs(5);

    /// Waits for a signal that asks for the end, or for the parent to be gone.
    pub(super) fn of_this_process() -> io::Result<impl Future<Output = ()> + Send + 'static> {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        let parent = getppid();
        Ok(async move {
            let orphaned = async {
                while getppid() == parent {
                    tokio::time::sleep(WATCH).await;
                }
            };
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
                _ = hung_up.recv() => {}
                () = orphaned => {}
            }
        })
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
mod ending {
    use std::io;

    /// Waits for Ctrl-C.
    pub(super) fn of_this_process() -> io::Result<impl Future<Output = ()> + Send + 'static> {
        Ok(async move {
            // Where it cannot be listened for, the end of the input is the end.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}
