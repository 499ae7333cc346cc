//! Where a memory is kept: a file, a PostgreSQL database, or a ring of such.

use std::fmt;
use std::path::{Path, PathBuf};

use longmem_postgres::{AddressDefaults, AddressParts, PostgresOptions, Stop};
use longmem_store::StoreError;

use crate::{Error, Folders, RingAddress};

/// Where a memory is kept. A text that begins with `postgres://` or `postgresql://` is the address of a
/// database, one that begins with `postgres-ring:` names a file that lists several; any other is the path
/// of a file.
///
/// # Examples
/// ```
/// use longmem::StorePlace;
///
/// assert!(matches!(StorePlace::from("/data/memory.db"), StorePlace::File(_)));
/// let place = StorePlace::from("postgres://ana:secret@db1,db2/memory");
/// assert_eq!(place.to_string(), "postgres://db1,db2/memory");
/// ```
#[derive(Debug, Clone)]
pub enum StorePlace {
    /// A file of SQLite.
    File(PathBuf),
    /// A PostgreSQL database.
    Server(ServerAddress),
    /// Several PostgreSQL databases, each user wholly on one.
    Ring(RingAddress),
}

impl StorePlace {
    /// The file; none if servers keep the memory.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Server(_) | Self::Ring(_) => None,
        }
    }

    /// The file, for what can be done with files alone.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if servers keep the memory; `what` says what was asked for, as "be
    /// salvaged", and `instead` what does it there, in a full sentence.
    pub fn only_file(&self, what: &'static str, instead: &str) -> Result<&Path, StoreError> {
        self.file().ok_or_else(|| StoreError::Unsupported {
            place: self.to_string(),
            what,
            instead: instead.to_owned(),
        })
    }

    /// The place with the home folder where its path begins with `~`.
    ///
    /// # Errors
    /// [`Error::OtherHome`].
    pub fn expanded(self, folders: &Folders) -> Result<Self, Error> {
        Ok(match self {
            Self::File(file) => Self::File(folders.expand(&file)?),
            Self::Ring(ring) => Self::Ring(ring.expanded(folders)?),
            // Its host and password are looked for when it is opened.
            server @ Self::Server(_) => server,
        })
    }

    /// The place with what the environment says of its servers; see [`ServerAddress::with_environment`].
    ///
    /// # Errors
    /// [`Error::PasswordFile`] if `password_file` cannot be read or is empty.
    pub fn with_environment(
        self,
        folders: &Folders,
        password_file: Option<&Path>,
    ) -> Result<Self, Error> {
        Ok(match self {
            Self::Server(server) => Self::Server(server.with_environment(folders, password_file)?),
            Self::Ring(ring) => Self::Ring(ring.with_environment(folders, password_file)?),
            file @ Self::File(_) => file,
        })
    }

    /// The place with somebody who may stop waiting for its servers; see [`PostgresOptions::stop`].
    #[must_use]
    pub fn with_stop(self, stop: Stop) -> Self {
        match self {
            Self::Server(server) => Self::Server(server.with_stop(stop)),
            Self::Ring(ring) => Self::Ring(ring.with_stop(stop)),
            file @ Self::File(_) => file,
        }
    }
}

impl fmt::Display for StorePlace {
    /// Shows no account, no password and no settings.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(formatter),
            Self::Server(server) => formatter.write_str(&server.place()),
            Self::Ring(ring) => ring.fmt(formatter),
        }
    }
}

impl From<PathBuf> for StorePlace {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some(address) if longmem_postgres::is_address(address) => {
                Self::Server(ServerAddress::new(address))
            }
            name => match name.and_then(longmem_ring::file_named) {
                Some(file) => Self::Ring(RingAddress::new(file)),
                None => Self::File(path),
            },
        }
    }
}

impl From<&Path> for StorePlace {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&str> for StorePlace {
    fn from(name: &str) -> Self {
        PathBuf::from(name).into()
    }
}

impl From<String> for StorePlace {
    fn from(name: String) -> Self {
        PathBuf::from(name).into()
    }
}

/// The address of a memory in PostgreSQL, as libpq reads it:
/// `postgres://user@host1,host2:5432/database?target_session_attrs=read-write`. It is checked when the
/// memory is opened.
#[derive(Clone)]
pub struct ServerAddress {
    address: String,
    password: Option<String>,
    defaults: AddressDefaults,
    migrate: bool,
    stop: Option<Stop>,
}

impl ServerAddress {
    /// An address; nothing else is known.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            password: None,
            defaults: AddressDefaults::default(),
            migrate: false,
            stop: None,
        }
    }

    /// With a password, which counts if the address holds none.
    #[must_use]
    pub fn with_password(mut self, password: Option<String>) -> Self {
        self.password = password;
        self
    }

    /// With what holds where the address says nothing.
    #[must_use]
    pub fn with_defaults(mut self, defaults: AddressDefaults) -> Self {
        self.defaults = defaults;
        self
    }

    /// With leave to change tables that an older version made; see [`PostgresOptions::migrate`].
    #[must_use]
    pub fn with_migration(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// With somebody who may stop waiting for the server; see [`PostgresOptions::stop`].
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// The address as it was given, which may hold a password.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Servers, database and schema, without account, password and settings; of an address that cannot be
    /// read, what can be shown of it.
    pub fn place(&self) -> String {
        longmem_postgres::place(&self.address, &self.options())
    }

    /// What the address says, with what holds where it says nothing.
    ///
    /// # Errors
    /// [`StoreError::InvalidAddress`].
    pub fn parts(&self) -> Result<AddressParts, StoreError> {
        AddressParts::read(&self.address, &self.options())
    }

    /// What a store is opened with beside its address; one that is missing is not made.
    pub fn options(&self) -> PostgresOptions {
        PostgresOptions {
            password: self.password.clone(),
            defaults: self.defaults.clone(),
            migrate: self.migrate,
            stop: self.stop.clone(),
            ..PostgresOptions::default()
        }
    }
}

impl fmt::Debug for ServerAddress {
    /// Shows what [`ServerAddress::place`] shows.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ServerAddress").field(&self.place()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides() {
        for address in ["postgres://", "postgresql://db/memory", "Postgres://db"] {
            assert!(StorePlace::from(address).file().is_none(), "{address}");
        }
        let ring = StorePlace::from("postgres-ring:~/ring.toml");
        assert!(matches!(&ring, StorePlace::Ring(ring) if ring.file() == Path::new("~/ring.toml")));
        assert_eq!(ring.to_string(), "postgres-ring:~/ring.toml");
        for path in ["memory.db", "/data/postgres://x", "postgres:memory.db", "http://db"] {
            assert_eq!(StorePlace::from(path).file(), Some(Path::new(path)));
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let place = StorePlace::from("postgres://ana:secret@db/memory?password=secret2");
        let server = ServerAddress::new("postgres://db/x").with_password(Some("secret".into()));
        for shown in [format!("{place} {place:?}"), format!("{server:?} {:?}", server.options())] {
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
