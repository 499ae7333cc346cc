//! Gives the store another key, and what waits to be stored in it.

use std::path::Path;

use longmem_chat::{Keep, write_with_key};
use longmem_core::{StoreKey, UserName};
use longmem_memory::MemoryError;
use longmem_sqlite::{IfMissing, SqliteStore, StoreOptions};
use longmem_store::{StoreError, Upkeep};

use crate::opening::{BE_ENCRYPTED, ENCRYPTED_BY_SERVER};
use crate::{Error, Options};

/// Encrypts the store of these options, and what waits to be stored, with another key than
/// [`Options::key`]; without a new one it is plain afterwards. A plain store is encrypted, whatever key the
/// options have. A store on a server has no key.
///
/// Nobody else may have the store open meanwhile. Whoever is killed in between leaves everything as it was,
/// or as it should be. Copies that were made before keep the key that they have. A store of one's own
/// ([`Options::store`]) is none of this function's business.
///
/// # Errors
/// [`Error::Memory`] if the store cannot be opened, or another process has it open; [`Error::Chat`] if what
/// waits cannot be read or written.
///
/// # Examples
/// ```no_run
/// use longmem::{Options, change_key, key_file};
///
/// let new = key_file::make("new.key".as_ref())?;
/// change_key(&Options::new("longmem-data"), Some(&new))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change_key(options: &Options, new: Option<&StoreKey>) -> Result<(), Error> {
    let file = options.place.only_file(BE_ENCRYPTED, ENCRYPTED_BY_SERVER).map_err(failed)?;
    let is_plain = SqliteStore::is_plain(file).map_err(failed)?;
    let old = options.key.clone().filter(|_| !is_plain);
    let users = users(file, old.clone()).map_err(failed)?;
    let waiting = Options { key: old.clone(), ..options.clone() }.talk_settings().spool;
    let write = |keep| match &waiting {
        Some(waiting) => write_with_key(waiting, new, &users, keep),
        None => Ok(()),
    };
    write(Keep::Both)?;
    if let Err(error) = SqliteStore::change_key(file, old.as_ref(), new) {
        // If it cannot be opened as before, it may have the new key: both stay then.
        if self::users(file, old).is_ok() {
            write(Keep::Old)?;
        }
        return Err(failed(error));
    }
    Ok(write(Keep::New)?)
}

/// The users of the store, which is closed again.
fn users(file: &Path, key: Option<StoreKey>) -> Result<Vec<UserName>, StoreError> {
    let opened = StoreOptions::new(IfMissing::Fail).with_key(key);
    let store = SqliteStore::open_with(file, opened)?;
    Ok(store.users()?.into_iter().map(|user| user.user).collect())
}

fn failed(error: StoreError) -> Error {
    MemoryError::from(error).into()
}
