//! Runs transactions on connections of a pool, and repeats those that a server lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool};
use futures_util::future::{FutureExt as _, join, try_join, try_join3};
use longmem_store::{Result, StoreError};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::Stop;
use crate::commit_marks::{CommitMark, Writers};
use crate::failure::{Cause, Failure};
use crate::location::Location;
use crate::presence::{self, Presence};
use crate::silence::Silence;
use crate::statements::{Statements, Trips};
use crate::user_number::UserNumber;

/// The part of the patience for which a server is waited for that has not answered this process yet, or not
/// since it was lost for so long: whoever talks on without the store is not kept waiting with each message.
const FIRST_PATIENCE: u32 = 6;

/// How often a transaction that met another one is run again.
const CONFLICTS: u32 = 12;

/// How long the server has to say what became of a transaction, before it is asked again.
const ANSWER: Duration = Duration::from_secs(5);

/// Seconds of that for which the server waits for the transaction's end.
const END_SECONDS: u32 = 1;

/// What names a transaction: see [`OpenTransaction`](crate::statements::OpenTransaction).
const NAME: &str = "pg_backend_pid(), extract(epoch FROM now())";

/// Whose rows a transaction may see: row security hides all others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Users {
    /// One user's.
    One(UserNumber),
    /// Everybody's, for work on the whole store.
    All,
}

impl Users {
    /// The range of users' numbers as PostgreSQL writes it.
    fn range(self) -> String {
        match self {
            Self::One(UserNumber(number)) => format!("[{number},{number}]"),
            Self::All => "[0,]".to_owned(),
        }
    }
}

/// One store, as one of those in this process who use it: all share the connections, and each says which
/// users it expects there.
#[derive(Clone)]
pub(crate) struct Database {
    connections: Arc<Connections>,
    presence: Presence,
}

/// The connections of one process to one store, and the threads that serve them.
struct Connections {
    /// Taken when it is dropped, which a runtime may not be among asynchronous work.
    runtime: Option<Runtime>,
    pool: Pool,
    silence: Silence,
    location: Location,
    trips: Trips,
    writers: Writers,
    /// Whether the server did what it was asked last, with tables that were there.
    works: AtomicBool,
}

impl Database {
    /// Prepares connections; none is made yet.
    pub(crate) fn new(location: Location, stop: Option<Stop>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("longmem-postgres")
            .enable_all()
            .build()?;
        let pool = location.pool(location.connections())?;
        let silence = Silence::new(&location, stop)?;
        let connections = Connections {
            runtime: Some(runtime),
            pool,
            silence,
            location,
            trips: Trips::default(),
            writers: Writers::default(),
            works: AtomicBool::new(false),
        };
        Ok(Self { connections: Arc::new(connections), presence: Presence::Whatever })
    }

    /// The same connections for one who expects these users there.
    pub(crate) fn with_presence(&self, presence: Presence) -> Self {
        Self { connections: Arc::clone(&self.connections), presence }
    }

    pub(crate) fn location(&self) -> &Location {
        &self.connections.location
    }

    /// Number of times that this process waited for the server, but for the making of connections.
    pub(crate) fn trips(&self) -> u64 {
        self.connections.trips.count()
    }

    /// Whether the server did what it was asked last, with tables that were there.
    pub(crate) fn works(&self) -> bool {
        self.connections.works.load(Ordering::Relaxed)
    }

    /// Notes that the tables are not there, though the server answers.
    pub(crate) fn works_no_more(&self) {
        self.connections.works.store(false, Ordering::Relaxed);
    }

    /// Runs a read: it sees one state of the store. The first statement travels with what begins the
    /// transaction, and nobody waits for its end.
    #[expect(clippy::needless_pass_by_value, reason = "a closure stands where it is used")]
    pub(crate) fn read<T>(
        &self,
        users: Users,
        work: impl AsyncFn(&Statements<'_>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        self.repeated(async || {
            let begin = self.begin("ISOLATION LEVEL REPEATABLE READ READ ONLY", users);
            let begin = format!("{begin}; SELECT {NAME}");
            let mut held = Held::new(self.connection().await?);
            let statements =
                Statements::new(held.connection(), &self.connections.trips, self.presence);
            // Whose user is not here ends before the work has taken up anything.
            let opened = try_join(statements.begin(&begin), presence::check(&statements, users));
            let both = try_join(opened, work(&statements)).map(|both| both.map(|(_, done)| done));
            let done = self.silence().wait(&statements, both).await;
            if matches!(&done, Err(failure) if failure.ends_connection()) {
                return done;
            }
            // A read that failed is ended like one that did not. What ends it is sent and goes before
            // whatever the next one sends, who has the connection at once.
            let connection = held.given_back();
            if let Some(Err(_)) = connection.batch_execute("COMMIT").now_or_never() {
                drop(Object::take(connection));
            }
            done
        })
    }

    /// Runs a write as one transaction: it is durable when this returns, as far as the server is set so,
    /// or nothing changed. `work` is run again from its beginning when the server asks for that or is
    /// lost; if it is lost while it commits, the next one is asked whether it did.
    pub(crate) fn write<T>(
        &self,
        users: Users,
        work: impl AsyncFn(&Statements<'_>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        self.written(users, || Some(self.connections.writers.mark(users)), work)
    }

    /// The same for what may be written twice, and is if the server is lost while it commits: it needs no
    /// tables.
    pub(crate) fn write_again<T>(
        &self,
        users: Users,
        work: impl AsyncFn(&Statements<'_>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        self.written(users, || None, work)
    }

    /// Runs a write that leaves a mark or none.
    #[expect(clippy::needless_pass_by_value, reason = "a closure stands where it is used")]
    fn written<T>(
        &self,
        users: Users,
        mark: impl Fn() -> Option<CommitMark>,
        work: impl AsyncFn(&Statements<'_>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        self.repeated(async || {
            let begin = self.begin("ISOLATION LEVEL READ COMMITTED", users);
            let begin = format!("{begin}; SELECT {NAME}");
            let mut held = Held::new(self.connection().await?);
            let mark = mark();
            let statements =
                Statements::new(held.connection(), &self.connections.trips, self.presence);
            let leave = async {
                if let Some(mark) = &mark { mark.leave(&statements).await } else { Ok(()) }
            };
            let check = presence::check(&statements, users);
            let opened = try_join3(statements.begin(&begin), leave, check);
            let both = join(opened, work(&statements));
            let both = both.map(|(opened, done)| opened.and(done));
            let done = match self.silence().wait(&statements, both).await {
                Ok(value) => {
                    match (self.silence().commit(&statements, mark.as_ref()).await, &mark) {
                        (Err(lost), Some(mark)) if lost.cause() == Cause::Lost => {
                            drop(held);
                            return self.outcome(mark, lost).await.map(|()| value);
                        }
                        (committed, _) => committed.map(|()| value),
                    }
                }
                Err(failure) if failure.ends_connection() => Err(failure),
                Err(failure) => {
                    let rolled_back = statements.batch("ROLLBACK").await;
                    rolled_back.and(Err(failure))
                }
            };
            if !matches!(&done, Err(failure) if failure.ends_connection()) {
                drop(held.given_back());
                if let Some(mark) = &mark {
                    self.connections.writers.is_over(mark);
                }
            }
            done
        })
    }

    /// Runs one statement after another, each its own transaction: what a transaction cannot hold.
    #[expect(clippy::needless_pass_by_value, reason = "a closure stands where it is used")]
    pub(crate) fn outside<T>(
        &self,
        work: impl AsyncFn(&Statements<'_>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        self.repeated(async || {
            let mut held = Held::new(self.connection().await?);
            let statements =
                Statements::new(held.connection(), &self.connections.trips, self.presence);
            let done = self.silence().wait(&statements, work(&statements)).await;
            if !matches!(&done, Err(failure) if failure.ends_connection()) {
                drop(held.given_back());
            }
            done
        })
    }

    /// What begins a transaction, in one message. Nothing of it outlives the transaction, so that a
    /// pooler may hand the connection to somebody else after each.
    fn begin(&self, mode: &str, users: Users) -> String {
        // Rows of one user come by an index in its order. The server's statistics know the average user
        // alone, and for one with a hundred times as much it would read and sort everything, or compile
        // what takes a millisecond.
        let plans = match users {
            Users::One(_) => "; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off",
            Users::All => "",
        };
        format!(
            "BEGIN {mode}; SET LOCAL search_path = {schema}; \
             SET LOCAL longmem.users = '{users}'; SET LOCAL lock_timeout = '{patience}s'{plans}",
            schema = self.location().quoted_schema(),
            users = users.range(),
            patience = self.location().patience().as_secs(),
        )
    }

    async fn connection(&self) -> std::result::Result<Object, Failure> {
        let connection = async { Ok(self.connections.pool.get().await?) };
        self.silence().wait_or_stop(connection).await
    }

    /// Runs something until it is done, fails for good, or has failed for the patience of the
    /// location, or for a part of it where the server did not answer before.
    fn repeated<T>(&self, once: impl AsyncFn() -> std::result::Result<T, Failure>) -> Result<T> {
        let begun = Instant::now();
        let (mut conflicts, mut losses) = (0, 0);
        let patience = self.location().patience();
        let patience = if self.works() { patience } else { patience / FIRST_PATIENCE };
        self.runtime().block_on(async {
            loop {
                let failure = match once().await {
                    Ok(value) => {
                        self.connections.works.store(true, Ordering::Relaxed);
                        return Ok(value);
                    }
                    Err(failure) => failure,
                };
                let pause = match failure.cause() {
                    Cause::Conflict if conflicts < CONFLICTS => {
                        conflicts += 1;
                        10 << conflicts.min(6)
                    }
                    Cause::Lost if begun.elapsed() < patience => {
                        losses += 1;
                        20 << losses.min(4)
                    }
                    cause => {
                        if cause == Cause::Lost || failure.is_missing_table() {
                            self.works_no_more();
                        }
                        return Err(failure.into_store_error(self.location()));
                    }
                };
                if failure.cause() == Cause::Lost && self.silence().is_stopped() {
                    return Err(StoreError::Stopped);
                }
                // Two that met would meet again after equal pauses.
                sleep(Duration::from_millis(pause / 2 + fastrand::u64(0..=pause / 2))).await;
            }
        })
    }

    /// Finds out what became of a write whose commit was not answered; the failure if it is not committed,
    /// so that it is run again.
    async fn outcome(&self, mark: &CommitMark, lost: Failure) -> std::result::Result<(), Failure> {
        let begun = Instant::now();
        loop {
            match timeout(ANSWER, self.is_committed(mark)).await.unwrap_or(Err(Failure::Silent)) {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(lost),
                Err(stopped @ Failure::Store(StoreError::Stopped)) => return Err(stopped),
                // Nobody answers, or the write has not ended: the server may not have noticed yet that the
                // connection is gone.
                Err(_) => {}
            }
            if begun.elapsed() > self.location().patience() {
                let place = self.location().place().to_owned();
                return Err(Failure::Store(StoreError::OutcomeUnknown(place)));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether a write is committed; fails if it has not ended.
    async fn is_committed(&self, mark: &CommitMark) -> std::result::Result<bool, Failure> {
        let mut held = Held::new(self.connection().await?);
        let statements = Statements::new(held.connection(), &self.connections.trips, self.presence);
        let begin = self.begin("ISOLATION LEVEL READ COMMITTED", Users::All);
        let begin = format!("{begin}; SET LOCAL lock_timeout = '{END_SECONDS}s'");
        let asked = try_join(statements.batch(&begin), mark.is_committed(&statements));
        let ((), is_committed) = asked.await?;
        statements.batch("COMMIT").await?;
        drop(held.given_back());
        Ok(is_committed)
    }

    fn silence(&self) -> &Silence {
        &self.connections.silence
    }

    fn runtime(&self) -> &Runtime {
        self.connections.runtime.as_ref().expect("it is taken only when the database is dropped")
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A connection with a transaction on it: closed when it is dropped, since nobody could tell in what
/// state it is, unless it is given back.
struct Held(Option<Object>);

impl Held {
    fn new(connection: Object) -> Self {
        Self(Some(connection))
    }

    fn connection(&mut self) -> &Object {
        self.0.as_ref().expect("it is taken only when it is given back")
    }

    /// The connection, whose transaction is over.
    fn given_back(&mut self) -> Object {
        self.0.take().expect("it is given back once")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
