//! What is left of a body when its request is answered.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Bytes of the rest that are read at most.
const MOST: usize = 32 << 20;

/// How long the rest is read at most.
const LONGEST: Duration = Duration::from_secs(2);

/// A body whose rest is read and thrown away when it is dropped. Many clients send a whole body before they
/// look for an answer; if the connection were closed while they send, they would see that and not the answer.
pub(crate) struct Rest {
    body: Option<Body>,
    /// Whether the client sends the body only when it is asked to: then nothing comes if nobody reads it.
    waits: bool,
}

impl Rest {
    /// A body of a request; `waits` for one whose client asked whether to send it (`Expect: 100-continue`).
    pub(crate) fn of(body: Body, waits: bool) -> Body {
        Body::new(Self { body: Some(body), waits })
    }
}

impl hyper::body::Body for Rest {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // Whoever reads it has asked for it.
        self.waits = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !self.waits && !body.is_end_stream())
        else {
            return;
        };
        // Without a runtime there is no connection either.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(LONGEST, throw_away(body)));
        }
    }
}

/// Reads a body until it ends, or more came than is read of a rest.
async fn throw_away(mut body: Body) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST {
            return;
        }
    }
}
