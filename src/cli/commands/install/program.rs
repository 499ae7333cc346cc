//! The program that agents start, as it is written into their files.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use longmem::postgres::AddressDefaults;
use longmem::ring::ring_place;
use longmem::{ServerAddress, StorePlace};
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
            let value = match StorePlace::from(value.as_str()) {
                StorePlace::Server(server) if name == "db" => without_password(&server)?,
                StorePlace::Ring(ring) if name == "db" => {
                    ring_place(&std::path::absolute(ring.file())?)
                }
                _ if is_path => text(&std::path::absolute(value)?)?,
                _ => value,
            };
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
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Says whether a shell takes a character as it is.
fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || "@%+=:,./_-".contains(character)
}

/// The words of a line that [`Program::line`] writes; none if a shell does more with it than to start a
/// program.
pub(super) fn shell_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.chars().peekable();
    while rest.peek().is_some() {
        let mut word = String::new();
        while let Some(character) = rest.next_if(|character| *character != ' ') {
            match character {
                '\'' => word.extend(rest.by_ref().take_while(|character| *character != '\'')),
                '\\' => word.extend(rest.next()),
                _ if is_plain(character) => word.push(character),
                _ => return None,
            }
        }
        words.push(word);
        rest.next();
    }
    Some(words)
}

/// Says whether these are the flags that [`Program::of_this_process`] may write, and no others.
pub(super) fn are_written_flags(words: &[&str]) -> bool {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let has_value = FLAGS.iter().any(|(_, flag, _)| flag == word) && words.next().is_some();
        if !has_value && word.strip_prefix("--") != Some(REDACT) {
            return false;
        }
    }
    true
}

/// Says whether a path names longmem: by its name, by its name with a version (`longmem-0.3.0`), or as the
/// program that runs, whatever that is called. Another program may have a name that begins alike.
pub(super) fn is_longmem(path: &str) -> bool {
    let path = Path::new(path);
    let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    let has_version = |rest: &str| {
        let version = rest.strip_prefix(['-', '_']).map(|rest| rest.trim_start_matches('v'));
        version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    };
    name.strip_prefix(NAME).is_some_and(|rest| rest.is_empty() || has_version(rest))
        || env::current_exe().is_ok_and(|own| path == own || is_same(path, &own))
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The address of a server, which the files of agents may hold if there is no password in it.
fn without_password(server: &ServerAddress) -> Result<String, Failure> {
    let any_host = AddressDefaults { hosts: Some("localhost".to_owned()), ..Default::default() };
    let alone = ServerAddress::new(server.address()).with_defaults(any_host);
    if alone.parts()?.has_password {
        return Err(Failure::refused(
            ErrorCode::WrongSettings,
            format!(
                "the address of {} holds a password, which would stand in agents' files",
                server.place()
            ),
            "Leave it out of the address: ~/.pgpass or db_password_file in config.toml keeps it.",
        ));
    }
    Ok(server.address().to_owned())
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
    fn a_line_that_does_more_than_start_a_program_has_no_words() {
        for line in ["longmem hook codex Stop && beep", "longmem; x", "longmem > log", "$(longmem)"]
        {
            assert_eq!(shell_words(line), None, "{line}");
        }
        for (words, are) in [
            (["--user", "ana"].as_slice(), true),
            (&["--redact", "--db", "/a b"], true),
            (&["--read-only"], false),
            (&["--user"], false),
            (&["ana"], false),
        ] {
            assert_eq!(are_written_flags(words), are, "{words:?}");
        }
    }

    #[test]
    fn a_path_with_spaces_stays_one_word() {
        let flags = vec!["--user".to_owned(), "o'neil".to_owned()];
        let program = Program { path: "/opt/my tools/longmem".to_owned(), flags };
        let line = program.line(&["hook", "codex", "Stop"]);
        assert_eq!(line, r"'/opt/my tools/longmem' hook codex Stop --user 'o'\''neil'");
        assert_eq!(shell_words(&line).unwrap()[..2], ["/opt/my tools/longmem", "hook"]);
        assert_eq!(shell_words(&line).unwrap()[5..], ["o'neil"]);
        assert!(is_longmem("/opt/my tools/longmem") && !is_longmem("/opt/longmem-lab"));
    }

    #[test]
    fn this_program_is_known_whatever_it_is_called() {
        let own = env::current_exe().unwrap();
        assert!(is_longmem(own.to_str().unwrap()));
        assert!(is_longmem("/opt/longmem-0.3.0") && is_longmem("longmem_v2.exe"));
        assert!(!is_longmem("memory") && !is_longmem("longmem-") && !is_longmem("longmemory"));
    }
}
