//! Bodies that are read whole, and how many bytes of all of them are held at once.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use longmem_core::UserName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::problem::Problem;

/// Bytes of a body that is read whole; Anthropic takes no more.
const MOST_OF_ONE: usize = 32 << 20;

/// Bytes of all bodies that are held at once.
const MOST_OF_ALL: usize = 256 << 20;

/// Bytes of all bodies of one user: nobody keeps those of all others from being looked into.
const MOST_OF_ONE_USER: usize = MOST_OF_ALL / 2;

/// Bytes that are counted as one.
const UNIT: usize = 1 << 10;

/// How long a client may send nothing of a body that it has begun.
const SILENCE: Duration = Duration::from_mins(10);

/// How many bytes of bodies may be held still.
#[derive(Debug)]
pub(super) struct HeldBytes {
    all: Arc<Semaphore>,
    /// Of each user of whom something is held.
    users: Mutex<HashMap<UserName, Weak<Semaphore>>>,
    /// Units of one user at most.
    of_one_user: usize,
}

/// Bytes of a user's that are held; they count no longer when this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    user: Arc<Semaphore>,
    units: usize,
    /// Of all, and of the user.
    permits: Option<[OwnedSemaphorePermit; 2]>,
}

/// A body that came.
pub(super) enum Arrived {
    /// All of it.
    Whole(Bytes, Held),
    /// It is too long to be held, now or ever: it goes on as it comes.
    Passing(Body, TooMuch),
}

/// Why a body is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMuch {
    /// It is longer than any that is read.
    OfOne,
    /// Others hold what may be held, of all or of the user.
    OfAll,
}

impl Default for HeldBytes {
    fn default() -> Self {
        Self::new(MOST_OF_ALL, MOST_OF_ONE_USER)
    }
}

impl TooMuch {
    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OfOne => "too_long",
            Self::OfAll => "too_many_bytes",
        }
    }
}

impl HeldBytes {
    /// Allows so many bytes, of all users and of one.
    fn new(of_all: usize, of_one_user: usize) -> Self {
        let all = Arc::new(Semaphore::new(of_all / UNIT));
        Self { all, users: Mutex::default(), of_one_user: of_one_user / UNIT }
    }

    /// What is held for a user: nothing yet.
    pub(super) fn nothing(&self, user: &UserName) -> Held {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let known = users.get(user).and_then(Weak::upgrade);
        let user = known.unwrap_or_else(|| {
            users.retain(|_, user| user.strong_count() > 0);
            let new = Arc::new(Semaphore::new(self.of_one_user));
            users.insert(user.clone(), Arc::downgrade(&new));
            new
        });
        Held { user, units: 0, permits: None }
    }

    /// Reads a body of a user's to its end, if that many bytes may be held.
    ///
    /// # Errors
    /// 400 for a body that breaks off.
    pub(super) async fn arrive(&self, user: &UserName, mut body: Body) -> Result<Arrived, Problem> {
        let (mut whole, mut held) = (Vec::new(), self.nothing(user));
        loop {
            let broke_off = || Problem::invalid("the body ended early");
            let frame = timeout(SILENCE, body.frame()).await.map_err(|_| broke_off())?;
            let Some(frame) = frame else { break };
            // Trailers are of the connection.
            let Ok(piece) = frame.map_err(|_| broke_off())?.into_data() else { continue };
            let length = whole.len() + piece.len();
            let too_much = match length {
                _ if length > MOST_OF_ONE => Some(TooMuch::OfOne),
                _ if !self.hold(&mut held, length) => Some(TooMuch::OfAll),
                _ => None,
            };
            if let Some(too_much) = too_much {
                let begun = VecDeque::from([Bytes::from(whole), piece]);
                return Ok(Arrived::Passing(Body::new(Continued { begun, rest: body }), too_much));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Arrived::Whole(whole.into(), held))
    }

    /// Holds so many bytes instead of those that are held; says whether that is allowed.
    pub(super) fn hold(&self, held: &mut Held, bytes: usize) -> bool {
        let more = bytes.div_ceil(UNIT).saturating_sub(held.units);
        let permits = |of: &Arc<Semaphore>| Arc::clone(of).try_acquire_many_owned(more as u32);
        let (Ok(of_all), Ok(of_user)) = (permits(&self.all), permits(&held.user)) else {
            return false;
        };
        held.units += more;
        match &mut held.permits {
            Some([all, user]) => {
                all.merge(of_all);
                user.merge(of_user);
            }
            None => held.permits = Some([of_all, of_user]),
        }
        true
    }
}

/// A body whose beginning was read.
struct Continued {
    begun: VecDeque<Bytes>,
    rest: Body,
}

impl hyper::body::Body for Continued {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.begun.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(length: usize) -> Body {
        Body::from(vec![7; length])
    }

    async fn arrived(
        held: &HeldBytes,
        user: &str,
        length: usize,
    ) -> Result<Held, (TooMuch, usize)> {
        match held.arrive(&UserName::new(user).unwrap(), body(length)).await.unwrap() {
            Arrived::Whole(bytes, held) => {
                assert_eq!(bytes.len(), length);
                Ok(held)
            }
            Arrived::Passing(body, why) => {
                Err((why, body.collect().await.unwrap().to_bytes().len()))
            }
        }
    }

    #[tokio::test]
    async fn what_may_not_be_held_passes_whole() {
        let held = HeldBytes::new(10 * UNIT, 10 * UNIT);
        let first = arrived(&held, "ana", 6 * UNIT).await.unwrap();
        assert_eq!(arrived(&held, "bo", 5 * UNIT).await.unwrap_err(), (TooMuch::OfAll, 5 * UNIT));
        let second = arrived(&held, "bo", 4 * UNIT).await.unwrap();
        assert_eq!(arrived(&held, "ana", 1).await.unwrap_err(), (TooMuch::OfAll, 1));
        drop((first, second));
        assert!(arrived(&held, "ana", 10 * UNIT).await.is_ok());
        let too_long = MOST_OF_ONE + 1;
        let all = HeldBytes::default();
        assert_eq!(arrived(&all, "ana", too_long).await.unwrap_err(), (TooMuch::OfOne, too_long));
        assert!(arrived(&all, "ana", MOST_OF_ONE).await.is_ok());
    }

    #[tokio::test]
    async fn a_user_with_many_bytes_leaves_others_theirs() {
        let held = HeldBytes::new(10 * UNIT, 6 * UNIT);
        let first = arrived(&held, "ana", 5 * UNIT).await.unwrap();
        assert_eq!(arrived(&held, "ana", 2 * UNIT).await.unwrap_err().0, TooMuch::OfAll);
        assert!(arrived(&held, "bo", 5 * UNIT).await.is_ok());
        drop(first);
        assert!(arrived(&held, "ana", 6 * UNIT).await.is_ok());
    }
}
