//! Where the model runs.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::EmbedderError;

/// Where the model runs.
///
/// # Examples
/// ```
/// use longmem_embed::Device;
/// assert_eq!("cpu".parse(), Ok(Device::Cpu));
/// assert!("tpu".parse::<Device>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The first NVIDIA GPU; needs the cargo feature `cuda`.
    Cuda,
    /// The Apple GPU; needs the cargo feature `metal`.
    Metal,
}

/// A text that names no device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a device; a device is cpu, cuda or metal")]
pub struct UnknownDevice(pub String);

impl Device {
    /// Every device, in the order of declaration.
    pub const ALL: [Device; 3] = [Device::Cpu, Device::Cuda, Device::Metal];

    /// The name that is written in settings: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Device::Cpu => "cpu",
            Device::Cuda => "cuda",
            Device::Metal => "metal",
        }
    }

    /// Says whether this build can use the device.
    pub fn is_built(self) -> bool {
        match self {
            Device::Cpu => true,
            Device::Cuda => cfg!(feature = "cuda"),
            Device::Metal => cfg!(feature = "metal"),
        }
    }

    pub(crate) fn open(self) -> Result<candle_core::Device, EmbedderError> {
        if !self.is_built() {
            return Err(EmbedderError::DeviceNotBuilt { device: self });
        }
        let opened = match self {
            Device::Cpu => Ok(candle_core::Device::Cpu),
            Device::Cuda => candle_core::Device::new_cuda(0),
            Device::Metal => candle_core::Device::new_metal(0),
        };
        opened.map_err(|source| EmbedderError::DeviceUnavailable { device: self, source })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Device {
    type Err = UnknownDevice;

    fn from_str(name: &str) -> Result<Self, UnknownDevice> {
        Self::ALL
            .into_iter()
            .find(|device| device.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownDevice(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Diagnose, Fault, Remedy};

    use super::*;

    #[test]
    fn every_device_reads_back_from_its_name() {
        for device in Device::ALL {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        assert_eq!("tpu".parse::<Device>(), Err(UnknownDevice("tpu".to_owned())));
    }

    #[test]
    fn a_device_that_was_not_built_in_is_the_callers_mistake_and_says_what_to_do() {
        for device in Device::ALL.into_iter().filter(|device| !device.is_built()) {
            let error = device.open().unwrap_err();
            assert!(error.to_string().contains(device.as_str()), "{error}");
            assert_eq!(error.fault(), Fault::Caller);
            assert_eq!(error.remedies(), [Remedy::BuildForDevice]);
        }
    }
}
