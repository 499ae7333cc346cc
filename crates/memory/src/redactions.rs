//! Counts what was redacted, for each user and kind.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use longmem_core::{NewTurn, UserName};
use longmem_store::Inserted;

use crate::{Memory, MemoryError};

/// The name of a user's counts among the values that are kept: lines of a count and a label.
const NAME: &str = "redactions";

/// How often something of a kind was redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redactions {
    /// What a mark calls it: "password", or the name of a pattern of one's own.
    pub label: String,
    /// Number of marks in what was stored since the user began, whether it was forgotten since or not.
    pub count: u64,
}

impl Memory {
    /// Says how often something was redacted in what a user has stored, by label. Two processes that
    /// store at the same moment may lose a count, and so may a store whose disk is full.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn redactions(&self, user: &UserName) -> Result<Vec<Redactions>, MemoryError> {
        let counts = self.redaction_counts(user)?;
        Ok(counts.into_iter().map(|(label, count)| Redactions { label, count }).collect())
    }

    /// Counts the marks in those turns that were new.
    pub(crate) fn count_in_turns<'t>(
        &self,
        user: &UserName,
        turns: impl IntoIterator<Item = (&'t NewTurn, Inserted)>,
    ) {
        let new = turns.into_iter().filter(|(_, inserted)| inserted.new);
        self.count_redactions(user, new.map(|(turn, _)| turn.text.as_str()));
    }

    /// Counts the marks in texts that were stored. They are stored whether this succeeds or not, so
    /// it does not fail: an error would say that they were not.
    pub(crate) fn count_redactions<'t>(
        &self,
        user: &UserName,
        texts: impl IntoIterator<Item = &'t str>,
    ) {
        let Some(redactor) = &self.safeguards.redactor else { return };
        let mut new: BTreeMap<&str, u64> = BTreeMap::new();
        for label in texts.into_iter().flat_map(|text| redactor.marks(text)) {
            *new.entry(label).or_default() += 1;
        }
        if new.is_empty() {
            return;
        }
        let _held = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(mut counts) = self.redaction_counts(user) else { return };
        for (label, count) in new {
            *counts.entry(label.to_owned()).or_default() += count;
        }
        let lines: Vec<_> =
            counts.iter().map(|(label, count)| format!("{count} {label}")).collect();
        let _ = self.keep_value(Some(user), NAME, Some(lines.join("\n").as_bytes()));
    }

    fn redaction_counts(&self, user: &UserName) -> Result<BTreeMap<String, u64>, MemoryError> {
        let kept = self.kept_value(Some(user), NAME)?.unwrap_or_default();
        let lines = String::from_utf8_lossy(&kept);
        let count = |line: &str| {
            let (count, label) = line.split_once(' ')?;
            Some((label.to_owned(), count.parse().ok()?))
        };
        Ok(lines.lines().filter_map(count).collect())
    }
}
