//! Where a store is: servers, database, schema, and how to get there.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use longmem_store::{Result, StoreError};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use url::form_urlencoded;

use crate::database::PATIENCE;
use crate::tls;

/// Connections of one process; a search that finds everything in memory holds one for a millisecond.
const CONNECTIONS: usize = 8;

/// How long one server is waited for before the next one of the list is asked.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The schema that holds the tables, unless another one is named.
const SCHEMA: &str = "longmem";

/// Where a store is.
pub(crate) struct Location {
    config: Config,
    schema: String,
    connections: usize,
    encryption: tls::Encryption,
    place: String,
}

impl Location {
    /// Reads an address: `postgres://user@host1,host2:5432/database?schema=longmem`. The password may be
    /// given apart from it.
    pub(crate) fn parse(address: &str, password: Option<&str>) -> Result<Self> {
        let invalid = |reason: String| StoreError::InvalidAddress {
            // What stands behind the last slash may hold no password, but what stands before an @ may.
            place: without_secrets(address),
            reason,
        };
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let mut schema = SCHEMA.to_owned();
        let mut connections = CONNECTIONS;
        let mut ssl_mode = None;
        let mut root_certificate = None;
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "schema" if !value.is_empty() && !value.contains('\0') => schema = value.into(),
                "connections" => {
                    connections = value.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
                        invalid(format!("connections is a number from 1 on, not \"{value}\""))
                    })?;
                }
                "sslmode" => ssl_mode = Some(value.into_owned()),
                "sslrootcert" => root_certificate = Some(value.into_owned()),
                // A list, as libpq takes it.
                "host" => value.split(',').for_each(|host| drop(rest.append_pair("host", host))),
                _ => drop(rest.append_pair(&name, &value)),
            }
        }
        let rest = rest.finish();
        let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{rest}") };
        let mut config: Config = plain.parse().map_err(|error: tokio_postgres::Error| {
            let reason = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            invalid(reason)
        })?;
        if config.get_hosts().is_empty() {
            return Err(invalid(
                "it names no host; a socket's folder is named as ?host=/path".into(),
            ));
        }
        if let Some(password) = password
            && config.get_password().is_none()
        {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("longmem");
        }
        config.connect_timeout(CONNECT_TIMEOUT).keepalives_idle(Duration::from_secs(30));
        #[cfg(target_os = "linux")]
        config.tcp_user_timeout(PATIENCE);
        let encryption = tls::Encryption::choose(
            ssl_mode.as_deref(),
            root_certificate.as_deref(),
            config.get_hosts().iter().all(is_local),
        )
        .map_err(invalid)?;
        config.ssl_mode(encryption.mode());
        let place = place(&config);
        Ok(Self { config, schema, connections, encryption, place })
    }

    /// Where it is, as a person would name it, without user, password and settings.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The schema's name as it stands in a statement.
    pub(crate) fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }

    /// The schema's name.
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    /// A pool of connections; none is made yet.
    pub(crate) fn pool(&self) -> Result<Pool> {
        // A connection that broke is found by its first statement, which is then run on another one.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let config = self.config.clone();
        let manager = match self.encryption.connector()? {
            Some(connector) => Manager::from_config(config, connector, recycling),
            None => Manager::from_config(config, tokio_postgres::NoTls, recycling),
        };
        Pool::builder(manager)
            .max_size(self.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .build()
            .map_err(|error| StoreError::Backend {
                place: self.place.clone(),
                source: Box::new(error),
            })
    }
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

/// The servers and the database of a configuration.
fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        };
        match ports.get(at).or(ports.first()) {
            Some(port) if *port != 5432 => format!("{name}:{port}"),
            _ => name,
        }
    });
    let hosts: Vec<String> = hosts.collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{}/{database}", hosts.join(","))
}

/// An address that could not be read, without what may be a password.
fn without_secrets(address: &str) -> String {
    let (base, _) = address.split_once('?').unwrap_or((address, ""));
    match base.split_once("://") {
        Some((scheme, rest)) => {
            let from = rest.rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[from..])
        }
        None => "postgres://".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_shows_servers_and_database_only() {
        let address = "postgres://ana:secret@db1:6432,db2/memory?schema=one&application_name=x";
        let location = Location::parse(address, None).unwrap();
        assert_eq!(location.place(), "postgres://db1:6432,db2:6432/memory");
        assert_eq!(location.schema(), "one");
        let socket = Location::parse("postgres:///memory?host=/run/x&user=ana", None).unwrap();
        assert_eq!(socket.place(), "postgres:///run/x/memory");
        let two = Location::parse("postgres:///memory?host=/run/x,/run/y&user=ana", None).unwrap();
        assert_eq!(two.place(), "postgres:///run/x,/run/y/memory");
    }

    #[test]
    fn an_address_that_cannot_be_read_is_named_without_its_password() {
        for address in [
            "postgres://ana:se@cret@db/memory?nonsense=1",
            "postgres://ana:secret@db/memory?connections=none",
            "postgres://ana:secret@db:x/memory",
            "postgres:///memory",
        ] {
            let error = Location::parse(address, None).map(|_| ()).unwrap_err().to_string();
            assert!(!error.contains("cret"), "{error}");
        }
    }
}
