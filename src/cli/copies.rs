//! Says which copies of memory keep what was forgotten.

use longmem_wire::MadeCopy;

use crate::output::Output;
use crate::sanitize::for_terminal;

/// Says which files keep what was forgotten or replaced.
pub(crate) fn warn(copies: &[MadeCopy], output: Output) {
    if copies.is_empty() {
        output.note("Copies made by backup and export keep it, and so do the files it came from.");
        return;
    }
    output.note("Copies made by backup and export keep it, and so do the files it came from:");
    for copy in copies {
        let file = copy.file.display().to_string();
        output.note(for_terminal(&format!("  {} · {file}", crate::render::day(copy.made))));
    }
}
