//! A PostgreSQL server for tests: started once a process, stopped and removed when the process ends,
//! however it ends.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The account that owns the databases of tests. It may not pass row security by.
pub const ACCOUNT: &str = "longmem";

/// A server that runs.
pub struct PostgresServer {
    bin: PathBuf,
    folder: PathBuf,
    databases: AtomicU32,
    /// When it closes, which the end of this process does at the latest, the server stops and its folder
    /// goes.
    _guard: ChildStdin,
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
            // Past what catches the output of tests that pass.
            let skipped =
                "skipped: there is no PostgreSQL (LONGMEM_TEST_PGBIN names its programs)\n";
            let _ = std::io::stderr().write_all(skipped.as_bytes());
            return None;
        };
        let server = Self::in_new_folder(bin);
        run(unprivileged(&server.bin.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "--locale=C", "-E", "UTF8", "--no-sync", "-D"])
            .arg(server.data()));
        server.configure(settings);
        server.start_again();
        server.sql("postgres", &format!("CREATE ROLE {ACCOUNT} LOGIN CREATEDB"));
        Some(server)
    }

    /// Starts a server that follows this one, and can be promoted.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn standby(&self) -> Self {
        let standby = Self::in_new_folder(self.bin.clone());
        run(unprivileged(&self.bin.join("pg_basebackup"))
            .args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-U", "postgres", "-h"])
            .arg(&self.folder)
            .arg("-D")
            .arg(standby.data()));
        standby.configure(&[]);
        standby.start_again();
        standby
    }

    /// Makes a standby the server that takes writes.
    ///
    /// # Panics
    /// If it is none.
    pub fn promote(&self) {
        run(unprivileged(&self.bin.join("pg_ctl")).args(["-w", "promote", "-D"]).arg(self.data()));
    }

    /// Kills the server, as a loss of power does.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&self) {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("it runs");
        let pid = pid.lines().next().unwrap_or_default();
        run(Command::new("kill").args(["-KILL", pid]));
    }

    /// Starts the server after it was stopped or killed, and waits until it answers.
    ///
    /// # Panics
    /// If it does not answer within three minutes.
    pub fn start_again(&self) {
        let begun = Instant::now();
        loop {
            let started = unprivileged(&self.bin.join("pg_ctl"))
                .args(["-w", "start", "-l"])
                .arg(self.folder.join("log"))
                .arg("-D")
                .arg(self.data())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if started.is_ok_and(|status| status.success()) {
                return;
            }
            // What a killed server leaves behind takes a moment to go.
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_mins(3), "it does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops the server after its clients' transactions were broken off.
    ///
    /// # Panics
    /// If it does not run.
    pub fn stop(&self) {
        run(unprivileged(&self.bin.join("pg_ctl"))
            .args(["-w", "-m", "fast", "stop", "-D"])
            .arg(self.data()));
    }

    /// A folder for a server, and a shell that waits for the end of this process, however it ends.
    fn in_new_folder(bin: PathBuf) -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        // Numbers of processes come again.
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_nanos();
        let name = format!("longmem-postgres-{}-{number}-{now}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder for a server");
        if is_root() {
            run(Command::new("chown").arg(server_account()).arg(&folder));
        }
        let script = "cat >/dev/null; \
            [ -f \"$0/data/postmaster.pid\" ] && kill -QUIT \"$(head -n 1 \"$0/data/postmaster.pid\")\"; \
            sleep 0.2; rm -rf \"$0\"";
        #[expect(clippy::zombie_processes, reason = "it ends after this process")]
        let mut guard = Command::new("sh")
            .args(["-c", script])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let guard = guard.stdin.take().expect("it was asked for");
        Self { bin, folder, databases: AtomicU32::new(0), _guard: guard }
    }

    /// Writes the settings of a server that is not started yet; later ones win.
    fn configure(&self, settings: &[&str]) {
        let file = self.data().join("postgresql.auto.conf");
        let mut text = std::fs::read_to_string(&file).unwrap_or_default();
        let socket = format!("unix_socket_directories={}", self.folder.display());
        let ours = ["listen_addresses=", "max_connections=500", "shared_buffers=64MB", &socket];
        for setting in ours.iter().chain(settings) {
            let (name, value) = setting.split_once('=').expect("a setting is name=value");
            let _ = writeln!(text, "{name} = '{value}'");
        }
        std::fs::write(&file, text).expect("the settings are written");
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
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

    /// The address of a database for [`ACCOUNT`], which is patient, since a machine that runs many tests
    /// at once is slow.
    pub fn address(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={ACCOUNT}&patience=120", self.folder.display())
    }

    /// Runs statements as the server's owner, in a database; returns what they print, a line a row.
    ///
    /// # Panics
    /// If one fails.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
            .arg(&self.folder)
            .args(["-d", database, "-c", sql])
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

/// A command of the server's, which refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let user = format!("--reuid={}", server_account());
    command.args([&user, "--clear-groups", "--regid=65534"]).arg(program);
    command
}

/// The account that servers run as where the tests run as root.
pub fn server_account() -> &'static str {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    if accounts.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

fn run(command: &mut Command) {
    let output = command.output().expect("a program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
