//! Which number a user has: every key begins with it.

use longmem_core::UserName;
use sha2::{Digest, Sha256};

use crate::database::Users;

/// A user's number: the first 63 bits of SHA-256 of the name. So nobody has to look it up, a program can
/// tell by itself which of several servers has the user, and no server has to give it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UserNumber(pub(crate) i64);

impl UserNumber {
    pub(crate) fn of(user: &UserName) -> Self {
        let hash = Sha256::digest(user.as_str().as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        Self((u64::from_be_bytes(first) >> 1) as i64)
    }

    /// The user alone, as those whose rows a transaction sees.
    pub(crate) fn alone(self) -> Users {
        Users::One(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a database can be found only as long as this stays.
    #[test]
    fn numbers_stay_what_they_are() {
        let number = |name| UserNumber::of(&UserName::new(name).unwrap()).0;
        assert_eq!(number("ana"), 1_326_974_984_155_641_509);
        assert!(number("bob") > 0);
    }
}
