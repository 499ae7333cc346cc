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
    anybody: Arc<Share>,
    users: Arc<Share>,
    /// The share of each user who has bodies now.
    of_each: Mutex<HashMap<UserName, Arc<Share>>>,
}

/// Room that some bodies have together.
#[derive(Debug)]
struct Share {
    bytes: Arc<Semaphore>,
    /// For the one body that may have more than there is. Otherwise bodies that came in part could fill all
    /// the room and wait for one another; so one of them comes to its end, and leaves its room to the others.
    beyond: Arc<Semaphore>,
}

/// The room for one body; it is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Room(Vec<Part>);

/// What a body has of a share.
#[derive(Debug)]
struct Part {
    of: Arc<Share>,
    taken: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

impl Share {
    fn new(bytes: usize) -> Arc<Self> {
        let [bytes, beyond] = [bytes, 1].map(|permits| Arc::new(Semaphore::new(permits)));
        Arc::new(Self { bytes, beyond })
    }
}

impl Default for Rooms {
    fn default() -> Self {
        let [anybody, users] = [OF_ANYBODY, OF_USERS].map(Share::new);
        Self { anybody, users, of_each: Mutex::default() }
    }
}

impl Rooms {
    /// Room for a body of a user, or of somebody who is not known. It has none yet.
    pub(crate) fn of(&self, user: Option<&UserName>) -> Room {
        let shares = match user {
            None => vec![Arc::clone(&self.anybody)],
            Some(user) => {
                let mut of_each = self.of_each.lock().unwrap_or_else(PoisonError::into_inner);
                // A share that nobody holds any more is whole.
                of_each.retain(|_, share| Arc::strong_count(share) > 1);
                let own = of_each.entry(user.clone()).or_insert_with(|| Share::new(OF_ONE_USER));
                vec![Arc::clone(own), Arc::clone(&self.users)]
            }
        };
        let part = |of| Part { of, taken: None, beyond: None };
        Room(shares.into_iter().map(part).collect())
    }
}

impl Room {
    /// Waits until there is room for more bytes of the body.
    pub(crate) async fn grow(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).expect("a piece of a body is shorter than 4 GiB");
        for part in &mut self.0 {
            part.grow(bytes).await;
        }
    }
}

impl Part {
    async fn grow(&mut self, bytes: u32) {
        if self.beyond.is_some() {
            return;
        }
        let open = "nothing closes this semaphore";
        tokio::select! {
            biased;
            more = Arc::clone(&self.of.bytes).acquire_many_owned(bytes) => {
                let more = more.expect(open);
                match &mut self.taken {
                    Some(taken) => taken.merge(more),
                    None => self.taken = Some(more),
                }
            }
            beyond = Arc::clone(&self.of.beyond).acquire_owned() => {
                self.beyond = Some(beyond.expect(open));
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

    fn user(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    #[test]
    fn neither_a_user_nor_all_of_them_nor_strangers_hold_more_than_their_share() {
        let rooms = Rooms::default();
        let of = |name: &str| rooms.of(Some(&user(name)));
        let mut of_ana: Vec<Room> = (0..4).map(|_| of("ana")).collect();
        assert!(of_ana.iter_mut().all(|room| grows(room, OF_ONE_USER / 4)));
        // One body may have more than there is, so that it comes to its end.
        assert!(grows(&mut of_ana[0], 1) && grows(&mut of_ana[0], 1));
        assert!(!grows(&mut of_ana[1], 1));
        assert!(grows(&mut of("bo"), 1 << 20));
        drop(of_ana.remove(0));
        assert!(grows(&mut of_ana[0], OF_ONE_USER / 4));

        let mut others: Vec<Room> = ["c", "d", "e", "f"].map(of).into();
        let full = others.iter_mut().map(|room| grows(room, OF_ONE_USER));
        assert_eq!(full.filter(|is_full| *is_full).count(), 4);
        assert!(!grows(&mut of("g"), OF_ONE_USER));
        let mut stranger = rooms.of(None);
        assert!(grows(&mut stranger, OF_ANYBODY) && grows(&mut stranger, 1));
        assert!(!grows(&mut rooms.of(None), 1));
        drop((of_ana, others, stranger));
        assert!(grows(&mut of("ana"), OF_ONE_USER));
        assert_eq!(rooms.users.bytes.available_permits(), OF_USERS);
    }

    #[tokio::test]
    async fn bodies_that_fill_all_the_room_come_to_their_end_all_the_same() {
        let rooms = Arc::new(Rooms::default());
        let pieces = |rooms: Arc<Rooms>| async move {
            let mut room = rooms.of(Some(&user("ana")));
            for _ in 0..8 {
                room.grow(1 << 20).await;
                tokio::task::yield_now().await;
            }
        };
        let bodies: Vec<_> = (0..20).map(|_| tokio::spawn(pieces(Arc::clone(&rooms)))).collect();
        for body in bodies {
            body.await.unwrap();
        }
    }
}
