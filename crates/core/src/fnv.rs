//! A hash that stays the same.

/// The 64-bit FNV-1a hash: the same on every machine and in every version, so it may be stored.
/// It is no defence against somebody who looks for collisions.
///
/// # Examples
/// ```
/// assert_eq!(longmem_core::fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
/// ```
pub fn fnv1a(bytes: &[u8]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    fnv1a_on(OFFSET_BASIS, bytes)
}

/// The [`fnv1a`] hash of some bytes and more behind them, from the hash of the first ones.
///
/// # Examples
/// ```
/// use longmem_core::{fnv1a, fnv1a_on};
///
/// assert_eq!(fnv1a_on(fnv1a(b"a"), b"bc"), fnv1a(b"abc"));
/// ```
pub fn fnv1a_on(hash: u64, more: &[u8]) -> u64 {
    const PRIME: u64 = 0x100_0000_01b3;
    more.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}
