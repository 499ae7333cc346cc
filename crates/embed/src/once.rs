//! A value made by the first caller for whom making it succeeds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, TryLockError};

use longmem_core::Readiness;

/// A value made by the first caller for whom making it succeeds. Callers that come meanwhile wait;
/// after a failure the next caller tries again.
pub(crate) struct OnceMade<T> {
    value: OnceLock<T>,
    making: Mutex<()>,
    /// Whether the last caller who tried failed.
    failed: AtomicBool,
}

impl<T> Default for OnceMade<T> {
    fn default() -> Self {
        Self { value: OnceLock::new(), making: Mutex::new(()), failed: AtomicBool::new(false) }
    }
}

impl<T> OnceMade<T> {
    /// The value, if it was made.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// How soon the value can be had, without waiting for who makes it.
    pub(crate) fn readiness(&self) -> Readiness {
        if self.value.get().is_some() {
            return Readiness::Ready;
        }
        match self.making.try_lock() {
            Err(TryLockError::WouldBlock) => Readiness::Loading,
            _ if self.failed.load(Ordering::Relaxed) => Readiness::Failed,
            _ => Readiness::NotLoaded,
        }
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
                let outcome = make();
                self.failed.store(outcome.is_err(), Ordering::Relaxed);
                let value = outcome?;
                Ok(self.value.get_or_init(|| value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_follows_what_is_made() {
        let made = OnceMade::default();
        assert_eq!(made.readiness(), Readiness::NotLoaded);
        assert_eq!(made.get_or_make(|| Err("no file")), Err("no file"));
        assert_eq!(made.readiness(), Readiness::Failed);
        let value = made.get_or_make(|| {
            assert_eq!(made.readiness(), Readiness::Loading);
            Ok::<_, ()>(7)
        });
        assert_eq!((value, made.readiness()), (Ok(&7), Readiness::Ready));
    }
}
