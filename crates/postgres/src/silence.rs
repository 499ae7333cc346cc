//! Gives up waiting for an answer that will not come although the connection lives: something between
//! here and the server holds it back, or whoever asked wants to stop.
//!
//! A statement may take as long as it takes, as forgetting much or checking the store does. So when nothing
//! came for a while, the server is asked on another connection whether it still works on the transaction.

use std::pin::pin;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use futures_util::future::{Either, select, try_join};
use longmem_store::{Result, StoreError};
use tokio::time::{sleep, timeout};

use crate::Stop;
use crate::commit_marks::CommitMark;
use crate::failure::Failure;
use crate::location::Location;
use crate::presence::Presence;
use crate::statements::{OpenTransaction, Statements, Trips};

/// How often is looked whether something came, and whether to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks without an answer after which whoever asked may stop: what is nearly done ends by itself.
const LOOKS_UNTIL_STOPPED: u32 = 10;

/// The part of the patience after which the server is asked, and which it has for its answer.
const PART_OF_PATIENCE: u32 = 4;

/// Asks what became of answers that do not come.
pub(crate) struct Silence {
    /// One connection, made when it is needed and closed behind the question.
    pool: Pool,
    ask_after: Duration,
    stop: Option<Stop>,
    trips: Trips,
}

impl Silence {
    /// Prepares a connection; none is made yet.
    pub(crate) fn new(location: &Location, stop: Option<Stop>) -> Result<Self> {
        let ask_after = location.patience() / PART_OF_PATIENCE;
        Ok(Self { pool: location.pool(1)?, ask_after, stop, trips: Trips::default() })
    }

    /// Whether whoever asked wants to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_wanted)
    }

    /// Waits for what is done with statements, until it is done, is given up, or whoever asked stops.
    pub(crate) async fn wait<T>(
        &self,
        statements: &Statements<'_>,
        work: impl Future<Output = std::result::Result<T, Failure>>,
    ) -> std::result::Result<T, Failure> {
        self.wait_unless(statements, || self.is_stopped(), work).await
    }

    /// Commits a transaction, which left a mark if it may not be run twice. Nobody stops that, since it
    /// cannot be taken back.
    pub(crate) async fn commit(
        &self,
        statements: &Statements<'_>,
        mark: Option<&CommitMark>,
    ) -> std::result::Result<(), Failure> {
        let clear =
            async { if let Some(mark) = mark { mark.clear(statements).await } else { Ok(()) } };
        let commit = try_join(clear, statements.batch("COMMIT"));
        self.wait_unless(statements, || false, commit).await.map(drop)
    }

    /// Waits for something else, until it is done or whoever asked stops.
    pub(crate) async fn wait_or_stop<T>(
        &self,
        work: impl Future<Output = std::result::Result<T, Failure>>,
    ) -> std::result::Result<T, Failure> {
        let stopped = async {
            loop {
                sleep(LOOK_EVERY * LOOKS_UNTIL_STOPPED).await;
                if self.is_stopped() {
                    return Failure::Store(StoreError::Stopped);
                }
            }
        };
        first(work, stopped).await
    }

    async fn wait_unless<T>(
        &self,
        statements: &Statements<'_>,
        is_stopped: impl Fn() -> bool,
        work: impl Future<Output = std::result::Result<T, Failure>>,
    ) -> std::result::Result<T, Failure> {
        let given_up = async {
            let (mut arrived, mut looks) = (statements.arrived(), 0);
            loop {
                sleep(LOOK_EVERY).await;
                looks += 1;
                if statements.arrived() != arrived || !statements.is_waiting() {
                    (arrived, looks) = (statements.arrived(), 0);
                } else if looks >= LOOKS_UNTIL_STOPPED && is_stopped() {
                    return Failure::Store(StoreError::Stopped);
                } else if LOOK_EVERY * looks >= self.ask_after {
                    let is_worked_on = match statements.transaction() {
                        Some(transaction) => self.is_worked_on(transaction).await,
                        // Beginning takes no time.
                        None => !statements.is_beginning(),
                    };
                    if !is_worked_on {
                        return Failure::Silent;
                    }
                    looks = 0;
                }
            }
        };
        first(work, given_up).await
    }

    /// Whether the server says that it works on a transaction. One that only waits for whoever began it is
    /// ended, so that others get what it has locked.
    async fn is_worked_on(&self, transaction: &OpenTransaction) -> bool {
        let OpenTransaction { process, began, .. } = transaction;
        let of_transaction = format!(
            "FROM pg_stat_activity
             WHERE pid = {process} AND extract(epoch FROM xact_start) = {began}"
        );
        let asked = async {
            // It is closed behind the question, whatever becomes of that.
            let connection = Object::take(self.pool.get().await?);
            let statements = Statements::new(&connection, &self.trips, Presence::Whatever);
            let works = format!(
                "SELECT state = 'active' AND wait_event_type IS DISTINCT FROM 'Client'
                 {of_transaction}"
            );
            let works = statements.first(&works, crate::statements::NONE).await?;
            let works = works.map(|row| row.try_get::<_, Option<bool>>(0)).transpose()?.flatten();
            if works == Some(true) {
                return Ok(true);
            }
            statements.batch(&format!("SELECT pg_terminate_backend(pid) {of_transaction}")).await?;
            Ok::<_, Failure>(false)
        };
        matches!(timeout(self.ask_after, asked).await, Ok(Ok(true)))
    }
}

/// What is done first: the work, or what ends it with a failure.
async fn first<T>(
    work: impl Future<Output = std::result::Result<T, Failure>>,
    failure: impl Future<Output = Failure>,
) -> std::result::Result<T, Failure> {
    // On the stack of whoever waits at the bottom: nothing here outlives the wait.
    match select(pin!(work), pin!(failure)).await {
        Either::Left((done, _)) => done,
        Either::Right((failure, _)) => Err(failure),
    }
}
