//! `longmem watch`: captures what is said with coding agents until it is told to end.

use std::io::Write;
use std::sync::Arc;

use longmem_chat::AsyncMemory;
use longmem_core::ErrorCode;
use longmem_memory::Memory;
use longmem_server::{
    CancellationToken, WaitingTranscripts, WatchSettings, capture_once, catch_up_transcripts, watch,
};
use longmem_wire::WatchEvent;

use crate::arguments::WatchArguments;
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, counted};
use crate::render;
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::stop_signals::StopSignals;
use crate::watched::watched;

pub(super) fn run(
    arguments: &WatchArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let mut watch_settings = watched(&arguments.source, &arguments.paths, settings);
    watch_settings.exclude.extend(arguments.exclude.iter().cloned());
    watch_settings.index = !arguments.no_index;
    if watch_settings.folders.is_empty() {
        return Err(Failure::refused(
            ErrorCode::NothingSelected,
            "nothing was named to be watched",
            "Name agents, as --source claude-code,codex,gemini, or folders; or set [watch] sources \
             in the configuration file.",
        ));
    }
    // An agent's folder may come later; a path that somebody wrote should be there.
    if let Some(path) = arguments.paths.iter().find(|path| !path.exists()) {
        return Err(Failure::refused(
            ErrorCode::FileNotFound,
            format!("there is nothing at {}", path.display()),
            "Name a file or folder that exists.",
        ));
    }
    let (longmem, is_new) = compose::open_or_make(settings, output)?;
    let memory = Arc::clone(longmem.memory());
    if is_new {
        output.note(for_terminal(&render::new_store(&settings.options.place)));
    }
    let waiting = WaitingTranscripts::in_folder(settings.options.waiting_transcripts());
    if arguments.once {
        let interrupt = Interrupt::listen()?;
        let stop = || interrupt.happened();
        catch_up(&memory, &waiting, output);
        capture_once(&memory, &watch_settings, &stop, &mut |event| tell(output, &event));
        return if interrupt.happened() {
            Err(Failure::Interrupted("what was captured is stored".to_owned()))
        } else {
            Ok(())
        };
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let for_hooks = Arc::clone(&memory);
    // Whoever stops the command does not wait for it: what was not read goes on waiting.
    std::thread::Builder::new()
        .name("hooks".to_owned())
        .spawn(move || catch_up(&for_hooks, &waiting, output))?;
    let memory = AsyncMemory::one_at_a_time(memory);
    runtime.block_on(until_told_to_end(memory, watch_settings, output))
}

/// Watches until Ctrl-C, or until the system asks the process to end.
async fn until_told_to_end(
    memory: AsyncMemory,
    settings: WatchSettings,
    output: Output,
) -> Result<(), Failure> {
    let signals = StopSignals::listen()?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        signals.first().await;
        told.cancel();
    });
    watch(memory, settings, stop, |event| tell(output, &event)).await?;
    Ok(())
}

/// Reads the transcripts that hooks noted, and whose process ended before it could read them.
fn catch_up(memory: &Memory, waiting: &WaitingTranscripts, output: Output) {
    if waiting.is_empty() {
        return;
    }
    match catch_up_transcripts(memory, waiting) {
        Ok(caught_up) => {
            for failure in &caught_up.failures {
                output.warn(for_terminal(failure));
            }
            if caught_up.new_turns > 0 {
                let turns = counted(caught_up.new_turns, "new turn");
                output.note(format!("{turns} from transcripts that hooks had noted"));
            }
        }
        Err(error) => {
            output.warn(format!("the transcripts that hooks noted cannot be read: {error}"));
        }
    }
}

/// Prints an event. Whoever reads no more has no use for events; what was captured is stored.
fn tell(output: Output, event: &WatchEvent) {
    if output.json {
        let mut lines = output.json_lines();
        let written = serde_json::to_writer(&mut lines, event).map_err(std::io::Error::from);
        let _ = written.and_then(|()| lines.write_all(b"\n")).and_then(|()| lines.flush());
    } else if let WatchEvent::Failed { .. }
    | WatchEvent::NotIndexed { .. }
    | WatchEvent::WithoutNotices { .. } = event
    {
        output.warn(render::watch_event(event));
    } else {
        let _ = output.line(render::watch_event(event));
    }
}
