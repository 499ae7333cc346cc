//! The suite of all stores once more, through `PgBouncer`, which hands out connections transaction by
//! transaction: whatever a session held would be lost or be somebody else's.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crate::fixture::InDatabase;
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_store::Store;
use longmem_store::suite::Fixture;
use longmem_test_support::{POSTGRES_ACCOUNT, PostgresServer, server_account};

/// A pooler in front of the server that all tests of this process share.
struct Pooler {
    folder: PathBuf,
}

fn pooler() -> Option<&'static Pooler> {
    static POOLER: OnceLock<Option<Pooler>> = OnceLock::new();
    POOLER.get_or_init(|| start(PostgresServer::shared()?)).as_ref()
}

fn start(server: &PostgresServer) -> Option<Pooler> {
    let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists());
    let Some(program) = program else {
        let required = std::env::var_os("LONGMEM_REQUIRE_POSTGRES").is_some();
        assert!(!required, "there is no PgBouncer: install it");
        let _ = writeln!(std::io::stderr(), "skipped: there is no PgBouncer here");
        return None;
    };
    // Beside the server's socket, so that it goes with it; two connections are all that there is.
    let folder = server.folder().to_owned();
    let (auth, config) = (folder.join("pooler.users"), folder.join("pooler.ini"));
    std::fs::write(&auth, format!("\"{POSTGRES_ACCOUNT}\" \"\"\n")).unwrap();
    let settings = format!(
        "[databases]\n* = host={folder} port=5432\n\
         [pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\n\
         auth_type = trust\nauth_file = {auth}\npool_mode = transaction\n\
         default_pool_size = 2\nmax_client_conn = 500\n\
         server_idle_timeout = 1\n",
        folder = folder.display(),
        auth = auth.display(),
    );
    std::fs::write(&config, settings).unwrap();
    // It ends with the thread that began it, so that one waits for ever.
    thread::spawn(move || {
        let account = format!("--reuid={}", server_account());
        let mut pooler = Command::new("setpriv")
            .args([&account, "--regid=65534", "--clear-groups", "--pdeathsig=KILL"])
            .args([program, "-q"])
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the pooler starts");
        pooler.wait()
    });
    while !folder.join(".s.PGSQL.6432").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    Some(Pooler { folder })
}

struct ThroughPooler {
    _database: InDatabase,
    address: String,
}

impl ThroughPooler {
    fn can_be() -> bool {
        pooler().is_some()
    }

    fn new() -> Self {
        let database = InDatabase::new();
        let pooler = pooler().unwrap();
        let address = format!(
            "postgres:///{}?host={}&port=6432&user={POSTGRES_ACCOUNT}",
            database.name(),
            pooler.folder.display()
        );
        Self { _database: database, address }
    }
}

impl Fixture for ThroughPooler {
    fn store(&self) -> Arc<dyn Store> {
        let options = PostgresOptions::default();
        Arc::new(PostgresStore::open(&self.address, &options).expect("the store opens"))
    }
}

longmem_store::store_suite!(ThroughPooler::new, where ThroughPooler::can_be);
