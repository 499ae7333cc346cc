//! Runs a test of the same file in a process of its own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const STORE: &str = "LONGMEM_TEST_STORE";

/// The command that runs one ignored test of this file on a store.
pub(crate) fn child(test: &str, store: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--quiet"]).env(STORE, store);
    command
}

/// The store that the parent named; none in a test that a person ran by hand.
pub(crate) fn store_of_parent() -> Option<PathBuf> {
    env::var_os(STORE).map(PathBuf::from)
}
