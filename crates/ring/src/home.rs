//! Which server a user belongs to.

use longmem_core::UserName;
use sha2::{Digest, Sha256};

/// The name of the server that a user belongs to: the one with the greatest hash of both names; none if
/// there is no server. So a server that comes takes users from all others evenly and moves nobody else,
/// and one that goes gives its users to all others evenly (rendezvous hashing: Thaler and Ravishankar,
/// "Using name-based mappings to increase hit rates", 1998).
///
/// # Examples
/// ```
/// use longmem_core::UserName;
/// use longmem_ring::home;
///
/// let ana = UserName::new("ana")?;
/// assert_eq!(home(["east", "west"], &ana), home(["west", "east"], &ana));
/// # Ok::<(), longmem_core::InvalidName>(())
/// ```
pub fn home<'a>(servers: impl IntoIterator<Item = &'a str>, user: &UserName) -> Option<&'a str> {
    servers.into_iter().max_by_key(|server| (weight(server, user), *server))
}

/// The first 8 bytes of SHA-256 of the server's name, a zero byte, and the user's name, the first of them
/// the most significant.
fn weight(server: &str, user: &UserName) -> u64 {
    let hash = Sha256::new()
        .chain_update(server.as_bytes())
        .chain_update([0])
        .chain_update(user.as_str().as_bytes())
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn user(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    /// Users are found only as long as this stays.
    #[test]
    fn homes_stay_where_they_are() {
        assert_eq!(weight("a", &user("ana")) >> 48, 0xfb05);
        let homes = ["ana", "bob", "eva", "kim"].map(|name| home(["a", "b", "c"], &user(name)));
        assert_eq!(homes, [Some("a"), Some("b"), Some("a"), Some("b")]);
        assert_eq!(home([], &user("ana")), None);
    }

    #[test]
    fn each_server_has_about_its_share() {
        let servers = ["a", "b", "c", "d"];
        let mut users = std::collections::BTreeMap::new();
        for number in 0..4000 {
            *users.entry(home(servers, &user(&format!("user {number}")))).or_insert(0) += 1;
        }
        for (server, users) in users {
            assert!((850..1150).contains(&users), "{server:?} has {users} of 4000");
        }
    }

    fn names() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set("[a-z0-9_-]{1,8}", 1..8)
    }

    proptest! {
        #[test]
        fn who_comes_takes_its_share_and_moves_nobody_else(
            servers in names(), comes in "[A-Z]{1,8}", name in "[a-z]{1,12}",
        ) {
            let user = user(&name);
            let before = home(servers.iter().map(String::as_str), &user);
            let mut more: Vec<&str> = servers.iter().map(String::as_str).collect();
            more.insert(more.len() / 2, &comes);
            let after = home(more, &user);
            prop_assert!(after == before || after == Some(comes.as_str()));
        }

        #[test]
        fn the_order_plays_no_part(servers in names(), name in "[a-z]{1,12}") {
            let user = user(&name);
            let forward = home(servers.iter().map(String::as_str), &user);
            prop_assert_eq!(forward, home(servers.iter().rev().map(String::as_str), &user));
        }
    }
}
