//! The places for connections.
//!
//! A connection that waits for its client, who may never say anything, does not keep others out: where no
//! place is free, the one that has waited longest is asked to leave, of whoever has the most.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::peer::PeerName;

/// The places for connections of one kind.
#[derive(Debug)]
pub(crate) struct Places {
    limit: usize,
    state: Mutex<State>,
    /// Notified when a place is free, and when a connection waits for its client.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    taken: HashMap<u64, Taken>,
    /// The number of the next connection.
    next: u64,
    /// Connections that wait for a place.
    waiting: usize,
}

/// A place that a connection has.
#[derive(Debug)]
struct Taken {
    peer: PeerName,
    /// Since when it has waited for its client; none while a request is answered.
    idle_since: Option<Instant>,
    leave: CancellationToken,
}

/// A connection's place; it is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    places: Arc<Places>,
    number: u64,
    leave: CancellationToken,
    /// Whether a request came.
    was_asked: AtomicBool,
}

/// A request is being answered, so its connection is not asked to leave until this is dropped.
#[derive(Debug)]
pub(crate) struct Answering {
    places: Arc<Places>,
    number: u64,
}

impl Places {
    /// So many places.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, state: Mutex::default(), changed: Notify::new() })
    }

    /// Waits for a place for a connection with a peer.
    pub(crate) async fn take(self: &Arc<Self>, peer: PeerName) -> Seat {
        let _waits = Waits::new(self);
        loop {
            let changed = self.changed.notified();
            if let Some(seat) = self.seat(peer) {
                return seat;
            }
            changed.await;
        }
    }

    /// A place if one is free; otherwise somebody is asked to leave, if there are more who wait than leave.
    fn seat(self: &Arc<Self>, peer: PeerName) -> Option<Seat> {
        let mut state = self.state();
        if state.taken.len() >= self.limit {
            state.ask_one_to_leave();
            return None;
        }
        let (number, leave) = (state.next, CancellationToken::new());
        state.next += 1;
        let taken = Taken { peer, idle_since: Some(Instant::now()), leave: leave.clone() };
        state.taken.insert(number, taken);
        let was_asked = AtomicBool::new(false);
        Some(Seat { places: Arc::clone(self), number, leave, was_asked })
    }

    fn idle_since(&self, number: u64, since: Option<Instant>) {
        if let Some(taken) = self.state().taken.get_mut(&number) {
            taken.idle_since = since;
        }
        if since.is_some() {
            self.changed.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ask_one_to_leave(&mut self) {
        let mut of_peer: HashMap<PeerName, usize> = HashMap::new();
        for taken in self.taken.values() {
            *of_peer.entry(taken.peer).or_default() += 1;
        }
        let leaving = self.taken.values().filter(|taken| taken.leave.is_cancelled()).count();
        if leaving >= self.waiting {
            return;
        }
        let idle = self.taken.values().filter(|taken| !taken.leave.is_cancelled());
        let idle = idle.filter_map(|taken| {
            let since = taken.idle_since?;
            Some((of_peer[&taken.peer], std::cmp::Reverse(since), taken))
        });
        if let Some((.., taken)) = idle.max_by_key(|(places, since, _)| (*places, *since)) {
            taken.leave.cancel();
        }
    }
}

/// Counts a connection while it waits for a place.
struct Waits<'a>(&'a Places);

impl<'a> Waits<'a> {
    fn new(places: &'a Places) -> Self {
        places.state().waiting += 1;
        Self(places)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Seat {
    /// Waits until the connection should make way for another one.
    pub(crate) async fn asked_to_leave(&self) {
        self.leave.cancelled().await;
    }

    /// Whether there may be something left to send: a request came.
    pub(crate) fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed)
    }

    /// A request has come, and is answered until what is returned is dropped.
    pub(crate) fn answering(&self) -> Answering {
        self.was_asked.store(true, Ordering::Relaxed);
        self.places.idle_since(self.number, None);
        Answering { places: Arc::clone(&self.places), number: self.number }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.places.state().taken.remove(&self.number);
        self.places.changed.notify_waiters();
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.places.idle_since(self.number, Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn of(account: u32) -> PeerName {
        PeerName::Account(Some(account))
    }

    fn taken(places: &Arc<Places>, account: u32) -> Seat {
        match pin!(places.take(of(account))).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(seat) => seat,
            Poll::Pending => panic!("no place is free"),
        }
    }

    fn is_leaving(seat: &Seat) -> bool {
        seat.leave.is_cancelled()
    }

    #[test]
    fn whoever_has_the_most_gives_way_with_what_has_waited_longest() {
        let places = Places::new(4);
        let other = taken(&places, 2);
        let mut seats: Vec<Seat> = (0..3).map(|_| taken(&places, 1)).collect();
        let answering = seats[0].answering();
        let context = &mut Context::from_waker(Waker::noop());
        let mut waiting = pin!(places.take(of(3)));
        assert!(waiting.as_mut().poll(context).is_pending());
        // One waits, so one leaves, however often it is looked.
        drop(answering);
        assert!(waiting.as_mut().poll(context).is_pending());
        let leaving: Vec<bool> = seats.iter().map(is_leaving).collect();
        assert_eq!((leaving, is_leaving(&other)), (vec![false, true, false], false));
        drop(seats.remove(1));
        assert!(waiting.as_mut().poll(context).is_ready());
    }

    #[test]
    fn while_all_are_answered_the_first_that_is_done_gives_way() {
        let places = Places::new(2);
        let (first, second) = (taken(&places, 1), taken(&places, 1));
        let (one, _two) = (first.answering(), second.answering());
        let context = &mut Context::from_waker(Waker::noop());
        let mut waiting = pin!(places.take(of(1)));
        assert!(waiting.as_mut().poll(context).is_pending());
        assert!(!is_leaving(&first) && !is_leaving(&second));
        drop(one);
        assert!(waiting.as_mut().poll(context).is_pending());
        assert!(is_leaving(&first) && !is_leaving(&second));
        drop(first);
        assert!(waiting.as_mut().poll(context).is_ready());
    }
}
