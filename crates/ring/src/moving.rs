//! Gives users away to other stores, and takes users in.

use std::collections::BTreeSet;

use longmem_core::UserName;
use longmem_postgres::UserPlace;
use longmem_store::{
    Extent, ForgottenKeys, Moving, RecordSink, RecordSource, Result, StoreError, TakenIn, Upkeep,
};

use crate::at_once;
use crate::store::RingStore;

impl Moving for RingStore {
    fn read_user(&self, user: &UserName, extent: Extent, sink: &mut RecordSink<'_>) -> Result<()> {
        self.of_user(user, |store| store.read_user(user, extent, sink))
    }

    fn write_user(&self, user: &UserName, source: &RecordSource<'_>) -> Result<TakenIn> {
        self.of_user(user, |store| {
            // A server makes only users who are nowhere, whatever it is asked for.
            if store.user_place(user)? == UserPlace::Here {
                return Err(StoreError::UserExists { place: self.place(), user: user.clone() });
            }
            store.write_user(user, source)
        })
    }

    fn forgotten_keys(&self, user: Option<&UserName>) -> Result<ForgottenKeys> {
        let ring = self.ring();
        let of_servers =
            at_once::all(&ring.members, |member| member.any(|store| store.forgotten_keys(user)))?;
        // They are hashed with the same salt on all servers, and some are known on several.
        let salt = of_servers.first().map(|keys| keys.salt.clone()).unwrap_or_default();
        let keys: BTreeSet<_> = of_servers.into_iter().flat_map(|keys| keys.keys).collect();
        Ok(ForgottenKeys { salt, keys: keys.into_iter().collect() })
    }

    /// Every server keeps them: whose they are may be known by number alone, which does not say where the
    /// user will be.
    fn take_forgotten_keys(&self, keys: &ForgottenKeys) -> Result<bool> {
        let ring = self.ring();
        let taken = at_once::all(&ring.members, |member| {
            member.required(|store| store.take_forgotten_keys(keys))
        })?;
        Ok(taken.into_iter().all(|taken| taken))
    }
}
