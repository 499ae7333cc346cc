//! The places at which requests work, and the queue before them.
//!
//! There are as many places as the engine has cores. Who finds none free waits, and places are given to users
//! in turn, so that a user with many requests does not keep the others waiting. In a full queue the newest
//! request of whoever has the most there makes way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use longmem_core::UserName;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// The places, and who waits for one.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    limit: usize,
    /// Requests that have a place or wait for one.
    in_flight: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// Users with requests that wait, the one whose turn it is first.
    waiting: VecDeque<Waiting>,
}

/// The requests of a user, oldest first.
#[derive(Debug)]
struct Waiting {
    user: UserName,
    requests: VecDeque<oneshot::Sender<Place>>,
}

/// A place; it is given on when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Option<Arc<Queue>>);

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl Queue {
    /// So many places, and a queue of so many requests.
    pub(crate) fn new(places: usize, limit: usize) -> Arc<Self> {
        let state = Mutex::new(State { free: places, waiting: VecDeque::new() });
        Arc::new(Self { state, limit, in_flight: watch::Sender::new(0) })
    }

    /// Waits for a place for a request of a user.
    ///
    /// # Errors
    /// [`Full`] if too many wait, or if this request had to make way for another user's.
    pub(crate) async fn enter(self: &Arc<Self>, user: &UserName) -> Result<Place, Full> {
        let _counted = Counted::new(self);
        let place = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Ok(self.place());
            }
            state.wait(user, self.limit)?
        };
        place.await.map_err(|_| Full)
    }

    /// Waits until for this time no request had a place or waited for one.
    pub(crate) async fn quiet_for(&self, time: Duration) {
        let mut in_flight = self.in_flight.subscribe();
        loop {
            // The sender is here, so it is not gone.
            let _ = in_flight.wait_for(|requests| *requests == 0).await;
            if timeout(time, in_flight.changed()).await.is_err() {
                return;
            }
        }
    }

    /// Requests that have a place or wait for one.
    #[cfg(test)]
    fn in_flight(&self) -> usize {
        *self.in_flight.borrow()
    }

    fn place(self: &Arc<Self>) -> Place {
        self.in_flight.send_modify(|requests| *requests += 1);
        Place(Some(Arc::clone(self)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a request while it waits.
struct Counted<'a>(&'a Queue);

impl<'a> Counted<'a> {
    fn new(queue: &'a Queue) -> Self {
        queue.in_flight.send_modify(|requests| *requests += 1);
        Self(queue)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.in_flight.send_modify(|requests| *requests -= 1);
    }
}

impl State {
    /// Lines a request up.
    fn wait(&mut self, user: &UserName, limit: usize) -> Result<oneshot::Receiver<Place>, Full> {
        // Whoever gave up waiting holds no place in the queue.
        for waiting in &mut self.waiting {
            waiting.requests.retain(|request| !request.is_closed());
        }
        self.waiting.retain(|waiting| !waiting.requests.is_empty());
        let length: usize = self.waiting.iter().map(|waiting| waiting.requests.len()).sum();
        if length >= limit {
            self.make_way(user)?;
        }
        let (give, place) = oneshot::channel();
        match self.waiting.iter_mut().find(|waiting| waiting.user == *user) {
            Some(waiting) => waiting.requests.push_back(give),
            None => {
                let requests = VecDeque::from([give]);
                self.waiting.push_back(Waiting { user: user.clone(), requests });
            }
        }
        Ok(place)
    }

    /// Sends the newest request of whoever has the most away, if that is more than this user has.
    fn make_way(&mut self, user: &UserName) -> Result<(), Full> {
        let own = self.waiting.iter().find(|waiting| waiting.user == *user);
        let own = own.map_or(0, |waiting| waiting.requests.len());
        let most = self.waiting.iter_mut().max_by_key(|waiting| waiting.requests.len());
        let most = most.filter(|most| most.requests.len() > own + 1).ok_or(Full)?;
        most.requests.pop_back();
        Ok(())
    }

    /// Takes out the request whose turn it is; its user goes to the end.
    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        let mut waiting = self.waiting.pop_front()?;
        let next = waiting.requests.pop_front();
        if !waiting.requests.is_empty() {
            self.waiting.push_back(waiting);
        }
        next
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(queue) = self.0.take() else { return };
        queue.in_flight.send_modify(|requests| *requests -= 1);
        loop {
            let next = {
                let mut state = queue.state();
                let next = state.next();
                if next.is_none() {
                    state.free += 1;
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(queue.place()) {
                Ok(()) => return,
                // It gave up waiting; the next one gets the place.
                Err(mut unused) => {
                    unused.0 = None;
                    queue.in_flight.send_modify(|requests| *requests -= 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Entering<'a> = Pin<Box<dyn Future<Output = Result<Place, Full>> + 'a>>;

    fn enter<'a>(queue: &'a Arc<Queue>, user: &'static str) -> Entering<'a> {
        let user: UserName = user.parse().unwrap();
        Box::pin(async move { queue.enter(&user).await })
    }

    fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_user_with_many_requests_does_not_keep_another_waiting() {
        let queue = Queue::new(1, 64);
        let busy = poll(&mut enter(&queue, "many")).unwrap().unwrap();
        let mut many: Vec<_> = (0..10).map(|_| enter(&queue, "many")).collect();
        assert!(many.iter_mut().all(|entering| poll(entering).is_none()));
        let mut other = enter(&queue, "other");
        assert!(poll(&mut other).is_none());
        drop(busy);
        let first = poll(&mut many[0]).unwrap().unwrap();
        assert!(poll(&mut other).is_none());
        drop(first);
        // Nine of the other user's requests came before this one.
        let second = poll(&mut other).unwrap().unwrap();
        drop(second);
        assert!(poll(&mut many[1]).unwrap().is_ok());
    }

    #[test]
    fn in_a_full_queue_the_newest_of_whoever_has_the_most_makes_way() {
        let queue = Queue::new(1, 3);
        let _busy = poll(&mut enter(&queue, "many")).unwrap().unwrap();
        let mut many: Vec<_> = (0..3).map(|_| enter(&queue, "many")).collect();
        assert!(many.iter_mut().all(|entering| poll(entering).is_none()));
        assert_eq!(poll(&mut enter(&queue, "many")).unwrap().unwrap_err(), Full);
        let mut other = enter(&queue, "other");
        assert!(poll(&mut other).is_none());
        assert_eq!(poll(&mut many[2]).unwrap().unwrap_err(), Full);
        assert!(poll(&mut many[1]).is_none());
        // They have two and one: nobody makes way for a second of the other.
        assert_eq!(poll(&mut enter(&queue, "other")).unwrap().unwrap_err(), Full);
    }

    #[test]
    fn who_gives_up_waiting_loses_no_place() {
        let queue = Queue::new(1, 64);
        let busy = poll(&mut enter(&queue, "ana")).unwrap().unwrap();
        let mut gone = enter(&queue, "ana");
        let mut given = enter(&queue, "ana");
        let mut stays = enter(&queue, "ana");
        for entering in [&mut gone, &mut given, &mut stays] {
            assert!(poll(entering).is_none());
        }
        drop(gone);
        drop(busy);
        // The place was given to this one, which never looks.
        drop(given);
        let place = poll(&mut stays).unwrap().unwrap();
        assert_eq!(queue.in_flight(), 1);
        drop(place);
        drop(stays);
        assert_eq!(queue.in_flight(), 0);
        assert!(poll(&mut enter(&queue, "bo")).unwrap().is_ok());
    }

    #[tokio::test]
    async fn quiet_comes_when_the_last_request_has_left() {
        let queue = Queue::new(2, 64);
        let place = poll(&mut enter(&queue, "ana")).unwrap().unwrap();
        let mut quiet = pin!(queue.quiet_for(Duration::from_millis(1)));
        assert!(timeout(Duration::from_millis(20), quiet.as_mut()).await.is_err());
        drop(place);
        quiet.await;
    }
}
