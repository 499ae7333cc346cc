//! The program on a terminal of its own, which util-linux's `script` makes.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anstream::adapter::StripBytes;

/// How long something on the screen is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a line editor asks to know where the cursor is, and an answer.
const WHERE: &[u8] = b"\x1b[6n";
const HERE: &[u8] = b"\x1b[1;1R";

/// A program that believes to be looked at.
pub(crate) struct Terminal {
    child: Child,
    keys: Arc<Mutex<ChildStdin>>,
    screen: Arc<Mutex<Screen>>,
    /// Bytes of the shown text that were looked at.
    seen: usize,
}

/// What was written to a terminal.
#[derive(Default)]
struct Screen {
    written: Vec<u8>,
    /// The same without attributes.
    shown: Vec<u8>,
    attributes: StripBytes,
}

impl Screen {
    /// Takes the next bytes; says how often they ask where the cursor is.
    fn push(&mut self, bytes: &[u8]) -> usize {
        // A piece may end within a sequence.
        let begin = self.written.len().saturating_sub(WHERE.len() - 1);
        self.written.extend_from_slice(bytes);
        for text in self.attributes.strip_next(bytes) {
            self.shown.extend_from_slice(text);
        }
        self.written[begin..].windows(WHERE.len()).filter(|bytes| *bytes == WHERE).count()
    }
}

impl Terminal {
    /// Runs a command on a terminal of 80 columns.
    pub(crate) fn run(command: &Command) -> Self {
        let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
        let words = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted);
        let line = format!("stty cols 80 rows 24; exec {}", words.collect::<Vec<_>>().join(" "));
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).current_dir(command.get_current_dir().unwrap());
        script
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.env("TERM", "xterm").env("SHELL", "/bin/sh");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let keys = Arc::new(Mutex::new(child.stdin.take().unwrap()));
        let screen = Arc::new(Mutex::new(Screen::default()));
        let (mut shown, all, answers) =
            (child.stdout.take().unwrap(), Arc::clone(&screen), Arc::clone(&keys));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = shown.read(&mut bytes) {
                let asked = all.lock().unwrap().push(&bytes[..length]);
                // A program that has ended hears no answer.
                let _ = answers.lock().unwrap().write_all(&HERE.repeat(asked));
            }
        });
        Self { child, keys, screen, seen: 0 }
    }

    /// Presses keys.
    pub(crate) fn type_in(&self, keys: &str) {
        self.keys.lock().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until a text stands on the screen behind what was looked at; returns what stands there up to
    /// its end, without attributes.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let begin = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap();
            let new = &screen.shown[self.seen..];
            if let Some(place) = new.windows(text.len()).position(|part| part == text.as_bytes()) {
                // What came with it is looked at the next time.
                let end = place + text.len();
                self.seen += end;
                return String::from_utf8_lossy(&new[..end]).into_owned();
            }
            let shown = String::from_utf8_lossy(new);
            assert!(begin.elapsed() < PATIENCE, "{text:?} does not come:\n{shown}");
            drop(screen);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Everything that was written so far, with attributes.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap().written).into_owned()
    }

    /// Closes the terminal's window.
    pub(crate) fn close(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the program has ended.
    pub(crate) fn wait(mut self) {
        self.child.wait().unwrap();
    }
}
