//! How exactly the model is computed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::Device;

/// How exactly the model is computed on the processor.
///
/// Vectors of both are within a cosine of 0.9999 of each other, so they share one model identity
/// and can be compared.
///
/// # Examples
/// ```
/// use longmem_embed::Precision;
/// assert_eq!("bf16".parse(), Ok(Precision::Bf16));
/// assert!("int8".parse::<Precision>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32 bits: the same vectors, bit for bit, on every processor.
    #[default]
    F32,
    /// Products of 16 bits (bfloat16), summed in 32: nearly twice as fast, on processors that have
    /// instructions for it (AVX-512 BF16).
    Bf16,
}

/// A text that names no precision.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a precision; a precision is f32 or bf16")]
pub struct UnknownPrecision(pub String);

impl Precision {
    /// Every precision, in the order of declaration.
    pub const ALL: [Precision; 2] = [Precision::F32, Precision::Bf16];

    /// The name that is written in settings: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(name: &str) -> Result<Self, UnknownPrecision> {
        Self::ALL
            .into_iter()
            .find(|precision| precision.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownPrecision(name.to_owned()))
    }
}

/// Where and how exactly the model is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compute {
    /// Where.
    pub device: Device,
    /// How exactly; on a GPU always f32.
    pub precision: Precision,
}

/// In f32.
impl From<Device> for Compute {
    fn from(device: Device) -> Self {
        Self { device, precision: Precision::F32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_precision_reads_back_from_its_name() {
        for precision in Precision::ALL {
            assert_eq!(precision.to_string().parse(), Ok(precision));
        }
        assert_eq!("int8".parse::<Precision>(), Err(UnknownPrecision("int8".to_owned())));
    }
}
