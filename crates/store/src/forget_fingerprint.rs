//! By what a store knows that it deletes what it showed.

use longmem_core::{FactId, SummaryId, TurnId};
use longmem_search::Epoch;
use sha2::{Digest, Sha256};

use crate::ForgetTarget;

/// Tells what a deletion would take along: the first 16 bytes of SHA-256 over the user, its epoch, and
/// the numbers of all turns, facts and summaries that would go. So it changes when one is added to
/// these or taken away, and when the words of any turn of the user change, but not when other turns
/// are stored meanwhile. Whoever does not know the epoch, which is random, cannot make one.
///
/// # Examples
/// ```
/// use longmem_core::{Scope, TurnId, UserName};
/// use longmem_store::{Epoch, ForgetFingerprint, ForgetTarget};
///
/// let target = ForgetTarget::Scope(Scope::of(UserName::new("ana")?));
/// let of = |turns: &[TurnId]| ForgetFingerprint::new(&target, Epoch(7), turns, &[], &[]);
/// assert_eq!(of(&[TurnId(1), TurnId(2)]), of(&[TurnId(2), TurnId(1)]));
/// assert_ne!(of(&[TurnId(1)]), of(&[TurnId(1), TurnId(2)]));
/// # Ok::<(), longmem_core::InvalidName>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ForgetFingerprint(pub [u8; 16]);

impl ForgetFingerprint {
    /// Hashes what would go; the order of the numbers does not count.
    pub fn new(
        target: &ForgetTarget,
        epoch: Epoch,
        turns: &[TurnId],
        facts: &[FactId],
        summaries: &[SummaryId],
    ) -> Self {
        let user = target.user().as_str().as_bytes();
        let mut hash = Sha256::new();
        hash.update((user.len() as u64).to_le_bytes());
        hash.update(user);
        hash.update(epoch.0.to_le_bytes());
        hash.update([u8::from(target.is_whole_user())]);
        let turns = turns.iter().map(|turn| turn.0).collect();
        let facts = facts.iter().map(|fact| fact.0).collect();
        let summaries = summaries.iter().map(|summary| summary.0).collect();
        for mut numbers in [turns, facts, summaries] as [Vec<i64>; 3] {
            numbers.sort_unstable();
            hash.update((numbers.len() as u64).to_le_bytes());
            for number in numbers {
                hash.update(number.to_le_bytes());
            }
        }
        Self(first_bytes(hash))
    }

    /// The fingerprint hashed together with a time in whole seconds since 1970: whoever sees it learns
    /// nothing of the fingerprint, and cannot make that of another time.
    #[must_use]
    pub fn bound_to(self, second: i64) -> Self {
        Self(first_bytes(Sha256::new().chain_update(self.0).chain_update(second.to_le_bytes())))
    }
}

/// The first 16 bytes of a hash.
fn first_bytes(hash: Sha256) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    first
}
