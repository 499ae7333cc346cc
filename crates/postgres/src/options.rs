//! What a store is opened with beside its address.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use longmem_store::Result;

use crate::location::{Location, hosts, without_secrets};

/// How a store is opened.
#[derive(Clone, Default)]
pub struct PostgresOptions {
    /// The password, if the address holds none.
    pub password: Option<String>,
    /// What holds where the address says nothing.
    pub defaults: AddressDefaults,
    /// Make the tables where they are missing; otherwise a missing store is an error.
    pub create: bool,
    /// Change tables that an older version made, once and for all who use the store; otherwise they are an
    /// error. Programs of the older version work on if the changes are such that they can.
    pub migrate: bool,
    /// How long what a process was doing when it died is left to it, before another one takes it over;
    /// 30 seconds if none is given. At least a second, so that a slow answer does not end it.
    pub lease: Option<Duration>,
    /// Says whether to stop waiting for a server that does not answer; nobody stops it if none is given.
    pub stop: Option<Stop>,
}

/// Says whether somebody wants to stop, as by Ctrl-C. It is asked while a server has not answered for a
/// second: what was waited for is then [`Stopped`](longmem_store::StoreError::Stopped), and nothing of it
/// is kept.
#[derive(Clone)]
pub struct Stop(Arc<dyn Fn() -> bool + Send + Sync>);

impl Stop {
    /// `is_wanted` is asked now and then, from any thread.
    pub fn new(is_wanted: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_wanted))
    }

    /// Whether somebody wants to stop now.
    pub(crate) fn is_wanted(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stop")
    }
}

/// What holds where an address says nothing: the library reads no environment, so whoever opens a store
/// gives what the variables of libpq say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressDefaults {
    /// Hosts, or folders of sockets, with commas between them (`PGHOST`).
    pub hosts: Option<String>,
    /// The port of hosts that are named without one, 1 to 65535 (`PGPORT`).
    pub port: Option<String>,
    /// The account (`PGUSER`); that of the process without it.
    pub user: Option<String>,
    /// The database (`PGDATABASE`); the one with the account's name without it.
    pub database: Option<String>,
    /// `disable`, `prefer`, `require`, `verify-ca` or `verify-full` (`PGSSLMODE`).
    pub ssl_mode: Option<String>,
    /// A file with the certificates of issuers who are trusted, or `system` (`PGSSLROOTCERT`).
    pub ssl_root_certificate: Option<String>,
}

impl fmt::Debug for PostgresOptions {
    /// Shows everything but the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "…");
        formatter
            .debug_struct("PostgresOptions")
            .field("password", &password)
            .field("defaults", &self.defaults)
            .field("create", &self.create)
            .field("migrate", &self.migrate)
            .field("lease", &self.lease)
            .field("stop", &self.stop)
            .finish()
    }
}

/// Whether a name of a store is the address of one in PostgreSQL: it begins with `postgres://` or
/// `postgresql://`.
pub fn is_address(name: &str) -> bool {
    let scheme = name.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// Where the store at an address is, as a person would name it: servers, database and schema, without
/// account and password. It is what [`place`](longmem_store::Upkeep::place) of the store says; of an
/// address that cannot be read, what can be shown of it.
///
/// # Examples
/// ```
/// use longmem_postgres::{PostgresOptions, place};
///
/// let address = "postgres://ana:secret@db1,db2/memory?connections=4";
/// assert_eq!(place(address, &PostgresOptions::default()), "postgres://db1,db2/memory");
/// ```
pub fn place(address: &str, options: &PostgresOptions) -> String {
    match Location::parse(address, options) {
        Ok(location) => location.place().to_owned(),
        Err(_) => without_secrets(address),
    }
}

/// What an address says, with what holds where it says nothing: what a file of passwords is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressParts {
    /// The hosts, or the folders of their sockets, with their ports.
    pub hosts: Vec<(String, u16)>,
    /// The account; that of the process without it.
    pub user: Option<String>,
    /// The database; the one with the account's name without it.
    pub database: Option<String>,
    /// Whether there is a password already.
    pub has_password: bool,
}

impl AddressParts {
    /// Reads an address.
    ///
    /// # Errors
    /// [`InvalidAddress`](longmem_store::StoreError::InvalidAddress).
    pub fn read(address: &str, options: &PostgresOptions) -> Result<Self> {
        let location = Location::parse(address, options)?;
        let config = location.config();
        Ok(Self {
            hosts: hosts(config).collect(),
            user: config.get_user().map(str::to_owned),
            database: config.get_dbname().map(str::to_owned),
            has_password: config.get_password().is_some(),
        })
    }
}
