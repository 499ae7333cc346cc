//! `longmem hook`: answers an agent's hook from memory.
//!
//! An agent waits for its hooks, and takes some exit codes for a wish to stop it. So whatever happens,
//! there is an answer in time, and the exit code is 0: see [`ends_well`].

mod catching_up;
mod log;
#[cfg(unix)]
mod running_server;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use longmem::{Folders, IfMissing};
use longmem_memory::Memory;
use longmem_server::{Hook, HookAnswer, HookClient, WaitingTranscripts};

use self::log::HookLog;
use crate::arguments::{GlobalArguments, HookArguments};
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// How the command is called on the command line.
const COMMAND: &str = "hook";

/// How long a hook takes at most. Agents are told to wait a second longer.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a hook takes at most whose answer says nothing; several hooks share what an agent allows at
/// the end of a session.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);

/// How long a hook waits for the embedding model.
const LOADING: Duration = Duration::from_millis(1_500);

/// Bytes of what an agent sends; more is no prompt.
const MOST_BYTES: u64 = 32 << 20;

/// The answer that says nothing.
const NOTHING: &str = "{}";

/// Whether an answer was printed.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Whether a command line is that of a hook: options may stand before the command.
fn is_hook(line: &[OsString]) -> bool {
    let is_agent =
        |word: &OsString| word.to_str().is_some_and(|word| word.parse::<HookClient>().is_ok());
    line.get(1).is_some_and(|word| word == COMMAND)
        || line.windows(2).any(|words| words[0] == COMMAND && is_agent(&words[1]))
}

/// Runs the program, and gives an agent its answer if the program did not: a wrong variable or a bug of
/// longmem must not keep a person from talking with the agent. Other commands end as they do.
pub(crate) fn ends_well(program: impl FnOnce() -> ExitCode) -> ExitCode {
    let is_hook = is_hook(&std::env::args_os().collect::<Vec<_>>());
    let asks_for_help =
        std::env::args_os().any(|argument| argument == "--help" || argument == "-h");
    if !is_hook || asks_for_help {
        return program();
    }
    let _ = program();
    if !ANSWERED.load(Ordering::SeqCst) {
        if let Ok(folders) = Folders::of_this_user() {
            let line = std::env::args_os()
                .skip(2)
                .map(|argument| argument.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
                .join(" ");
            HookLog::of(&folders, &line, "").line("the command ended before it had an answer");
        }
        // Whoever closed the pipe wants no answer.
        let _ = print(NOTHING);
    }
    ExitCode::SUCCESS
}

/// Answers a hook.
///
/// # Errors
/// [`Failure`] if there is no home folder; everything else is in the log.
pub(super) fn run(arguments: &HookArguments, global: &GlobalArguments) -> Result<(), Failure> {
    let log = HookLog::of(&Folders::of_this_user()?, &arguments.client, &arguments.event);
    let settings = match compose::settings(global) {
        Ok(settings) => for_hooks(settings),
        Err(failure) => {
            log.line(&failure.finding());
            return Ok(print(NOTHING)?);
        }
    };
    if arguments.catch_up {
        // Nobody waits for an answer.
        ANSWERED.store(true, Ordering::SeqCst);
        catching_up::run(&settings, &log);
        return Ok(());
    }
    let answer = match called(arguments, &log) {
        Some(hook) => answer_in_time(hook, settings, &log),
        None => HookAnswer::default().to_json(),
    };
    log.detail("answer", &answer);
    Ok(print(&answer)?)
}

/// Settings with which nothing is fetched: nobody waits for 91 MB in a hook.
fn for_hooks(mut settings: Settings) -> Settings {
    settings.options.model.offline = true;
    settings
}

/// What was called, with its JSON from standard input; none where that is not what an agent sends.
fn called(arguments: &HookArguments, log: &HookLog) -> Option<Call> {
    let mut json = Vec::new();
    if let Err(error) = io::stdin().lock().take(MOST_BYTES).read_to_end(&mut json) {
        log.line(&format!("standard input cannot be read: {error}"));
    }
    log.detail("input", &String::from_utf8_lossy(&json));
    match Hook::read(&arguments.client, &arguments.event, &json) {
        Ok(hook) => Some(Call { hook, json }),
        Err(error) => {
            log.line(&error.to_string());
            None
        }
    }
}

/// A call of a hook, with what came.
struct Call {
    hook: Hook,
    json: Vec<u8>,
}

/// Answers a call; with `{}` where that fails or takes too long.
fn answer_in_time(call: Call, settings: Settings, log: &HookLog) -> String {
    let patience = if call.hook.reads_memory() { PATIENCE } else { SHORT_PATIENCE };
    let (sender, receiver) = mpsc::channel();
    let of_thread = log.clone();
    let thread = std::thread::Builder::new().name(COMMAND.to_owned());
    // It ends with the process, however far it is.
    let started = thread.spawn(move || {
        let _ = sender.send(answer(&call, &settings, &of_thread));
    });
    let answered = match started {
        Ok(_) => receiver.recv_timeout(patience).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => {
                format!("there was no answer within {} s", patience.as_secs())
            }
            mpsc::RecvTimeoutError::Disconnected => "a bug in longmem ended it".to_owned(),
        }),
        Err(error) => Err(format!("no thread can be started: {error}")),
    };
    match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => {
            log.line(&failure.finding());
            NOTHING.to_owned()
        }
        Err(reason) => {
            log.line(&reason);
            NOTHING.to_owned()
        }
    }
}

/// Notes the transcript that has grown, has transcripts read beside this process, and asks a server that
/// runs, or else the store.
fn answer(call: &Call, settings: &Settings, log: &HookLog) -> Result<String, Failure> {
    let Call { hook, json } = call;
    let waiting = WaitingTranscripts::in_folder(settings.options.waiting_transcripts());
    if let Some(transcript) = hook.grown_transcript(&settings.user) {
        waiting.note(&transcript)?;
    }
    let catches_up = hook.begins_catching_up() && !waiting.is_empty();
    if !catches_up && !hook.reads_memory() {
        return Ok(NOTHING.to_owned());
    }
    #[cfg(unix)]
    if let Some(answer) = running_server::answer(settings, log, json) {
        return Ok(answer);
    }
    if catches_up {
        catching_up::begin()?;
    }
    // A file is empty while another process makes the store.
    let has_content = |file| std::fs::metadata(file).is_ok_and(|file| file.len() > 0);
    if !hook.reads_memory() || !settings.options.place.file().is_none_or(has_content) {
        return Ok(NOTHING.to_owned());
    }
    let opened = compose::memory(settings, IfMissing::Fail, Output { json: true, quiet: true });
    let memory = match opened {
        Err(failure) if failure.is_of_missing_store() => return Ok(NOTHING.to_owned()),
        opened => opened?,
    };
    if hook.searches_memory() {
        warm_up(&memory);
    }
    let time_zone = &settings.options.talk.conversation.time_zone;
    Ok(hook.answer(&memory, &settings.user, time_zone)?.to_json())
}

/// Loads the embedding model, and waits for it as long as leaves time to search: after that, words alone
/// decide.
fn warm_up(memory: &Arc<Memory>) {
    let (sender, receiver) = mpsc::channel();
    let memory = Arc::clone(memory);
    let loading = std::thread::Builder::new().name("model".to_owned()).spawn(move || {
        // Without the model, words are enough.
        let _ = memory.warm_up();
        let _ = sender.send(());
    });
    if loading.is_ok() {
        let _ = receiver.recv_timeout(LOADING);
    }
}

/// Prints the answer: one line of JSON and nothing else.
fn print(answer: &str) -> io::Result<()> {
    ANSWERED.store(true, Ordering::SeqCst);
    let mut out = Output { json: true, quiet: true }.json_lines();
    writeln!(out, "{answer}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_known_wherever_its_command_stands() {
        let is = |line: &str| is_hook(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(is("longmem hook claude-code Stop"));
        assert!(is("longmem hook nobody"));
        assert!(is("longmem --db hook.db --redact hook codex SessionStart"));
        assert!(!is("longmem recall the hook of the door"));
        assert!(!is("longmem"));
    }
}
