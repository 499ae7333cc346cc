//! A value made by the first caller for whom making it succeeds.

use std::sync::{Mutex, OnceLock, PoisonError};

/// A value made by the first caller for whom making it succeeds. Callers that come meanwhile wait;
/// after a failure the next caller tries again.
pub(crate) struct OnceMade<T> {
    value: OnceLock<T>,
    making: Mutex<()>,
}

impl<T> Default for OnceMade<T> {
    fn default() -> Self {
        Self { value: OnceLock::new(), making: Mutex::new(()) }
    }
}

impl<T> OnceMade<T> {
    /// The value, if it was made.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// The value, made now if it was not made before.
    pub(crate) fn get_or_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        // The lock guards no data, so a caller that panicked left nothing broken.
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        // Another caller may have made it while this one waited.
        match self.value.get() {
            Some(value) => Ok(value),
            None => {
                let value = make()?;
                Ok(self.value.get_or_init(|| value))
            }
        }
    }
}
