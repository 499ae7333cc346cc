//! Small values: a user's are with the user, those of the whole store on every server.

use longmem_core::UserName;
use longmem_store::{KeptValues, Result};

use crate::state::is_own_value;
use crate::store::RingStore;

impl KeptValues for RingStore {
    fn keep_value(&self, user: Option<&UserName>, name: &str, value: Option<&[u8]>) -> Result<()> {
        match user {
            Some(user) => self.of_user(user, |store| store.keep_value(Some(user), name, value)),
            // In order, so that after a failure the first servers, which are asked first, have it.
            None => self.ring().members.iter().try_for_each(|member| member.keep(name, value)),
        }
    }

    fn keep_values(&self, user: &UserName, values: &[(String, Vec<u8>)]) -> Result<()> {
        self.of_user(user, |store| store.keep_values(user, values))
    }

    fn kept_value(&self, user: Option<&UserName>, name: &str) -> Result<Option<Vec<u8>>> {
        match user {
            Some(user) => self.of_user(user, |store| store.kept_value(Some(user), name)),
            None => self.ask_first(|store| store.kept_value(None, name)),
        }
    }

    fn kept_names(&self, user: Option<&UserName>, prefix: &str) -> Result<Vec<String>> {
        if let Some(user) = user {
            return self.of_user(user, |store| store.kept_names(Some(user), prefix));
        }
        let mut names = self.ask_first(|store| store.kept_names(None, prefix))?;
        names.retain(|name| !is_own_value(name));
        Ok(names)
    }
}
