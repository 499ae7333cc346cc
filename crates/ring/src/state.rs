//! What the servers of a ring keep of it beside the list.

use std::collections::{BTreeMap, BTreeSet};

use longmem_postgres::PostgresStore;
use longmem_store::{KeptValues, Result};
use serde::{Deserialize, Serialize};

/// The name of the value.
const NAME: &str = "ring-state";

/// Begins the names of values that are the ring's own, and no part of the memory.
const OWN_VALUES: &str = "ring";

/// What every server keeps of the ring beside its list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RingState {
    /// The generation whose list every server got; 0 for none.
    pub(crate) complete: i64,
    /// Leaving servers on which nobody was left: no user comes to one that is leaving.
    pub(crate) emptied: BTreeSet<String>,
    /// The slots of numbers that servers have or had.
    #[serde(default)]
    pub(crate) slots: BTreeMap<String, i64>,
}

impl RingState {
    /// Reads what a server keeps; one that keeps nothing is in no ring yet.
    pub(crate) fn read(store: &PostgresStore) -> Result<Self> {
        let value = store.kept_value(None, NAME)?.unwrap_or_default();
        let text = std::str::from_utf8(&value).unwrap_or_default();
        // What cannot be read says no more than nothing does: the list is written once more.
        Ok(toml::from_str(text).unwrap_or_default())
    }

    /// Has a server keep it.
    pub(crate) fn keep(&self, member: &crate::member::Member) -> Result<()> {
        let text = toml::to_string(self).expect("a number and names are TOML");
        member.keep(NAME, Some(text.as_bytes()))
    }
}

/// Whether a value of the whole store is the ring's own.
pub(crate) fn is_own_value(name: &str) -> bool {
    name == OWN_VALUES || name.strip_prefix(OWN_VALUES).is_some_and(|rest| rest.starts_with('-'))
}
