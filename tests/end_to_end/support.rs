//! The built program, in a home of its own.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_embed::{Manifest, ModelSources};
use serde_json::Value;
use tempfile::TempDir;

/// The folder that holds README.md.
pub(crate) const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// The folder that holds the real model, fetched into the workspace's `models/` if absent.
static MODEL: LazyLock<PathBuf> = LazyLock::new(|| {
    let sources = ModelSources::new(Path::new(REPOSITORY).join("models"));
    let files = sources.fetch(&Manifest::all_minilm_l6_v2(), &mut |_| {});
    let files = files.unwrap_or_else(|error| panic!("these tests need the model: {error}"));
    files.folder().to_owned()
});

/// Seven turns of a user who names herself nowhere, in two sessions.
pub(crate) const HISTORY: &str = r#"{"id":"1","session":"kitchen","title":"The kitchen","role":"user","time":"2026-01-10T09:00:00Z","text":"We raised the kitchen budget from 8,000 to 11,500 euros."}
{"id":"2","session":"kitchen","role":"assistant","time":"2026-01-10T09:00:05Z","text":"Noted: 11,500 euros, pipes included."}
{"id":"3","session":"kitchen","role":"user","speaker":"Tomás","time":"2026-01-10T09:01:00Z","text":"The tiles come from Aveiro on Tuesday."}
{"id":"4","session":"move","title":"Moving house","role":"user","time":"2026-03-08T18:30:00Z","text":"I live in Lisbon now! I moved yesterday, to a flat in Graça."}
{"id":"5","session":"move","role":"assistant","time":"2026-03-08T18:30:04Z","text":"Welcome to Lisbon! How many steps are there to the door?"}
{"id":"6","session":"move","role":"user","time":"2026-03-08T18:31:00Z","text":"Seventy-eight, and no lift. The dog limps."}
{"id":"7","session":"move","role":"assistant","time":"2026-03-08T18:31:06Z","text":"A vet should look at her paw."}
"#;

/// A temporary home folder, with a store in it once a command has made one.
pub(crate) struct Home {
    folder: TempDir,
    began: Timestamp,
    variables: Vec<(String, String)>,
}

impl Home {
    /// A home where the model can be found nowhere.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("no-model")).unwrap();
        let home = Self { folder, began: Timestamp::now(), variables: Vec::new() };
        // What is learned beside a talk asks the stand-in for a language model, whenever it comes to it.
        home.with("LONGMEM_MODEL_DIR", "no-model").with("LONGMEM_NO_LEARNING", "1")
    }

    /// A home with the real model.
    pub(crate) fn with_model() -> Self {
        Self::new().with("LONGMEM_MODEL_DIR", MODEL.to_str().unwrap())
    }

    /// A home where nobody says where the model is; it stands in the repository.
    pub(crate) fn of_a_new_user() -> Self {
        LazyLock::force(&MODEL);
        let mut home = Self::new();
        home.variables.clear();
        home
    }

    /// The same with [`HISTORY`] in the store of the usual user.
    pub(crate) fn with_history(self) -> Self {
        self.write("history.jsonl", HISTORY);
        self.run(&["import", "history.jsonl"]).succeeds();
        self
    }

    /// The same with an environment variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A place in the home, where commands run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("data/longmem/memory.db")
    }

    /// A process in this home, with nothing of the environment in which the tests run.
    pub(crate) fn process(&self, program: &str) -> Command {
        let mut process = Command::new(program);
        let program = Path::new(env!("CARGO_BIN_EXE_longmem")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        process
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("TZ", "UTC")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        process
    }

    /// The program, to be started by the test itself.
    pub(crate) fn longmem(&self, arguments: &[&str]) -> Command {
        let mut process = self.process(env!("CARGO_BIN_EXE_longmem"));
        process.args(arguments);
        process
    }

    /// Runs the program with nothing on its standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with_input(arguments, "")
    }

    /// Runs a line without quotes: each word is an argument.
    pub(crate) fn run_words(&self, line: &str) -> Run {
        self.run(&line.split(' ').collect::<Vec<_>>())
    }

    /// Runs the program with a text on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let shown = arguments.iter().fold("longmem".to_owned(), |line, argument| {
            let bare = !argument.is_empty() && !argument.contains(|c: char| c.is_whitespace());
            if bare { format!("{line} {argument}") } else { format!("{line} \"{argument}\"") }
        });
        Run::of(shown, self.longmem(arguments), input)
    }

    /// Runs a line as a person writes it, in the repository.
    pub(crate) fn run_line(&self, line: &str) -> Run {
        let mut shell = self.process("sh");
        shell.current_dir(REPOSITORY).args(["-c", line]);
        Run::of(line.to_owned(), shell, "")
    }

    /// A user's turns as `export` writes them, line by line.
    pub(crate) fn exported(&self, user: &str) -> Vec<Value> {
        let run = self.run(&["export", "--user", user]).succeeds();
        let lines = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["role"].is_string()).collect()
    }

    /// Takes out of snapshots what differs from run to run or from machine to machine.
    pub(crate) fn filters(&self) -> insta::Settings {
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(true);
        let mut filter = |pattern: &str, shown: &str| settings.add_filter(pattern, shown);
        for day in [self.began, Timestamp::now()].map(day).into_iter().collect::<BTreeSet<_>>() {
            filter(&format!(r"{day}T[0-9:.]+Z"), "[now]");
            filter(
                &format!(r"(?:\b[A-Z][a-z]{{2}} )?{day}(?: \d\d:\d\d(?::\d\d)?(?: – \d\d:\d\d)?)?"),
                "[today]",
            );
        }
        filter(&literal(self.folder.path()), "[home]");
        filter(&literal(&MODEL), "[model]");
        // A model server may run on the machine of the tests.
        let no_model = "(with ANTHROPIC_API_KEY set, or --base-url and --llm of a model server, a \
                        language model answers)";
        filter(r"\((?:Ollama|llama\.cpp|LM Studio) runs here: [^)]*\)", no_model);
        filter(
            r"(none is set up; memory is quoted)\. Found here by longmem models: [\w., ]*",
            "$1",
        );
        filter(r"turn:[0-9a-f]{32}", "turn:[key]");
        filter(r"\d+\.\d+ kB", "[size]");
        filter(r#""file_bytes": \d+"#, r#""file_bytes": [size]"#);
        filter(r"in \d+\.\d s \(\d+ passages/s\)", "in [time]");
        filter(r"(strong|fair|weak) \(\d\.\d\d\)", "$1 ([n])");
        filter(r"(#\d+) \(-?\d+\.\d\d\)", "$1 ([n])");
        filter(r#"(?m)": -?\d+\.\d+(e-?\d+)?(,?)$"#, "\": [n]$2");
        settings
    }
}

fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).date().to_string()
}

/// A path as a pattern that matches it and nothing else.
fn literal(path: &Path) -> String {
    path.display().to_string().replace('.', r"\.")
}

/// One run of a command, from the line that was written to the exit code.
pub(crate) struct Run {
    line: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Run {
    pub(crate) fn of(line: String, process: Command, input: &str) -> Self {
        let output = assert_cmd::Command::from_std(process).write_stdin(input).output().unwrap();
        Self {
            line,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }

    /// A run whose standard output nobody sees.
    pub(crate) fn ended(line: String, stderr: String, code: Option<i32>) -> Self {
        Self { line, stdout: String::new(), stderr, code }
    }

    /// The run, which must have done what was asked.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// The run, which must have ended with this exit code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// What the command printed, as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{self}"))
    }

    /// The run with no more than so many lines of standard output.
    pub(crate) fn beginning(mut self, lines: usize) -> Self {
        let all = self.stdout.lines().count();
        if all > lines {
            let shown = self.stdout.split_inclusive('\n').take(lines).collect::<String>();
            self.stdout = format!("{shown}… and {} more lines\n", all - lines);
        }
        self
    }

    /// Everything that a person sees.
    pub(crate) fn shown(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The line, standard output as it is, standard error behind bars, and the exit code if not 0.
impl Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.line)?;
        f.write_str(&self.stdout)?;
        for line in self.stderr.lines() {
            writeln!(f, "| {line}")?;
        }
        match self.code {
            Some(0) => Ok(()),
            Some(code) => writeln!(f, "exit {code}"),
            None => writeln!(f, "killed"),
        }
    }
}

/// Several runs, one below the other.
pub(crate) fn transcript(runs: impl IntoIterator<Item = Run>) -> String {
    runs.into_iter().fold(String::new(), |mut all, run| {
        write!(all, "{}{run}", if all.is_empty() { "" } else { "\n" }).unwrap();
        all
    })
}

/// Reads what a child process wrote so far until it ends.
pub(crate) fn read_all(mut from: impl Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    text
}

/// Compares what people see with the snapshot of the test, without what differs between runs.
macro_rules! assert_shown {
    ($home:expr, $shown:expr) => {
        $home.filters().bind(|| insta::assert_snapshot!($shown))
    };
}
pub(crate) use assert_shown;
