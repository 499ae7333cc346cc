//! Small values.

use std::collections::BTreeMap;

use longmem_core::UserName;
use longmem_store::{KeptValues, Result};

use super::{MemoryStore, State};

impl KeptValues for MemoryStore {
    fn keep_value(&self, user: Option<&UserName>, name: &str, value: Option<&[u8]>) -> Result<()> {
        let mut state = self.state();
        let Some(value) = value else {
            let values = match user {
                Some(user) => state.users.get_mut(user).map(|user| &mut user.values),
                None => Some(&mut state.values),
            };
            values.and_then(|values| values.remove(name));
            return Ok(());
        };
        let values = match user {
            Some(user) => &mut state.user(user).values,
            None => &mut state.values,
        };
        values.insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    fn keep_values(&self, user: &UserName, values: &[(String, Vec<u8>)]) -> Result<()> {
        if values.is_empty() {
            // Nobody is made a user by nothing.
            return Ok(());
        }
        let mut state = self.state();
        state.user(user).values.extend(values.iter().cloned());
        Ok(())
    }

    fn kept_value(&self, user: Option<&UserName>, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(values(&self.state(), user).and_then(|values| values.get(name).cloned()))
    }

    fn kept_names(&self, user: Option<&UserName>, prefix: &str) -> Result<Vec<String>> {
        let state = self.state();
        let names = values(&state, user).into_iter().flat_map(BTreeMap::keys);
        Ok(names.filter(|name| name.starts_with(prefix)).cloned().collect())
    }
}

fn values<'a>(state: &'a State, user: Option<&UserName>) -> Option<&'a BTreeMap<String, Vec<u8>>> {
    match user {
        Some(user) => state.users.get(user).map(|user| &user.values),
        None => Some(&state.values),
    }
}
