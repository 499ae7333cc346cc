//! Room for the bodies of all requests together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use longmem_core::UserName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of bodies of users at once.
const OF_USERS: usize = 128 << 20;

/// Bytes of bodies of one user at once.
const OF_ONE_USER: usize = 32 << 20;

/// Bytes of bodies at once of requests that anybody may send.
const OF_ANYBODY: usize = 4 << 20;

/// Room for the bodies that are read before their handlers are called. A body has as much of it as came of it.
#[derive(Debug)]
pub(crate) struct Rooms {
    anybody: Arc<Semaphore>,
    users: Arc<Semaphore>,
    /// What is left of the share of each user who has bodies now.
    shares: Mutex<HashMap<UserName, Arc<Semaphore>>>,
}

/// The room for one body; it is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    /// Where room is taken: the share of a user first.
    from: Vec<Arc<Semaphore>>,
    taken: Vec<OwnedSemaphorePermit>,
}

impl Default for Rooms {
    fn default() -> Self {
        let bytes = |bytes| Arc::new(Semaphore::new(bytes));
        Self { anybody: bytes(OF_ANYBODY), users: bytes(OF_USERS), shares: Mutex::default() }
    }
}

impl Rooms {
    /// Room for a body of a user, or of somebody who is not known. It has none yet.
    pub(crate) fn of(&self, user: Option<&UserName>) -> Room {
        let from = match user {
            None => vec![Arc::clone(&self.anybody)],
            Some(user) => {
                let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
                // A share that nobody holds any more is whole.
                shares.retain(|_, share| Arc::strong_count(share) > 1);
                let share = shares.entry(user.clone());
                let share = share.or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_USER)));
                vec![Arc::clone(share), Arc::clone(&self.users)]
            }
        };
        Room { from, taken: Vec::new() }
    }
}

impl Room {
    /// Waits until there is room for more bytes of the body.
    pub(crate) async fn grow(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).expect("a piece of a body is shorter than 4 GiB");
        for (place, from) in self.from.iter().enumerate() {
            let more = Arc::clone(from).acquire_many_owned(bytes).await;
            let more = more.expect("nothing closes this semaphore");
            match self.taken.get_mut(place) {
                Some(taken) => taken.merge(more),
                None => self.taken.push(more),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn grows(room: &mut Room, bytes: usize) -> bool {
        let growing = pin!(room.grow(bytes));
        matches!(growing.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()))
    }

    #[test]
    fn neither_a_user_nor_all_of_them_nor_strangers_hold_more_than_their_share() {
        let rooms = Rooms::default();
        let user = |name: &str| UserName::new(name).unwrap();
        let mut of_ana: Vec<Room> = (0..4).map(|_| rooms.of(Some(&user("ana")))).collect();
        assert!(of_ana.iter_mut().all(|room| grows(room, OF_ONE_USER / 4)));
        assert!(!grows(&mut of_ana[0], 1));
        let mut of_bo = rooms.of(Some(&user("bo")));
        assert!(grows(&mut of_bo, 1 << 20));
        drop(of_ana.pop());
        assert!(grows(&mut of_ana[0], OF_ONE_USER / 4));

        let mut others: Vec<Room> =
            ["c", "d", "e"].iter().map(|name| rooms.of(Some(&user(name)))).collect();
        let full =
            others.iter_mut().filter_map(|room| grows(room, OF_ONE_USER).then_some(())).count();
        assert_eq!(full, 2);
        let mut stranger = rooms.of(None);
        assert!(grows(&mut stranger, OF_ANYBODY));
        assert!(!grows(&mut rooms.of(None), 1));
        drop((of_ana, of_bo, others, stranger));
        assert!(grows(&mut rooms.of(Some(&user("ana"))), OF_ONE_USER));
        assert_eq!(rooms.users.available_permits(), OF_USERS);
    }
}
