//! Small values that are kept beside what was said: marks of imports, calibrations.

use longmem_core::UserName;

use crate::Result;

/// Begins the names of a user's values that tell how far an import read a file. They may hold words of
/// the file, so [`Turns::forget`](crate::Turns::forget) deletes all of them, whatever is forgotten.
pub const IMPORT_MARKS: &str = "import/";

/// What a store does with small values. Each belongs to one user, with whom it is deleted, or to the
/// whole store (no user). A copy of the store has them; an export of turns does not.
pub trait KeptValues: Send + Sync {
    /// Keeps a value under a name, in place of the one before; none deletes it. A user who is not in
    /// the store is made for a value.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then nothing was changed.
    fn keep_value(&self, user: Option<&UserName>, name: &str, value: Option<&[u8]>) -> Result<()>;

    /// Keeps several values of a user at once.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then nothing was changed.
    fn keep_values(&self, user: &UserName, values: &[(String, Vec<u8>)]) -> Result<()>;

    /// Reads the value under a name.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn kept_value(&self, user: Option<&UserName>, name: &str) -> Result<Option<Vec<u8>>>;

    /// Lists the names that begin with a prefix, sorted by their bytes; all of them for an empty one.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn kept_names(&self, user: Option<&UserName>, prefix: &str) -> Result<Vec<String>>;
}
