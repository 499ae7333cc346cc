//! Ctrl-C, a closed terminal and a request to end, in a talk and in a single question.
//!
//! While an answer comes, each of them breaks it off, and what came of it is kept; otherwise the program
//! ends: everything that was said is stored by then.

use std::path::PathBuf;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use longmem_chat::Conversation;
use tokio::sync::Notify;

/// How long a closed terminal leaves for what came of an answer to be stored.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// Exit code of an interrupted program.
const INTERRUPTED: i32 = 130;

/// Watches for signals from a thread of its own.
#[derive(Clone)]
pub(super) struct Signals {
    state: Arc<Mutex<State>>,
    abandoned: Arc<Notify>,
    /// Files that only this program needs.
    temporary: Arc<Mutex<Vec<PathBuf>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody waits for an answer.
    Idle,
    /// A question is put to the person, which Ctrl-C answers with no.
    Asking,
    /// An answer comes.
    Answering,
    /// The answer is being broken off.
    Breaking,
    /// The answer is being broken off, and then the program ends.
    Leaving,
    /// The talk has ended; who ends it looks at Ctrl-C.
    Ended,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The terminal is closed, or somebody ends the program.
    End,
}

impl Signals {
    /// Starts to watch for a conversation.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn watch(conversation: &Conversation) -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(State::Idle));
        let this = Self { state, abandoned: Arc::default(), temporary: Arc::default() };
        let (watching, conversation) = (this.clone(), conversation.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(mut sources) = Sources::new() else { return };
                loop {
                    let signal = sources.next().await;
                    watching.on(signal, &conversation);
                }
            });
        })?;
        Ok(this)
    }

    /// An answer begins.
    pub(super) fn begin_answer(&self) {
        *self.state() = State::Answering;
    }

    /// A question is put to the person; [`Signals::end_answer`] ends it.
    pub(super) fn begin_question(&self) {
        *self.state() = State::Asking;
    }

    /// The answer has ended, whole or broken off; says whether the program is to end.
    pub(super) fn end_answer(&self) -> bool {
        std::mem::replace(&mut *self.state(), State::Idle) == State::Leaving
    }

    /// The talk has ended.
    pub(super) fn end(&self) {
        *self.state() = State::Ended;
    }

    /// Lets a file go when a signal ends the program.
    pub(super) fn delete_at_end(&self, file: PathBuf) {
        self.temporary.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }

    /// Waits until nobody wants to wait for the end of a broken answer.
    pub(super) async fn abandoned(&self) {
        self.abandoned.notified().await;
    }

    fn on(&self, signal: Signal, conversation: &Conversation) {
        let mut state = self.state();
        match (*state, signal) {
            (State::Answering, Signal::Interrupt) => {
                *state = State::Breaking;
                conversation.break_off();
            }
            (State::Breaking, Signal::Interrupt) => self.abandoned.notify_one(),
            (State::Answering | State::Breaking, Signal::End) => {
                *state = State::Leaving;
                conversation.break_off();
                let this = self.clone();
                thread::spawn(move || {
                    thread::sleep(LAST_WRITE);
                    this.exit();
                });
            }
            (State::Asking | State::Ended, Signal::Interrupt) | (State::Leaving, _) => {}
            (State::Idle, _) | (State::Asking | State::Ended, Signal::End) => self.exit(),
        }
    }

    fn exit(&self) {
        for file in self.temporary.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // What cannot be deleted is for its owner alone.
            let _ = fs_err::remove_file(file);
        }
        process::exit(INTERRUPTED);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where signals come from.
#[cfg(unix)]
struct Sources {
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Sources {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.hang_up.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
        }
    }
}

/// Where signals come from.
#[cfg(not(unix))]
struct Sources;

#[cfg(not(unix))]
impl Sources {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
