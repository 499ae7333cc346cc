//! The key that a store is encrypted with.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroizing;

/// The key that a store, and what waits to be stored in it, is encrypted with: 32 random bytes.
///
/// It is never printed, and its bytes are overwritten when it is dropped. It is written as 64
/// hexadecimal digits.
///
/// # Examples
/// ```
/// use longmem_core::StoreKey;
///
/// let key: StoreKey = "00".repeat(32).parse()?;
/// assert_eq!(key.bytes(), &[0; 32]);
/// assert_eq!(format!("{key:?}"), "StoreKey(..)");
/// # Ok::<(), longmem_core::InvalidStoreKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey(Zeroizing<[u8; Self::BYTES]>);

/// A text is no key. The text itself is not told, since it may be most of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected {} hexadecimal digits, found {digits} and {others} other characters", 2 * StoreKey::BYTES)]
pub struct InvalidStoreKey {
    /// Number of hexadecimal digits in the text.
    pub digits: usize,
    /// Number of characters that are none.
    pub others: usize,
}

impl StoreKey {
    /// Number of bytes of a key.
    pub const BYTES: usize = 32;

    /// A key of these bytes, which should come from a source of random numbers made for keys.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The key as it is written: 64 hexadecimal digits, overwritten when they are dropped.
    pub fn to_hexadecimal(&self) -> Zeroizing<String> {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        // As long as it will be, so that no shorter copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(2 * Self::BYTES));
        for byte in self.bytes() {
            text.push(DIGITS[usize::from(byte >> 4)]);
            text.push(DIGITS[usize::from(byte & 15)]);
        }
        text
    }
}

impl FromStr for StoreKey {
    type Err = InvalidStoreKey;

    /// Reads 64 hexadecimal digits; space around them is passed over.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.chars().filter_map(|character| character.to_digit(16));
        let (found, characters) = (digits.clone().count(), text.chars().count());
        if (found, characters) != (2 * Self::BYTES, 2 * Self::BYTES) {
            return Err(InvalidStoreKey { digits: found, others: characters - found });
        }
        let mut key = Self::new([0; Self::BYTES]);
        for (place, digit) in digits.enumerate() {
            key.0[place / 2] = key.0[place / 2] << 4 | digit as u8;
        }
        Ok(key)
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoreKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_read_as_it_is_written(bytes: [u8; 32]) {
            let key = StoreKey::new(bytes);
            let written = key.to_hexadecimal();
            prop_assert_eq!(written.len(), 64);
            prop_assert_eq!(&format!(" {}\r\n", *written).parse::<StoreKey>().unwrap(), &key);
            prop_assert_eq!(written.to_uppercase().parse::<StoreKey>().unwrap(), key);
        }
    }

    #[test]
    fn what_is_no_key_is_counted_and_not_told() {
        for (text, digits, others) in [
            (String::new(), 0, 0),
            ("ab".repeat(31), 62, 0),
            ("ab".repeat(33), 66, 0),
            (format!("{}zz", "ab".repeat(31)), 62, 2),
            (format!("{}\n{}", "ab".repeat(16), "ab".repeat(16)), 64, 1),
            ("é".repeat(64), 0, 64),
        ] {
            let error = text.parse::<StoreKey>().unwrap_err();
            assert_eq!(error, InvalidStoreKey { digits, others });
            assert!(text.is_empty() || !error.to_string().contains(&text));
        }
    }
}
