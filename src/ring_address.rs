//! The name of a memory on a ring of servers: the file that lists them, and what they are opened with.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longmem_core::real_path;
use longmem_postgres::{PostgresOptions, Stop};
use longmem_ring::{Connect, RingStore, ring_place};
use longmem_store::StoreError;

use crate::{Error, Folders, ServerAddress};

/// A memory on several PostgreSQL servers, each user wholly on one: `postgres-ring:FILE`, where the file
/// lists the servers. It is read when the memory is opened.
#[derive(Clone)]
pub struct RingAddress {
    file: PathBuf,
    connect: Connect,
}

impl RingAddress {
    /// The ring whose servers a file lists; nothing else is known of them.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), connect: Arc::new(|_| Ok(PostgresOptions::default())) }
    }

    /// The file that lists the servers.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// With the home folder in the place of a `~` at the beginning of the file.
    ///
    /// # Errors
    /// [`Error::OtherHome`].
    pub fn expanded(self, folders: &Folders) -> Result<Self, Error> {
        Ok(Self { file: folders.expand(&self.file)?, ..self })
    }

    /// With what the environment says of each server where its address says nothing; see
    /// [`ServerAddress::with_environment`]. A password of the environment is that of all servers whose
    /// addresses hold none; `~/.pgpass` may have one for each.
    ///
    /// # Errors
    /// [`Error::PasswordFile`] if `password_file` cannot be read or is empty.
    pub fn with_environment(
        self,
        folders: &Folders,
        password_file: Option<&Path>,
    ) -> Result<Self, Error> {
        let (folders, password_file) = (folders.clone(), password_file.map(Path::to_owned));
        let surrounded = move |address: &str| {
            ServerAddress::new(address).with_environment(&folders, password_file.as_deref())
        };
        // What is wrong with the file of the password is said before any server is asked.
        surrounded("postgres://")?;
        let connect = move |address: &str| {
            let server = surrounded(address).map_err(|error| StoreError::InvalidAddress {
                place: ServerAddress::new(address).place(),
                reason: error.to_string(),
            })?;
            Ok(server.options())
        };
        Ok(Self { connect: Arc::new(connect), ..self })
    }

    /// With somebody who may stop waiting for the servers; see [`PostgresOptions::stop`].
    #[must_use]
    pub fn with_stop(self, stop: Stop) -> Self {
        let connect = self.connect;
        let connect = move |address: &str| {
            let options = connect(address)?;
            Ok(PostgresOptions { stop: Some(stop.clone()), ..options })
        };
        Self { connect: Arc::new(connect), ..self }
    }

    /// Opens the ring; with `create`, tables are made where a server has none.
    ///
    /// # Errors
    /// Those of [`RingStore::open`].
    pub fn open(&self, create: bool) -> Result<RingStore, StoreError> {
        RingStore::open(&self.file, Arc::clone(&self.connect), create)
    }

    /// The name, the same for every process, whatever its working folder is and by whichever link it was
    /// given the file.
    pub fn real_place(&self) -> String {
        let given = || std::path::absolute(&self.file).unwrap_or_else(|_| self.file.clone());
        ring_place(&real_path(&self.file).unwrap_or_else(|_| given()))
    }
}

impl fmt::Display for RingAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&ring_place(&self.file))
    }
}

impl fmt::Debug for RingAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("RingAddress").field(&self.file).finish()
    }
}
