//! The file that says what went wrong in hooks, which have nobody to tell it.

use std::io::{self, Write};
use std::path::PathBuf;

use longmem::{Folders, environment};
use longmem_core::Clock;
use longmem_core::private_files::{make_folder, open_options};

/// Bytes after which the file is begun anew; the one before is kept as `hooks.log.old`.
const MOST_BYTES: u64 = 1 << 20;

/// The log of hooks, for one call.
#[derive(Clone)]
pub(super) struct HookLog {
    file: PathBuf,
    /// Which call a line is about.
    call: String,
    in_detail: bool,
}

impl HookLog {
    /// The log in the user's data folder.
    pub(super) fn of(folders: &Folders, client: &str, event: &str) -> Self {
        Self {
            file: folders.data.join("hooks.log"),
            call: format!("{client} {event}"),
            in_detail: environment::is_on(environment::HOOK_DEBUG),
        }
    }

    /// The path of the call below a server's hooks.
    pub(super) fn path(&self) -> String {
        self.call.replace(' ', "/")
    }

    /// Writes a line.
    pub(super) fn line(&self, text: &str) {
        // There is nobody who could be told that it cannot be written.
        let _ = self.write(text);
    }

    /// Writes what came or went, where that is asked for.
    pub(super) fn detail(&self, what: &str, text: &str) {
        if self.in_detail {
            self.line(&format!("{what}: {text}"));
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            make_folder(folder)?;
        }
        if self.file.metadata().is_ok_and(|file| file.len() > MOST_BYTES) {
            std::fs::rename(&self.file, self.file.with_extension("log.old"))?;
        }
        let mut file = open_options(&self.file).append(true).create(true).open(&self.file)?;
        let time = longmem::SystemClock.now().strftime("%Y-%m-%dT%H:%M:%SZ");
        // One write: lines of several hooks do not mix.
        let line = format!("{time} {}: {}\n", self.call, text.replace(['\n', '\r'], " "));
        file.write_all(line.as_bytes())
    }
}
