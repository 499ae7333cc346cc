//! Statements on one connection: sent as soon as they are asked for, so that several travel together.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures_util::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, RowStream};

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

/// Runs statements on a connection. Those whose futures are polled together (`try_join!`) are sent
/// together, run one after the other in that order, and cost one trip.
pub(crate) struct Statements<'a> {
    client: &'a Client,
    trips: &'a Trips,
    presence: Presence,
    under_way: AtomicUsize,
}

impl<'a> Statements<'a> {
    pub(crate) fn new(client: &'a Client, trips: &'a Trips, presence: Presence) -> Self {
        Self { client, trips, presence, under_way: AtomicUsize::new(0) }
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
        Ok(self.waited_for(self.client.query_typed(sql, parameters.as_ref())).await?)
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
    ) -> Result<OneByOne, Failure> {
        let rows = self.waited_for(self.client.query_typed_raw(sql, parameters)).await?;
        Ok(OneByOne(Box::pin(rows)))
    }

    /// Waits for an answer. A trip is counted if it is not there at once, unless an earlier statement is
    /// under way, whose answer is waited for anyhow.
    fn waited_for<F: Future>(&self, answer: F) -> impl Future<Output = F::Output> {
        // On the heap: many of them are part of what waits for all.
        let mut answer = Box::pin(answer);
        let mut waiting = None;
        poll_fn(move |context| {
            let polled = answer.as_mut().poll(context);
            if polled.is_pending() && waiting.is_none() {
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
pub(crate) struct OneByOne(Pin<Box<RowStream>>);

impl OneByOne {
    /// The next row; none behind the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Row>, Failure> {
        Ok(self.0.try_next().await?)
    }
}

/// That an answer is waited for.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
