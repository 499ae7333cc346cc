//! A PostgreSQL server for tests: started once a process, stopped and removed when the process ends,
//! however it ends.

use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The account that owns the databases of tests. It may not pass row security by.
pub const ACCOUNT: &str = "longmem";

/// A server that runs.
pub struct PostgresServer {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// When it closes, which the end of this process does at the latest, the server stops.
    _running: ChildStdin,
}

impl PostgresServer {
    /// The server that all tests of this process share, which keeps nothing through a crash; none, and
    /// one line that says so, where there are no programs of PostgreSQL.
    ///
    /// # Panics
    /// If there is no PostgreSQL and `LONGMEM_REQUIRE_POSTGRES` is set, or it does not start.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<PostgresServer>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&["fsync=off"])).as_ref()
    }

    /// Starts a server of one's own, with settings in the form `name=value`.
    ///
    /// # Panics
    /// As [`PostgresServer::shared`] does.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let Some(bin) = programs() else {
            let required = std::env::var_os("LONGMEM_REQUIRE_POSTGRES").is_some();
            assert!(!required, "there is no PostgreSQL: install it, or name its programs' folder");
            eprintln!(
                "skipped: there is no PostgreSQL here (LONGMEM_TEST_PGBIN names its programs)"
            );
            return None;
        };
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("longmem-postgres-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder for a server");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let data = folder.join("data");
        run(unprivileged(&bin.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "--locale=C", "-E", "UTF8", "--no-sync", "-D"])
            .arg(&data));
        let server = Self::run_in(bin, folder, settings);
        server.sql("postgres", &format!("CREATE ROLE {ACCOUNT} LOGIN CREATEDB"));
        Some(server)
    }

    /// Runs a server on the data that stand in a folder, and waits until it answers.
    fn run_in(bin: PathBuf, folder: PathBuf, settings: &[&str]) -> Self {
        let port = 5432;
        let mut command = Command::new("sh");
        // The shell outlives this process: it stops the server and removes the folder.
        command
            .arg("-c")
            .arg(
                "folder=$1; shift; \"$@\" >\"$folder/log\" 2>&1 & server=$!; cat >/dev/null; \
                 kill -QUIT $server 2>/dev/null; wait $server; rm -rf \"$folder\"",
            )
            .arg("server")
            .arg(&folder);
        let server = unprivileged(&bin.join("postgres"));
        command.arg(server.get_program()).args(server.get_args());
        command.arg("-D").arg(folder.join("data"));
        for setting in ["listen_addresses=", "max_connections=200", "shared_buffers=64MB"] {
            command.arg("-c").arg(setting);
        }
        command.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        let mut guard = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let running = guard.stdin.take().expect("it was asked for");
        let server = Self { bin, folder, port, databases: AtomicU32::new(0), _running: running };
        server.wait_until_ready();
        server
    }

    /// Waits until the server answers.
    ///
    /// # Panics
    /// If it does not within a minute.
    pub fn wait_until_ready(&self) {
        let begun = Instant::now();
        while !self.is_ready() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "no answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the server answers.
    pub fn is_ready(&self) -> bool {
        let asked = Command::new(self.bin.join("pg_isready"))
            .arg("-q")
            .arg("-h")
            .arg(&self.folder)
            .status();
        asked.is_ok_and(|status| status.success())
    }

    /// The folder of the server's programs.
    pub fn programs(&self) -> &Path {
        &self.bin
    }

    /// The folder of its socket, its log, and its data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a database that [`ACCOUNT`] owns, a copy of another one if one is named; returns its name.
    pub fn new_database(&self, template: Option<&str>) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let template = template.unwrap_or("template0");
        self.sql(
            "postgres",
            &format!("CREATE DATABASE {name} OWNER {ACCOUNT} TEMPLATE {template} STRATEGY wal_log"),
        );
        name
    }

    /// The address of a database for [`ACCOUNT`].
    pub fn address(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={ACCOUNT}", self.folder.display())
    }

    /// Runs statements as the server's owner, in a database; returns what they print, a line a row.
    ///
    /// # Panics
    /// If one fails.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .output()
            .expect("psql starts");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

/// The folder of PostgreSQL's programs: the one that `LONGMEM_TEST_PGBIN` names, or that of the newest
/// version where Debian puts them, or what `pg_config` says.
fn programs() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LONGMEM_TEST_PGBIN") {
        return Some(PathBuf::from(named));
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version)))
        .max_by_key(|(number, _)| *number)
        .map(|(_, version)| version.path().join("bin"));
    let asked = || {
        let output = Command::new("pg_config").arg("--bindir").output().ok()?;
        Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
    };
    newest.or_else(asked).filter(|bin| bin.join("initdb").exists())
}

/// A command of the server's, which refuses to run as root: as the account `postgres` then.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

fn run(command: &mut Command) {
    let output = command.output().expect("a program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
