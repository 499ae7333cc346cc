//! Schemas for a while: made, measured or tried in, and dropped.

use longmem_store::Result;

use crate::PostgresOptions;
use crate::database::Database;
use crate::location::Location;

/// A schema of a new name, which is dropped with everything in it when this is. Nothing that was in the
/// database before is touched.
///
/// # Examples
/// ```no_run
/// use longmem_postgres::{PostgresOptions, PostgresStore, ScratchSchema};
///
/// let options = PostgresOptions { create: true, ..PostgresOptions::default() };
/// let scratch = ScratchSchema::make("postgres://db1/memory", &options)?;
/// let store = PostgresStore::open(scratch.address(), &options)?;
/// # Ok::<(), longmem_store::StoreError>(())
/// ```
pub struct ScratchSchema {
    address: String,
    /// None once the schema is dropped.
    database: Option<Database>,
}

impl ScratchSchema {
    /// Makes an empty schema in the database at an address, whatever schema the address names.
    ///
    /// # Errors
    /// [`InvalidAddress`](longmem_store::StoreError::InvalidAddress);
    /// [`Unreachable`](longmem_store::StoreError::Unreachable); whatever else the server says, as that the
    /// account may not make schemas.
    pub fn make(address: &str, options: &PostgresOptions) -> Result<Self> {
        let schema = format!("longmem_scratch_{:016x}", fastrand::u64(..));
        // Of two settings with one name the last one counts.
        let sign = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{sign}schema={schema}");
        let database = Database::new(Location::parse(&address, options)?, options.stop.clone())?;
        let create = format!("CREATE SCHEMA {}", database.location().quoted_schema());
        database.outside(async |statements| statements.batch(&create).await)?;
        Ok(Self { address, database: Some(database) })
    }

    /// The address of the schema, at which a store can be opened.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Drops the schema, and says where that fails.
    ///
    /// # Errors
    /// As [`ScratchSchema::make`].
    pub fn remove(mut self) -> Result<()> {
        self.drop_schema()
    }

    fn drop_schema(&mut self) -> Result<()> {
        let Some(database) = self.database.take() else { return Ok(()) };
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", database.location().quoted_schema());
        database.outside(async |statements| statements.batch(&drop).await)
    }
}

impl Drop for ScratchSchema {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.drop_schema();
    }
}
