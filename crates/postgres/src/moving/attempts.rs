//! Brings records from a source into a transaction that may be run again.
//!
//! The source runs on a thread of its own, since it may be another store on a server, which cannot be
//! waited for among asynchronous work.

use std::sync::mpsc::{self, Receiver, Sender, SyncSender};

use longmem_store::{RecordSource, Result, StoreError, UserRecords};

use super::source_is_gone;

/// Batches that the source may be ahead.
const AHEAD: usize = 2;

/// A batch, the end, or why there is no end.
pub(super) type Sent = Result<Option<UserRecords>>;

/// Asks the source, once for each time that the transaction is run.
pub(super) struct Attempts(Sender<SyncSender<Sent>>);

/// What the source sends during one of them.
pub(super) struct Records(Receiver<Sent>);

/// One who asks, and the channels into which records are sent for it: one each time that it asks.
pub(super) fn channel() -> (Attempts, Receiver<SyncSender<Sent>>) {
    let (asks, asked) = mpsc::channel();
    (Attempts(asks), asked)
}

/// Runs work that may ask a source again and again.
pub(super) fn with<T>(
    source: &RecordSource<'_>,
    work: impl FnOnce(&Attempts) -> Result<T>,
) -> Result<T> {
    let (attempts, asked) = channel();
    std::thread::scope(|scope| {
        std::thread::Builder::new().name("longmem-moving".to_owned()).spawn_scoped(
            scope,
            move || {
                for records in asked {
                    // Nobody takes them if the transaction ended before its time.
                    let send = |sent| records.send(sent).map_err(|_| StoreError::Stopped);
                    let read = source(&mut |batch| send(Ok(Some(batch))));
                    let _ = send(read.map(|()| None));
                }
            },
        )?;
        let done = work(&attempts);
        drop(attempts);
        done
    })
}

impl Attempts {
    /// Has the source begin.
    pub(super) fn begin(&self) -> Result<Records> {
        let (sender, records) = mpsc::sync_channel(AHEAD);
        self.0.send(sender).map_err(|_| source_is_gone())?;
        Ok(Records(records))
    }
}

impl Records {
    /// The next batch; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<UserRecords>> {
        self.0.recv().unwrap_or_else(|_| Err(source_is_gone()))
    }
}
