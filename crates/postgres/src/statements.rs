//! Statements on one connection: sent as soon as they are asked for, so that several travel together.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use futures_util::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, RowStream, SimpleQueryMessage};

use crate::failure::Failure;
use crate::presence::Presence;

/// A value for a statement, with its type: so no statement has to be prepared, which a pooler would not
/// know of.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// No parameters.
pub(crate) const NONE: [Parameter<'static>; 0] = [];

/// A Rust type that has one type in the database.
pub(crate) trait Typed: ToSql + Sync {
    const TYPE: Type;
}

macro_rules! typed {
    ($($rust:ty => $name:ident),* $(,)?) => {
        $(impl Typed for $rust { const TYPE: Type = Type::$name; })*
    };
}

typed! {
    bool => BOOL,
    i16 => INT2,
    i32 => INT4,
    i64 => INT8,
    String => TEXT,
    &str => TEXT,
    Vec<u8> => BYTEA,
    &[u8] => BYTEA,
    Vec<bool> => BOOL_ARRAY,
    Vec<i16> => INT2_ARRAY,
    Vec<i32> => INT4_ARRAY,
    Vec<i64> => INT8_ARRAY,
    Vec<String> => TEXT_ARRAY,
    Vec<&str> => TEXT_ARRAY,
    Vec<Vec<u8>> => BYTEA_ARRAY,
    Vec<&[u8]> => BYTEA_ARRAY,
    Vec<Option<i64>> => INT8_ARRAY,
    Vec<Option<String>> => TEXT_ARRAY,
    Vec<Option<&str>> => TEXT_ARRAY,
}

impl<T: Typed> Typed for Option<T> {
    const TYPE: Type = T::TYPE;
}

/// A value with its type.
pub(crate) fn typed<T: Typed>(value: &T) -> Parameter<'_> {
    (value, T::TYPE)
}

/// The parameters of a statement: `params![user, name]`. They borrow the values, which must be named.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        [$($crate::statements::typed(&$value)),*]
    };
}
pub(crate) use params;

/// Counts how often somebody waited for a server.
#[derive(Debug, Default)]
pub(crate) struct Trips(AtomicU64);

impl Trips {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A transaction as the server names it.
#[derive(Debug, Clone)]
pub(crate) struct OpenTransaction {
    /// The server's process that runs it.
    pub(crate) process: String,
    /// When it began, in seconds since 1970.
    pub(crate) began: String,
}

/// Runs statements on a connection. Those whose futures are polled together (`try_join!`) are sent
/// together, run one after the other in that order, and cost one trip.
pub(crate) struct Statements<'a> {
    client: &'a Client,
    trips: &'a Trips,
    presence: Presence,
    under_way: AtomicUsize,
    arrived: AtomicU64,
    begins: AtomicBool,
    transaction: OnceLock<OpenTransaction>,
}

impl<'a> Statements<'a> {
    pub(crate) fn new(client: &'a Client, trips: &'a Trips, presence: Presence) -> Self {
        let (under_way, arrived) = (AtomicUsize::new(0), AtomicU64::new(0));
        let (begins, transaction) = (AtomicBool::new(false), OnceLock::new());
        Self { client, trips, presence, under_way, arrived, begins, transaction }
    }

    /// Begins a transaction. The last of these statements brings one row: the columns of an
    /// [`OpenTransaction`].
    pub(crate) async fn begin(&self, sql: &str) -> Result<(), Failure> {
        self.begins.store(true, Ordering::Relaxed);
        let answers = self.waited_for(self.client.simple_query(sql)).await?;
        let transaction = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(OpenTransaction {
                process: row.get(0)?.to_owned(),
                began: row.get(1)?.to_owned(),
            }),
            _ => None,
        });
        let transaction = transaction.ok_or(Failure::Unexpected("a transaction has no name"))?;
        let _ = self.transaction.set(transaction);
        Ok(())
    }

    /// The transaction, once the server has begun it.
    pub(crate) fn transaction(&self) -> Option<&OpenTransaction> {
        self.transaction.get()
    }

    /// Whether the server has not said yet that it has begun the transaction.
    pub(crate) fn is_beginning(&self) -> bool {
        self.begins.load(Ordering::Relaxed) && self.transaction.get().is_none()
    }

    /// How much of the answers has arrived: it grows with each row, and with each answer.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Whether an answer is waited for.
    pub(crate) fn is_waiting(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }

    /// Which users are expected in the store.
    pub(crate) fn presence(&self) -> Presence {
        self.presence
    }

    /// All rows that a statement brings.
    pub(crate) async fn rows(
        &self,
        sql: &str,
        parameters: impl AsRef<[Parameter<'_>]>,
    ) -> Result<Vec<Row>, Failure> {
        let parameters = parameters.as_ref().iter();
        let parameters = parameters.map(|(value, of_type)| (*value, of_type.clone()));
        let rows = async {
            let mut answer = pin!(self.client.query_typed_raw(sql, parameters).await?);
            let mut rows = Vec::new();
            while let Some(row) = answer.try_next().await? {
                self.arrived.fetch_add(1, Ordering::Relaxed);
                rows.push(row);
            }
            Ok(rows)
        };
        self.waited_for(rows).await
    }

    /// The first row that a statement brings, if there is one.
    pub(crate) async fn first(
        &self,
        sql: &str,
        parameters: impl AsRef<[Parameter<'_>]>,
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(sql, parameters).await?.into_iter().next())
    }

    /// The one row that a statement always brings.
    pub(crate) async fn row(
        &self,
        sql: &str,
        parameters: impl AsRef<[Parameter<'_>]>,
    ) -> Result<Row, Failure> {
        self.first(sql, parameters).await?.ok_or(Failure::Unexpected("a statement brought no row"))
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) async fn run(
        &self,
        sql: &str,
        parameters: impl AsRef<[Parameter<'_>]>,
    ) -> Result<u64, Failure> {
        Ok(self.waited_for(self.client.execute_typed(sql, parameters.as_ref())).await?)
    }

    /// Runs statements without parameters, divided by semicolons.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        Ok(self.waited_for(self.client.batch_execute(sql)).await?)
    }

    /// The rows that a statement brings, one after another, for more of them than should be held at once.
    pub(crate) async fn one_by_one(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Parameter<'_>>,
    ) -> Result<OneByOne<'_>, Failure> {
        let rows = self.waited_for(self.client.query_typed_raw(sql, parameters)).await?;
        Ok(OneByOne { rows: Box::pin(rows), statements: self })
    }

    /// Waits for an answer. A trip is counted if it is not there at once, unless an earlier statement is
    /// under way, whose answer is waited for anyhow.
    fn waited_for<F: Future>(&self, answer: F) -> impl Future<Output = F::Output> {
        // On the heap: many of them are part of what waits for all.
        let mut answer = Box::pin(answer);
        let mut waiting = None;
        poll_fn(move |context| {
            let polled = answer.as_mut().poll(context);
            if polled.is_ready() {
                self.arrived.fetch_add(1, Ordering::Relaxed);
            } else if waiting.is_none() {
                waiting = Some(self.wait());
            }
            polled
        })
    }

    fn wait(&self) -> Waiting<'_> {
        if self.under_way.fetch_add(1, Ordering::Relaxed) == 0 {
            self.trips.0.fetch_add(1, Ordering::Relaxed);
        }
        Waiting(&self.under_way)
    }
}

/// Rows that are read as they are asked for.
pub(crate) struct OneByOne<'a> {
    rows: Pin<Box<RowStream>>,
    statements: &'a Statements<'a>,
}

impl OneByOne<'_> {
    /// The next row; none behind the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Row>, Failure> {
        self.statements.under_way.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.statements.under_way);
        let row = self.rows.try_next().await?;
        self.statements.arrived.fetch_add(1, Ordering::Relaxed);
        Ok(row)
    }
}

/// That an answer is waited for.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
