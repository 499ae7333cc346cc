//! The token by which a forgetting is known to be the one that was shown.

use std::fmt::Write;

use longmem_core::Timestamp;
use longmem_store::ForgetFingerprint;

/// Seconds for which a token holds.
const HOLDS_FOR: i64 = 5 * 60;

/// Makes the token of what was shown now: the second when it ends, and the fingerprint bound to that
/// second, both in hexadecimal.
pub(crate) fn new(shown: ForgetFingerprint, now: Timestamp) -> String {
    let ends = now.as_second().saturating_add(HOLDS_FOR);
    let mut token = format!("{ends:x}-");
    for byte in shown.bound_to(ends).0 {
        write!(token, "{byte:02x}").expect("writing to a string cannot fail");
    }
    token
}

/// Whether a token is that of the same deletion and holds still.
pub(crate) fn holds(token: &str, present: ForgetFingerprint, now: Timestamp) -> bool {
    let ends = token.split_once('-').and_then(|(ends, _)| i64::from_str_radix(ends, 16).ok());
    let Some(ends) = ends else { return false };
    let began = Timestamp::from_second(ends.saturating_sub(HOLDS_FOR));
    now.as_second() < ends && began.is_ok_and(|began| new(present, began) == token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_five_minutes_and_for_one_deletion() {
        let at = |second: i64| Timestamp::from_second(1_767_225_600 + second).unwrap();
        let shown = ForgetFingerprint([7; 16]);
        let token = new(shown, at(0));
        assert!(holds(&token, shown, at(0)) && holds(&token, shown, at(299)));
        assert!(!holds(&token, shown, at(300)));
        assert!(!holds(&token, ForgetFingerprint([8; 16]), at(0)));
        let later = new(shown, at(60));
        let (_, fingerprint) = token.split_once('-').unwrap();
        let prolonged = format!("{}-{fingerprint}", later.split_once('-').unwrap().0);
        assert!(!holds(&prolonged, shown, at(0)), "its end cannot be moved");
        for wrong in ["", "-", "x-y", "7fffffffffffffff-", "-8000000000000000-00", &token[1..]] {
            assert!(!holds(wrong, shown, at(0)), "{wrong}");
        }
    }
}
