//! Whether a store keeps a user, where users are divided among several stores.

use crate::database::Users;
use crate::failure::Failure;
use crate::leases::WHOLE_STORE;
use crate::statements::{NONE, Statements, params};

/// Which users a store is expected to keep.
///
/// A server of a ring keeps some users wholly, and nothing of the others. A user who moved to another
/// server, or is on the way here, is marked in the table of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// Whoever is asked for, as in a store of its own. Who moved away or is still arriving is written to by
    /// nobody, and on a server of a ring nobody is made:
    /// [`RingMismatch`](longmem_store::StoreError::RingMismatch).
    #[default]
    Whatever,
    /// Only users who are here. For all others, reads and writes fail with
    /// [`NotHere`](longmem_store::StoreError::NotHere).
    Required,
    /// Users who are here, and users of whom this server knows nothing: those have no memory anywhere, and
    /// are made here as long as the server belongs to this generation of the ring; otherwise asking for
    /// them fails with [`RingChanged`](longmem_store::StoreError::RingChanged).
    Made {
        /// The generation of the ring by which it was found out where the user belongs.
        generation: i64,
    },
}

/// That a row of `users` is of a user who is here: neither moved to another server nor still arriving.
pub(crate) const IS_HERE: &str = "moved_to IS NULL AND arriving_from IS NULL";

/// The users who are still arriving from another server: what there is of them counts for nobody yet.
pub(crate) const ARRIVING: &str = "SELECT user_id FROM users WHERE arriving_from IS NOT NULL";

/// Fails if the one user whose rows a transaction sees is not kept here. Costs nothing for a store of its
/// own; otherwise it is sent with what begins the transaction.
pub(crate) async fn check(statements: &Statements<'_>, users: Users) -> Result<(), Failure> {
    let Users::One(user) = users else { return Ok(()) };
    let presence = statements.presence();
    if presence == Presence::Whatever || user == WHOLE_STORE {
        return Ok(());
    }
    let sql = format!(
        "SELECT (SELECT {IS_HERE} FROM users WHERE user_id = $1), (SELECT generation FROM ring)"
    );
    let row = statements.row(&sql, params![user.0]).await?;
    match (row.try_get::<_, Option<bool>>(0)?, presence) {
        (Some(true), _) => Ok(()),
        // A user of whom nothing is here may be on a server that this process knows nothing of.
        (None, Presence::Made { generation: given }) => {
            let stored = row.try_get::<_, Option<i64>>(1)?.unwrap_or(0);
            if stored == given { Ok(()) } else { Err(Failure::RingChanged { stored, given }) }
        }
        (Some(false) | None, _) => Err(Failure::NotHere),
    }
}

/// Fails if a user may not be made here. What decides about it stays so until the transaction ends.
pub(crate) async fn check_making(statements: &Statements<'_>) -> Result<(), Failure> {
    let row = statements.first("SELECT generation FROM ring FOR SHARE", NONE).await?;
    let stored = row.map_or(Ok(0), |row| row.try_get(0))?;
    match statements.presence() {
        Presence::Required => Err(Failure::NotHere),
        // A user who is made by the way on one server may be on another one.
        Presence::Whatever if stored > 0 => Err(Failure::InRing),
        Presence::Made { generation: given } if stored != given => {
            Err(Failure::RingChanged { stored, given })
        }
        Presence::Whatever | Presence::Made { .. } => Ok(()),
    }
}
