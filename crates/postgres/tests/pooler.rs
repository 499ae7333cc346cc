//! The suite of all stores once more, through `PgBouncer`, which hands out connections transaction by
//! transaction: whatever a session held would be lost or be somebody else's.

mod fixture;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use fixture::InDatabase;
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_store::Store;
use longmem_store::suite::Fixture;
use longmem_test_support::{POSTGRES_ACCOUNT, PostgresServer};

/// A pooler in front of the server that all tests of this process share.
struct Pooler {
    folder: PathBuf,
    _running: Child,
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
        eprintln!("skipped: there is no PgBouncer here");
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
         default_pool_size = 2\nmax_client_conn = 500\n",
        folder = folder.display(),
        auth = auth.display(),
    );
    std::fs::write(&config, settings).unwrap();
    let running = Command::new("setpriv")
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL"])
        .args([program, "-q"])
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !folder.join(".s.PGSQL.6432").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    Some(Pooler { folder, _running: running })
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
