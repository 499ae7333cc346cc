//! What a server knows of the ring that it belongs to.
//!
//! It is kept in a table of its own, so that it is not copied with what a store keeps.

use longmem_store::{Result, StoreError};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::database::Users;
use crate::failure::Failure;
use crate::statements::{NONE, Statements, params};

/// What a server was told last of the ring that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingRecord {
    /// By what name this server is called in the ring.
    pub this_server: String,
    /// Rises with each change of the list, from 1 on.
    pub generation: i64,
    /// All servers of the ring, in any order.
    pub servers: Vec<RingServer>,
}

/// A server of a ring.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RingServer {
    /// Its name, from which it is computed which users belong to it.
    pub name: String,
    /// Whether no users belong to it any more.
    pub leaving: bool,
}

impl PostgresStore {
    /// What this server knows of the ring that it belongs to; none if it never belonged to one.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn ring(&self) -> Result<Option<RingRecord>> {
        self.database.read(Users::All, async |statements| {
            let row = statements.first(SELECT_RING, NONE).await?;
            row.as_ref().map(from_row).transpose()
        })
    }

    /// Tells this server the list of servers of the ring that it belongs to. From when this returns on,
    /// nobody makes users here who goes by an older list. The same list again changes nothing.
    ///
    /// # Errors
    /// [`RingMismatch`](StoreError::RingMismatch) if the server has another name in its ring, or knows
    /// another list of the same generation; [`RingChanged`](StoreError::RingChanged) if it knows a newer
    /// one.
    pub fn set_ring(&self, ring: &RingRecord) -> Result<()> {
        self.database.write(Users::All, async |statements| {
            let place = || self.database.location().place().to_owned();
            let sql = format!("{SELECT_RING} FOR UPDATE");
            let row = statements.first(&sql, NONE).await?;
            let Some(known) = row.as_ref().map(from_row).transpose()? else {
                return insert(statements, ring).await;
            };
            let (stored, given) = (known.generation, ring.generation);
            if known.this_server != ring.this_server {
                let (known, given) = (known.this_server, &ring.this_server);
                let reason = format!("it is \"{known}\" there, and is listed as \"{given}\"");
                return Err(StoreError::RingMismatch { place: place(), reason }.into());
            }
            if stored > given {
                return Err(Failure::RingChanged { stored, given });
            }
            if stored == given {
                if known.sorted_servers() == ring.sorted_servers() {
                    return Ok(());
                }
                let reason = format!(
                    "generation {stored} is another list of servers there; a changed list needs a \
                     higher generation"
                );
                return Err(StoreError::RingMismatch { place: place(), reason }.into());
            }
            let (names, leaving) = ring.columns();
            let sql = "UPDATE ring SET generation = $1, servers = $2, leaving = $3";
            statements.run(sql, params![given, names, leaving]).await?;
            Ok(())
        })
    }
}

const SELECT_RING: &str = "SELECT this_server, generation, servers, leaving FROM ring";

impl RingRecord {
    fn sorted_servers(&self) -> Vec<&RingServer> {
        let mut servers: Vec<&RingServer> = self.servers.iter().collect();
        servers.sort_unstable();
        servers
    }

    fn columns(&self) -> (Vec<&str>, Vec<bool>) {
        self.servers.iter().map(|server| (server.name.as_str(), server.leaving)).unzip()
    }
}

async fn insert(
    statements: &Statements<'_>,
    ring: &RingRecord,
) -> std::result::Result<(), Failure> {
    let (names, leaving) = ring.columns();
    let sql = "INSERT INTO ring (this_server, generation, servers, leaving)
               VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let parameters = params![ring.this_server, ring.generation, names, leaving];
    // Somebody else may tell it at the same time: then it is compared.
    match statements.run(sql, parameters).await? {
        0 => Err(Failure::MadeMeanwhile),
        _ => Ok(()),
    }
}

fn from_row(row: &Row) -> std::result::Result<RingRecord, Failure> {
    let (names, leaving): (Vec<String>, Vec<bool>) = (row.try_get(2)?, row.try_get(3)?);
    let servers = names.into_iter().zip(leaving);
    Ok(RingRecord {
        this_server: row.try_get(0)?,
        generation: row.try_get(1)?,
        servers: servers.map(|(name, leaving)| RingServer { name, leaving }).collect(),
    })
}
