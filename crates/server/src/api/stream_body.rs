//! A body that is made while it is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::Frame;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Pieces that wait for a client at most.
const WAITING: usize = 8;

/// A body whose pieces come through a channel. An error instead of a piece breaks the connection off, so
/// that the client does not take what came for the whole.
struct StreamBody(Receiver<io::Result<Bytes>>);

impl hyper::body::Body for StreamBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// A body, and where its pieces are sent; sending waits while the client reads.
pub(crate) fn stream_body() -> (Sender<io::Result<Bytes>>, Body) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (sender, Body::new(StreamBody(receiver)))
}
