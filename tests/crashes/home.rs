//! The built program in a home of its own, killed when chance says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use longmem_embed::{Manifest, ModelSources};
use serde_json::Value;
use tempfile::TempDir;

/// A home folder with the store in a folder of its own.
pub(crate) struct Home {
    folder: TempDir,
    model: PathBuf,
}

impl Home {
    /// A home where the embedding model can be found nowhere.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["no-model", "tmp", "store"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let model = folder.path().join("no-model");
        Self { folder, model }
    }

    /// A home with the embedding model; none where it is not on this machine.
    pub(crate) fn with_model() -> Option<Self> {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
        let named = std::env::var_os("LONGMEM_MODEL_DIR").map(PathBuf::from);
        let mut sources = ModelSources::new(&models);
        sources.folders = vec![models];
        let found = || sources.locate(&Manifest::all_minilm_l6_v2(), &mut |_| {}).ok();
        let model = named.or_else(|| found().map(|files| files.folder().to_owned()))?;
        Some(Self { model: std::path::absolute(model).unwrap(), ..Self::new() })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store/memory.db")
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_longmem"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .env("TZ", "UTC")
            .env("LONGMEM_DB", self.store())
            .env("LONGMEM_MODEL_DIR", &self.model)
            .stdin(Stdio::null())
            .args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that must end well.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.done(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap()
    }

    /// The turns of the usual user as `export` writes them; none before there is a user.
    pub(crate) fn turns(&self) -> Vec<Value> {
        let output = self.run(&["export"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains("no_store") || errors.contains("there is no") {
            return Vec::new();
        }
        assert!(output.status.success(), "{errors}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["role"].is_string()).collect()
    }

    /// Fails if `doctor` finds anything wrong with a store. That there is no model, and that a talk left
    /// something to be stored, is not the store's fault.
    #[track_caller]
    pub(crate) fn is_sound(&self, store: &Path) {
        let output = self.run(&["doctor", "--json", "--db", store.to_str().unwrap()]);
        let errors = String::from_utf8_lossy(&output.stderr);
        let found: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
        for check in found["checks"].as_array().unwrap() {
            let is_excused = match check["name"].as_str().unwrap() {
                "model" | "canary" => self.has_no_model(),
                name => name == "waiting",
            };
            assert!(check["ok"] == true || is_excused, "{check}");
        }
    }

    fn has_no_model(&self) -> bool {
        self.model.ends_with("no-model")
    }
}

/// Kills commands at random moments of their lives.
pub(crate) struct Killer {
    random: fastrand::Rng,
    /// Kills that came while the command still ran.
    pub(crate) kills: usize,
    /// The part of a life in which blows fall: smaller as long as all came too late, since the life was
    /// measured while the machine was slower.
    part: f64,
}

impl Killer {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), kills: 0, part: 1.2 }
    }

    /// Runs a command and kills it, as `kill -9` does, at a random moment of a life that takes about
    /// `whole`. True if it ended well before that.
    pub(crate) fn strikes(&mut self, command: &mut Command, whole: Duration) -> bool {
        let moment = whole.mul_f64(self.random.f64() * self.part);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(moment);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        self.kills += usize::from(status.code().is_none());
        if self.kills == 0 {
            self.part /= 2.0;
        }
        assert!(status.code().is_none_or(|code| code == 0), "{command:?}: {status}");
        status.success()
    }
}

/// How long a command takes.
#[track_caller]
pub(crate) fn life_of(command: &mut Command) -> Duration {
    let began = Instant::now();
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    began.elapsed()
}

/// JSON Lines of so many different turns, ten a session.
pub(crate) fn history(turns: usize) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let line = |number: usize| {
        let words = ["river", "kitchen", "budget", "train", "garden", "cello", "winter", "letter"];
        let mut word = || words[random.usize(..words.len())];
        let line = serde_json::json!({
            "id": number.to_string(),
            "session": format!("talk {}", number / 10),
            "role": if number.is_multiple_of(2) { "user" } else { "assistant" },
            "time": format!("2026-01-01T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60),
            "text": format!("{} {} {} {number}", word(), word(), word()),
        });
        format!("{line}\n")
    };
    (0..turns).map(line).collect()
}
