//! The body of an answer, which is read while it passes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Frame, SizeHint};

use super::answer::AnswerReader;
use super::capture::Captures;
use super::exchange::Exchange;
use super::held::Held;
use crate::shared::Shared;

/// A body of an upstream's that is read while it passes, without holding it up. When it has ended, or nobody
/// wants more of it, the question and its answer are stored.
pub(super) struct Tee {
    body: reqwest::Body,
    reading: Option<Reading>,
}

/// What is done with what passes.
pub(super) struct Reading {
    shared: Arc<Shared>,
    exchange: Exchange,
    reader: AnswerReader,
    held: Held,
    _open: Arc<()>,
}

impl Reading {
    /// Reads the answer to a question.
    pub(super) fn new(shared: Arc<Shared>, exchange: Exchange, reader: AnswerReader) -> Self {
        let open = shared.proxies.captures.open();
        let held = shared.proxies.held.nothing(&exchange.user);
        Self { shared, exchange, reader, held, _open: open }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.reader.push(bytes);
        let held = self.reader.held();
        if !self.shared.proxies.held.hold(&mut self.held, held) {
            self.reader.give_up();
        }
    }

    fn finish(self) {
        Captures::begin(&self.shared, self.exchange, self.reader.finish());
    }
}

impl Tee {
    /// A body that is read while it passes.
    pub(super) fn new(body: reqwest::Body, reading: Reading) -> Self {
        Self { body, reading: Some(reading) }
    }

    /// Does something with what is read. If that panics, nothing is read any more; what passes is not touched.
    fn with_reading(&mut self, work: impl FnOnce(Reading) -> Option<Reading>) {
        if let Some(reading) = self.reading.take() {
            self.reading = catch_unwind(AssertUnwindSafe(|| work(reading))).unwrap_or_default();
        }
    }
}

impl hyper::body::Body for Tee {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(bytes) = frame.data_ref() {
                    self.with_reading(|mut reading| {
                        reading.push(bytes);
                        Some(reading)
                    });
                }
            }
            Poll::Ready(None | Some(Err(_))) => self.with_reading(|reading| {
                reading.finish();
                None
            }),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        self.with_reading(|reading| {
            reading.finish();
            None
        });
    }
}
