//! What one process does at a time, as rows that end by themselves unless they are prolonged: so what a
//! process that died was doing is taken over.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use longmem_store::{Result, StoreLock};

use crate::database::{Database, Users};
use crate::failure::Failure;
use crate::presence::Presence;
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;

/// How long a lease lasts unless it is prolonged, which happens three times in that.
pub(crate) const LENGTH: Duration = Duration::from_secs(30);

/// How long the end of a lease is waited for when it is given back; it ends by itself anyhow.
const GIVING_BACK: Duration = Duration::from_secs(2);

/// Stands in the place of a user in leases of the whole store; their names are not those of users' leases.
pub(crate) const WHOLE_STORE: UserNumber = UserNumber(0);

/// Milliseconds since 1970 by the server's clock, which is the same for all who ask.
pub(crate) const NOW_MS: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// What a lease is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Making the vectors of a user's turns.
    Index,
    /// Making all vectors anew.
    IndexAlone,
    /// Watching files for a user.
    Watch,
    /// Learning from a user's talks.
    Learn,
}

impl Work {
    /// The name in the table.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::IndexAlone => "index alone",
            Self::Watch => "watch",
            Self::Learn => "learn",
        }
    }
}

/// A lease that a transaction takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    work: Work,
    /// Random, so that a transaction that is run again takes what is its own.
    holder: i64,
    length: Duration,
}

impl Wanted {
    pub(crate) fn new(work: Work, length: Duration) -> Self {
        Self { work, holder: fastrand::i64(..), length }
    }

    fn length_ms(self) -> i64 {
        i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX / 2)
    }

    /// Takes it for each of these users where nobody has it; returns for whom it was taken.
    pub(crate) async fn take(
        self,
        statements: &Statements<'_>,
        users: &Vec<i64>,
    ) -> std::result::Result<Vec<i64>, Failure> {
        let (name, length) = (self.work.as_str(), self.length_ms());
        // Two that want several of the same take them in the same order.
        let sql = format!(
            "INSERT INTO user_leases (user_id, name, holder, until_ms)
             SELECT user_id, $2, $3, {NOW_MS} + $4 FROM unnest($1) AS user_id ORDER BY user_id
             ON CONFLICT (user_id, name)
             DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
             WHERE user_leases.until_ms <= {NOW_MS} OR user_leases.holder = excluded.holder
             RETURNING user_id"
        );
        let rows = statements.rows(&sql, params![*users, name, self.holder, length]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Prolongs what was taken until the lock is dropped.
    pub(crate) fn keep(self, database: &Database, users: Vec<i64>) -> Result<StoreLock> {
        let (stop, stopped) = mpsc::channel();
        let (ended, end) = mpsc::channel();
        // A lease stays on the server where it was taken, whoever moves away from there.
        let database = database.with_presence(Presence::Whatever);
        let held = Held { wanted: self, users, database };
        let keeper = std::thread::Builder::new().name("longmem-lease".to_owned());
        keeper.spawn(move || {
            held.prolong_until(&stopped);
            held.give_back();
            drop(ended);
        })?;
        Ok(StoreLock::new(Lease { stop: Some(stop), end }))
    }
}

/// Whether anybody has a lease of the whole store.
pub(crate) async fn is_taken(
    statements: &Statements<'_>,
    work: Work,
) -> std::result::Result<bool, Failure> {
    let name = work.as_str();
    let sql = format!(
        "SELECT 1 FROM user_leases WHERE user_id = $1 AND name = $2 AND until_ms > {NOW_MS}"
    );
    Ok(statements.first(&sql, params![WHOLE_STORE.0, name]).await?.is_some())
}

/// Takes a lease of one user, or of the whole store; none if somebody else has it.
pub(crate) fn take(
    database: &Database,
    user: UserNumber,
    wanted: Wanted,
) -> Result<Option<StoreLock>> {
    let users = vec![user.0];
    let taken =
        database.write(user.alone(), async |statements| wanted.take(statements, &users).await)?;
    if taken.is_empty() { Ok(None) } else { wanted.keep(database, taken).map(Some) }
}

/// A lease that somebody holds, as the thread that prolongs it sees it.
struct Held {
    wanted: Wanted,
    users: Vec<i64>,
    database: Database,
}

impl Held {
    /// Prolongs the lease now and then until it is to be given back, or somebody else has it.
    fn prolong_until(&self, stopped: &Receiver<()>) {
        let every = self.wanted.length / 3;
        while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
            let (name, length) = (self.wanted.work.as_str(), self.wanted.length_ms());
            let sql = format!(
                "UPDATE user_leases SET until_ms = {NOW_MS} + $4
                 WHERE user_id = ANY($1) AND name = $2 AND holder = $3"
            );
            let prolonged = self.database.write(self.whose(), async |statements| {
                let parameters = params![self.users, name, self.wanted.holder, length];
                statements.run(&sql, parameters).await
            });
            // Where the server is gone it is tried again; whoever took it over has it.
            if matches!(prolonged, Ok(0)) {
                return;
            }
        }
    }

    fn give_back(&self) {
        let name = self.wanted.work.as_str();
        let sql = "DELETE FROM user_leases
                   WHERE user_id = ANY($1) AND name = $2 AND holder = $3";
        // What cannot be deleted now ends by itself.
        let _ = self.database.write(self.whose(), async |statements| {
            statements.run(sql, params![self.users, name, self.wanted.holder]).await
        });
    }

    fn whose(&self) -> Users {
        match *self.users {
            [user] => UserNumber(user).alone(),
            _ => Users::All,
        }
    }
}

/// Gives a lease back when it is dropped.
struct Lease {
    stop: Option<Sender<()>>,
    end: Receiver<()>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Nothing is ever sent: it ends when the thread does, or when that takes too long.
        let _ = self.end.recv_timeout(GIVING_BACK);
    }
}
