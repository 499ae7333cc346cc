//! The unix socket by which this person's own programs find a server of their memory.

use std::path::PathBuf;

use longmem::StorePlace;

use crate::settings::Settings;

/// The file of the socket: beside the store's file, or in the folder of what waits, with a number in its name,
/// for a memory in PostgreSQL.
pub(crate) fn path(settings: &Settings) -> Option<PathBuf> {
    let options = &settings.options;
    match &options.place {
        StorePlace::File(file) => Some(file.parent()?.join("server.sock")),
        StorePlace::Server(_) | StorePlace::Ring(_) => {
            Some(options.spool.join(format!("server-{:016x}.sock", options.place_number())))
        }
    }
}
