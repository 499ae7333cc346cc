//! Forgetting a user leaves nothing of the user on any server.

use longmem_core::UserName;
use longmem_postgres::{PostgresStore, UserPlace};
use longmem_store::{ForgetTarget, Forgotten, Result};

use crate::at_once;
use crate::ring::Ring;
use crate::store::RingStore;

impl RingStore {
    /// Forgets on the server of the user. Of a user who goes wholly, marks that a move left on other servers
    /// go too: they hold the name.
    ///
    /// # Errors
    /// Those of `forget`; of a whole user, also those of any other server, before anything is deleted.
    pub(crate) fn forgetting<T: SaysWhetherUserWent>(
        &self,
        target: &ForgetTarget,
        forget: impl Fn(&PostgresStore) -> Result<T>,
    ) -> Result<T> {
        let user = target.user();
        // What is seen after the deletion could be of a user who has come again.
        let mut seen = None;
        let forgotten = self.of_user(user, |store| {
            if target.is_whole_user() {
                let ring = self.ring();
                let marks = marks(&ring, user)?;
                seen = Some((ring, marks));
            }
            forget(store)
        })?;
        if let Some((ring, marks)) = seen.filter(|_| forgotten.user_went()) {
            for (place, mark) in marks {
                ring.members[place].any(|store| store.clear_traces(user, &mark))?;
            }
        }
        Ok(forgotten)
    }
}

/// What moves left of a user, each with the place of its server.
fn marks(ring: &Ring, user: &UserName) -> Result<Vec<(usize, UserPlace)>> {
    let places = at_once::all(&ring.members, |member| member.any(|store| store.user_place(user)))?;
    let is_mark = |place: &UserPlace| !matches!(place, UserPlace::Absent | UserPlace::Here);
    Ok(places.into_iter().enumerate().filter(|(_, place)| is_mark(place)).collect())
}

/// What a deletion says of the user.
pub(crate) trait SaysWhetherUserWent {
    /// Whether nothing of the user is left.
    fn user_went(&self) -> bool;
}

impl SaysWhetherUserWent for Forgotten {
    fn user_went(&self) -> bool {
        self.user
    }
}

impl SaysWhetherUserWent for Option<Forgotten> {
    fn user_went(&self) -> bool {
        self.as_ref().is_some_and(Forgotten::user_went)
    }
}
