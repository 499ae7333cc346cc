//! Making a connection: what is encrypted and checked, and what somebody reads who is not let in.

use std::process::Command;
use std::sync::OnceLock;

use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_store::{StoreError, Upkeep as _};
use longmem_test_support::PostgresServer;

use crate::fixture::InDatabase;

/// The password of the account `keeper`.
const PASSWORD: &str = "rose-und-distel";

/// A server that listens at two addresses of this machine, speaks TLS, and asks for passwords there. Its
/// certificate is for the first address.
struct Secured {
    server: PostgresServer,
    /// The first address, and the second.
    addresses: [String; 2],
    certificates: tempfile::TempDir,
}

impl Secured {
    fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Secured>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        // Every address that begins so is this machine; no other process of the tests has the same.
        let id = std::process::id();
        let addresses = [1, 2].map(|n| format!("127.{}.{}.{n}", 1 + id / 250 % 250, id % 250));
        let listen = format!("listen_addresses={}", addresses.join(","));
        let server = PostgresServer::start(&[&listen])?;
        server.sql("postgres", &format!("CREATE ROLE keeper LOGIN CREATEDB PASSWORD '{PASSWORD}'"));
        let this = Self { server, addresses, certificates: tempfile::tempdir().unwrap() };
        this.secure();
        Some(this)
    }

    /// Makes certificates, and lets the server use them.
    fn secure(&self) {
        let data = self.server.folder().join("data");
        let subject = format!("subjectAltName=IP:{}", self.addresses[0]);
        std::fs::write(self.certificates.path().join("names"), subject).unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        for line in [
            &format!("openssl req -x509 {key} -subj /CN=authority -keyout ca.key -out ca.pem"),
            &format!("openssl req -x509 {key} -subj /CN=stranger -keyout x.key -out stranger.pem"),
            &format!("openssl req {key} -subj /CN=server -keyout server.key -out server.csr"),
            "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile names -out server.crt",
            &format!("cp server.key server.crt {}", data.display()),
            &format!("chmod 600 {}/server.key", data.display()),
            &format!("chown --reference={0} {0}/server.key {0}/server.crt", data.display()),
        ] {
            let mut command = Command::new("sh");
            let done = command.args(["-c", line]).current_dir(self.certificates.path()).output();
            let done = done.expect("a shell starts");
            assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
        }
        let rules = "local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        self.server.sql("postgres", "ALTER SYSTEM SET ssl = on");
        self.server.sql("postgres", "SELECT pg_reload_conf()");
        let begun = std::time::Instant::now();
        while self.server.sql("postgres", "SHOW ssl") != "on" {
            assert!(begun.elapsed().as_secs() < 30, "the server does not encrypt");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The file of a certificate.
    fn certificate(&self, name: &str) -> String {
        self.certificates.path().join(name).display().to_string()
    }

    /// Opens a new database at one of the addresses with settings, and says whether its connections are
    /// encrypted.
    fn open(&self, address: &str, settings: &str) -> Result<bool, StoreError> {
        let database = self.server.new_database(None);
        self.server.sql("postgres", &format!("ALTER DATABASE {database} OWNER TO keeper"));
        let address = format!("postgres://keeper:{PASSWORD}@{address}/{database}?{settings}");
        let options = PostgresOptions { create: true, ..PostgresOptions::default() };
        let store = PostgresStore::open(&address, &options)?;
        let sql = format!(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
             WHERE datname = '{database}'"
        );
        let encrypted = self.server.sql("postgres", &sql) == "t";
        drop(store);
        Ok(encrypted)
    }
}

/// The error of an opening, which must have failed because of the server.
fn refused<T>(opened: Result<T, StoreError>) -> String {
    let error = opened.map(|_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    let said = error.to_string();
    assert!(!said.contains(PASSWORD), "{said}");
    said
}

#[test]
fn a_certificate_is_checked_as_far_as_is_asked_for() {
    let Some(secured) = Secured::shared() else { return };
    let [first, second] = &secured.addresses;
    let ca = secured.certificate("ca.pem");
    let stranger = secured.certificate("stranger.pem");
    let own = secured.certificate("server.crt");
    for (address, settings) in [
        (first, format!("sslmode=verify-full&sslrootcert={ca}")),
        (second, format!("sslmode=verify-ca&sslrootcert={ca}")),
        (second, format!("sslmode=require&sslrootcert={ca}")),
        (second, "sslmode=require".to_owned()),
        (second, "sslmode=prefer".to_owned()),
        // A server that signed its certificate itself has no other issuer.
        (first, format!("sslmode=verify-full&sslrootcert={own}")),
    ] {
        assert!(secured.open(address, &settings).unwrap(), "{settings}");
    }
    assert!(!secured.open(first, "sslmode=disable").unwrap());
    for (address, settings, expected) in [
        (second, format!("sslmode=verify-full&sslrootcert={ca}"), "is for another host"),
        (second, format!("sslmode=verify-full&sslrootcert={own}"), "is for another host"),
        (first, format!("sslmode=verify-full&sslrootcert={stranger}"), "nobody who is trusted"),
        (first, format!("sslmode=verify-ca&sslrootcert={stranger}"), "nobody who is trusted"),
        (first, format!("sslmode=require&sslrootcert={stranger}"), "nobody who is trusted"),
    ] {
        let said = refused(secured.open(address, &settings));
        assert!(said.contains(expected), "{settings}: {said}");
    }
}

#[test]
fn a_server_that_does_not_encrypt_is_refused_where_that_is_asked_for() {
    let id = std::process::id();
    let address = format!("127.{}.{}.3", 1 + id / 250 % 250, id % 250);
    let Some(server) = PostgresServer::start(&[&format!("listen_addresses={address}")]) else {
        return;
    };
    let database = server.new_database(None);
    let open = |settings: &str| {
        let address = format!("postgres://longmem@{address}/{database}?{settings}");
        let options = PostgresOptions { create: true, ..PostgresOptions::default() };
        PostgresStore::open(&address, &options)
    };
    let said = refused(open("sslmode=require"));
    assert!(said.contains("does not encrypt"), "{said}");
    drop(open("sslmode=prefer").unwrap());
}

#[test]
fn who_is_not_let_in_reads_why() {
    let Some(secured) = Secured::shared() else { return };
    let address = &secured.addresses[0];
    let database = secured.server.new_database(None);
    let open = |account: &str, database: &str| {
        let address = format!("postgres://{account}@{address}/{database}?sslmode=disable");
        PostgresStore::open(&address, &PostgresOptions::default())
    };
    let keeper = format!("keeper:{PASSWORD}");
    for (account, database, expected) in [
        ("keeper:wrong", database.as_str(), "password authentication failed"),
        ("keeper", &database, "asks for a password, and none was given"),
        (&keeper, "nowhere", "\"nowhere\" does not exist"),
    ] {
        let said = refused(open(account, database));
        assert!(said.contains(expected), "{said}");
    }
    let missing = open(&keeper, &database).map(|_| ()).unwrap_err();
    assert!(matches!(missing, StoreError::Missing(_)), "{missing:?}");
    let nobody =
        PostgresStore::open("postgres://keeper@127.0.0.1:1/x", &PostgresOptions::default());
    assert!(refused(nobody).contains("refused"));
}

#[test]
fn an_account_needs_a_schema_that_it_owns_and_no_more() {
    let Some(secured) = Secured::shared() else { return };
    let database = secured.server.new_database(None);
    let address =
        format!("postgres://keeper:{PASSWORD}@{}/{database}?sslmode=disable", secured.addresses[0]);
    let options = PostgresOptions { create: true, ..PostgresOptions::default() };
    let said = refused(PostgresStore::open(&address, &options));
    assert!(said.contains("permission denied"), "{said}");
    secured.server.sql(&database, "CREATE SCHEMA longmem AUTHORIZATION keeper");
    let store = PostgresStore::open(&address, &options).unwrap();
    assert!(store.is_new());
    assert!(!PostgresStore::open(&address, &options).unwrap().is_new());
    let report = store.report().unwrap();
    assert_eq!((report.account.as_str(), report.passes_row_security), ("keeper", false));
    assert_eq!(report.schema, "longmem");
}

#[test]
fn a_newer_store_is_refused() {
    let Some(server) = PostgresServer::shared() else { return };
    let address = server.address(&server.new_database(None));
    let options = PostgresOptions { create: true, ..PostgresOptions::default() };
    drop(PostgresStore::open(&address, &options).unwrap());
    let database = address.split_once(":///").unwrap().1.split('?').next().unwrap();
    server.sql(database, "INSERT INTO longmem.schema_steps (step, name, applied_ms, older_programs_work) VALUES (99, 'later', 0, false)");
    let error = PostgresStore::open(&address, &options).map(|_| ()).unwrap_err();
    assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error:?}");
}

#[test]
fn whether_the_tables_are_there_is_asked_when_something_failed() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    let store = database.postgres();
    let before = store.trips();
    assert!(store.is_there());
    assert_eq!(store.trips(), before);
    let server = PostgresServer::shared().unwrap();
    server.sql(database.name(), "DROP SCHEMA longmem CASCADE");
    store.users().unwrap_err();
    assert!(!store.is_there());
    assert!(!store.is_there());
}
