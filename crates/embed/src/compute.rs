//! How the model is to be computed.

use longmem_core::closed_words;

use crate::EmbedderError;

closed_words! {
    /// Where the model is computed.
    ///
    /// # Examples
    /// ```
    /// use longmem_embed::Device;
    /// assert_eq!("cpu".parse(), Ok(Device::Cpu));
    /// assert!("tpu".parse::<Device>().is_err());
    /// ```
    #[derive(Default)]
    pub enum Device: "a device" {
        /// The processor.
        #[default]
        Cpu = "cpu",
        /// The first NVIDIA GPU; needs the cargo feature `cuda`.
        Cuda = "cuda",
        /// The Apple GPU; needs the cargo feature `metal`.
        Metal = "metal",
    }
}

closed_words! {
    /// How exactly the model is computed on the processor.
    ///
    /// The two vectors of a text have a cosine of at least 0.9999, so both precisions share one
    /// model identity and their vectors can be compared.
    ///
    /// # Examples
    /// ```
    /// use longmem_embed::Precision;
    /// assert_eq!("bf16".parse(), Ok(Precision::Bf16));
    /// assert!("int8".parse::<Precision>().is_err());
    /// ```
    #[derive(Default)]
    pub enum Precision: "a precision" {
        /// 32 bits: the same vectors, bit for bit, on every processor.
        #[default]
        F32 = "f32",
        /// Products of 16 bits (bfloat16), summed in 32, on processors that have instructions for it
        /// (AVX-512 BF16): some twice as fast on AMD's, and on Intel's that have AMX; slower on Intel's
        /// that have none.
        Bf16 = "bf16",
    }
}

/// Where and how exactly the model is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Compute {
    /// Where.
    pub device: Device,
    /// How exactly; on a GPU always in f32.
    pub precision: Precision,
}

impl Compute {
    /// On a device, in a precision.
    pub fn new(device: Device, precision: Precision) -> Self {
        Self { device, precision }
    }
}

/// In f32.
impl From<Device> for Compute {
    fn from(device: Device) -> Self {
        Self::new(device, Precision::F32)
    }
}

impl Device {
    /// Says whether this build can use the device.
    pub fn is_built(self) -> bool {
        match self {
            Device::Cpu => true,
            Device::Cuda => cfg!(feature = "cuda"),
            Device::Metal => cfg!(feature = "metal"),
        }
    }

    /// Refuses a device that this build cannot use.
    pub(crate) fn check_built(self) -> Result<(), EmbedderError> {
        if self.is_built() { Ok(()) } else { Err(EmbedderError::DeviceNotBuilt { device: self }) }
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Diagnose, Fault, Remedy};

    use super::*;

    #[test]
    fn a_device_that_was_not_built_in_is_the_callers_mistake_with_a_remedy() {
        for &device in Device::ALL.iter().filter(|device| !device.is_built()) {
            let error = device.check_built().unwrap_err();
            assert!(error.to_string().contains(device.as_str()), "{error}");
            assert_eq!(error.fault(), Fault::Caller);
            assert_eq!(error.remedies(), [Remedy::BuildForDevice]);
        }
    }
}
