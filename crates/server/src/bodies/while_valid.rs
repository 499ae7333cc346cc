//! A body of an answer that ends with the key that it was asked for with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, SizeHint};

/// A body that breaks off when its key is revoked or expires: otherwise a stream would go on for as long as
/// its client likes.
pub(crate) struct WhileValid<F> {
    body: Body,
    every: Duration,
    look: Box<dyn Fn() -> F + Send + Sync>,
    /// Waits for the next look, then looks.
    looking: Pin<Box<dyn Future<Output = bool> + Send>>,
}

impl<F> WhileValid<F>
where
    F: Future<Output = bool> + Send + 'static,
{
    /// The same body if it is sent as a whole, or else one that ends once `look`, which is asked again and
    /// again after this time, says no.
    pub(crate) fn of(
        body: Body,
        every: Duration,
        look: impl Fn() -> F + Send + Sync + 'static,
    ) -> Body {
        if body.is_end_stream() || body.size_hint().exact().is_some() {
            return body;
        }
        let look = Box::new(look);
        let looking = later(every, look());
        Body::new(Self { body, every, look, looking })
    }
}

/// Looks when it is time.
fn later(
    every: Duration,
    look: impl Future<Output = bool> + Send + 'static,
) -> Pin<Box<dyn Future<Output = bool> + Send>> {
    Box::pin(async move {
        tokio::time::sleep(every).await;
        look.await
    })
}

impl<F> hyper::body::Body for WhileValid<F>
where
    F: Future<Output = bool> + Send + 'static,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        while let Poll::Ready(is_valid) = self.looking.as_mut().poll(context) {
            if !is_valid {
                self.body = Body::empty();
                let reason = "the key of this stream is not valid any more";
                return Poll::Ready(Some(Err(Error::new(io::Error::other(reason)))));
            }
            self.looking = later(self.every, (self.look)());
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
