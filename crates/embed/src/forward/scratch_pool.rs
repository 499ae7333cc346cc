//! Scratch memory that is used again.

use std::sync::{Mutex, PoisonError};

/// Scratch memory, lent to one user at a time and kept for the next. It holds as many values as were
/// ever in use at once.
pub(super) struct ScratchPool<T>(Mutex<Vec<T>>);

impl<T> Default for ScratchPool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> ScratchPool<T> {
    /// Lends a value to `work`. If `work` panics, the value is dropped.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let lent = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut value = lent.unwrap_or_default();
        let result = work(&mut value);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        result
    }
}
