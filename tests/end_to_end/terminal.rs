//! The program on a terminal of its own, which util-linux's `script` makes.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long something on the screen is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a line editor asks to know where the cursor is, and an answer.
const WHERE: &str = "\u{1b}[6n";
const HERE: &str = "\u{1b}[1;1R";

/// A program that believes to be looked at.
pub(crate) struct Terminal {
    child: Child,
    keys: Arc<Mutex<ChildStdin>>,
    screen: Arc<Mutex<String>>,
    /// Bytes of the screen that were looked at.
    seen: usize,
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
        let screen = Arc::new(Mutex::new(String::new()));
        let (mut shown, all, answers) =
            (child.stdout.take().unwrap(), Arc::clone(&screen), Arc::clone(&keys));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = shown.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                for _ in text.matches(WHERE) {
                    answers.lock().unwrap().write_all(HERE.as_bytes()).unwrap();
                }
                all.lock().unwrap().push_str(&text);
            }
        });
        Self { child, keys, screen, seen: 0 }
    }

    /// Presses keys.
    pub(crate) fn type_in(&self, keys: &str) {
        self.keys.lock().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until a text stands on the screen behind what was looked at; returns what came by then,
    /// without attributes.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let begin = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap().clone();
            let shown = anstream::adapter::strip_str(&screen[self.seen..]).to_string();
            if shown.contains(text) {
                self.seen = screen.len();
                return shown;
            }
            assert!(begin.elapsed() < PATIENCE, "{text:?} does not come:\n{shown}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Everything that was written so far, with attributes.
    pub(crate) fn written(&self) -> String {
        self.screen.lock().unwrap().clone()
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
