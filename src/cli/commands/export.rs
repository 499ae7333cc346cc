//! `longmem export`: turns as JSON Lines.

use std::io::{BufWriter, Write, stdout};

use longmem::IfMissing;
use longmem_memory::{FactsAt, MemoryError};

use crate::arguments::ExportArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(
    arguments: ExportArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let scope = super::scope(arguments.scope, &memory, settings)?;
    memory.check_names(&scope)?;
    let mut out: Box<dyn Write> = match &arguments.output {
        // An export never overwrites: it may be the only copy of something.
        Some(path) => Box::new(BufWriter::new(
            fs_err::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)
                .map_err(|error| Failure::new_file(path, error))?,
        )),
        None => Box::new(BufWriter::new(stdout().lock())),
    };
    let report = memory.export(&scope, &mut out)?;
    out.flush().map_err(MemoryError::Output)?;
    let user = for_terminal(settings.user.as_str());
    let facts = memory.facts(&settings.user, FactsAt::Ever)?.len();
    if facts > 0 {
        output.note(format!(
            "left out: {} of {user}; longmem facts --history --json prints them",
            counted(facts as u64, "fact")
        ));
    }
    output.note(format!("exported {} of {user}", counted(report.turns, "turn")));
    Ok(())
}
