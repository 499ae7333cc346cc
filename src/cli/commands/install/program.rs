//! The program that agents start, as it is written into their files.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use longmem_core::ErrorCode;

use crate::failure::Failure;
use crate::given::Given;

/// The name under which it is found on the `PATH`.
const NAME: &str = "longmem";

/// Flags that go from this command into the commands that are written; those of files have whole paths
/// there, since agents work in other folders.
const FLAGS: [(&str, &str, bool); 5] = [
    ("db", "--db", true),
    ("config", "--config", true),
    ("key_file", "--key-file", true),
    ("model_dir", "--model-dir", true),
    ("user", "--user", false),
];

/// The flag without a value that goes along with them: what an agent's transcripts hold is redacted, too.
const REDACT: &str = "redact";

/// The program, and the flags that each of its commands gets.
pub(super) struct Program {
    pub(super) path: String,
    pub(super) flags: Vec<String>,
}

impl Program {
    /// This program: by its name where that finds it, so that a newer one takes its place, else by its
    /// path.
    ///
    /// # Errors
    /// [`Failure::Refused`] if the path is no text, and cannot be written into a file of JSON.
    pub(super) fn of_this_process(given: &Given) -> Result<Self, Failure> {
        let own = env::current_exe()?;
        let is_on_path = on_path(NAME).is_some_and(|found| is_same(&found, &own));
        let path = if is_on_path { NAME.to_owned() } else { text(&own)? };
        let mut flags = Vec::new();
        for (name, flag, is_path) in FLAGS {
            let Some(value) = given.value(name).filter(|_| given.by_flag(name)) else { continue };
            let value = if is_path { text(&std::path::absolute(value)?)? } else { value };
            flags.extend([flag.to_owned(), value]);
        }
        if given.by_flag(REDACT) {
            flags.push(format!("--{REDACT}"));
        }
        Ok(Self { path, flags })
    }

    /// The words of one of its commands, without the program itself.
    pub(super) fn arguments(&self, command: &[&str]) -> Vec<String> {
        command.iter().map(|word| (*word).to_owned()).chain(self.flags.iter().cloned()).collect()
    }

    /// A command as a shell reads it.
    pub(super) fn line(&self, command: &[&str]) -> String {
        let words = self.arguments(command);
        let quoted: Vec<_> =
            std::iter::once(&self.path).chain(&words).map(|word| quoted(word)).collect();
        quoted.join(" ")
    }
}

/// The program of a name on the `PATH`.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths)
        .map(|folder| folder.join(name).with_extension(env::consts::EXE_EXTENSION))
        .find(|file| file.is_file())
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain =
        |character: char| character.is_alphanumeric() || "@%+=:,./_-".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Says whether a path names longmem.
pub(super) fn is_longmem(path: &str) -> bool {
    Path::new(path).file_stem() == Some(OsStr::new(NAME))
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::refused(
            ErrorCode::FileFailed,
            format!("{} is no text in UTF-8, so it cannot be written into JSON", path.display()),
            "Move it to a folder whose name is one.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_stays_one_word() {
        let flags = vec!["--user".to_owned(), "o'neil".to_owned()];
        let program = Program { path: "/opt/my tools/longmem".to_owned(), flags };
        let line = program.line(&["hook", "codex", "Stop"]);
        assert_eq!(line, r"'/opt/my tools/longmem' hook codex Stop --user 'o'\''neil'");
        assert!(is_longmem("/opt/my tools/longmem") && !is_longmem("/opt/longmem-lab"));
    }
}
