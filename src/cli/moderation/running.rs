//! A program that runs, with a thread for each of its streams, so that nothing it does can hold up
//! more than its answer.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Most bytes of an answer: a text that replaces another may be long.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Bytes kept of what a program says on its standard error.
const LAST_WORDS_BYTES: usize = 400;

/// How long a program may take to end once nothing more is asked.
const FAREWELL: Duration = Duration::from_millis(300);

/// What a program did.
#[derive(Debug)]
pub(crate) enum Event {
    /// It wrote a line.
    Line(Vec<u8>),
    /// It wrote more than one line at once, or one that does not end.
    TooMuch,
    /// It closed its standard output.
    Ended,
}

/// A program that runs; dropping it ends it, with all that it started.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// None once nothing more is asked.
    questions: Option<Sender<Vec<u8>>>,
    events: Receiver<Event>,
    last_words: Receiver<String>,
}

impl Running {
    /// Starts a program, without a shell, in a process group of its own.
    pub(crate) fn start(
        program: &Path,
        arguments: &[String],
        environment: &[(OsString, OsString)],
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (questions, asked) = channel::<Vec<u8>>();
        let (event_sender, events) = sync_channel(4);
        let (words_sender, last_words) = channel();
        let running = Self { child, questions: Some(questions), events, last_words };
        if let (Some(mut input), Some(output), Some(errors)) = pipes {
            thread::Builder::new().spawn(move || {
                // A program that does not read ends this thread when it is ended itself.
                while let Ok(question) = asked.recv() {
                    if input.write_all(&question).and_then(|()| input.flush()).is_err() {
                        return;
                    }
                }
            })?;
            thread::Builder::new().spawn(move || read_lines(output, &event_sender))?;
            thread::Builder::new().spawn(move || {
                let _ = words_sender.send(beginning(errors));
            })?;
        }
        Ok(running)
    }

    /// Hands on a question; it is written by another thread.
    pub(crate) fn ask(&mut self, question: &[u8]) {
        if let Some(questions) = &self.questions {
            // If nobody takes it, the program has ended, which is the next event.
            let _ = questions.send(question.to_vec());
        }
    }

    /// What the program did that nobody asked for.
    pub(crate) fn pending(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// What the program does next; none if it does nothing until then.
    pub(crate) fn next(&mut self, deadline: Instant) -> Option<Event> {
        match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Disconnected) => Some(Event::Ended),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// How a program that closed its output ended, and what it said on its standard error.
    pub(crate) fn last_words(&mut self) -> String {
        let words = self.last_words.recv_timeout(FAREWELL).unwrap_or_default();
        let status = match self.child.try_wait() {
            Ok(Some(status)) => format!(" ({status})"),
            _ => String::new(),
        };
        let line = words.lines().rev().find(|line| !line.trim().is_empty());
        line.map_or(status.clone(), |line| format!("{status}: {}", line.trim()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of its input tells it to end by itself.
        self.questions = None;
        let deadline = Instant::now() + FAREWELL;
        while let Some(event) = self.next(deadline) {
            if matches!(event, Event::Ended | Event::TooMuch) {
                break;
            }
        }
        end_group(&mut self.child);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends a program with all that it started in its group.
#[cfg(unix)]
fn end_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // Its number may belong to another process only once it was waited for.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn end_group(_: &mut Child) {}

/// Hands on each line that is not empty.
fn read_lines(mut output: impl Read, events: &SyncSender<Event>) {
    let mut held = Vec::new();
    let mut piece = [0; 8_192];
    loop {
        let length = match output.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let searched = held.len();
        held.extend_from_slice(&piece[..length]);
        if let Some(end) = held[searched..].iter().position(|byte| *byte == b'\n') {
            let behind = held.split_off(searched + end + 1);
            let line = std::mem::replace(&mut held, behind);
            if is_blank(&line) {
                continue;
            }
            let event = if is_blank(&held) { Event::Line(line) } else { Event::TooMuch };
            let is_last = matches!(event, Event::TooMuch);
            if events.send(event).is_err() || is_last {
                return;
            }
        } else if held.len() > MAX_ANSWER_BYTES {
            let _ = events.send(Event::TooMuch);
            return;
        }
    }
    if !is_blank(&held) {
        let _ = events.send(Event::Line(held));
    }
    let _ = events.send(Event::Ended);
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// The beginning of what a program says; the rest is read and dropped, so that it can go on.
fn beginning(mut errors: impl Read) -> String {
    let mut kept = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(length @ 1..) = errors.read(&mut piece) {
        let room = LAST_WORDS_BYTES.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(&piece[..room]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
