//! The built program with an encrypted store: no word that was said stands in any file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(all(unix, feature = "cli"))]

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A home folder with a folder for temporary files in it, and nothing else of the environment.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(TempDir::new().unwrap());
        std::fs::create_dir(home.path("tmp")).unwrap();
        std::fs::create_dir(home.path("no-model")).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_longmem"));
        command
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("TMPDIR", self.path("tmp"))
            .env("TZ", "UTC")
            .env("LONGMEM_MODEL_DIR", "no-model")
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that ends well.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        format!("{}{errors}", String::from_utf8_lossy(&output.stdout))
    }

    /// The error of a command that ends with this code.
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        errors
    }
}

#[cfg(not(feature = "encryption"))]
#[test]
fn without_encryption_a_key_is_refused_and_nothing_is_stored() {
    let home = Home::new();
    home.done(&["key", "new", "k"]);
    for arguments in [
        &["remember", "I moved to Lisbon", "--db", "m.db", "--key-file", "k"][..],
        &["key", "rotate", "k", "--db", "plain.db"],
    ] {
        home.done(&["remember", "hello", "--db", "plain.db"]);
        let error = home.fails(1, arguments);
        assert!(error.contains("built without encryption"), "{error}");
        assert!(error.contains("--features encryption"), "{error}");
    }
    assert!(!home.path("m.db").exists());
    assert!(home.done(&["stats", "--db", "plain.db"]).contains('2'));
}

#[test]
fn a_key_file_that_cannot_be_used_says_why_and_not_what_it_holds() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new();
    home.done(&["key", "new", "k"]);
    let mode = |mode| {
        std::fs::set_permissions(home.path("k"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let before = std::fs::read(home.path("k")).unwrap();
    let again = home.fails(1, &["key", "new", "k"]);
    assert!(again.contains("cannot be made") && again.contains("never overwritten"), "{again}");
    assert_eq!(std::fs::read(home.path("k")).unwrap(), before);
    let remember = ["remember", "hello", "--db", "m.db", "--key-file", "k"];
    mode(0o644);
    let error = home.fails(1, &remember);
    assert!(error.contains("mode 0644") && error.contains("chmod 600 k"), "{error}");
    mode(0o600);
    std::fs::write(home.path("k"), "hunter2\n").unwrap();
    let error = home.fails(1, &remember);
    assert!(error.contains("expected 64 hexadecimal digits"), "{error}");
    assert!(error.contains("openssl rand -hex 32") && !error.contains("hunter2"), "{error}");
    let error = home.fails(1, &["stats", "--key-file", "nowhere"]);
    assert!(error.contains("the key file nowhere cannot be read"), "{error}");
    assert!(!home.path("m.db").exists());
}

#[cfg(feature = "encryption")]
mod with_encryption {
    use std::path::Path;

    use super::*;

    const HISTORY: &str = r#"{"id":"1","session":"secretsession","title":"SecretTitle","role":"user","time":"2026-01-10T09:00:00Z","text":"We moved to Lisbon."}
{"id":"2","session":"secretsession","role":"assistant","speaker":"SecretSpeaker","time":"2026-01-10T09:00:05Z","text":"Lisbon is a city of hills."}
"#;

    /// What stands nowhere; words are stored in small letters, too.
    const SECRETS: [&str; 6] =
        ["isbon", "secretuser", "secretsession", "SecretTitle", "SecretSpeaker", "hills"];

    /// The files in a folder, and in those in it, that hold a secret.
    fn telling(folder: &Path, telling_files: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                telling(&path, telling_files);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let holds =
                |secret: &&str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            if let Some(secret) = SECRETS.iter().find(|secret| holds(*secret)) {
                telling_files.push(format!("{secret} in {}", path.display()));
            }
        }
    }

    fn nothing_is_told(home: &Home) {
        let mut files = Vec::new();
        telling(home.0.path(), &mut files);
        assert_eq!(files, [""; 0]);
    }

    /// A home whose usual store is encrypted, as its configuration says.
    fn encrypted() -> Home {
        let home = Home::new();
        home.done(&["key", "new", "k"]);
        std::fs::create_dir_all(home.path(".config/longmem")).unwrap();
        let config = format!("key_file = {:?}\n", home.path("k"));
        std::fs::write(home.path(".config/longmem/config.toml"), config).unwrap();
        home
    }

    fn import(home: &Home, more: &[&str]) {
        std::fs::write(home.path("h.jsonl"), HISTORY).unwrap();
        home.done(&[&["import", "h.jsonl"], more].concat());
        std::fs::remove_file(home.path("h.jsonl")).unwrap();
    }

    #[test]
    fn every_command_works_and_no_file_tells_a_word() {
        let home = encrypted();
        let user = ["--user", "secretuser"];
        let run = |arguments: &[&str]| {
            let shown = home.done(&[arguments, &user].concat());
            nothing_is_told(&home);
            shown
        };
        import(&home, &user);
        nothing_is_told(&home);
        run(&["remember", "The hills of Lisbon have names"]);
        run(&["facts", "add", "They live in Lisbon"]);
        assert!(run(&["recall", "lisbon", "--words-only"]).contains("Lisbon"));
        assert!(run(&["context", "Where is Lisbon?"]).contains("Lisbon"));
        assert!(run(&["sessions"]).contains("SecretTitle"));
        assert!(run(&["stats"]).contains('3'));
        run(&["backup", "copy.db"]);
        assert!(home.done(&["stats", "--db", "copy.db"]).contains('3'));
        let exported = run(&["export"]);
        assert!(exported.contains("hills") && exported.contains("the store is encrypted"));
        let doctor = home.run(&[&["doctor"], &user[..]].concat());
        let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(doctor.contains(", encrypted"), "{doctor}");
        run(&["forget", "--all", "--yes"]);
    }

    #[test]
    fn a_wrong_key_or_none_ends_with_what_to_do_and_changes_nothing() {
        let home = encrypted();
        import(&home, &[]);
        home.done(&["key", "new", "other"]);
        let store = home.path(".local/share/longmem/memory.db");
        let before = std::fs::read(&store).unwrap();
        let error = home.fails(1, &["recall", "lisbon", "--key-file", "other"]);
        assert!(error.contains("cannot be read with this key"), "{error}");
        assert_eq!(error.lines().count(), 2, "SQLCipher says nothing of its own: {error}");
        let store = store.to_str().unwrap();
        let plain = ["--config", "/dev/null", "--db", store];
        let error = home.fails(1, &[&["recall", "lisbon"], &plain[..]].concat());
        assert!(error.contains("is encrypted") && error.contains("--key-file"), "{error}");
        assert!(before == std::fs::read(store).unwrap());
        assert!(home.done(&["recall", "lisbon", "--words-only"]).contains("Lisbon"));
    }

    /// Arguments about the store in `m.db`, with those of a key.
    fn with<'a>(arguments: &[&'a str], key: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--db", "m.db"], key].concat()
    }

    #[test]
    fn a_key_is_changed_and_taken_away_and_the_old_one_opens_nothing() {
        let home = encrypted();
        home.done(&["key", "new", "other"]);
        let none = &["--config", "/dev/null", "--user", "secretuser"][..];
        let (first, second) = (&["--key-file", "k"][..], &["--key-file", "other"][..]);
        import(&home, &with(&[], none));
        // A plain store is encrypted although a key is configured already.
        let error = home.fails(1, &with(&["stats"], first));
        assert!(error.contains("is not encrypted") && error.contains("key rotate"), "{error}");
        home.done(&with(&["key", "rotate", "k"], first));
        nothing_is_told(&home);
        assert!(home.done(&with(&["stats"], first)).contains('2'));
        home.done(&with(&["key", "rotate", "other"], first));
        nothing_is_told(&home);
        home.fails(1, &with(&["stats"], first));
        assert!(home.done(&with(&["stats"], second)).contains('2'));
        let error = home.fails(1, &with(&["key", "rotate", "--decrypt"], second));
        assert!(error.contains("--yes"), "{error}");
        home.fails(1, &with(&["key", "rotate", "--decrypt", "--yes"], first));
        let said = home.done(&with(&["key", "rotate", "--decrypt", "--yes"], second));
        assert!(said.contains("not encrypted any more"), "{said}");
        assert!(home.done(&with(&["stats"], none)).contains('2'));
        home.fails(1, &with(&["key", "rotate", "--decrypt", "--yes"], none));
    }
}
