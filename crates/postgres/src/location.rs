//! Where a store is: servers, database, schema, and how to get there.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use longmem_store::{Result, StoreError};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use url::form_urlencoded;

use crate::PostgresOptions;
use crate::tls::Encryption;

/// Connections of one process; a search that finds everything in memory holds one for a millisecond.
const CONNECTIONS: usize = 8;

/// How long a read or write is repeated while no server takes it, unless another time is named: as long as
/// SQLite's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long one server is waited for before the next one of the list is asked.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The schema that holds the tables, unless another one is named.
const SCHEMA: &str = "longmem";

/// The port of a server, unless another one is named.
const PORT: u16 = 5432;

/// Stands for an address of which nothing can be shown.
const HIDDEN: &str = "postgres://…";

/// Settings that libpq knows, and that would change what is safe if they were passed over.
const UNSUPPORTED: [&str; 11] = [
    "gssencmode",
    "krbsrvname",
    "passfile",
    "replication",
    "require_auth",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslnegotiation",
    "sslpassword",
];

/// Where a store is.
pub(crate) struct Location {
    config: Config,
    schema: String,
    connections: usize,
    patience: Duration,
    encryption: Encryption,
    place: String,
}

impl Location {
    /// Reads an address: `postgres://user@host1,host2:5432/database?schema=longmem`, with what the options
    /// say where it says nothing.
    ///
    /// # Errors
    /// [`StoreError::InvalidAddress`].
    pub(crate) fn parse(address: &str, options: &PostgresOptions) -> Result<Self> {
        let invalid =
            |reason: String| StoreError::InvalidAddress { place: without_secrets(address), reason };
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let defaults = &options.defaults;
        let mut schema = SCHEMA.to_owned();
        let mut connections = CONNECTIONS;
        let mut patience = PATIENCE;
        let mut ssl_mode = defaults.ssl_mode.clone();
        let mut root_certificate = defaults.ssl_root_certificate.clone();
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "schema" if is_schema(&value) => schema = value.into(),
                "schema" => {
                    return Err(invalid("schema is a name of at most 63 bytes".to_owned()));
                }
                "connections" => {
                    connections =
                        value.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
                            invalid("connections is a number from 1 on".to_owned())
                        })?;
                }
                "patience" => {
                    let seconds = value.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
                        invalid("patience is a number of seconds from 1 on".to_owned())
                    })?;
                    patience = Duration::from_secs(seconds);
                }
                // A list, as libpq takes it.
                "host" => {
                    rest.extend_pairs(value.split(',').map(|host| ("host", host)));
                }
                "sslmode" => ssl_mode = Some(value.into_owned()),
                "sslrootcert" => root_certificate = Some(value.into_owned()),
                name if UNSUPPORTED.contains(&name) => {
                    return Err(invalid(format!("the setting {name} is not supported")));
                }
                _ => {
                    rest.append_pair(&name, &value);
                }
            }
        }
        let rest = rest.finish();
        let base = with_port(&with_lower_scheme(base), defaults.port.as_deref());
        let plain = if rest.is_empty() { base } else { format!("{base}?{rest}") };
        let mut config: Config = plain.parse().map_err(|error: tokio_postgres::Error| {
            let reason = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            invalid(reason)
        })?;
        if config.get_hosts().is_empty() {
            let Some(hosts) = &defaults.hosts else {
                return Err(invalid(
                    "it names no host; a socket's folder is named as ?host=/path".into(),
                ));
            };
            for host in hosts.split(',') {
                config.host(host);
            }
        }
        if config.get_ports().is_empty()
            && let Some(port) = &defaults.port
        {
            let port = port.parse().map_err(|_| invalid(format!("\"{port}\" is no port")))?;
            config.port(port);
        }
        if let (None, Some(user)) = (config.get_user(), &defaults.user) {
            config.user(user);
        }
        if let (None, Some(database)) = (config.get_dbname(), &defaults.database) {
            config.dbname(database);
        }
        if let (None, Some(password)) = (config.get_password(), &options.password) {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("longmem");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        // A server whose machine is gone says nothing: it is asked after ten seconds, and given up after
        // three more questions.
        let ask = Duration::from_secs(10);
        config.keepalives_idle(ask).keepalives_interval(ask).keepalives_retries(3);
        #[cfg(target_os = "linux")]
        config.tcp_user_timeout(patience);
        let encryption = Encryption::choose(
            ssl_mode.as_deref(),
            root_certificate.as_deref(),
            config.get_hosts().iter().all(is_local),
        )
        .map_err(invalid)?;
        // On a socket there is nothing to encrypt, whatever the settings ask for.
        let encryption =
            if config.get_hosts().iter().all(is_socket) { Encryption::OFF } else { encryption };
        config.ssl_mode(encryption.mode());
        let place = place(&config, &schema);
        Ok(Self { config, schema, connections, patience, encryption, place })
    }

    /// Where it is, as a person would name it, without user, password and settings.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The account and the database, the hosts with their ports, and whether a password is known: what a
    /// file of passwords is asked with.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Connections at most.
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// How long a server that answered before is waited for.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// How connections are encrypted, in a few words.
    pub(crate) fn encryption(&self) -> &'static str {
        self.encryption.described()
    }

    /// The schema's name as it stands in a statement.
    pub(crate) fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }

    /// The schema's name.
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    /// A pool of so many connections at most; none is made yet.
    pub(crate) fn pool(&self, connections: usize) -> Result<Pool> {
        // A connection that broke is found by its first statement, which is then run on another one.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let config = self.config.clone();
        let connector = self
            .encryption
            .connector()
            .map_err(|reason| StoreError::InvalidAddress { place: self.place.clone(), reason })?;
        let manager = match connector {
            Some(connector) => Manager::from_config(config, connector, recycling),
            None => Manager::from_config(config, tokio_postgres::NoTls, recycling),
        };
        Pool::builder(manager)
            .max_size(connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(self.patience))
            .create_timeout(Some(self.patience))
            .build()
            .map_err(|error| StoreError::Backend {
                place: self.place.clone(),
                source: Box::new(error),
            })
    }
}

/// Whether a host is the folder of a socket.
fn is_socket(host: &Host) -> bool {
    !matches!(host, Host::Tcp(_))
}

/// Whether what is sent to a host stays on this machine.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// The servers, the database and the schema of a configuration.
fn place(config: &Config, schema: &str) -> String {
    let hosts: Vec<String> = hosts(config)
        .map(|(name, port)| if port == PORT { name } else { format!("{name}:{port}") })
        .collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    let schema = if schema == SCHEMA { String::new() } else { format!("?schema={schema}") };
    format!("postgres://{}/{database}{schema}", hosts.join(","))
}

/// The hosts of a configuration, or the folders of their sockets, with their ports.
pub(crate) fn hosts(config: &Config) -> impl Iterator<Item = (String, u16)> {
    let ports = config.get_ports();
    config.get_hosts().iter().enumerate().map(move |(at, host)| {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        };
        (name, ports.get(at).or(ports.first()).copied().unwrap_or(PORT))
    })
}

/// Whether a text can be the name of a schema.
fn is_schema(name: &str) -> bool {
    !name.is_empty() && name.len() <= 63 && !name.contains('\0')
}

/// An address with its scheme in small letters, as it is read.
fn with_lower_scheme(base: &str) -> String {
    match base.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => base.to_owned(),
    }
}

/// An address with a port for each host that has none.
fn with_port(base: &str, port: Option<&str>) -> String {
    let (Some(port), Some((scheme, rest))) = (port, base.split_once("://")) else {
        return base.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (account, hosts) = authority.split_at(authority.find('@').map_or(0, |at| at + 1));
    if hosts.is_empty() {
        return base.to_owned();
    }
    let with_port = |host: &str| match host.rsplit_once(':') {
        // The colons of an address in brackets are its own.
        Some((_, end)) if !end.contains(']') => host.to_owned(),
        _ => format!("{host}:{port}"),
    };
    let hosts: Vec<String> = hosts.split(',').map(with_port).collect();
    format!("{scheme}://{account}{}{path}", hosts.join(","))
}

/// An address that could not be read, without what may be a password: hosts and database alone, and not even
/// those where they cannot be told from one.
pub(crate) fn without_secrets(address: &str) -> String {
    let (base, query) = address.split_once('?').unwrap_or((address, ""));
    let Some((scheme, rest)) = base.split_once("://") else { return HIDDEN.to_owned() };
    let shown = rest.rsplit_once('@').map_or(rest, |(_, hosts)| hosts);
    let (hosts, _) = shown.split_once('/').unwrap_or((shown, ""));
    // What stands behind a host's colon is a port, or a password whose host was left out.
    let has_port = |host: &str| match host.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse::<u16>().is_ok(),
        _ => true,
    };
    if query.contains('@') || !hosts.split(',').all(has_port) {
        return HIDDEN.to_owned();
    }
    format!("{scheme}://{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AddressDefaults;

    fn read(address: &str) -> Result<Location> {
        Location::parse(address, &PostgresOptions::default())
    }

    #[test]
    fn a_place_shows_servers_database_and_schema_only() {
        let address = "postgres://ana:secret@db1:6432,db2/memory?schema=one&application_name=x";
        let location = read(address).unwrap();
        assert_eq!(location.place(), "postgres://db1:6432,db2/memory?schema=one");
        assert_eq!(location.schema(), "one");
        let socket = read("postgres:///memory?host=/run/x&user=ana&password=secret").unwrap();
        assert_eq!(socket.place(), "postgres:///run/x/memory");
        assert_eq!(read("PostgreSQL://db/memory").unwrap().place(), "postgres://db/memory");
    }

    #[test]
    fn an_address_that_cannot_be_read_is_named_without_its_password() {
        for address in [
            "postgres://ana:se@cret@db/memory?nonsense=1",
            "postgres://ana:secret@db/memory?connections=none",
            "postgres://ana:secret@db:x/memory",
            "postgres://ana:s@ec?ret@cret/memory",
            "postgres://ana:secret",
            "postgres://ana:se?cret",
            "postgres://db/memory?password=se@cret&nonsense=1",
            "postgres://db/memory?secret=1@2",
            "postgres://ana:secret@db/memory?sslkey=x",
            "postgres:///memory",
        ] {
            let error = read(address).map(|_| ()).unwrap_err();
            let said = error.to_string();
            assert!(matches!(error, StoreError::InvalidAddress { .. }), "{said}");
            assert!(!said.contains("cret") || said.contains("option"), "{said}");
        }
    }

    #[test]
    fn what_an_address_leaves_out_is_filled_in() {
        let mut options = PostgresOptions { password: Some("b".into()), ..Default::default() };
        options.defaults = AddressDefaults {
            hosts: Some("db1,/run/x".into()),
            port: Some("6000".into()),
            user: Some("ana".into()),
            database: Some("memory".into()),
            ..AddressDefaults::default()
        };
        let read = |address: &str| Location::parse(address, &options).unwrap();
        assert_eq!(read("postgres://").place(), "postgres://db1:6000,/run/x:6000/memory");
        assert_eq!(read("postgres://").config.get_user(), Some("ana"));
        let named = read("postgres://eva:a@db2,[::1],db3:1/other");
        assert_eq!(named.place(), "postgres://db2:6000,::1:6000,db3:1/other");
        assert_eq!(named.config.get_password(), Some(b"a".as_slice()));
        assert_eq!(read("postgres://eva@db2").config.get_password(), Some(b"b".as_slice()));
    }
}
