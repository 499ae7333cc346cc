//! Rings for tests: of databases on one server, or of servers.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use longmem_postgres::PostgresOptions;
use longmem_ring::{Connect, RingStore};
use longmem_store::Store;
use longmem_store::suite::Fixture;
use longmem_test_support::PostgresServer;
use tempfile::TempDir;

/// Whether there is PostgreSQL here.
pub(crate) fn can_be() -> bool {
    PostgresServer::shared().is_some()
}

/// A list of servers in a file.
pub(crate) struct List {
    pub(crate) folder: TempDir,
    /// Names, addresses, and whether each is leaving.
    pub(crate) servers: Vec<(&'static str, String, bool)>,
    pub(crate) generation: i64,
}

impl List {
    /// The first list with these servers.
    pub(crate) fn new(servers: &[(&'static str, &str)]) -> Self {
        let servers =
            servers.iter().map(|(name, address)| (*name, (*address).to_owned(), false)).collect();
        let list = Self { folder: tempfile::tempdir().unwrap(), servers, generation: 1 };
        list.write();
        list
    }

    /// Of databases of their own on the server of all tests.
    pub(crate) fn of_databases(names: &[&'static str]) -> Self {
        let servers: Vec<(&str, String)> =
            names.iter().map(|name| (*name, new_database())).collect();
        let servers: Vec<(&str, &str)> =
            servers.iter().map(|(name, address)| (*name, &**address)).collect();
        Self::new(&servers)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ring.toml")
    }

    /// Writes what it says now, whatever the generation.
    pub(crate) fn write(&self) {
        let mut text = format!("generation = {}\n", self.generation);
        for (name, address, leaving) in &self.servers {
            let server = [
                "[[servers]]\n",
                &format!("name = \"{name}\"\naddress = \"{address}\"\nleaving = {leaving}\n"),
            ];
            text.extend(server);
        }
        std::fs::write(self.file(), text).unwrap();
    }

    /// Writes a change as the next generation.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Vec<(&'static str, String, bool)>)) {
        change(&mut self.servers);
        self.generation += 1;
        self.write();
    }

    pub(crate) fn open(&self) -> RingStore {
        RingStore::open(self.file(), connect(), true).expect("the ring opens")
    }
}

/// What servers of tests are opened with.
pub(crate) fn connect() -> Connect {
    Arc::new(|_| Ok(PostgresOptions::default()))
}

/// The schemas of a database of these tests. Three of one database are made sooner than three databases.
const SCHEMAS: [&str; 3] = ["longmem", "second", "third"];

/// The address of an empty database with all tables, in each of the schemas.
pub(crate) fn new_database() -> String {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let server = PostgresServer::shared().expect("whether there is one was asked before");
    let template = TEMPLATE.get_or_init(|| {
        let name = server.new_database(None);
        let options = PostgresOptions { create: true, ..PostgresOptions::default() };
        for schema in SCHEMAS {
            let address = format!("{}&schema={schema}", server.address(&name));
            let store = longmem_postgres::PostgresStore::open(&address, &options);
            drop(store.expect("tables are made"));
        }
        // A copy is made only of a database that nobody uses; connections close behind us.
        let others = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
        while server.sql("postgres", &others) != "0" {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        name
    });
    server.address(&server.new_database(Some(template)))
}

/// An empty ring of three schemas of a database.
pub(crate) struct OfThree {
    list: List,
    store: Arc<RingStore>,
}

impl OfThree {
    pub(crate) fn new() -> Self {
        let database = new_database();
        let [a, b, c] = SCHEMAS.map(|schema| format!("{database}&schema={schema}"));
        let list = List::new(&[("a", &a), ("b", &b), ("c", &c)]);
        let store = Arc::new(list.open());
        Self { list, store }
    }
}

impl Fixture for OfThree {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    fn opened_again(&self) -> Arc<dyn Store> {
        Arc::new(self.list.open())
    }
}
